"""Hypothesis strategies: random small networks, random edits of them, and packets to send through them.

Ranges are drawn from a small pool, so that VPCs overlap, routes meet VSwitches and destinations are hit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import pairwise

from hypothesis import assume
from hypothesis import strategies as st
from tests.builders.topology import ACCEPT, DROP, EGRESS, INGRESS, Topology, acl_entry

from peerway.domain.peering import Peering, PeeringState
from peerway.domain.prefixes import contains
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.security import AclEntry, NetworkAcl, Protocol, SecurityGroup, SecurityRule
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.packets import Packet

#: IPv4 and IPv6 range of VPCs.
VPC_RANGES = (
    ("10.0.0.0/16", "fd00::/48"),
    ("10.1.0.0/16", "fd00:0:1::/48"),
    ("10.1.0.0/16", None),
    ("10.2.0.0/16", "fd00:0:2::/48"),
    ("10.0.0.0/8", None),
)
#: IPv4 and IPv6 range of VSwitches; those inside the VPC's range are used.
VSWITCH_RANGES = (
    ("10.0.1.0/24", "fd00:0:0:1::/64"),
    ("10.0.2.0/28", None),
    ("10.1.1.0/24", "fd00:0:1:1::/64"),
    ("10.1.2.0/24", None),
    ("10.2.1.0/24", "fd00:0:2:1::/64"),
)
DESTINATIONS = (
    *("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/15", "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"),
    *("10.0.1.0/24", "10.1.1.0/24", "10.1.1.0/25", "10.2.1.0/24", "10.1.1.10/32", "10.2.1.10/32"),
    *("100.64.0.0/10", "100.64.1.0/24", "100.0.0.0/8"),
    *("::/0", "fd00::/48", "fd00:0:1::/48", "fd00:0:2::/48", "fd00:0:1:1::/64", "fd00:0:1:1::a/128"),
)
REMOTES = ("0.0.0.0/0", "10.0.0.0/16", "10.1.1.0/24", "10.1.1.10/32", "::/0", "fd00:0:1::/48")
STRAYS = ("10.0.1.200", "10.1.9.9", "100.64.0.1", "172.16.0.1", "8.8.8.8", "fd00:0:1:1::99", "2001:db8::1")
PORTS = ((0, 65535), (80, 80), (22, 100), (32768, 60999))
PACKET_PORTS = (22, 80, 443, 50000)

#: Makes something of a topology, or changes something in it.
Making = Callable[[Topology], st.SearchStrategy]

_states = st.sampled_from(
    [PeeringState.ACTIVE] * 4 + [PeeringState.SUSPENDED, PeeringState.PENDING, PeeringState.UPDATING]
)
_mostly = st.sampled_from([True, True, True, False])
_seldom = st.sampled_from([False] * 7 + [True])


@dataclass
class Edits:
    """What changed between two looks at a topology."""

    #: Resources written, oldest first.
    upserts: list[Resource] = field(default_factory=list)
    #: Resources taken out, as (kind, id).
    removals: list[tuple[str, str]] = field(default_factory=list)


def of_kind(topology: Topology, *kinds: type[Resource]) -> list:
    """Resources of a kind, oldest first."""
    return [resource for resource in topology.resources.values() if isinstance(resource, kinds)]


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Two to four VPCs with VSwitches and instances, some joined, some with filters."""
    topology = Topology()
    for _ in range(draw(st.integers(2, 4))):
        vpc = draw(_add_vpc(topology))
        for _ in range(draw(st.integers(1, 2))):
            vswitch = draw(_add_vswitch(topology, vpc))
            for _ in range(draw(st.integers(0, 2)) if vswitch else 0):
                draw(_add_instance(topology))
    vpcs = of_kind(topology, Vpc)
    for one, other in pairwise(vpcs):
        if draw(_mostly):
            topology.join(one, other, state=draw(_states))
    for _ in range(draw(st.integers(0, 3))):
        draw(_add_group(topology))
    for _ in range(draw(st.integers(0, 2))):
        draw(_add_acl(topology))
    for _ in range(draw(st.integers(0, 6))):
        draw(_add_route(topology))
    for _ in range(draw(st.integers(0, 4))):
        draw(_additions(topology))
    return topology


@st.composite
def edits(
    draw: st.DrawFn, topology: Topology, additions: Making | None = None, change: Making | None = None
) -> Edits:
    """One to three changes, made to the topology: something added, changed, or taken out whoever needs it."""
    additions, change = additions or _additions, change or _change
    made = Edits()
    for _ in range(draw(st.integers(1, 3))):
        before = dict(topology.resources)
        if topology.resources and draw(st.integers(0, 2)) == 0:
            made.removals.append(topology.remove(draw(st.sampled_from(list(before.values())))))
        elif topology.resources and draw(st.booleans()):
            draw(change(topology))
        else:
            draw(additions(topology))
        new = topology.resources
        gone = before.keys() - new.keys()
        made.upserts = [resource for resource in made.upserts if resource.id not in gone]
        made.upserts += [resource for id, resource in new.items() if before.get(id) is not resource]
    return made


@st.composite
def packets(draw: st.DrawFn, topology: Topology) -> Packet:
    """A packet from some instance, mostly with its own address and to an address that another one has."""
    instances = of_kind(topology, Instance)
    running = [one for one in instances if not one.stopped]
    assume(running)
    sender = draw(st.sampled_from(running))
    addresses = [address for instance in instances for address in instance.addresses]
    strays = [ip_address(text) for text in STRAYS]
    destination = draw(st.sampled_from(addresses * 3 + strays))
    own = [address for address in sender.addresses if address.version == destination.version]
    foreign = [address for address in (*addresses, *strays) if address.version == destination.version]
    source = own[0] if own and draw(_mostly) else draw(st.sampled_from(foreign))
    protocol = draw(st.sampled_from((6, 6, 17, 47, 1 if destination.version == 4 else 58)))
    return Packet(source, destination, protocol, draw(st.sampled_from(PACKET_PORTS)), sender.id)


def _additions(topology: Topology) -> st.SearchStrategy:
    return st.one_of(
        _add_vpc(topology),
        _add_vswitch(topology),
        _add_instance(topology),
        _add_table(topology),
        _add_route(topology),
        _add_route(topology),
        _add_peering(topology),
        _add_group(topology),
        _add_rule(topology),
        _add_acl(topology),
    )


@st.composite
def _add_vpc(draw: st.DrawFn, topology: Topology) -> Vpc:
    cidr, ipv6 = draw(st.sampled_from(VPC_RANGES))
    return topology.vpc(cidr, ipv6=ipv6)


@st.composite
def _add_vswitch(draw: st.DrawFn, topology: Topology, vpc: Vpc | None = None) -> VSwitch | None:
    vpcs = of_kind(topology, Vpc)
    if vpc is None:
        if not vpcs:
            return None
        vpc = draw(st.sampled_from(vpcs))
    taken = {str(vswitch.cidr) for vswitch in of_kind(topology, VSwitch) if vswitch.vpc_id == vpc.id}
    free = [
        pair for pair in VSWITCH_RANGES if pair[0] not in taken and contains(vpc.cidr, ip_network(pair[0]))
    ]
    if not free:
        return None
    cidr, ipv6 = draw(st.sampled_from(free))
    tables = [table for table in of_kind(topology, RouteTable) if table.vpc_id == vpc.id]
    acls = [acl for acl in of_kind(topology, NetworkAcl) if acl.vpc_id == vpc.id]
    return topology.vswitch(
        vpc,
        cidr,
        ipv6=ipv6 if vpc.ipv6_cidr else None,
        table=draw(st.sampled_from([None, *tables])),
        acl=draw(st.sampled_from([None, *acls])),
    )


@st.composite
def _add_instance(draw: st.DrawFn, topology: Topology) -> Instance | None:
    vswitches = of_kind(topology, VSwitch)
    if not vswitches:
        return None
    vswitch = draw(st.sampled_from(vswitches))
    if len([instance for instance in of_kind(topology, Instance) if instance.vswitch_id == vswitch.id]) >= 3:
        return None
    groups = [group for group in of_kind(topology, SecurityGroup) if group.vpc_id == vswitch.vpc_id]
    chosen = draw(st.lists(st.sampled_from(groups), unique_by=id, max_size=2)) if groups else []
    hosts = {
        int(instance.ipv4) for instance in of_kind(topology, Instance) if instance.vpc_id == vswitch.vpc_id
    }
    number = next(n for n in range(10, 14) if int(vswitch.cidr[n]) not in hosts)
    return topology.instance(
        vswitch,
        *chosen,
        ipv4=str(vswitch.cidr[number]),
        ipv6=str(vswitch.ipv6_cidr[number]) if vswitch.ipv6_cidr else None,
        gateway=not draw(_mostly),
        stopped=draw(_seldom),
    )


@st.composite
def _add_table(draw: st.DrawFn, topology: Topology) -> RouteTable | None:
    vpcs = of_kind(topology, Vpc)
    return topology.table(draw(st.sampled_from(vpcs))) if vpcs else None


@st.composite
def _add_route(draw: st.DrawFn, topology: Topology) -> RouteEntry | None:
    tables = of_kind(topology, RouteTable)
    if not tables:
        return None
    table = draw(st.sampled_from(tables))
    taken = {str(destination) for destination in topology.destinations(table.id)}
    free = [destination for destination in DESTINATIONS if destination not in taken]
    if not free:
        return None
    hops = [*of_kind(topology, Peering, Instance), "pcc-none", "i-none", None]
    near = [hop for hop in of_kind(topology, Instance) if hop.vpc_id == table.vpc_id] or [None]
    hop = draw(st.sampled_from(hops)) if draw(st.booleans()) else draw(st.sampled_from(near))
    return topology.route(table, draw(st.sampled_from(free)), hop, enabled=not draw(_seldom))


@st.composite
def _add_peering(draw: st.DrawFn, topology: Topology) -> Peering | None:
    vpcs = of_kind(topology, Vpc)
    if len(vpcs) < 2:
        return None
    one, other = draw(st.lists(st.sampled_from(vpcs), min_size=2, max_size=2, unique_by=lambda vpc: vpc.id))
    if any({one.id, other.id} == {side.vpc_id for side in old.sides} for old in of_kind(topology, Peering)):
        return None
    return topology.peering(one, other, state=draw(_states))


@st.composite
def _add_group(draw: st.DrawFn, topology: Topology) -> SecurityGroup | None:
    """A group, with a few of the VPC's instances in it."""
    vpcs = of_kind(topology, Vpc)
    if not vpcs:
        return None
    vpc = draw(st.sampled_from(vpcs))
    group = topology.group(vpc, inner_access=draw(st.booleans()))
    for instance in of_kind(topology, Instance):
        if instance.vpc_id == vpc.id and draw(st.booleans()):
            topology.change(instance, security_group_ids=(*instance.security_group_ids, group.id))
    for _ in range(draw(st.integers(0, 2))):
        draw(_add_rule(topology, group))
    return group


@st.composite
def _add_rule(draw: st.DrawFn, topology: Topology, group: SecurityGroup | None = None) -> SecurityRule | None:
    groups = of_kind(topology, SecurityGroup)
    if not groups:
        return None
    group = group or draw(st.sampled_from(groups))
    near = [other for other in groups if other.vpc_id == group.vpc_id]
    protocol = draw(st.sampled_from(Protocol))
    return topology.rule(
        group,
        draw(st.sampled_from([*REMOTES, *near])),
        direction=draw(st.sampled_from([INGRESS, EGRESS])),
        protocol=protocol,
        ports=draw(st.sampled_from(PORTS)) if protocol.has_ports else (0, 65535),
        action=ACCEPT if draw(_mostly) else DROP,
        priority=draw(st.integers(1, 3)),
    )


@st.composite
def _add_acl(draw: st.DrawFn, topology: Topology) -> NetworkAcl | None:
    """An ACL that mostly lets something pass, bound to some of the VPC's VSwitches."""
    vpcs = of_kind(topology, Vpc)
    if not vpcs:
        return None
    vpc = draw(st.sampled_from(vpcs))
    acl = topology.acl(vpc, draw(_acl_entries()), draw(_acl_entries()))
    for vswitch in of_kind(topology, VSwitch):
        if vswitch.vpc_id == vpc.id and draw(st.booleans()):
            topology.change(vswitch, network_acl_id=acl.id)
    return acl


@st.composite
def _acl_entries(draw: st.DrawFn) -> list[AclEntry]:
    entries = []
    for _ in range(draw(st.integers(0, 3))):
        protocol = draw(st.sampled_from([Protocol.ALL, *Protocol]))
        ports = draw(st.sampled_from(PORTS)) if protocol.has_ports else (0, 65535)
        action = ACCEPT if draw(_mostly) else DROP
        entries.append(acl_entry(action, draw(st.sampled_from(REMOTES)), protocol, ports))
    return entries


@st.composite
def _change(draw: st.DrawFn, topology: Topology) -> None:
    """Change something about a resource, or nothing but its revision."""
    resource = draw(st.sampled_from(list(topology.resources.values())))
    match resource:
        case Peering():
            topology.change(resource, state=draw(st.sampled_from(PeeringState)))
        case Vpc() | VSwitch() | Instance() if draw(st.booleans()):
            topology.change(resource, state=draw(st.sampled_from(Provisioning)))
        case Instance() if draw(st.booleans()):
            topology.change(resource, stopped=not resource.stopped)
        case Instance():
            groups = [group.id for group in of_kind(topology, SecurityGroup)]
            ids = draw(st.lists(st.sampled_from(groups), unique=True, max_size=2)) if groups else []
            topology.change(resource, security_group_ids=tuple(ids))
        case NetworkAcl():
            topology.change(resource, ingress=tuple(draw(_acl_entries())))
        case SecurityRule():
            topology.change(resource, priority=draw(st.integers(1, 3)))
        case RouteEntry() if draw(st.booleans()):
            topology.change(resource, enabled=not resource.enabled)
        case RouteEntry():
            topology.change(resource, next_hop_id="pcc-none")
        case _:
            topology.change(resource, revision=draw(st.integers(0, 1)))
