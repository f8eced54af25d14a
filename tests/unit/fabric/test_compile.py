"""How resources fit together into routers and links, and what a change touches."""

import pytest
from tests.builders.topology import OWNER, Topology

from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.peering import PeeringState
from peerway.domain.resource import Provisioning
from peerway.fabric.compile import recompile
from peerway.fabric.snapshot import KINDS, Snapshot


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def pair(t):
    """Two joined VPCs with an instance each, and a third VPC alone."""
    one, other, alone = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16", region="cn-beijing"), t.vpc("10.2.0.0/16")
    t.instance(t.vswitch(one, "10.0.1.0/24"))
    t.instance(t.vswitch(other, "10.1.1.0/24"))
    return one, other, alone, t.join(one, other, bandwidth_mbps=100)


@pytest.mark.parametrize("state", PeeringState)
def test_link_follows_the_lifecycle(t, state):
    """A link is up exactly in states that carry; a suspended one is there and down; the others have none (PEER-2, PEER-4)."""
    one, other = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
    peering = t.peering(one, other, state=state)
    link = t.fabric().links.get(peering.id)
    assert (link is not None and link.up) is PEERING.states[state].carries
    assert (link is not None and not link.up) is (state is PeeringState.SUSPENDED)


def test_link_has_both_ends_and_its_cap(t, pair):
    """The requester's end comes first; the cap is the connection's bandwidth (PEER-9)."""
    one, other, _, peering = pair
    link = t.fabric().links[peering.id]
    assert [(end.router_id, end.region_id) for end in link.ends] == [
        (one.id, "cn-hangzhou"),
        (other.id, "cn-beijing"),
    ]
    assert link.cap_mbps == 100


def test_endpoint_carries_what_the_instance_has(t):
    """Addresses IPv4 first, MAC, guest namespace; without source check it forwards (NET-6)."""
    vpc = t.vpc(ipv6="fd00::/48")
    vswitch = t.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:0:0:1::/64")
    plain, gateway = t.instance(vswitch), t.instance(vswitch, gateway=True, netns="/run/netns/gw")
    endpoints = t.fabric().routers[vpc.id].endpoints
    assert endpoints[plain.id].addresses == (plain.ipv4, plain.ipv6)
    assert (endpoints[plain.id].forwards, endpoints[plain.id].netns) == (False, None)
    assert (endpoints[gateway.id].forwards, endpoints[gateway.id].netns) == (True, "/run/netns/gw")


@pytest.mark.parametrize("kind", ["vpc", "vswitch", "instance"])
def test_what_is_being_deleted_is_left_out(t, kind):
    """The data plane lets go of VPCs, VSwitches and instances that are being deleted (NET-3, NET-4, NET-6)."""
    vpc = t.vpc()
    vswitch = t.vswitch(vpc, "10.0.1.0/24")
    instance = t.instance(vswitch)
    t.change({"vpc": vpc, "vswitch": vswitch, "instance": instance}[kind], state=Provisioning.DELETING)
    router = t.fabric().routers.get(vpc.id)
    assert (router is None) == (kind == "vpc")
    if router is not None:
        assert (vswitch.id in router.subnets) == (kind == "instance")
        assert instance.id not in router.endpoints


def test_link_needs_both_vpcs(t, pair):
    """A link into a VPC that is gone is gone too, and its packets are dropped at the other end (PEER-4)."""
    one, other, _, peering = pair
    fabric, snapshot = t.fabric(), t.snapshot()
    changed = snapshot.with_changes(99, [t.change(other, state=Provisioning.DELETING)])
    assert {one.id, other.id} <= changed.touched
    assert changed.touched_links == {peering.id}
    assert recompile(fabric, *changed).links == {}


def test_untouched_routers_stay_the_identical_objects(t, pair):
    """A change to one VPC compiles that VPC and the links it concerns, nothing else (issue 2, item 4)."""
    one, other, alone, peering = pair
    fabric, snapshot = t.fabric(), t.snapshot()
    changed = snapshot.with_changes(2, [t.route(one, "172.16.0.0/12")])
    new = recompile(fabric, *changed)
    assert changed.touched == {one.id}
    assert changed.touched_links == frozenset()
    assert new.routers[one.id] != fabric.routers[one.id]
    assert new.routers[other.id] is fabric.routers[other.id]
    assert new.routers[alone.id] is fabric.routers[alone.id]
    assert new.links[peering.id] is fabric.links[peering.id]


def test_touched_router_that_comes_out_equal_stays_identical(t, pair):
    """A new name, or a state that the data plane reported itself, gives it nothing to do."""
    one, _, _, peering = pair
    fabric, snapshot = t.fabric(), t.snapshot()
    renamed = [t.change(one, name="x"), t.change(peering, name="y", state=PeeringState.UPDATING)]
    changed = snapshot.with_changes(2, renamed)
    new = recompile(fabric, *changed)
    assert (changed.touched, changed.touched_links) == ({one.id}, {peering.id})
    assert new.revision == 2
    for id, router in fabric.routers.items():
        assert new.routers[id] is router
    assert new.links[peering.id] is fabric.links[peering.id]


def test_parts_of_a_changed_router_that_come_out_equal_stay_identical(t, pair):
    """A driver finds what changed in a router by identity."""
    one, *_ = pair
    table = t.table(one)
    fabric, snapshot = t.fabric(), t.snapshot()
    new = recompile(fabric, *snapshot.with_changes(2, [t.route(table, "172.16.0.0/12")]))
    old_router, new_router = fabric.routers[one.id], new.routers[one.id]
    assert new_router.fibs[table.id] != old_router.fibs[table.id]
    assert new_router.fibs[one.system_table_id] is old_router.fibs[one.system_table_id]
    assert new_router.inbound is old_router.inbound
    for id, endpoint in old_router.endpoints.items():
        assert new_router.endpoints[id] is endpoint


def test_suspension_touches_the_link_and_no_router(t, pair):
    """Switching a link off is a matter of the link alone: routes still lead to it, and it drops (PEER-2)."""
    one, other, _, peering = pair
    fabric, snapshot = t.fabric(), t.snapshot()
    new = recompile(fabric, *snapshot.with_changes(2, [t.change(peering, state=PeeringState.SUSPENDED)]))
    assert not new.links[peering.id].up
    assert new.routers[one.id] is fabric.routers[one.id]
    assert new.routers[other.id] is fabric.routers[other.id]


def test_snapshot_follows_removals_by_kind_and_id(t, pair):
    """The change log tells kind and id of what is gone; unknown kinds and ids touch nothing."""
    one, _, _, peering = pair
    snapshot = t.snapshot()
    entry = t.route(one, "172.16.0.0/12")
    with_entry = snapshot.with_changes(2, [entry]).snapshot
    without = with_entry.with_changes(3, [], [("routeentry", entry.id), ("account", OWNER), ("vpc", "vpc-9")])
    assert without.touched == {one.id}
    assert without.snapshot.sites == snapshot.sites
    gone = snapshot.with_changes(2, [], [("peering", peering.id)])
    assert peering.id not in gone.snapshot.peerings
    assert gone.touched_links == {peering.id}


def test_snapshot_is_not_changed_by_its_changes(t, pair):
    """The old snapshot stays as it was: readers of it are not disturbed."""
    one, *_ = pair
    snapshot, twin = t.snapshot(), t.snapshot()
    snapshot.with_changes(2, [t.vswitch(one, "10.0.9.0/24")], [("instance", "i-1"), ("vpc", "vpc-2")])
    assert snapshot == twin


def test_snapshot_kinds_are_those_of_the_change_log():
    """Kinds are the resources' class names in lower case."""
    names = """
        vpc vswitch routetable routeentry securitygroup securityrule networkacl instance peering
        virtualborderrouter routerinterface
        externalnetwork eip natgateway snatentry dnatentry ipv4gateway
        loadbalancer listener backend database
    """
    assert set(KINDS) == set(names.split())


def test_empty_snapshot_compiles_to_an_empty_fabric(t):
    """Nothing stored, nothing there."""
    assert Snapshot.of(0, []).sites == {}
    assert (t.fabric().routers, t.fabric().links) == ({}, {})
