"""Route tables to forwarding tables (NET-5, PEER-6, PEER-7, EC-9, EC-11).

Owns which entry wins over which, and what a next hop is. Nothing about filters may go in here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from peerway.domain.prefixes import RESOLVER_ADDRESS, SERVICE_RANGE, Prefix
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.vpc import VSwitch
from peerway.fabric.model import (
    Blackhole,
    Fib,
    FibEntry,
    Hop,
    LinkPath,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToSubnet,
    ToUplink,
    Uplink,
)

#: `FibEntry.source` of the cloud's own service range, and of the name server in it.
SERVICE_SOURCE = "service"
RESOLVER_SOURCE = "resolver"

BLACKHOLE = Blackhole()


@dataclass(frozen=True, slots=True)
class Hops:
    """What a router's entries can lead to."""

    #: Its instances.
    endpoints: Container[str] = frozenset()
    #: Its links by what entries call them: a peer connection's id, or the id of this router's interface -> id of the link.
    links: Mapping[str, str] = field(default_factory=dict)
    #: Its gateways to the outside, by id.
    uplinks: Container[str] = frozenset()
    #: The uplink that is a border router's line; None for a VPC.
    line: str | None = None


def system_entries(vswitches: Iterable[VSwitch]) -> tuple[FibEntry, ...]:
    """What every table of a VPC has: the ranges of all its VSwitches, and the service range, where only the resolver answers."""
    subnets = [
        FibEntry(prefix, ToSubnet(vswitch.id), vswitch.id)
        for vswitch in vswitches
        for prefix in vswitch.prefixes
    ]
    resolver = FibEntry(IPv4Network(RESOLVER_ADDRESS), ToResolver(), RESOLVER_SOURCE)
    return (*subnets, FibEntry(SERVICE_RANGE, BLACKHOLE, SERVICE_SOURCE), resolver)


def line_entries(uplink: Uplink) -> tuple[FibEntry, ...]:
    """What the table of a VBR has: the transfer networks of its line."""
    return tuple(
        FibEntry(transfer.local.network, ToUplink(uplink.id), uplink.id) for transfer in uplink.transfers
    )


def compile_fib(
    table_id: str, system: tuple[FibEntry, ...], entries: Iterable[RouteEntry], hops: Hops
) -> Fib:
    """The forwarding table of one route table.

    A system entry beats every custom entry that is equal to it or inside it: those are left out, so that an entry to a peer's
    range never takes packets for the VPC's own VSwitches (PEER-6). So are those that are switched off. A custom entry whose next
    hop is not among the `hops` stays and drops its packets: they don't fall through to a shorter entry.
    """
    claimed = _Claims(entry.prefix for entry in system)
    custom = [
        FibEntry(entry.destination, _hop(entry, hops), entry.id)
        for entry in entries
        if entry.enabled and not claimed.cover(entry.destination)
    ]
    return Fib(table_id, tuple(sorted((*system, *custom), key=_order)))


def compile_inbound(system_table: Fib, uplinks: Mapping[str, Uplink]) -> Fib:
    """What packets from links are looked up in: the system table, with every entry that leads out again dropping instead.

    Out again means over a link or, with address translation, out of the network (PEER-7). Such an entry has to stay: were it
    omitted, its packets would be caught by a shorter entry, such as a default route to an instance, that the table gives to other
    packets. The resolver answers the VPC's own instances only: its entry is left out, and the service range drops.
    """
    entries = tuple(
        FibEntry(entry.prefix, BLACKHOLE, entry.source) if _leads_on(entry.hop, uplinks) else entry
        for entry in system_table.entries
        if not isinstance(entry.hop, ToResolver)
    )
    return Fib(system_table.id, entries)


def _leads_on(hop: Hop, uplinks: Mapping[str, Uplink]) -> bool:
    """Whether the hop is closed to packets that come by a link."""
    if isinstance(hop, ToUplink):
        uplink = uplinks.get(hop.uplink_id)
        return uplink is None or uplink.translation is not None
    return isinstance(hop, ToLink | ToLinks)


def _hop(entry: RouteEntry, hops: Hops) -> Hop:
    """Where a custom entry sends packets."""
    id = entry.next_hop_id or ""
    match entry.next_hop:
        case NextHop.INSTANCE if id in hops.endpoints:
            return ToEndpoint(id)
        case NextHop.ROUTER_INTERFACE if entry.paths:
            return _spread(entry, hops.links)
        case NextHop.PEERING | NextHop.ROUTER_INTERFACE if id in hops.links:
            return ToLink(hops.links[id])
        case NextHop.NAT_GATEWAY | NextHop.IPV4_GATEWAY if id in hops.uplinks:
            return ToUplink(id)
        case NextHop.LINE if hops.line is not None:
            return ToUplink(hops.line)
    return BLACKHOLE


def _spread(entry: RouteEntry, links: Mapping[str, str]) -> Hop:
    """Several router interfaces, those of which have a link."""
    paths = [
        LinkPath(links[path.interface_id], path.weight) for path in entry.paths if path.interface_id in links
    ]
    return ToLinks(tuple(paths)) if paths else BLACKHOLE


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
        for (of_version, shorter), networks in self.networks.items():
            if of_version == version and shorter <= length and number >> (width - shorter) in networks:
                return True
        return False
