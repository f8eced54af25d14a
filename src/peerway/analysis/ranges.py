"""Addresses as numbers, and a look-up of the longest range that one of them is in.

Owns the structure only: what the ranges stand for is its users' business.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
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
    width, low = (32, 0) if prefix.version == 4 else (128, V6)
    low |= int(prefix.network_address)
    return low, low + (1 << (width - prefix.prefixlen))


class Ranges(Generic[V]):
    """The longest of many ranges that an address is in: all of them side by side in one list, parted where the answer changes.

    Of several values for one range the first counts. A look-up is one binary search, however many lengths are in use.
    """

    __slots__ = ("_starts", "_values")

    def __init__(self, items: Iterable[tuple[Prefix, V]]) -> None:
        #: Where an answer begins, rising.
        self._starts: list[int] = [0]
        #: The answer from there on.
        self._values: list[V | None] = [None]
        open_ranges: list[tuple[int, V]] = []
        last = (-1, -1)
        spans = [(*bounds_of(prefix), value) for prefix, value in items]
        # Outer ranges come before those inside them; of equal ones, the first stays the first.
        spans.sort(key=lambda span: (span[0], -span[1]))
        for low, beyond, value in spans:
            if (low, beyond) == last:
                continue
            last = low, beyond
            self._close(open_ranges, low)
            self._begin(low, value)
            open_ranges.append((beyond, value))
        self._close(open_ranges, V6 << 1)

    def find(self, number: int) -> V | None:
        """The value of the longest range that the number is in."""
        return self._values[bisect_right(self._starts, number) - 1]

    def _close(self, open_ranges: list[tuple[int, V]], low: int) -> None:
        """End the ranges that don't reach `low`; what is around them goes on."""
        while open_ranges and open_ranges[-1][0] <= low:
            beyond, _ = open_ranges.pop()
            self._begin(beyond, open_ranges[-1][1] if open_ranges else None)

    def _begin(self, start: int, value: V | None) -> None:
        """From here on the answer is this one."""
        if self._starts[-1] == start:
            self._values[-1] = value
        else:
            self._starts.append(start)
            self._values.append(value)
