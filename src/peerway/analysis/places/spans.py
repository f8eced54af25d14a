"""Sets of addresses as stretches of the line of all addresses.

Owns the algebra only. A set is a tuple of (first, last) places, rising, none touching the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from peerway.analysis.places.atoms import LAST

Spans = tuple[tuple[int, int], ...]

#: All addresses.
EVERYWHERE: Final[Spans] = ((0, LAST),)
#: No address.
NOWHERE: Final[Spans] = ()


def joined(*parts: Iterable[tuple[int, int]]) -> Spans:
    """All that is in any of them; the stretches may come in any order and overlap."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(each for part in parts for each in part):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def common(ones: Spans, others: Spans) -> Spans:
    """What is in both."""
    if ones == EVERYWHERE:
        return others
    if others == EVERYWHERE:
        return ones
    found: list[tuple[int, int]] = []
    one = other = 0
    while one < len(ones) and other < len(others):
        first = max(ones[one][0], others[other][0])
        last = min(ones[one][1], others[other][1])
        if first <= last:
            found.append((first, last))
        if ones[one][1] < others[other][1]:
            one += 1
        else:
            other += 1
    return tuple(found)


def without(ones: Spans, others: Spans) -> Spans:
    """What is in the first only."""
    begun, rest = 0, []
    for first, last in others:
        if begun < first:
            rest.append((begun, first - 1))
        begun = last + 1
    if begun <= LAST:
        rest.append((begun, LAST))
    return common(ones, tuple(rest))


def holds(spans: Spans, number: int) -> bool:
    """Whether a place is in the set."""
    return meets(spans, (number, number))


def meets(spans: Spans, stretch: tuple[int, int]) -> bool:
    """Whether a place of the stretch is in the set. Cost follows the logarithm of its size."""
    first, last = stretch
    at = bisect_right(spans, (last, LAST)) - 1
    return at >= 0 and spans[at][1] >= first


def at_points(numbers: Iterable[int]) -> Spans:
    """The set of single places."""
    return joined((number, number) for number in numbers)
