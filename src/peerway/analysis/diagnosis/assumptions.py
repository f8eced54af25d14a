"""The compiled network as if one blocker were lifted, for what no remedy lifts; so that what comes behind it can be seen.

Owns these edits. They are of the compiled network only: no stored object says any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import TypeVar

from peerway.analysis.network import Network
from peerway.domain.prefixes import Address, Prefix
from peerway.fabric.model import Action, Fabric, Fib, FibEntry, Filter, Match, Policy, Rule, ToLink
from peerway.fabric.packets import PORTED, Packet

T = TypeVar("T")

#: What makes the network one where the blocker is lifted.
Assumption = Callable[[Network], Network]

#: `source` of what is assumed.
ASSUMED = "assumed"


def host(address: Address) -> Prefix:
    """The range that is this one address."""
    return ip_network(address)


def let_pass(router_id: str, filter_id: str, packet: Packet, *, inward: bool) -> Assumption:
    """The policy or ACL lets this packet pass."""
    remote = packet.source if inward else packet.destination
    low, high = (packet.port, packet.port) if packet.protocol in PORTED else (0, 65535)
    rule = Rule(Match(host(remote), packet.protocol, low, high), Action.ACCEPT, ASSUMED)

    def opened(policy: Policy) -> Policy:
        if inward:
            return replace(policy, ingress=_first(policy.ingress, rule))
        return replace(policy, egress=_first(policy.egress, rule))

    def assume(network: Network) -> Network:
        router = network.fabric.routers[router_id]
        if filter_id in router.acls:
            return network.with_router(replace(router, acls=_edited(router.acls, filter_id, opened)))
        return network.with_router(replace(router, policies=_edited(router.policies, filter_id, opened)))

    return assume


def lead(router_id: str, table_id: str, destination: Address, link_id: str) -> Assumption:
    """The table leads the address over the link, whatever else it says."""
    entry = FibEntry(host(destination), ToLink(link_id), ASSUMED)

    def led(fib: Fib) -> Fib:
        kept = [other for other in fib.entries if other.prefix != entry.prefix]
        return Fib(fib.id, tuple(sorted([*kept, entry], key=_order)))

    def assume(network: Network) -> Network:
        router = network.fabric.routers[router_id]
        return network.with_router(replace(router, fibs=_edited(router.fibs, table_id, led)))

    return assume


def carry(link_id: str) -> Assumption:
    """The link carries packets."""

    def assume(network: Network) -> Network:
        fabric = network.fabric
        links = {**fabric.links, link_id: replace(fabric.links[link_id], up=True)}
        return replace(network, fabric=Fabric(fabric.revision, fabric.routers, links))

    return assume


def switch_on(router_id: str, uplink_id: str) -> Assumption:
    """The uplink carries packets."""

    def assume(network: Network) -> Network:
        router = network.fabric.routers[router_id]
        uplinks = _edited(router.uplinks, uplink_id, lambda uplink: replace(uplink, up=True))
        return network.with_router(replace(router, uplinks=uplinks))

    return assume


def _first(filter: Filter, rule: Rule) -> Filter:  # noqa: A002 - the field's word
    return Filter((rule, *filter.rules), filter.default)


def _edited(values: Mapping[str, T], id: str, edit: Callable[[T], T]) -> dict[str, T]:
    return {**values, id: edit(values[id])}


def _order(entry: FibEntry) -> tuple[int, int, int]:
    return entry.prefix.version, int(entry.prefix.network_address), entry.prefix.prefixlen
