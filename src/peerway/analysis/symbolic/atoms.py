"""Where an answer about an address can change: addresses as places on one line, cut into stretches of equal answers.

Owns the structure only. All addresses lie on one line of whole numbers, those of IPv6 after those of IPv4, so that a table of both
is one rising list and looking something up is one bisection. Besides the answer it tells how far the answer holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Generic, Protocol, TypeVar

from peerway.domain.prefixes import Address, Prefix

T = TypeVar("T")

#: Where the IPv6 addresses begin.
SIX: Final = 1 << 32
#: The last place, which is the last IPv6 address.
LAST: Final = SIX + (1 << 128) - 1


class Answers(Protocol):
    """Something that says something about every address."""

    def around(self, number: int) -> tuple[int, int]:
        """The first and last place of a stretch around a place in which it says the same."""
        ...

    def at(self, number: int) -> object:
        """What it says; the identical object where it says the same."""
        ...


def place(address: Address) -> int:
    """Where an address is on the line."""
    return int(address) + (SIX if address.version == 6 else 0)


def address_at(number: int) -> Address:
    """The address at a place."""
    return IPv4Address(number) if number < SIX else IPv6Address(number - SIX)


def stretch(prefix: Prefix) -> tuple[int, int]:
    """The first and last place of a range."""
    first = place(prefix.network_address)
    return first, first + prefix.num_addresses - 1


@dataclass(frozen=True, slots=True)
class Points(Generic[T]):
    """Answers for single addresses; everywhere else there is none."""

    #: By place.
    found: dict[int, T]
    #: The places, rising.
    order: Sequence[int]

    @classmethod
    def of(cls, items: Iterable[tuple[int, T]]) -> Points[T]:
        """Of several answers for one address, the first stays."""
        found: dict[int, T] = {}
        for number, value in items:
            found.setdefault(number, value)
        return cls(found, sorted(found))

    def at(self, number: int) -> T | None:
        """The answer for a place, if it has one."""
        return self.found.get(number)

    def around(self, number: int) -> tuple[int, int]:
        """The stretch around a place in which the answer is the same."""
        if number in self.found:
            return number, number
        after = bisect_left(self.order, number)
        low = self.order[after - 1] + 1 if after else 0
        return low, self.order[after] - 1 if after < len(self.order) else LAST


@dataclass(frozen=True, slots=True)
class Stretches(Generic[T]):
    """An answer for every address, the same all along each stretch."""

    #: Where each stretch begins, rising from 0.
    starts: Sequence[int]
    #: The answer in each.
    values: Sequence[T]

    def at(self, number: int) -> T:
        """The answer for a place. Cost follows the logarithm of their number."""
        return self.values[bisect_right(self.starts, number) - 1]

    def around(self, number: int) -> tuple[int, int]:
        """The stretch around a place."""
        after = bisect_right(self.starts, number)
        return self.starts[after - 1], self.starts[after] - 1 if after < len(self.starts) else LAST


def longest_matches(items: Iterable[tuple[Prefix, T]]) -> Stretches[T | None]:
    """For every address the item with the longest prefix that contains it; of two with one prefix, the first. None without any."""
    starts: list[int] = [0]
    values: list[T | None] = [None]
    open_ranges: list[tuple[int, T]] = []
    ranged = [(*stretch(prefix), item) for prefix, item in items]

    def begin(at: int, value: T | None) -> None:
        if starts[-1] == at:
            values[-1] = value
        else:
            starts.append(at)
            values.append(value)

    def close(until: int) -> None:
        while open_ranges and open_ranges[-1][0] < until:
            end, _ = open_ranges.pop()
            if end < LAST:
                begin(end + 1, open_ranges[-1][1] if open_ranges else None)

    taken: set[tuple[int, int]] = set()
    for first, last, item in sorted(ranged, key=lambda each: (each[0], -each[1])):
        if (first, last) not in taken:
            taken.add((first, last))
            close(first)
            begin(first, item)
            open_ranges.append((last, item))
    close(LAST + 1)
    return Stretches(starts, values)


def cut_at(prefixes: Iterable[Prefix], answer: Callable[[int], T]) -> Stretches[T]:
    """What `answer` says of the first place of every stretch between the ends of the ranges."""
    starts = {0}
    for prefix in prefixes:
        first, last = stretch(prefix)
        starts.update((first, last + 1) if last < LAST else (first,))
    order = sorted(starts)
    return Stretches(order, [answer(start) for start in order])
