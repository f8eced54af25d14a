"""Changes of wide networks, one after the other."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hypothesis import strategies as st
from tests.builders.strategies import Edits, edits, of_kind
from tests.builders.topology import Topology
from tests.builders.wide import INTERFACE_STATES, NETWORKS, PUBLIC, VBR_STATES, wide_additions

from peerway.domain.gateway import DnatEntry, Eip, ExternalNetwork, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteEntry
from peerway.domain.router_interface import SPECS, InterfaceHealth, RouterInterface
from peerway.domain.security import NetworkAcl, SecurityRule
from peerway.domain.service import Backend, BackendHealth, Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance

#: What is taken back as a whole, and what has states or parts.
REVOCABLE = (SecurityRule, RouteEntry, SnatEntry, DnatEntry)
SWITCHED = (Peering, VirtualBorderRouter, RouterInterface, Ipv4Gateway, Instance, NetworkAcl, Backend)


def wide_edits(topology: Topology) -> st.SearchStrategy[Edits]:
    """One to three changes of anything."""
    plain = edits(topology)
    return st.one_of(
        plain, edits(topology, wide_additions, _change), edits(topology, wide_additions, _change)
    )


@st.composite
def _change(draw: st.DrawFn, topology: Topology) -> None:  # noqa: C901 - one case a kind
    """Change something about anything that plain networks don't have, or a connection's sides."""
    resource: Resource = draw(st.sampled_from(list(topology.resources.values())))
    match resource:
        case Instance():
            topology.change(resource, security_group_ids=resource.security_group_ids[1:])
        case VirtualBorderRouter():
            topology.change(resource, state=draw(VBR_STATES), vlan=draw(st.integers(0, 2)))
        case RouterInterface():
            _change_interface(draw, topology, resource)
        case Peering():
            side = replace(resource.accepter, groups=draw(st.booleans()), names=draw(st.booleans()))
            topology.change(resource, accepter=side)
        case ExternalNetwork():
            topology.change(resource, port=draw(st.sampled_from([*NETWORKS, "nowhere"])))
        case Eip():
            topology.change(resource, vpc_id=None, target=None, target_id=None)
        case Ipv4Gateway() | RouteEntry():
            topology.change(resource, enabled=draw(st.booleans()))
        case NatGateway() | LoadBalancer() | Database():
            topology.change(resource, state=draw(st.sampled_from(Provisioning)))
        case SnatEntry():
            topology.change(resource, public=(ip_address(draw(st.sampled_from(PUBLIC))),))
        case Backend():
            topology.change(
                resource, health=draw(st.sampled_from(BackendHealth)), weight=draw(st.sampled_from((0, 7)))
            )
        case Listener():
            topology.change(resource, port=draw(st.sampled_from((80, 443))))
        case _:
            topology.change(resource, owner_uid=draw(st.sampled_from(("1000000000000001", "2"))))


def _change_interface(draw: st.DrawFn, topology: Topology, side: RouterInterface) -> None:
    others = [each.id for each in of_kind(topology, RouterInterface)]
    changes = [
        {"state": draw(INTERFACE_STATES)},
        {"health": draw(st.sampled_from(InterfaceHealth))},
        {"spec": draw(st.sampled_from(sorted(SPECS)))},
        {"groups": draw(st.booleans()), "names": draw(st.booleans())},
        {"check_source": ip_address("10.0.1.77"), "check_target": ip_address("192.168.1.1")},
        {"opposite_interface_id": draw(st.sampled_from([*others, "ri-none", None]))},
    ]
    topology.change(side, **draw(st.sampled_from(changes)))


@st.composite
def path_edits(draw: st.DrawFn, topology: Topology) -> Edits:
    """One to three changes of what decides over paths; VPCs, VSwitches and instances stay where they are."""
    made = Edits()
    for _ in range(draw(st.integers(1, 3))):
        before = dict(topology.resources)
        decisive = of_kind(topology, *REVOCABLE, *SWITCHED)
        if not decisive or draw(st.integers(0, 3)) == 0:
            draw(wide_additions(topology))
        else:
            chosen = draw(st.sampled_from(decisive))
            if isinstance(chosen, REVOCABLE):
                made.removals.append(topology.remove(chosen))
            else:
                _switch(draw, topology, chosen)
        gone = before.keys() - topology.resources.keys()
        made.upserts = [resource for resource in made.upserts if resource.id not in gone]
        made.upserts += [one for id, one in topology.resources.items() if before.get(id) is not one]
    return made


def _switch(draw: st.DrawFn, topology: Topology, resource: Resource) -> None:
    match resource:
        case Peering():
            topology.change(resource, state=draw(st.sampled_from(PeeringState)))
        case VirtualBorderRouter():
            topology.change(resource, state=draw(VBR_STATES))
        case RouterInterface():
            topology.change(
                resource, state=draw(INTERFACE_STATES), health=draw(st.sampled_from(InterfaceHealth))
            )
        case Ipv4Gateway():
            topology.change(resource, enabled=not resource.enabled)
        case Instance():
            topology.change(resource, security_group_ids=resource.security_group_ids[1:])
        case NetworkAcl():
            topology.change(resource, ingress=resource.ingress[1:], egress=resource.egress[1:])
        case Backend():
            topology.change(resource, health=draw(st.sampled_from(BackendHealth)))
