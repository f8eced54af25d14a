"""Pages by number over lists that are short enough to be there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from peerway.api.clouds.parameters import Given
from peerway.domain.errors import InvalidInput

T = TypeVar("T")

#: Items of a page unless the request asks for another number, and the most it may ask for.
SIZE: Final = 20
LARGEST: Final = 200


def page_of(given: Given, items: Sequence[T], largest: int = LARGEST) -> list[T]:
    """The page that a request asks for, from 1."""
    number = within(given, "PageNumber", 1, 1, 1 << 31)
    size = within(given, "PageSize", SIZE, 1, largest)
    return list(items[(number - 1) * size : number * size])


def within(given: Given, name: str, default: int, least: int, most: int) -> int:
    """A number within bounds."""
    value = int(given.get(name, default))
    if not least <= value <= most:
        raise InvalidInput(name, f"must be from {least} to {most}", value)
    return value
