"""Forwarding tables as disjoint ranges of addresses, so that one search finds the longest match.

Owns what a range leads to. What packets do there is `ways`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from ipaddress import IPv4Network
from typing import Final

import numpy as np

from peerway.analysis.batch.columns import Ranges, columns, disjoint
from peerway.domain.prefixes import Prefix
from peerway.fabric.model import Blackhole, Fib, FibEntry, Router, ToLink, ToLinks, ToSubnet, ToUplink
from peerway.fabric.model import Hop as HopValue


class Hop(IntEnum):
    """What a range of a table leads to."""

    #: Nothing matches.
    NO_ROUTE = 0
    #: It drops.
    BLACKHOLE = 1
    #: It drops what the table sends on for others (PEER-7).
    TRANSIT = 2
    #: An interface of this router, by address.
    SUBNET = 3
    #: A link, or one of several.
    LINK = 4
    #: Something rare.
    ODD = 5


#: What a range leads to: `Hop`, number of the link or subnet (-1 for none), source of the entry.
Lead = tuple[int, int, str | None]

#: A link by its id, or several to choose from.
Route = str | ToLinks

_NOWHERE: Final[Lead] = (int(Hop.NO_ROUTE), -1, None)
_AWAY: Final = (ToLink, ToLinks, ToUplink)


def range_columns(
    tables: Iterable[tuple[int, list[tuple[int, Lead]]]],
) -> tuple[Ranges, tuple[str | None, ...]]:
    """Numbered tables as columns, and the sources of their rows."""
    rows = [(number << 32 | start, *lead) for number, leads in tables for start, lead in leads]
    return Ranges(*columns([row[:3] for row in rows], (np.uint64, np.uint8, np.int32))), tuple(
        row[3] for row in rows
    )


def outbound(fib: Fib, links: Mapping[Route, int], subnets: Mapping[str, int]) -> list[tuple[int, Lead]]:
    """A table for packets from endpoints; `links` and `subnets` are the numbers of what it leads to."""
    leads = []
    for entry in fib.entries:
        if isinstance(entry.prefix, IPv4Network):
            route = route_of(entry.hop)
            lead = _lead(entry, subnets) if route is None else (int(Hop.LINK), links[route], entry.source)
            leads.append((entry.prefix, lead))
    return disjoint(leads, _NOWHERE, _inner)


def route_of(hop: HopValue) -> Route | None:
    """The link, or the links to choose from, that the hop is; None for any other."""
    if isinstance(hop, ToLink):
        return hop.link_id
    return hop if isinstance(hop, ToLinks) else None


def inbound(router: Router, subnets: Mapping[str, int]) -> list[tuple[int, Lead]]:
    """The table for packets from links; tells what drops for them only from what drops for all."""
    twin = router.fibs.get(router.inbound.id)
    away = (
        {_number(entry.prefix) for entry in twin.entries if isinstance(entry.hop, _AWAY)} if twin else set()
    )
    leads = []
    for entry in router.inbound.entries:
        if isinstance(entry.prefix, IPv4Network):
            lead = _lead(entry, subnets)
            if lead[0] == Hop.BLACKHOLE and _number(entry.prefix) in away:
                lead = (int(Hop.TRANSIT), *lead[1:])
            leads.append((entry.prefix, lead))
    return disjoint(leads, _NOWHERE, _inner)


def _lead(entry: FibEntry, subnets: Mapping[str, int]) -> Lead:
    """What an entry that leads to no link does. For one to a subnet that is the subnet whose addresses nobody else has."""
    hop = entry.hop
    if isinstance(hop, ToSubnet):
        return int(Hop.SUBNET), subnets.get(entry.source, -1), entry.source
    return int(Hop.BLACKHOLE if isinstance(hop, Blackhole) else Hop.ODD), -1, entry.source


def _inner(_outer: Lead, inner: Lead) -> Lead:
    """The longer prefix wins."""
    return inner


def _number(prefix: Prefix) -> tuple[int, int, int]:
    """A prefix in numbers, which are faster to compare."""
    return prefix.version, int(prefix.network_address), prefix.prefixlen
