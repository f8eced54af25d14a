"""Route tables to forwarding tables (NET-5, PEER-6, PEER-7).

Owns which entry wins over which. Nothing about filters may go in here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from peerway.domain.prefixes import SERVICE_RANGE, Prefix
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.vpc import VSwitch
from peerway.fabric.model import Blackhole, Fib, FibEntry, Hop, ToEndpoint, ToLink, ToSubnet

#: `FibEntry.source` of the cloud's own service range.
SERVICE_SOURCE = "service"

BLACKHOLE = Blackhole()


def system_entries(vswitches: Iterable[VSwitch]) -> tuple[FibEntry, ...]:
    """What every table of a VPC has: the ranges of all its VSwitches, and the service range, where nothing answers."""
    subnets = [
        FibEntry(prefix, ToSubnet(vswitch.id), vswitch.id)
        for vswitch in vswitches
        for prefix in vswitch.prefixes
    ]
    return (*subnets, FibEntry(SERVICE_RANGE, BLACKHOLE, SERVICE_SOURCE))


def compile_fib(
    table_id: str,
    system: tuple[FibEntry, ...],
    entries: Iterable[RouteEntry],
    endpoints: Container[str],
    links: Container[str],
) -> Fib:
    """The forwarding table of one route table.

    A system entry beats every custom entry that is equal to it or inside it: those are left out, so that an entry to a peer's
    range never takes packets for the VPC's own VSwitches (PEER-6). A custom entry whose next hop is not among `endpoints`
    and `links` stays and drops its packets: they don't fall through to a shorter entry.
    """
    claimed = _Claims(entry.prefix for entry in system)
    custom = [
        FibEntry(entry.destination, _hop(entry, endpoints, links), entry.id)
        for entry in entries
        if not claimed.cover(entry.destination)
    ]
    return Fib(table_id, tuple(sorted((*system, *custom), key=_order)))


def compile_inbound(system_table: Fib) -> Fib:
    """What packets from links are looked up in: the system table, with every entry that leads to a link dropping instead.

    Such an entry has to stay: were it omitted, its packets would be caught by a shorter entry, such as a default route to an
    instance, that the table gives to other packets. A packet from a link whose longest match is a link is dropped (PEER-7).
    """
    if not any(isinstance(entry.hop, ToLink) for entry in system_table.entries):
        return system_table
    entries = (
        FibEntry(entry.prefix, BLACKHOLE, entry.source) if isinstance(entry.hop, ToLink) else entry
        for entry in system_table.entries
    )
    return Fib(system_table.id, tuple(entries))


def _hop(entry: RouteEntry, endpoints: Container[str], links: Container[str]) -> Hop:
    """Where a custom entry sends packets."""
    id = entry.next_hop_id
    if id is not None and entry.next_hop is NextHop.INSTANCE and id in endpoints:
        return ToEndpoint(id)
    if id is not None and entry.next_hop is NextHop.PEERING and id in links:
        return ToLink(id)
    return BLACKHOLE


def _order(entry: FibEntry) -> tuple[int, int, int]:
    """Sort key: version, network, length."""
    return entry.prefix.version, int(entry.prefix.network_address), entry.prefix.prefixlen


class _Claims:
    """Ranges that belong to the system: a set of network numbers for each version and length."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        self.networks: dict[tuple[int, int], set[int]] = {}
        for prefix in prefixes:
            number = int(prefix.network_address) >> (prefix.max_prefixlen - prefix.prefixlen)
            self.networks.setdefault((prefix.version, prefix.prefixlen), set()).add(number)

    def cover(self, prefix: Prefix) -> bool:
        """Whether the prefix is equal to or inside one of the ranges."""
        version, length, width = prefix.version, prefix.prefixlen, prefix.max_prefixlen
        number = int(prefix.network_address)
        return any(
            number >> (width - shorter) in networks
            for (of_version, shorter), networks in self.networks.items()
            if of_version == version and shorter <= length
        )
