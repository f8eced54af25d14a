"""The table of actions; the modules beside this one declare what stands behind them."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(
    __package__, "vpc.toml", "peerings.toml", "routes.toml", "filters.toml", "unsupported.toml"
)
