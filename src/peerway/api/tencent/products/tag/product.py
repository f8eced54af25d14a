"""The table of actions; the module beside this one declares what stands behind them."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(__package__, "tag.toml")
