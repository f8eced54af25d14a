"""The table of actions."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(__package__, "actions.toml")
