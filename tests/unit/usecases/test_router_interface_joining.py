"""Which router interfaces may be joined, and what a user hears first when they may not."""

from ipaddress import IPv4Address, IPv4Interface

import pytest
from tests.builders.estate import Estate

from peerway.app.usecases.router_interfaces import (
    ConnectRouterInterface,
    CreateRouterInterface,
    DeactivateRouterInterface,
    UpdateRouterInterface,
    connect_router_interface,
    create_router_interface,
    deactivate_router_interface,
    update_router_interface,
)
from peerway.domain.errors import AlreadyExists, Conflict, Forbidden, IllegalState, InvalidInput, NotFound
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind
from peerway.domain.router_interface import InterfaceState, RouterInterface


@pytest.fixture
def pair(estate, alice, bob, vpcs):
    """An initiator and an acceptor that name nobody yet."""
    return (
        estate.interface(alice, vpcs[0].id, "initiator", "cn-beijing", spec="Small.1"),
        estate.interface(bob, vpcs[1].id, "acceptor", "cn-hangzhou"),
    )


def refusal(estate, caller, interface, error=Conflict):
    """Code of the refusal to connect."""
    request = ConnectRouterInterface(id=interface.id)
    return estate.refused(error, connect_router_interface, caller, request).code


def test_acceptor_does_not_connect(estate, alice, bob, pair):
    """EC-3: whatever else is wrong, the role is told first; it never changes."""
    assert refusal(estate, bob, pair[1]) == "not_initiator"
    estate.name(alice, *pair)
    estate.name(bob, *reversed(pair))
    assert refusal(estate, bob, pair[1]) == "not_initiator"


@pytest.mark.parametrize("missing", ["opposite_interface_id", "opposite_router_id", "opposite_owner_uid"])
def test_initiator_names_the_other_side_first(estate, alice, bob, pair, missing):
    """EC-3: interface, router and account are all needed."""
    assert refusal(estate, alice, pair[0]) == "opposite_not_set"
    estate.name(alice, *pair)
    estate.name(bob, *reversed(pair))
    estate.do(update_router_interface, alice, UpdateRouterInterface(id=pair[0].id, **{missing: None}))
    assert refusal(estate, alice, pair[0]) == "opposite_not_set"


@pytest.mark.parametrize(
    "wrong",
    [
        {"opposite_interface_id": "ri-00000000000000000000"},
        {"opposite_router_id": "vrt-00000000000000000000"},
        {"opposite_owner_uid": "1000000000000000"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
@pytest.mark.parametrize("side", [0, 1], ids=["initiator", "acceptor"])
def test_both_sides_name_each_other_rightly(estate, alice, bob, pair, side, wrong):
    """EC-3, NET-1: an interface that is not there, one that is another's, and one that names somebody else answer alike."""
    estate.name(alice, *pair)
    estate.name(bob, *reversed(pair))
    who = (alice, bob)[side]
    estate.do(update_router_interface, who, UpdateRouterInterface(id=pair[side].id, **wrong))
    assert refusal(estate, alice, pair[0]) == "opposite_mismatch"


def test_acceptor_that_names_nobody_is_not_joined(estate, alice, pair):
    """EC-3: one side's word is not enough."""
    estate.name(alice, *pair)
    assert refusal(estate, alice, pair[0]) == "opposite_mismatch"


def test_sides_name_each_others_regions(estate, alice, bob, vpcs):
    """EC-1: the opposite region given at creation is that of the other side."""
    one = estate.interface(alice, vpcs[0].id, "initiator", "cn-shanghai", spec="Small.1")
    other = estate.interface(bob, vpcs[1].id, "acceptor", "cn-hangzhou")
    estate.name(alice, one, other)
    estate.name(bob, other, one)
    assert refusal(estate, alice, one) == "opposite_mismatch"


def test_two_initiators_are_not_joined(estate, alice, bob, vpcs):
    """EC-3: one side initiates and one accepts."""
    one = estate.interface(alice, vpcs[0].id, "initiator", "cn-beijing", spec="Small.1")
    other = estate.interface(bob, vpcs[1].id, "initiator", "cn-hangzhou", spec="Small.1")
    estate.name(alice, one, other)
    estate.name(bob, other, one)
    assert refusal(estate, alice, one) == "opposite_not_acceptor"


def test_two_interfaces_of_one_router_are_not_joined(estate, alice, vpcs):
    """EC-7: no two interfaces of one router joined."""
    one = estate.interface(alice, vpcs[0].id, "initiator")
    other = estate.interface(alice, vpcs[0].id, "acceptor")
    estate.name(alice, one, other)
    estate.name(alice, other, one)
    assert refusal(estate, alice, one) == "same_router"


@pytest.mark.parametrize("turned", [False, True], ids=["same way", "other way"])
@pytest.mark.parametrize("off", [False, True], ids=["active", "inactive"])
def test_two_routers_have_one_joined_pair(estate, alice, bob, vpcs, turned, off):
    """EC-7: a second pair is refused, whichever side starts, also while the first is switched off."""
    first, _ = estate.join((alice, bob), vpcs)
    if off:
        estate.do(deactivate_router_interface, alice, DeactivateRouterInterface(id=first.id))
        estate.settle()
    callers, ends = ((bob, alice), vpcs[::-1]) if turned else ((alice, bob), vpcs)
    second, _ = estate.face(callers, ends)
    assert refusal(estate, callers[0], second, AlreadyExists) == "routers_joined"


def test_a_pair_that_only_names_each_other_is_in_nobodys_way(estate, alice, bob, vpcs):
    """EC-7: what counts is being joined; of two pairs the first to connect wins."""
    first, second = estate.face((alice, bob), vpcs), estate.face((alice, bob), vpcs)
    estate.do(connect_router_interface, alice, ConnectRouterInterface(id=second[0].id))
    assert refusal(estate, alice, first[0], AlreadyExists) == "routers_joined"


def test_hub_joins_several_routers(estate, alice, bob, vpcs):
    """EC-7: one pair a pair of routers, not one a router."""
    far = estate.vpc(bob, "10.2.0.0/16")
    estate.join((alice, bob), vpcs)
    sides = estate.join((alice, bob), (vpcs[0], far))
    assert {side.state for side in sides} == {InterfaceState.ACTIVE}


def test_accounts_of_different_sites_are_not_joined(estate, alice, vpcs):
    """PEER-11: as for peer connections."""
    dora = estate.tenant("dora", site="international")
    sides = estate.face((alice, dora), (vpcs[0], estate.vpc(dora, "10.3.0.0/16")))
    assert refusal(estate, alice, sides[0], Forbidden) == "sites_differ"


def test_joining_across_the_border_needs_a_real_name(estate, alice, bob, vpcs):
    """PEER-11: the initiator's account must be registered; the acceptor's need not."""
    far = estate.vpc(bob, "10.3.0.0/16", "us-west-1")
    refused = estate.face((bob, alice), (far, vpcs[0]))
    assert refusal(estate, bob, refused[0], Forbidden) == "real_name_required"
    joined = estate.join((alice, bob), (vpcs[0], far))
    assert joined[0].state is InterfaceState.ACTIVE


def test_vpcs_of_different_kinds_are_not_joined(estate, alice):
    """NET-3: virtual machines and bare-metal hosts stay apart."""
    ends = estate.vpc(alice), estate.vpc(alice, "10.4.0.0/16", kind="cps")
    sides = estate.face((alice, alice), ends)
    assert refusal(estate, alice, sides[0]) == "kinds_differ"


def border_router(estate: Estate, owner, state=VbrState.ACTIVE):
    """A VBR, as a leased line would bring it."""
    made = VirtualBorderRouter(
        id="vbr-1",
        owner_uid=owner.uid,
        created_at=estate.clock.now(),
        region_id="cn-hangzhou",
        line_id="pc-1",
        line_owner_uid=owner.uid,
        access_point_id="ap-1",
        vlan=7,
        local_gateway=IPv4Interface("172.16.0.1/30"),
        peer_gateway=IPv4Address("172.16.0.2"),
        route_table_id="vtb-1",
        port=Port(PortKind.NETNS, "/run/netns/line", 7),
        state=state,
        state_since=estate.clock.now(),
    )
    estate.store.write(lambda tx: tx.insert(made))
    return made


def test_border_router_initiates_only(estate, alice, vpcs):
    """EC-7: a VBR as acceptor is refused, by its own side and by who names it."""
    border_router(estate, alice)
    request = CreateRouterInterface(router_id="vbr-1", role="acceptor")
    error = estate.refused(InvalidInput, create_router_interface, alice, request)
    assert (error.field, error.code) == ("role", "vbr_accepts")
    named = CreateRouterInterface(
        router_id=vpcs[0].id, role="initiator", opposite_interface_id="ri-1", opposite_router_id="vbr-1"
    )
    error = estate.refused(InvalidInput, create_router_interface, alice, named)
    assert (error.field, error.code) == ("opposite_router_id", "vbr_accepts")


def test_border_router_is_joined_with_a_vpc(estate, alice, bob, vpcs):
    """EC-9: a VBR reaches a VPC in any region; both sides tell the access point."""
    border_router(estate, alice)
    one = estate.interface(alice, "vbr-1", "initiator", "cn-beijing", spec="Middle.5")
    other = estate.interface(bob, vpcs[1].id, "acceptor", "cn-hangzhou")
    estate.name(alice, one, other)
    named = estate.name(bob, other, one)
    assert (one.router_type, one.access_point_id, named.opposite_router_type) == ("vbr", "ap-1", "vbr")
    estate.do(connect_router_interface, alice, ConnectRouterInterface(id=one.id))
    estate.settle()
    stored = [estate.get(RouterInterface, side.id) for side in (one, other)]
    assert {side.state for side in stored} == {InterfaceState.ACTIVE}
    assert {side.access_point_id for side in stored} == {"ap-1"}


@pytest.mark.parametrize("state", sorted(set(VbrState) - {VbrState.ACTIVE, VbrState.CREATING}))
def test_border_router_that_is_off_takes_no_interface(estate, alice, state):
    """EC-9: confirmed and switched on first."""
    border_router(estate, alice, state)
    request = CreateRouterInterface(router_id="vbr-1", role="initiator")
    estate.refused(IllegalState, create_router_interface, alice, request)


@pytest.mark.parametrize("id", ["vrt-missing", "vpc-missing", "vbr-missing", "", 7, None])
def test_router_that_is_not_ones_own_is_not_there(estate, alice, bob, vpcs, id):
    """NET-1: a foreign router answers like a missing one."""
    for asked in (id, vpcs[1].id, vpcs[1].router_id):
        request = CreateRouterInterface(router_id=asked, role="acceptor")
        assert estate.refused(NotFound, create_router_interface, alice, request).data["field"] == "router_id"
