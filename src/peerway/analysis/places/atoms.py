"""Where an answer about an address can change: addresses as places on one line, cut into stretches of equal answers.

Owns the structure only. All addresses lie on one line of whole numbers, those of IPv6 after those of IPv4, so that a table of both
is one rising list and looking something up is one bisection. Besides the answer it tells how far the answer holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address
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
    first = int(prefix.network_address)
    if isinstance(prefix, IPv4Network):
        return first, first + (1 << 32 - prefix.prefixlen) - 1
    first += SIX
    return first, first + (1 << 128 - prefix.prefixlen) - 1


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

    def all(self) -> Iterator[tuple[tuple[int, int], T]]:
        """Every stretch, in order, and its answer."""
        ends = (*(start - 1 for start in self.starts[1:]), LAST)
        return zip(zip(self.starts, ends, strict=True), self.values, strict=True)


@dataclass(frozen=True, slots=True)
class Matches(Generic[T]):
    """The one of several items that an address meets, for every address; None where it meets none."""

    #: Which of them.
    ranges: Stretches[int | None]
    #: The items.
    items: Sequence[T]

    @property
    def starts(self) -> Sequence[int]:
        """Where each stretch begins, rising from 0."""
        return self.ranges.starts

    def at(self, number: int) -> T | None:
        """The item for a place."""
        index = self.ranges.at(number)
        return None if index is None else self.items[index]

    def around(self, number: int) -> tuple[int, int]:
        """The stretch around a place."""
        return self.ranges.around(number)

    def all(self) -> Iterator[tuple[tuple[int, int], T]]:
        """Every stretch with an item, in order, and the item."""
        return ((span, self.items[index]) for span, index in self.ranges.all() if index is not None)


def longest_matches(items: Iterable[tuple[Prefix, T]]) -> Stretches[T | None]:
    """For every address the item with the longest prefix that contains it; of two with one prefix, the first. None without any."""
    values: list[T] = []
    spans: list[tuple[int, int, int]] = []
    for index, (prefix, value) in enumerate(items):
        first, last = stretch(prefix)
        spans.append((first, -last, index))
        values.append(value)
    # Outer ranges come before those inside them, and of equal ones the first before the others.
    spans.sort()
    return Stretches(*_parted(spans, values))


def _parted(spans: list[tuple[int, int, int]], values: list[T]) -> tuple[list[int], list[T | None]]:
    """Sorted spans (first place, last one with a minus, index of the value) laid side by side: where answers begin, the answers."""
    starts: list[int] = [0]
    answers: list[T | None] = [None]
    #: Spans that the place where we are is in, the innermost last: the place after each, and its value.
    ends: list[int] = [LAST + 2]
    around: list[T | None] = [None]
    before = -1, -1
    for first, less, index in (*spans, (LAST + 1, 0, -1)):
        while ends[-1] <= first:
            start = ends.pop()
            around.pop()
            if starts[-1] == start:
                answers[-1] = around[-1]
            elif start <= LAST:
                starts.append(start)
                answers.append(around[-1])
        if index < 0 or (first, less) == before:
            continue
        before = first, less
        value = values[index]
        if starts[-1] == first:
            answers[-1] = value
        else:
            starts.append(first)
            answers.append(value)
        ends.append(1 - less)
        around.append(value)
    return starts, answers


def cut_at(prefixes: Iterable[Prefix], answer: Callable[[int], T]) -> Stretches[T]:
    """What `answer` says of the first place of every stretch between the ends of the ranges."""
    starts = {0}
    for prefix in prefixes:
        first, last = stretch(prefix)
        starts.update((first, last + 1) if last < LAST else (first,))
    order = sorted(starts)
    return Stretches(order, [answer(start) for start in order])
