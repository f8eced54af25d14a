"""Hypothesis strategies for networks with everything there is: border routers, ways out, services, groups across links.

On top of `tests.builders.strategies`, whose plain networks every data plane's contract is tested with.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from hypothesis import strategies as st
from tests.builders.strategies import of_kind, topologies
from tests.builders.topology import INGRESS, Topology, table_of

from peerway.domain.gateway import DnatEntry, Eip, ExternalNetwork, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Address
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import InterfaceHealth, InterfaceState, RouterInterface
from peerway.domain.security import Protocol, SecurityGroup, SecurityRule
from peerway.domain.service import Backend, BackendHealth, Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.packets import Packet

#: What is routed to the outside: everything, ranges that count as public, a customer's network.
DESTINATIONS = ("0.0.0.0/0", "8.0.0.0/8", "30.0.0.0/16", "192.168.0.0/16", "192.168.1.0/24", "10.0.0.0/8")
PUBLIC = tuple(f"203.0.113.{number}" for number in range(1, 6))
#: Addresses outside the network.
FAR = ("8.8.8.8", "30.0.1.1", "192.168.1.1", "172.16.0.9")
RESOLVER = "100.100.2.136"
NETWORKS = ("netns:/run/netns/internet", "netns:/run/netns/other", "interface:eth1")

MOSTLY = st.sampled_from([True, True, True, False])
INTERFACE_STATES = st.sampled_from([InterfaceState.ACTIVE] * 3 + list(InterfaceState))
VBR_STATES = st.sampled_from([VbrState.ACTIVE] * 3 + list(VbrState))


@st.composite
def wide_topologies(draw: st.DrawFn) -> Topology:
    """A plain network, and then four to twelve things beyond."""
    topology = draw(topologies())
    draw(_add_network(topology))
    for _ in range(draw(st.integers(4, 12))):
        draw(wide_additions(topology))
    for _ in range(draw(st.integers(0, 4))):
        draw(_add_route(topology))
    return topology


@st.composite
def inner_topologies(draw: st.DrawFn) -> Topology:
    """A plain network, and then two to eight things beyond that need no world outside."""
    topology = draw(topologies())
    makings = (
        _add_pair,
        _add_pair,
        _add_listener,
        _add_backend,
        _add_database,
        _add_foreign_rule,
        _regroup,
        _add_route,
    )
    for _ in range(draw(st.integers(2, 8))):
        draw(draw(st.sampled_from(makings))(topology))
    return topology


@st.composite
def wide_packets(draw: st.DrawFn, topology: Topology) -> Packet:
    """A packet from an instance, a database or outside, mostly to where something is."""
    inside = of_kind(topology, Instance, Database)
    senders = [one for one in inside if not getattr(one, "stopped", False)]
    outside = [vbr.id for vbr in of_kind(topology, VirtualBorderRouter)]
    outside += [gateway.id for gateway in of_kind(topology, NatGateway, Ipv4Gateway)]
    outside += [vpc.id for vpc in of_kind(topology, Vpc)]
    protocol = draw(st.sampled_from((6, 6, 6, 17, 1)))
    port = draw(st.sampled_from((53, 80, 80, 80, 5432, 8080)))
    private = [str(address) for thing in inside for address in _addresses(thing) if address.version == 4]
    private += [str(balancer.address) for balancer in of_kind(topology, LoadBalancer)] * 2
    public = [str(eip.address) for eip in of_kind(topology, Eip)] or [PUBLIC[0]]
    if senders and draw(MOSTLY):
        sender = draw(st.sampled_from(senders))
        destination = draw(st.sampled_from([*private * 2, *public, *FAR * 2, RESOLVER]))
        source = _addresses(sender)[0] if draw(MOSTLY) else ip_address(draw(st.sampled_from(FAR)))
        return Packet(source, ip_address(destination), protocol, port, sender.id)
    source = ip_address(draw(st.sampled_from(FAR)))
    destination = ip_address(draw(st.sampled_from([*private, *public * 3, *FAR])))
    return Packet(source, destination, protocol, port, draw(st.sampled_from(outside)))


def _addresses(thing: Instance | Database) -> tuple[Address, ...]:
    return thing.addresses if isinstance(thing, Instance) else (thing.address,)


def wide_additions(topology: Topology) -> st.SearchStrategy[object]:
    """Something new of any kind that plain networks don't have."""
    return st.one_of(
        _add_vbr(topology),
        _add_pair(topology),
        _add_route(topology),
        _add_network(topology),
        _add_eip(topology),
        _add_nat_gateway(topology),
        _add_nat_entry(topology),
        _add_ipv4_gateway(topology),
        _add_listener(topology),
        _add_backend(topology),
        _add_database(topology),
        _add_foreign_rule(topology),
        _regroup(topology),
        _add_lines(topology),
    )


@st.composite
def _add_vbr(draw: st.DrawFn, topology: Topology) -> VirtualBorderRouter:
    """A border router, mostly with an interface pair to a VPC and an entry to its line."""
    number = len(of_kind(topology, VirtualBorderRouter))
    vbr = topology.vbr(local=f"172.31.{number}.1/30", peer=f"172.31.{number}.2", state=draw(VBR_STATES))
    vpcs = of_kind(topology, Vpc)
    if vpcs and draw(MOSTLY):
        vpc = draw(st.sampled_from(vpcs))
        far, near = topology.pair(vbr, vpc)
        topology.route(vbr, "192.168.0.0/16", vbr)
        topology.route(vbr, vpc.cidr, far)
        if ip_network("192.168.0.0/16") not in topology.destinations(vpc.system_table_id):
            topology.route(vpc, "192.168.0.0/16", near)
    return vbr


@st.composite
def _add_lines(draw: st.DrawFn, topology: Topology) -> RouteEntry | None:
    """Two border routers to one VPC, and an entry over both."""
    vpcs = of_kind(topology, Vpc)
    free = [
        vpc for vpc in vpcs if ip_network("192.168.0.0/16") not in topology.destinations(vpc.system_table_id)
    ]
    if not free:
        return None
    vpc, paths = draw(st.sampled_from(free)), []
    for _ in range(2):
        vbr = topology.vbr(state=draw(VBR_STATES))
        far, near = topology.pair(vbr, vpc, draw(INTERFACE_STATES))
        topology.route(vbr, "192.168.0.0/16", vbr)
        topology.route(vbr, vpc.cidr, far)
        topology.change(near, health=draw(st.sampled_from(InterfaceHealth)))
        paths.append((near, draw(st.sampled_from((0, 1, 100)))))
    return topology.route(vpc, "192.168.0.0/16", *paths)


@st.composite
def _add_pair(draw: st.DrawFn, topology: Topology) -> RouterInterface | None:
    """Two joined interfaces, with routes to VPCs' ranges; sometimes one that names nobody."""
    homes = of_kind(topology, Vpc, VirtualBorderRouter)
    vpcs = of_kind(topology, Vpc)
    if not vpcs:
        return None
    one, other = draw(st.sampled_from(homes)), draw(st.sampled_from(vpcs))
    sides = topology.pair(
        one, other, draw(INTERFACE_STATES), groups=draw(st.booleans()), names=draw(st.booleans())
    )
    for here, there, side in ((one, other, sides[0]), (other, one, sides[1])):
        table_id = table_of(here)
        if isinstance(there, Vpc) and there.cidr not in topology.destinations(table_id) and draw(MOSTLY):
            topology.route(here, there.cidr, side)
    return sides[0]


@st.composite
def _add_route(draw: st.DrawFn, topology: Topology) -> RouteEntry | None:
    """An entry to an interface, several, a line or a gateway, which need not be there or fit."""
    tables = of_kind(topology, RouteTable)
    if not tables:
        return None
    table = draw(st.sampled_from(tables))
    taken = topology.destinations(table.id)
    free = [destination for destination in DESTINATIONS if ip_network(destination) not in taken]
    kinds = (RouterInterface, NatGateway, Ipv4Gateway)
    near = [hop for hop in of_kind(topology, *kinds) if hop.vpc_id == table.vpc_id]
    near += [vbr for vbr in of_kind(topology, VirtualBorderRouter) if vbr.id == table.vpc_id]
    if not free or not near:
        return None
    destination = draw(st.sampled_from(free))
    interfaces = of_kind(topology, RouterInterface)
    own = [each for each in interfaces if each.vpc_id == table.vpc_id]
    if len(own) > 1 and draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(own), min_size=2, max_size=3, unique_by=lambda side: side.id))
        return topology.route(
            table, destination, *((side, draw(st.sampled_from((0, 1, 100)))) for side in chosen)
        )
    if not draw(MOSTLY):
        return topology.route(
            table, destination, draw(st.sampled_from(["ri-none", "ngw-none", "ipv4gw-none"]))
        )
    return topology.route(table, destination, draw(st.sampled_from(near)))


@st.composite
def _add_network(draw: st.DrawFn, topology: Topology) -> ExternalNetwork:
    port = draw(st.sampled_from(NETWORKS))
    host = port.startswith("interface")
    local, gateway = ("203.0.113.254/24", "203.0.113.253") if host else (None, None)
    return topology.network(port, local=local, gateway=gateway)


@st.composite
def _add_eip(draw: st.DrawFn, topology: Topology) -> Eip | None:
    networks, taken = of_kind(topology, ExternalNetwork), {str(eip.address) for eip in of_kind(topology, Eip)}
    free = [address for address in PUBLIC if address not in taken]
    if not networks or not free:
        return None
    targets = of_kind(topology, Instance, Instance, NatGateway)
    target = draw(st.sampled_from([None, *targets, *targets, *targets]))
    return topology.eip(draw(st.sampled_from(networks)), free[0], target)


@st.composite
def _add_nat_gateway(draw: st.DrawFn, topology: Topology) -> NatGateway | None:
    """A gateway with a public address, an entry for all sources, and mostly a default route."""
    networks, vpcs = of_kind(topology, ExternalNetwork), of_kind(topology, Vpc)
    taken = {str(eip.address) for eip in of_kind(topology, Eip)}
    free = [address for address in PUBLIC if address not in taken]
    if not networks or not vpcs or not free:
        return None
    vpc = draw(st.sampled_from(vpcs))
    gateway = topology.nat_gateway(vpc, draw(st.sampled_from(networks)), free[0])
    if draw(MOSTLY):
        topology.snat(gateway, "10.0.0.0/8", free[0])
    if ip_network("0.0.0.0/0") not in topology.destinations(vpc.system_table_id) and draw(MOSTLY):
        topology.route(vpc, "0.0.0.0/0", gateway)
    return gateway


@st.composite
def _add_nat_entry(draw: st.DrawFn, topology: Topology) -> SnatEntry | DnatEntry | None:
    gateways = of_kind(topology, NatGateway)
    if not gateways:
        return None
    gateway = draw(st.sampled_from(gateways))
    public = draw(st.sampled_from(PUBLIC[:3]))
    if draw(st.booleans()):
        source = draw(st.sampled_from(("10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.1.1.10/32")))
        return topology.snat(gateway, source, public)
    private = [
        str(thing.ipv4 if isinstance(thing, Instance) else thing.address)
        for thing in of_kind(topology, Instance, LoadBalancer, Database)
        if thing.vpc_id == gateway.vpc_id
    ]
    protocol = draw(st.sampled_from(("any", "tcp", "udp")))
    ports = draw(st.sampled_from(((80, 80), (80, 8080), (0, 0)))) if protocol != "any" else (0, 0)
    return topology.dnat(gateway, public, draw(st.sampled_from([*private, "10.0.9.9"])), protocol, ports)


@st.composite
def _add_ipv4_gateway(draw: st.DrawFn, topology: Topology) -> Ipv4Gateway | None:
    """One a VPC, mostly enabled and with an entry to it."""
    have = {gateway.vpc_id for gateway in of_kind(topology, Ipv4Gateway)}
    free = [vpc for vpc in of_kind(topology, Vpc) if vpc.id not in have]
    if not free:
        return None
    vpc = draw(st.sampled_from(free))
    gateway = topology.ipv4_gateway(vpc, enabled=draw(MOSTLY))
    if ip_network("8.0.0.0/8") not in topology.destinations(vpc.system_table_id) and draw(MOSTLY):
        topology.route(vpc, "8.0.0.0/8", gateway)
    return gateway


@st.composite
def _add_listener(draw: st.DrawFn, topology: Topology) -> Listener | None:
    """A load balancer with a listener, and mostly instances behind it."""
    vswitches, instances = of_kind(topology, VSwitch), of_kind(topology, Instance)
    if not vswitches:
        return None
    vswitch = draw(st.sampled_from(vswitches))
    taken = {
        balancer.address for balancer in of_kind(topology, LoadBalancer) if balancer.vpc_id == vswitch.vpc_id
    }
    if vswitch.cidr[8] in taken:
        return None
    near = [instance for instance in instances if instance.vpc_id == vswitch.vpc_id]
    chosen = draw(st.lists(st.sampled_from(near), max_size=3, unique_by=id)) if near else []
    return topology.listener(
        topology.balancer(vswitch, 8),
        80,
        *chosen,
        protocol=draw(st.sampled_from(("tcp", "tcp", "udp"))),
        backend_port=draw(st.sampled_from((80, 8080))),
        weight=draw(st.sampled_from((100, 100, 0))),
        check=draw(st.booleans()),
    )


@st.composite
def _add_backend(draw: st.DrawFn, topology: Topology) -> Backend | None:
    listeners, instances = of_kind(topology, Listener), of_kind(topology, Instance)
    if not listeners or not instances:
        return None
    listener, instance = draw(st.sampled_from(listeners)), draw(st.sampled_from(instances))
    health = draw(st.sampled_from(BackendHealth))
    return topology.backend(listener, instance, 8080, health=health)


@st.composite
def _add_database(draw: st.DrawFn, topology: Topology) -> Database | None:
    vswitches = of_kind(topology, VSwitch)
    if not vswitches:
        return None
    vswitch = draw(st.sampled_from(vswitches))
    if any(database.address == vswitch.cidr[9] for database in of_kind(topology, Database)):
        return None
    remotes = ("0.0.0.0/0", "10.0.0.0/16", "10.1.1.10/32", "192.168.0.0/16")
    whitelist = draw(st.lists(st.sampled_from(remotes), max_size=2, unique=True))
    return topology.database(vswitch, *whitelist, number=9)


@st.composite
def _add_foreign_rule(draw: st.DrawFn, topology: Topology) -> SecurityRule | None:
    """A rule that names a group at the other end of a peer connection, whose sides mostly let it; both groups have members."""
    peerings = [
        peering
        for peering in of_kind(topology, Peering)
        if all(side.vpc_id in topology.resources for side in peering.sides)
    ]
    if not peerings:
        return None
    peering = draw(st.sampled_from(peerings))
    sides = [replace(side, groups=draw(MOSTLY)) for side in peering.sides]
    topology.change(peering, requester=sides[0], accepter=sides[1])
    groups = [topology.group(topology.resources[side.vpc_id]) for side in sides]
    for instance in of_kind(topology, Instance):
        for group in groups:
            if instance.vpc_id == group.vpc_id and draw(MOSTLY):
                topology.change(instance, security_group_ids=(*instance.security_group_ids, group.id))
    return topology.rule(*groups, direction=INGRESS, protocol=Protocol.ALL)


@st.composite
def _regroup(draw: st.DrawFn, topology: Topology) -> Instance | None:
    """Put an instance into a group of its VPC, or take it out."""
    instances, groups = of_kind(topology, Instance), of_kind(topology, SecurityGroup)
    if not instances:
        return None
    instance = draw(st.sampled_from(instances))
    near = [group.id for group in groups if group.vpc_id == instance.vpc_id]
    chosen = {draw(st.sampled_from(near))} if near else set()
    return topology.change(
        instance, security_group_ids=tuple(sorted(chosen ^ {*instance.security_group_ids}))
    )
