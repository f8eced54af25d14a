"""Many packets by few: of all that are alike to everything that looks at them, one is followed.

Owns where likeness ends. A packet is followed; what looked at it on its way says up to which address and which port it would have
decided the same; the next packet is the first that may differ. So nothing is left out, and the cost follows the number of cases.

`pairs.blocks` cuts addresses in the same way, but asks for sets and not for walks. An intent needs the walk: its witness is a
packet with all that it met, and it looks at every way that a connection's hash may choose, each of which may be cut elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from peerway.analysis.intents.followed import Followed, Ways
from peerway.analysis.intents.parties import Span
from peerway.analysis.network import Network
from peerway.analysis.trace.choices import exchanges
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Address, Prefix
from peerway.fabric.model import Filter, Policy, Router, Translation
from peerway.fabric.outcomes import Check, Exchange, Step
from peerway.fabric.packets import PORTED, Packet

#: What looks at a policy, and whether it looks at what comes towards the protected side.
_FILTERS = {
    Check.INGRESS_POLICY: True,
    Check.INGRESS_ACL: True,
    Check.EGRESS_POLICY: False,
    Check.EGRESS_ACL: False,
}

#: What looks at a table.
_TABLES = frozenset({Check.ROUTE, Check.INBOUND_ROUTE})


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets that differ by addresses and port only."""

    #: Instance or uplink that sends them.
    sender: str
    #: Their sources.
    sources: Span
    #: Their destinations.
    destinations: Span
    #: Their protocol's number.
    protocol: int
    #: Their destination ports, first and last; 0 and 0 for protocols without.
    ports: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Case:
    """Packets of which one stands for all."""

    #: The one that was followed: the first of them.
    packet: Packet
    #: The last port for which the same holds.
    last_port: int
    #: What becomes of it, once for every way that it can go.
    ways: Ways
    #: Whether it was one like it that was followed, so that the ways are those of another port.
    is_like: bool = False

    def itself(self, network: Network) -> Case:
        """The same with the packet's own ways."""
        return (
            replace(self, ways=tuple(exchanges(network, self.packet)), is_like=False)
            if self.is_like
            else self
        )


def sweep(network: Network, packets: Packets, followed: Followed) -> Iterator[Case]:
    """The cases that the packets come to, by source, then destination, then port. Lazy: who has seen enough stops.

    What was `followed` before in the same network is not followed again.
    """
    if (
        packets.sources.first == packets.sources.last
        and packets.destinations.first == packets.destinations.last
    ):
        yield from _ports(network, packets, packets.sources.first, packets.destinations.first, followed)
        return
    kind = type(packets.sources.first)
    source: int | None = int(packets.sources.first)
    while source is not None:
        ends: list[int | None] = []
        destination: int | None = int(packets.destinations.first)
        while destination is not None:
            stops: list[int | None] = []
            for case in _ports(network, packets, kind(source), kind(destination), followed):
                yield case
                edges = _edges(network, packets, case)
                stops.append(_next(edges, destination, packets.destinations))
                ends.append(_next(edges, source, packets.sources))
            destination = _first(stops)
        source = _first(ends)


def _ports(
    network: Network, packets: Packets, source: Address, destination: Address, followed: Followed
) -> Iterator[Case]:
    """The cases of one pair of addresses."""

    def cuts(packet: Packet, ways: Ways) -> Iterator[int]:
        return (cut for way in ways for cut in _cuts(network, packet, way))

    low, high = packets.ports
    while low <= high:
        packet = Packet(source, destination, packets.protocol, low, packets.sender)
        known = followed.like(packet, cuts)
        if known is not None:
            last = min(known.ports[1], high)
            yield Case(packet, last, known.ways, is_like=True)
        else:
            ways = tuple(exchanges(network, packet))
            followed.keep(packet, ways, cuts)
            edges = cuts(packet, ways) if low < high else ()
            last = min((cut - 1 for cut in edges if low < cut <= high), default=high)
            yield Case(packet, last, ways)
        low = last + 1


def _first(numbers: Iterable[int | None]) -> int | None:
    return min((number for number in numbers if number is not None), default=None)


def _next(edges: Iterable[int], after: int, span: Span) -> int | None:
    """The first edge after an address and within the span."""
    last = int(span.last)
    return None if after == last else _first(edge for edge in edges if after < edge <= last)


# ---- what looked at a packet -------------------------------------------------------------------------------------------------


def _steps(way: Exchange) -> Iterator[Step]:
    yield from way.request.steps
    if way.reply is not None:
        yield from way.reply.steps


def _looked(network: Network, way: Exchange) -> Iterator[tuple[Router, Step]]:
    """Each check, and the router that it happened at."""
    for step in _steps(way):
        yield network.fabric.routers[step.router_id], step


def _filters(network: Network, way: Exchange) -> Iterator[Filter]:
    """The filters that were asked."""
    for router, step in _looked(network, way):
        towards = _FILTERS.get(step.check)
        policy: Policy | None = router.policies.get(step.subject) or router.acls.get(step.subject)
        if towards is not None and policy is not None:
            yield policy.ingress if towards else policy.egress


def _translations(network: Network, way: Exchange) -> Iterator[Translation]:
    """What the uplinks translate by which packets came in or left."""
    for router, step in _looked(network, way):
        if step.check is Check.UPLINK and (found := router.uplinks[step.subject].translation) is not None:
            yield found


def _cuts(network: Network, packet: Packet, way: Exchange) -> Iterator[int]:
    """Ports at which something that looked at the packet may begin to decide otherwise."""
    if packet.protocol not in PORTED:
        return
    addresses = {packet.source, packet.destination, way.request.packet.source, way.request.packet.destination}
    for one in _filters(network, way):
        for match in (rule.match for rule in one.rules):
            if match.protocol in {None, packet.protocol} and any(each in match.remote for each in addresses):
                yield match.port_low
                yield match.port_high + 1
    asked = [service.port for router, _ in _looked(network, way) for service in router.services.values()]
    asked += [entry.public_port for each in _translations(network, way) for entry in each.destination]
    for port in asked:
        yield port
        yield port + 1


def _edges(network: Network, packets: Packets, case: Case) -> set[int]:
    """Addresses, as numbers, at which something that looked at the packet may begin to decide otherwise."""
    version = packets.sources.first.version
    found: set[int] = set()
    for way in case.ways:
        for what in _ranges(network, way):
            span = Span.of(what)
            if span.first.version == version:
                found |= {int(span.first), int(span.last) + 1}
    return found


def _ranges(network: Network, way: Exchange) -> Iterator[Prefix | Address]:
    """Every range and address that something on the way knows."""
    yield from (*PRIVATE_RANGES, SERVICE_RANGE)
    for one in _filters(network, way):
        yield from (rule.match.remote for rule in one.rules)
    for translation in _translations(network, way):
        yield from (entry.source for entry in translation.source)
        yield from translation.public
        yield from (entry.private for entry in translation.destination)
    routers = {step.router_id: router for router, step in _looked(network, way)}
    for router in routers.values():
        yield from (address for endpoint in router.endpoints.values() for address in endpoint.addresses)
        yield from (prefix for subnet in router.subnets.values() for prefix in subnet.prefixes)
        yield from (service.address for service in router.services.values())
    for router, step in _looked(network, way):
        if step.check in _TABLES:
            fib = router.inbound if step.check is Check.INBOUND_ROUTE else router.fibs[step.subject]
            yield from (entry.prefix for entry in fib.entries)
