"""From a router's uplinks to the kernel objects that make them so; pure.

Owns what stands for an uplink on both its sides, and the exit of public addresses. An uplink into a namespace of the host is
a wire whose far end the driver sets up as well: it plays the customer's or the provider's router port. An uplink at an
interface of the host is, where addresses are translated, an interface of its own on top of that one, so that several gateways
share it; a leased line is an 802.1Q interface on top of it or, untagged or where the kernel has no 802.1Q, the interface
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from socket import AF_INET, AF_INET6

from peerway.adapters.dataplane.kernel.codec import HOST_SCOPE, LINK_SCOPE, End, family
from peerway.adapters.dataplane.kernel.names import (
    BACK_TABLE,
    BORROWED_GROUP,
    EXIT_RULE,
    EXIT_TABLE,
    FAR4,
    FAR6,
    GATEWAY4,
    GATEWAY6,
    INBOUND_TABLE,
    LINK_RULE,
    LOCAL_TABLE,
    NOWHERE_TABLE,
    OWN_RULE,
    TAGGED_GROUP,
    UPLINK_GROUP,
    endpoint_interface,
    outside_interface,
    outside_namespace,
    router_namespace,
    uplink_interface,
    uplink_link_local,
    uplink_macs,
)
from peerway.adapters.dataplane.kernel.plan import Branch, Plan, RouterPlan, Wire
from peerway.adapters.dataplane.kernel.state import (
    DISCARD,
    PASS_ON,
    Address,
    Destination,
    Interface,
    Neighbour,
    PolicyRule,
    Way,
    host,
    over,
)
from peerway.domain.port import PortKind, Transfer
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Prefix
from peerway.fabric.model import Endpoint, Router, Translation, Uplink

_VERSIONS: dict[int, int] = {4: AF_INET, 6: AF_INET6}
_ANY: dict[int, bytes] = {AF_INET: bytes(4), AF_INET6: bytes(16)}
_TAGGED_TRANSLATION = "address translation needs an untagged interface; make one for the VLAN and name it, as interface:eth0.100"


def add_uplink(plan: RouterPlan, uplink: Uplink, *, vlans: bool) -> None:
    """An uplink's interface, addresses and neighbours; `vlans` says whether the kernel has 802.1Q."""
    index = plan.index[f"u:{uplink.id}"]
    plan.owners[index] = uplink.id
    if uplink.port.kind is PortKind.NETNS:
        group, mac, port = UPLINK_GROUP, uplink_macs(uplink.id)[0], ""
        plan.outward[uplink.id] = _wire(plan.id, uplink, index)
    elif uplink.translation is not None and uplink.port.vlan:
        plan.refused[uplink.id] = _TAGGED_TRANSLATION
        return
    else:
        branch = _branch(plan.id, uplink, index, vlans=vlans)
        plan.branches.append(branch)
        group, mac, port = branch.end.group, branch.end.mac, uplink.port.name
    name = uplink_interface(uplink.id)
    plan.state.interfaces[index] = Interface(name, mac, group, uplink.up, checked=False, port=port)
    if uplink.up:
        _furnish(plan, uplink, index)


def _wire(router_id: str, uplink: Uplink, index: int) -> Wire:
    """The kernel notices late that a wire is on again when both its ends have the same index."""
    near, far = uplink_macs(uplink.id)
    inner = End(index, uplink_interface(uplink.id), near, UPLINK_GROUP)
    outer = End(index + 1, outside_interface(uplink.id), far, 0)
    return Wire(
        uplink.id,
        (router_namespace(router_id), inner),
        (outside_namespace(uplink.id, uplink.port.name), outer),
    )


def _branch(router_id: str, uplink: Uplink, index: int, *, vlans: bool) -> Branch:
    name, port = uplink_interface(uplink.id), uplink.port
    if uplink.translation is not None:
        kind, group, mac = "macvlan", UPLINK_GROUP, uplink_macs(uplink.id)[0]
    elif port.vlan and vlans:
        kind, group, mac = "vlan", TAGGED_GROUP, b""
    else:
        kind, group, mac = "", BORROWED_GROUP, b""
    end = End(index, name, mac, group)
    return Branch(uplink.id, router_namespace(router_id), end, port.name, kind, port.vlan)


def _furnish(plan: RouterPlan, uplink: Uplink, index: int) -> None:
    state, wired = plan.state, uplink.port.kind is PortKind.NETNS
    far = uplink_macs(uplink.id)[1]
    for transfer in uplink.transfers:
        state.addresses.add(Address(index, transfer.local.packed, transfer.local.network.prefixlen))
        if wired:
            state.neighbours.add(Neighbour(index, transfer.peer.packed, far))
        if transfer.local.version == 4:
            network = transfer.local.network
            back = Destination(AF_INET, BACK_TABLE, network.network_address.packed, network.prefixlen)
            state.routes[back] = over(index)
    if not wired and any(transfer.local.version == 6 for transfer in uplink.transfers):
        state.addresses.add(Address(index, uplink_link_local(uplink.id), 64, LINK_SCOPE))
    if wired and not uplink.transfers:
        state.neighbours |= {Neighbour(index, FAR4, far), Neighbour(index, FAR6, far)}
    if not wired and uplink.translation is not None:
        state.addresses |= {host(index, address.packed) for address in public_addresses(uplink.translation)}


def add_uplink_rules(
    plan: RouterPlan, uplink: Uplink, tables: Mapping[str, int], versions: tuple[int, ...]
) -> None:
    """Which table decides over what comes in by an uplink; nothing of an IP version that it does not carry."""
    name, index = uplink_interface(uplink.id), plan.index[f"u:{uplink.id}"]
    own = {family(one.address) for one in plan.state.addresses if one.interface == index}
    plan.state.rules |= {PolicyRule(version, OWN_RULE, name, b"", 0, LOCAL_TABLE) for version in own}
    carried = {_VERSIONS[transfer.local.version] for transfer in uplink.transfers}
    for version in versions:
        table = INBOUND_TABLE if uplink.fib_id is None else tables[uplink.fib_id]
        if carried and version not in carried:
            table = NOWHERE_TABLE
            plan.state.routes[Destination(version, table, _ANY[version], 0)] = DISCARD
        plan.state.rules.add(PolicyRule(version, LINK_RULE, name, b"", 0, table))


def way_out(uplink: Uplink, index: int, prefix: Prefix) -> Way:
    """The route to a range beyond an uplink: by the gateway there, and straight to what is next to it."""
    near = [transfer for transfer in uplink.transfers if transfer.peer.version == prefix.version]
    if near:
        return over(index) if _within(prefix, near[0]) else over(index, near[0].peer.packed)
    if uplink.transfers:
        return DISCARD
    if uplink.port.kind is PortKind.NETNS:
        return over(index, FAR4 if prefix.version == 4 else FAR6)
    return over(index)


def _within(prefix: Prefix, transfer: Transfer) -> bool:
    network = transfer.local.network
    return prefix.prefixlen >= network.prefixlen and prefix.network_address in network


def add_exit(plan: RouterPlan, router: Router, present: Mapping[str, Endpoint], out: Way) -> None:
    """NET-10: what an instance with a public address sends to public addresses leaves by the exit before any table is asked."""
    for endpoint in present.values():
        if endpoint.public is None:
            continue
        name = endpoint_interface(endpoint.id)
        for address in endpoint.addresses:
            if address.version == 4:
                plan.state.rules.add(PolicyRule(AF_INET, EXIT_RULE, name, address.packed, 32, EXIT_TABLE))
    plan.state.routes[Destination(AF_INET, EXIT_TABLE, bytes(4), 0)] = out
    for prefix in (*PRIVATE_RANGES, SERVICE_RANGE, *_subnets(router)):
        inner = Destination(AF_INET, EXIT_TABLE, prefix.network_address.packed, prefix.prefixlen)
        plan.state.routes[inner] = PASS_ON


def _subnets(router: Router) -> Iterator[Prefix]:
    for subnet in router.subnets.values():
        yield from (prefix for prefix in subnet.prefixes if prefix.version == 4)


def public_addresses(translation: Translation) -> set[IPv4Address]:
    """Every address by which a translation is known outside."""
    return {address for entry in translation.source for address in entry.public} | {
        entry.public for entry in translation.destination
    }


def encode_outside(uplink: Uplink, wire: Wire) -> Plan:
    """What the driver has at the other end of an uplink's wire: the gateway's addresses, and the way to public addresses."""
    plan, end = Plan(uplink.id), wire.far[1]
    near = uplink_macs(uplink.id)[0]
    plan.owners[end.number] = uplink.id
    plan.state.interfaces[end.number] = Interface(end.name, end.mac, 0, up=True, checked=False)
    for transfer in uplink.transfers:
        length = transfer.local.network.prefixlen
        connected = length < transfer.local.network.max_prefixlen
        plan.state.addresses.add(Address(end.number, transfer.peer.packed, length, connected=connected))
        plan.state.neighbours.add(Neighbour(end.number, transfer.local.ip.packed, near))
    if uplink.translation is None:
        return plan
    via = next((one.local.ip.packed for one in uplink.transfers if one.local.version == 4), GATEWAY4)
    plan.state.neighbours |= {Neighbour(end.number, via, near), Neighbour(end.number, GATEWAY6, near)}
    if (
        not uplink.transfers
    ):  # the kernel takes no gateway in a namespace without any IPv4 address; nobody sends from this one
        plan.state.addresses.add(host(end.number, FAR4, HOST_SCOPE))
    for address in public_addresses(uplink.translation):
        plan.state.routes[Destination(AF_INET, INBOUND_TABLE, address.packed, 32)] = over(end.number, via)
    return plan
