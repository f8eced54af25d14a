"""Columns: rows of one kind, kept as one array for each of their fields.

Owns the kinds that there are, how columns are made, and the numbers that mean something in them. A key is a number in its
upper half and an address in its lower; rows with keys are in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

T = TypeVar("T")

#: The last IPv4 address.
LAST: Final = 0xFFFF_FFFF

#: A table's or filter's number is that of its router and, in these many bits, its own there. What searches is the number and an
#: address in 64 bits.
LOCAL_BITS: Final = 15

#: The most routers, and the most tables or filters of one router, that have numbers.
ROUTERS: Final = 1 << 32 - LOCAL_BITS
LOCALS: Final = 1 << LOCAL_BITS

#: Stands for "no table" and "no filter".
NONE: Final = 0xFFFF_FFFF


class Endpoints(NamedTuple):
    """Interfaces, one row for each IPv4 address."""

    #: Router and address. Of several with the same the first gets the packets.
    key: NDArray[np.uint64]
    #: Table that its packets are looked up in.
    table: NDArray[np.uint32]
    #: Filter of its subnet for what leaves that, or `NONE`.
    acl_out: NDArray[np.uint32]
    #: Filter of its subnet for what enters that, or `NONE`.
    acl_in: NDArray[np.uint32]
    #: Filter of its security groups for what it sends, or `NONE`.
    policy_out: NDArray[np.uint32]
    #: Filter of its security groups for what it gets, or `NONE`.
    policy_in: NDArray[np.uint32]
    #: Its subnet's number at the router.
    subnet: NDArray[np.int32]
    #: Whether it may send from foreign addresses.
    forwards: NDArray[np.bool_]
    #: Whether its packets for public addresses may pass the tables by (NET-10).
    exits: NDArray[np.bool_]


class Ranges(NamedTuple):
    """Forwarding tables, cut into ranges that don't overlap and leave no gap."""

    #: Table and first address.
    key: NDArray[np.uint64]
    #: What it leads to, a `ranges.Hop`.
    hop: NDArray[np.uint8]
    #: Number of the link, or of the subnet at the router; -1 for none.
    towards: NDArray[np.int32]


class Segments(NamedTuple):
    """Filters, cut by address without gap."""

    #: Filter and first address.
    key: NDArray[np.uint64]
    #: First of its rows, counted from the router's first.
    first: NDArray[np.int64]
    #: How many rows it has.
    rows: NDArray[np.int32]
    #: Whether it accepts what no row matches.
    accepts: NDArray[np.bool_]


class Rules(NamedTuple):
    """Rows of filters, in their order."""

    #: First address, addresses after it, first service, services after it; one row in one line of memory.
    match: NDArray[np.uint32]
    #: Whether it accepts.
    accepts: NDArray[np.bool_]


class Services(NamedTuple):
    """Addresses of services."""

    #: Router and address.
    key: NDArray[np.uint64]


class Names(NamedTuple):
    """What the rows of one router are called: references to the network's own texts, which are never copied."""

    #: Id of each of its endpoints.
    endpoints: tuple[str, ...]
    #: Source of each of its ranges' entries; None where nothing matches.
    ranges: tuple[str | None, ...]
    #: Source of each of its rules.
    rules: tuple[str, ...]


class Within(Protocol[T]):
    """What a value is inside the range of another."""

    def __call__(self, outer: T, inner: T, /) -> T:
        """The value of the inner range."""


def columns(rows: Sequence[tuple[Any, ...]], types: Sequence[DTypeLike]) -> tuple[NDArray[Any], ...]:
    """Rows of values as one array for each field."""
    if not rows:
        return tuple(np.empty(0, type) for type in types)
    return tuple(np.array(values, type) for values, type in zip(zip(*rows, strict=True), types, strict=True))


def disjoint(nested: Iterable[tuple[IPv4Network, T]], outside: T, within: Within[T]) -> list[tuple[int, T]]:
    """Prefixes with values as disjoint ranges that cover all addresses: (first address, value), in order."""
    ordered = sorted(
        ((int(prefix.network_address), prefix.prefixlen, value) for prefix, value in nested), key=_place
    )
    found: dict[int, T] = {0: outside}
    around: list[tuple[int, T]] = [(LAST, outside)]
    for low, length, value in ordered:
        while around[-1][0] < low:
            _close(around, found)
        found[low] = inner = within(around[-1][1], value)
        around.append((low | LAST >> length, inner))
    while len(around) > 1:
        _close(around, found)
    found.pop(LAST + 1, None)
    return list(found.items())


def _close(around: list[tuple[int, T]], found: dict[int, T]) -> None:
    """Go on behind the innermost range with what is around it."""
    end, _ = around.pop()
    found[end + 1] = around[-1][1]


def _place(row: tuple[int, int, object]) -> tuple[int, int]:
    """Sort key: address, length."""
    return row[0], row[1]
