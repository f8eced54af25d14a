"""The table of Express Connect's half of Vpc 2016-04-28, on which the modules beside this one declare their operations."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(__package__, "expressconnect.toml")
