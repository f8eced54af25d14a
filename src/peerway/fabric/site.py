"""All that stands at one router: a VPC's or VBR's stored resources, bundled.

Owns which kinds of stored resource concern the network, where each of them stands, and what about one of them concerns more than
the router at which it stands. Nothing about what they become may go in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peerway.domain.gateway import DnatEntry, Eip, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.lifecycle.vbr import VBR
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import NetworkAcl, SecurityGroup, SecurityRule
from peerway.domain.service import Backend, Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch

#: What becomes a router.
Home = Vpc | VirtualBorderRouter

#: What stands at a router, named by `vpc_id`; a public address only while it stands for something there.
Resident = (
    VSwitch
    | RouteTable
    | RouteEntry
    | SecurityGroup
    | SecurityRule
    | NetworkAcl
    | Instance
    | RouterInterface
    | NatGateway
    | SnatEntry
    | DnatEntry
    | Ipv4Gateway
    | Eip
    | LoadBalancer
    | Listener
    | Backend
    | Database
)

#: Where each kind of resident stands in `Site`.
PARTS: Mapping[type[Resource], str] = {
    VSwitch: "vswitches",
    RouteTable: "route_tables",
    RouteEntry: "route_entries",
    SecurityGroup: "security_groups",
    SecurityRule: "security_rules",
    NetworkAcl: "network_acls",
    Instance: "instances",
    RouterInterface: "interfaces",
    NatGateway: "nat_gateways",
    SnatEntry: "snat_entries",
    DnatEntry: "dnat_entries",
    Ipv4Gateway: "ipv4_gateways",
    Eip: "eips",
    LoadBalancer: "load_balancers",
    Listener: "listeners",
    Backend: "backends",
    Database: "databases",
}

#: States of a peer connection in which its link is there and carries nothing.
DOWN_STATES = frozenset({PeeringState.SUSPENDED})

#: Kinds that the data plane lets go of as soon as they are being deleted.
_PROVISIONED = Vpc | VSwitch | Instance | NatGateway | Ipv4Gateway | LoadBalancer | Database


@dataclass(frozen=True, slots=True)
class Site:
    """All that stands at one router, each part by id."""

    #: The VPC or VBR; None while it is not stored or is being deleted, and only its remains are there.
    router: Home | None = None
    #: Its VSwitches.
    vswitches: Mapping[str, VSwitch] = field(default_factory=dict)
    #: Its route tables.
    route_tables: Mapping[str, RouteTable] = field(default_factory=dict)
    #: Custom entries of all its tables.
    route_entries: Mapping[str, RouteEntry] = field(default_factory=dict)
    #: Its security groups.
    security_groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    #: Rules of all its groups.
    security_rules: Mapping[str, SecurityRule] = field(default_factory=dict)
    #: Its network ACLs.
    network_acls: Mapping[str, NetworkAcl] = field(default_factory=dict)
    #: Its instances.
    instances: Mapping[str, Instance] = field(default_factory=dict)
    #: Peer connections in any state that have a side here.
    peerings: Mapping[str, Peering] = field(default_factory=dict)
    #: Its router interfaces, in any state.
    interfaces: Mapping[str, RouterInterface] = field(default_factory=dict)
    #: Its NAT gateways.
    nat_gateways: Mapping[str, NatGateway] = field(default_factory=dict)
    #: Source entries of all its NAT gateways.
    snat_entries: Mapping[str, SnatEntry] = field(default_factory=dict)
    #: Destination entries of all its NAT gateways.
    dnat_entries: Mapping[str, DnatEntry] = field(default_factory=dict)
    #: Its IPv4 gateway, if it has one.
    ipv4_gateways: Mapping[str, Ipv4Gateway] = field(default_factory=dict)
    #: Public addresses that stand for something here.
    eips: Mapping[str, Eip] = field(default_factory=dict)
    #: Its load balancers.
    load_balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    #: Listeners of all its load balancers.
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    #: Instances behind all its listeners.
    backends: Mapping[str, Backend] = field(default_factory=dict)
    #: Its databases.
    databases: Mapping[str, Database] = field(default_factory=dict)
    #: Groups that its rules name and that are not its own.
    foreign_groups: frozenset[str] = frozenset()


#: What stands at a router that is not there.
NOTHING = Site()


def is_leaving(resource: Resource) -> bool:
    """Whether the resource is on its way out of the data plane (links have their own tables for that)."""
    if isinstance(resource, VirtualBorderRouter):
        return not VBR.states[resource.state].live
    return isinstance(resource, _PROVISIONED) and resource.state is Provisioning.DELETING


def foreign_groups(site: Site) -> frozenset[str]:
    """Groups that the site's rules name and that are not its own."""
    named = {rule.remote_group_id for rule in site.security_rules.values()}
    return frozenset(id for id in named if id is not None and id not in site.security_groups)


def peering_ways(peering: Peering | None) -> object:
    """What of a peer connection concerns the routers at its ends; equal values leave them as they are."""
    if peering is None:
        return None
    info = PEERING.states[peering.state]
    return info.carries, peering.state in DOWN_STATES, peering.sides


def interface_ways(interface: Resource | None) -> object:
    """What of a router interface concerns the routers at both ends of its link; equal values leave them as they are."""
    if not isinstance(interface, RouterInterface):
        return None
    info = ROUTER_INTERFACE.states[interface.state]
    ours = interface.id, interface.vpc_id, interface.router_id, interface.owner_uid, interface.role
    theirs = interface.opposite_interface_id, interface.opposite_router_id, interface.opposite_owner_uid
    return ours, theirs, info.live, info.carries, interface.groups


def membership(instance: Resource | None) -> object:
    """What of an instance concerns rules that name its groups; equal values leave them as they are."""
    if not isinstance(instance, Instance):
        return None
    return instance.vpc_id, instance.vswitch_id, instance.addresses, instance.security_group_ids
