"""The tables of actions, and what the modules beside this one share."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.clouds.action import Product, load_product
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import Window
from peerway.domain.errors import InvalidInput

PRODUCT: Final[Product] = load_product(__package__, "peerings.toml", "networks.toml")

#: Items of a list unless the request asks for another number, and the most it may ask for.
WINDOW: Final = 20
LARGEST: Final = 50


def window_of_request(given: Given) -> Window:
    """The part of a list that a request asks for."""
    return Window(
        bounded(given, "offset", 0, 0, 1 << 40),
        bounded(given, "limit", WINDOW, 1, LARGEST),
    )


def bounded(given: Given, name: str, default: int, least: int, most: int) -> int:
    """A number within bounds."""
    value: Any = given.get(name, default)
    if not least <= value <= most:
        raise InvalidInput(name, f"must be from {least} to {most}", value)
    return int(value)
