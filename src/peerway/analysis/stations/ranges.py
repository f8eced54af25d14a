"""Addresses as numbers, and a look-up of the longest range that one of them is in.

Owns the structure only: what the ranges stand for is its users' business.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Final, Generic, TypeVar

from peerway.domain.prefixes import Address, Prefix

V = TypeVar("V")

#: Added to the numbers of IPv6 addresses, so that those of the two versions never meet.
V6: Final = 1 << 128


def number_of(address: Address) -> int:
    """The address as a number; all of IPv4 comes before all of IPv6."""
    return int(address) if address.version == 4 else int(address) | V6


def bounds_of(prefix: Prefix) -> tuple[int, int]:
    """The range's first number, and the first one beyond it."""
    if isinstance(prefix, IPv4Network):
        low = int(prefix.network_address)
        return low, low + (1 << (32 - prefix.prefixlen))
    low = int(prefix.network_address) | V6
    return low, low + (1 << (128 - prefix.prefixlen))


class Ranges(Generic[V]):
    """The longest of many ranges that an address is in: all of them side by side in one list, parted where the answer changes.

    Of several values for one range the first counts. A look-up is one binary search, however many lengths are in use.
    """

    __slots__ = ("_starts", "_values")

    def __init__(self, items: Iterable[tuple[Prefix, V]]) -> None:
        #: Where an answer begins, rising.
        self._starts: list[int] = []
        #: The answer from there on.
        self._values: list[V | None] = []
        values: list[V] = []
        spans: list[tuple[int, int, int]] = []
        for place, (prefix, value) in enumerate(items):
            low, beyond = bounds_of(prefix)
            spans.append((low, -beyond, place))
            values.append(value)
        # Outer ranges come before those inside them, and of equal ones the first before the others.
        spans.sort()
        self._part(spans, values)

    def _part(self, spans: list[tuple[int, int, int]], values: list[V]) -> None:
        """Lay the sorted spans (first number, first one beyond with a minus, place of the value) side by side."""
        starts: list[int] = [0]
        answers: list[V | None] = [None]
        #: Spans that the place where we are is in, the innermost last; what they begin and end with is everything and nothing.
        ends: list[int] = [V6 << 1]
        around: list[V | None] = [None]
        last = -1, -1
        for low, less, place in (*spans, (V6 << 1, 0, 0)):
            while ends[-1] <= low and len(ends) > 1:
                start = ends.pop()
                around.pop()
                if starts[-1] == start:
                    answers[-1] = around[-1]
                else:
                    starts.append(start)
                    answers.append(around[-1])
            if (low, less) == last or not less:
                continue
            last = low, less
            value = values[place]
            if starts[-1] == low:
                answers[-1] = value
            else:
                starts.append(low)
                answers.append(value)
            ends.append(-less)
            around.append(value)
        self._starts, self._values = starts, answers

    def find(self, number: int) -> V | None:
        """The value of the longest range that the number is in."""
        return self._values[bisect_right(self._starts, number) - 1]
