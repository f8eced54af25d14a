"""Filters as rows of numbers in their order, cut by address where a filter is long.

Owns how a rule becomes numbers, and where cutting gains. Asking them is `verdicts`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from operator import add
from typing import Final, NamedTuple

import numpy as np

from peerway.analysis.batch.columns import LAST, Rules, Segments, columns, disjoint
from peerway.fabric.model import Action, Filter, Rule
from peerway.fabric.packets import PORTED

#: The last of what `service` makes.
LAST_SERVICE: Final = 0xFF_FFFF

#: Filters with no more rows than this stay whole; cutting them by address first would cost as much as it saves.
NARROW: Final = 32

#: A filter that cutting would let grow to more than so many times its rows stays whole.
GROWTH: Final = 16


class Row(NamedTuple):
    """One rule in numbers; several where a rule for every protocol names ports."""

    #: First address of the far side.
    low: int
    #: Addresses after that.
    span: int
    #: First service.
    service: int
    #: Services after that.
    services: int
    #: Whether it accepts.
    accepts: bool
    #: `Rule.source`.
    source: str


def service(protocol: int, port: int) -> int:
    """Protocol and destination port as one number; the port counts only where the protocol has ports."""
    return protocol << 16 | (port if protocol in PORTED else 0)


def filter_columns(filters: Iterable[tuple[int, Filter]]) -> tuple[Segments, Rules, tuple[str, ...]]:
    """Numbered filters as columns, and the sources of their rules."""
    segments: list[tuple[int, int, int, bool]] = []
    rows: list[Row] = []
    for number, filter in filters:  # noqa: A001 - the field's word
        default = filter.default is Action.ACCEPT
        for start, part in _cut([row for rule in filter.rules for row in _rows(rule)]):
            segments.append((number << 32 | start, len(rows), len(part), default))
            rows += part
    numbers = np.array([row[:4] for row in rows], np.uint32).reshape(-1, 4)
    rules = Rules(numbers, np.array([row.accepts for row in rows], np.bool_))
    parts = Segments(*columns(segments, (np.uint64, np.int64, np.int32, np.bool_)))
    return parts, rules, tuple(row.source for row in rows)


def _rows(rule: Rule) -> Iterator[Row]:
    """A rule in numbers."""
    match = rule.match
    if isinstance(match.remote, IPv4Network):
        low, span = int(match.remote.network_address), LAST >> match.remote.prefixlen
        accepts = rule.action is Action.ACCEPT
        for first, last in _services(match.protocol, match.port_low, match.port_high):
            yield Row(low, span, first, last - first, accepts, rule.source)


def _services(protocol: int | None, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Protocol and ports as ranges of services, both ends inclusive. Ports are looked at only where the protocol has some."""
    if protocol in PORTED:
        yield service(protocol, low), service(protocol, high)
    elif protocol is not None:
        yield protocol << 16, protocol << 16 | 0xFFFF
    elif (low, high) == (0, 0xFFFF):
        yield 0, LAST_SERVICE
    else:
        first = 0
        for ported in sorted(PORTED):
            yield first, (ported << 16) - 1
            yield service(ported, low), service(ported, high)
            first = ported + 1 << 16
        yield first, LAST_SERVICE


def _cut(rows: list[Row]) -> list[tuple[int, list[Row]]]:
    """The rows by address: (first address, those that matter from there on); one part for all where cutting gains nothing."""
    if len(rows) <= NARROW:
        return [(0, rows)]
    numbers: dict[tuple[int, int], list[int]] = {}
    for number, row in enumerate(rows):
        numbers.setdefault((row.low, row.span), []).append(number)
    prefixes = [(IPv4Network((low, 32 - span.bit_length())), own) for (low, span), own in numbers.items()]
    sizes = disjoint([(prefix, len(own)) for prefix, own in prefixes], 0, add)
    if sum(size for _, size in sizes) > GROWTH * len(rows):
        return [(0, rows)]
    parts = disjoint(prefixes, [], _merged)
    return [(start, [rows[number] for number in part]) for start, part in parts]


def _merged(outer: list[int], inner: list[int]) -> list[int]:
    """Rows of both in the filter's order."""
    return sorted([*outer, *inner])
