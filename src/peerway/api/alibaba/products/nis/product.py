"""The table of Nis 2021-12-16, on which the modules beside this one declare their operations."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(__package__, "nis.toml")
