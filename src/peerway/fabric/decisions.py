"""The single questions that a packet's way is made of, each answered by looking at every candidate.

Owns what a match is. The order of the questions is `fabric.walk`'s business.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Address
from peerway.fabric.model import (
    Action,
    DestinationNat,
    Endpoint,
    Fib,
    FibEntry,
    Filter,
    Match,
    Router,
    Service,
    SourceNat,
    Translation,
    Uplink,
)
from peerway.fabric.packets import PORTED, Packet


def longest_match(fib: Fib, destination: Address) -> FibEntry | None:
    """The entry with the longest prefix that contains the address."""
    matching = [entry for entry in fib.entries if destination in entry.prefix]
    return max(matching, key=lambda entry: entry.prefix.prefixlen, default=None)


def matches(match: Match, remote: Address, protocol: int, port: int) -> bool:
    """Whether a rule concerns a packet whose far side is `remote`."""
    if remote not in match.remote or match.protocol not in {None, protocol}:
        return False
    return protocol not in PORTED or match.port_low <= port <= match.port_high


def decide(filter: Filter, remote: Address, protocol: int, port: int) -> tuple[Action, str | None]:  # noqa: A002 - the field's word
    """The verdict of a filter and the source of the rule that gave it; None when the default did."""
    for rule in filter.rules:
        if matches(rule.match, remote, protocol, port):
            return rule.action, rule.source
    return filter.default, None


def owner_of(router: Router, address: Address) -> Endpoint | None:
    """The interface that has the address."""
    for endpoint in router.endpoints.values():
        if address in endpoint.addresses:
            return endpoint
    return None


def service_at(router: Router, packet: Packet) -> Service | None:
    """The service that the packet is for."""
    for service in router.services.values():
        if (service.address, service.protocol, service.port) == (
            packet.destination,
            packet.protocol,
            packet.port,
        ):
            return service
    return None


def source_nat(translation: Translation, source: Address) -> SourceNat | None:
    """The entry with the longest prefix that contains the source."""
    matching = [entry for entry in translation.source if source in entry.source]
    return max(matching, key=lambda entry: entry.source.prefixlen, default=None)


def destination_nat(translation: Translation, packet: Packet) -> DestinationNat | None:
    """The first entry for a packet from outside. An entry with a port is for protocols that have ports."""
    for entry in translation.destination:
        ported = not entry.public_port or (packet.protocol in PORTED and entry.public_port == packet.port)
        if entry.public == packet.destination and entry.protocol in {None, packet.protocol} and ported:
            return entry
    return None


def takes_exit(router: Router, sender: Endpoint, packet: Packet) -> bool:
    """Whether the packet leaves by the router's exit, whatever the tables say (NET-10).

    It does when the router has one, its source is the address that a public one stands for, and its destination counts as public:
    IPv4, not RFC 1918, neither in the service range nor in the range of one of the VPC's VSwitches.
    """
    if router.exit_id is None or sender.public is None or not isinstance(packet.destination, IPv4Address):
        return False
    if packet.source not in sender.addresses:
        return False
    local = [prefix for subnet in router.subnets.values() for prefix in subnet.prefixes]
    return not any(packet.destination in prefix for prefix in (*PRIVATE_RANGES, SERVICE_RANGE, *local))


def carries(uplink: Uplink, packet: Packet) -> bool:
    """Whether packets of this IP version pass the uplink now."""
    versions = {transfer.peer.version for transfer in uplink.transfers}
    return uplink.up and (not versions or packet.source.version in versions)
