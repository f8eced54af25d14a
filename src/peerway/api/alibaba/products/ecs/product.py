"""The table of Ecs 2014-05-26, on which the modules beside this one declare their operations."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product

PRODUCT: Final[Product] = load_product(
    __package__,
    "ecs.toml",
    "groups.toml",
    "instances.toml",
    "machines.toml",
    "places.toml",
    "unsupported.toml",
)
