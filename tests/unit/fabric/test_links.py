"""When two routers are joined, and what the link is like."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from tests.builders.topology import Topology

from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.line import VbrState
from peerway.domain.router_interface import SPECS, InterfaceHealth, InterfaceRole, InterfaceState
from peerway.fabric.compile import recompile
from peerway.fabric.model import Blackhole, LinkCheck, LinkPath, ToLink, ToLinks, ToUplink

ACTIVE, INACTIVE = InterfaceState.ACTIVE, InterfaceState.INACTIVE


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def two(t):
    """Two VPCs."""
    return t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16", region="cn-beijing")


@pytest.mark.parametrize("one", InterfaceState)
@pytest.mark.parametrize("other", [ACTIVE, INACTIVE, InterfaceState.IDLE, InterfaceState.DELETING])
def test_pair_is_a_link_as_both_lives_say(t, two, one, other):
    """Both sides live: there is a link; it is up while both carry (EC-2, EC-4)."""
    initiator, acceptor = t.pair(*two)
    t.change(initiator, state=one)
    t.change(acceptor, state=other)
    states = [ROUTER_INTERFACE.states[state] for state in (one, other)]
    link = t.fabric().links.get(initiator.id)
    assert (link is not None) is all(state.live for state in states)
    assert (link is not None and link.up) is all(state.carries for state in states)


def test_link_is_the_initiators_with_its_end_first_and_its_cap(t, two):
    """Large.2 is 256 MB/s; the acceptor's spec says nothing (EC-6)."""
    initiator, _ = t.pair(*two, spec="Middle.2")
    link = t.fabric().links[initiator.id]
    assert [(end.router_id, end.region_id) for end in link.ends] == [
        (two[0].id, "cn-hangzhou"),
        (two[1].id, "cn-beijing"),
    ]
    assert link.cap_mbps == SPECS["Middle.2"] == 200
    assert (link.check, link.healthy) == (None, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"opposite_interface_id": "ri-none"},
        {"opposite_interface_id": None},
        {"opposite_router_id": "vrt-none"},
        {"opposite_owner_uid": "9"},
        {"role": InterfaceRole.INITIATOR},
        {"state": InterfaceState.IDLE},
    ],
)
def test_sides_that_dont_name_each_other_are_no_link(t, two, fields):
    """Each side must name the other's interface, router and owner; one of them initiates (EC-2, EC-3)."""
    initiator, acceptor = t.pair(*two)
    t.change(acceptor, **fields)
    entry = t.route(two[0], "10.1.0.0/16", initiator)
    fabric = t.fabric()
    assert fabric.links == {}
    hops = {found.source: found.hop for found in fabric.routers[two[0].id].inbound.entries}
    assert hops[entry.id] == Blackhole()


def test_link_needs_both_routers(t, two):
    """A border router that nobody confirmed, or that is being removed, has no link (EC-9, EC-10)."""
    vbr = t.vbr()
    initiator, _ = t.pair(vbr, two[0])
    assert initiator.id in t.fabric().links
    for state in (VbrState.UNCONFIRMED, VbrState.DELETING):
        t.change(vbr, state=state)
        fabric = t.fabric()
        assert (fabric.links, fabric.routers.get(vbr.id)) == ({}, None)


def test_entries_name_the_interface_of_their_own_side(t, two):
    """Each router's entry names its own interface, whichever side initiates; the hop is the link (NET-5, EC-2)."""
    initiator, acceptor = t.pair(*two)
    right, wrong = t.route(two[1], "10.0.0.0/16", acceptor), t.route(two[1], "10.9.0.0/16", initiator)
    fib = t.fabric().routers[two[1].id].fibs[two[1].system_table_id]
    hops = {entry.source: entry.hop for entry in fib.entries}
    assert hops[right.id] == ToLink(initiator.id)
    assert hops[wrong.id] == Blackhole()


def test_entry_spreads_over_several_interfaces(t, two):
    """An entry keeps its interfaces' weights; those without a link are left out, and it drops when none has one (EC-11)."""
    vpc, first, second = two[0], t.vbr(), t.vbr()
    (one, near), (other, far) = t.pair(first, vpc), t.pair(second, vpc)
    entry = t.route(vpc, "192.168.0.0/16", (near, 100), (far, 0))

    def hop():
        fib = t.fabric().routers[vpc.id].fibs[vpc.system_table_id]
        return next(found.hop for found in fib.entries if found.source == entry.id)

    assert hop() == ToLinks((LinkPath(one.id, 100), LinkPath(other.id, 0)))
    inbound = {found.source: found.hop for found in t.fabric().routers[vpc.id].inbound.entries}
    assert inbound[entry.id] == Blackhole()
    t.change(one, state=InterfaceState.DELETING)
    assert hop() == ToLinks((LinkPath(other.id, 0),))
    t.change(other, state=InterfaceState.DELETING)
    assert hop() == Blackhole()


def test_border_routers_link_is_checked_over_its_line(t, two):
    """Unless set otherwise, echo requests go from the VBR's address to the customer's, every 100 ms, three in a row (EC-11)."""
    vbr = t.vbr(local="172.31.0.1/30", peer="172.31.0.2")
    initiator, acceptor = t.pair(vbr, two[0])
    local, peer = IPv4Address("172.31.0.1"), IPv4Address("172.31.0.2")
    default = LinkCheck(vbr.id, vbr.id, local, peer, interval_ms=100, threshold=3)
    assert t.fabric().links[initiator.id].check == default
    t.change(initiator, check_interval_ms=500, check_threshold=8)
    assert t.fabric().links[initiator.id].check == replace(default, interval_ms=500, threshold=8)
    t.change(acceptor, check_target=IPv4Address("192.168.1.1"))
    assert t.fabric().links[initiator.id].check == replace(default, target=IPv4Address("192.168.1.1"))
    t.change(acceptor, check_source=IPv4Address("10.0.1.200"))
    checked = t.fabric().links[initiator.id].check
    assert (checked.router_id, checked.via) == (two[0].id, initiator.id)
    assert (checked.source, checked.target) == (IPv4Address("10.0.1.200"), IPv4Address("192.168.1.1"))


def test_link_between_vpcs_is_checked_when_a_side_says_how(t, two):
    """Between two VPCs there is nothing to ask by default; a source and a target make a check over the link (EC-11)."""
    initiator, acceptor = t.pair(*two)
    addresses = IPv4Address("10.1.1.200"), IPv4Address("10.0.1.10")
    t.change(acceptor, check_target=addresses[1])
    assert t.fabric().links[initiator.id].check is None
    t.change(acceptor, check_source=addresses[0])
    assert t.fabric().links[initiator.id].check == LinkCheck(two[1].id, initiator.id, *addresses, 100, 3)


@pytest.mark.parametrize("side", [0, 1])
def test_verdict_of_a_check_makes_the_link_unhealthy_and_touches_it_alone(t, two, side):
    """A failover compiles one link, however big its VPCs are (EC-11)."""
    sides = t.pair(t.vbr(), two[0])
    fabric, snapshot = t.fabric(), t.snapshot()
    changed = snapshot.with_changes(9, [t.change(sides[side], health=InterfaceHealth.ABNORMAL)])
    new = recompile(fabric, *changed)
    assert (changed.touched, changed.touched_links) == (frozenset(), {sides[0].id})
    assert not new.links[sides[0].id].healthy
    assert new.routers == fabric.routers


@pytest.mark.parametrize("names", [(True, False), (False, True), (True, True)])
def test_each_side_tells_its_own_names(t, two, names):
    """What a side tells stands at its end, for router interfaces as for peer connections (issue 3, item 7)."""
    initiator, acceptor = t.pair(*two)
    t.change(initiator, names=names[0])
    t.change(acceptor, names=names[1])
    peering = t.peering(*two)
    t.change(
        peering,
        requester=replace(peering.requester, names=names[0]),
        accepter=replace(peering.accepter, names=names[1]),
    )
    for link in t.fabric().links.values():
        assert tuple(end.names for end in link.ends) == names


def test_border_router_has_a_table_a_line_and_nothing_else(t, two):
    """Its transfer networks and the entries that say so lead out by its line, for packets from links, too (EC-9)."""
    vbr = t.vbr("interface:eth1", vlan=7, local6="fd99::1/64", peer6="fd99::2")
    initiator, _ = t.pair(vbr, two[0])
    out, back = t.route(vbr, "192.168.0.0/16", vbr), t.route(vbr, "10.0.0.0/16", initiator)
    router = t.fabric().routers[vbr.id]
    uplink = router.uplinks[vbr.id]
    assert (uplink.port, uplink.up, uplink.fib_id) == (vbr.port, True, vbr.route_table_id)
    assert [str(transfer.local) for transfer in uplink.transfers] == ["172.31.0.1/30", "fd99::1/64"]
    assert uplink.translation is None
    hops = {entry.source: entry.hop for entry in router.fibs[vbr.route_table_id].entries}
    assert hops == {vbr.id: ToUplink(vbr.id), out.id: ToUplink(vbr.id), back.id: ToLink(initiator.id)}
    inbound = {entry.source: entry.hop for entry in router.inbound.entries}
    assert inbound == hops | {back.id: Blackhole()}
    assert (router.subnets, router.endpoints, router.exit_id) == ({}, {}, None)


@pytest.mark.parametrize("state", [VbrState.TERMINATING, VbrState.TERMINATED])
def test_terminated_border_router_stays_with_its_line_down(t, state):
    """Switched off, kept: the router is there, its line is not (EC-9)."""
    vbr = t.vbr(state=state)
    assert not t.fabric().routers[vbr.id].uplinks[vbr.id].up
