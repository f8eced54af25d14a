"""Router interfaces with real packets: who reaches whom, while which side is on."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.live import Refused, Tenant
from tests.support.sites import Oracles, Site, connect, face, join, make_site
from tests.support.streams import stream

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
HERE, THERE = "cn-hangzhou", "cn-beijing"


def two_sites(tenant: Tenants, *, same_account: bool, same_region: bool) -> tuple[Site, Site]:
    """Two sites with disjoint ranges."""
    one = tenant()
    other = one if same_account else tenant()
    return (
        make_site(one, HERE, "10.1.0.0/16", "10.1.1.0/24"),
        make_site(other, HERE if same_region else THERE, "10.2.0.0/16", "10.2.1.0/24"),
    )


def routed(one: Site, other: Site, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two sites' interfaces, joined, with routes at both."""
    ours, theirs = join(one, other, **fields)
    one.route(other.vpc["cidr"], ours)
    other.route(one.vpc["cidr"], theirs)
    return ours, theirs


def switch(site: Site, interface: dict[str, Any], verb: str, state: str) -> dict[str, Any]:
    """Switch an interface and wait for it."""
    site.tenant.post(f"/router-interfaces/{interface['id']}/{verb}")
    return site.tenant.settled(f"/router-interfaces/{interface['id']}", state)


@pytest.mark.parametrize("same_region", [True, False], ids=["same-region", "cross-region"])
@pytest.mark.parametrize("same_account", [True, False], ids=["same-account", "cross-account"])
def test_joined_routers_carry_packets_once_both_sides_have_routes(
    tenant: Tenants, oracles: Oracles, same_account: bool, same_region: bool
) -> None:
    """EC-2, EC-12: naming each other is not enough, nor is joining without routes; then both ways work alike."""
    one, other = two_sites(tenant, same_account=same_account, same_region=same_region)
    initiator, acceptor = face(one, other)
    for site, interface in ((one, initiator), (other, acceptor)):
        with pytest.raises(Refused) as refused:
            site.route("10.0.0.0/8", interface)
        assert refused.value.problem["code"] == "next_hop_not_active"
    switch(one, initiator, "connect", "active")
    other.tenant.settled(f"/router-interfaces/{acceptor['id']}", "active")
    assert oracles.both(one, other) == (False, False)
    one.route("10.2.0.0/16", initiator)
    assert oracles.both(one, other) == (False, False)
    other.route("10.1.0.0/16", acceptor)
    assert oracles.both(one, other) == (True, True)


def test_packets_pass_while_both_sides_are_on(tenant: Tenants, oracles: Oracles) -> None:
    """EC-4: either side stops both directions, and only with both on again do packets pass."""
    one, other = two_sites(tenant, same_account=False, same_region=False)
    ours, theirs = routed(one, other)
    assert oracles.both(one, other) == (True, True)
    switch(other, theirs, "deactivate", "inactive")
    assert oracles.both(one, other) == (False, False)
    switch(one, ours, "deactivate", "inactive")
    switch(other, theirs, "activate", "active")
    assert oracles.both(one, other) == (False, False)
    shown = switch(one, ours, "activate", "active")
    assert shown["carries"]
    assert oracles.both(one, other) == (True, True)


def test_deleted_side_leaves_nothing_to_the_other(tenant: Tenants, oracles: Oracles) -> None:
    """EC-5: routes first, then switched off, then gone; a new pair between the same routers works."""
    one, other = two_sites(tenant, same_account=False, same_region=True)
    ours, theirs = join(one, other)
    entry = one.route("10.2.0.0/16", ours)
    other.route("10.1.0.0/16", theirs)
    assert oracles.both(one, other) == (True, True)
    switch(one, ours, "deactivate", "inactive")
    path = f"/router-interfaces/{ours['id']}"
    with pytest.raises(Refused) as refused:
        one.tenant.delete(path)
    assert refused.value.problem["code"] == "in_use"
    one.tenant.delete(f"/route-entries/{entry['id']}")
    one.tenant.delete(path)
    one.tenant.gone(path)
    left = other.tenant.get(f"/router-interfaces/{theirs['id']}")
    assert (left["state"], left["opposite"]["state"], left["carries"]) == ("active", "deleted", False)
    assert oracles.both(one, other) == (False, False)
    again, _ = join(one, other)
    one.route("10.2.0.0/16", again)
    assert oracles.both(one, other) == (False, False), "the other side's route leads to the one that is left"


def test_links_are_not_transitive(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-7, EC-12: VPC2 - VPC1 - VPC3 gives no VPC2 - VPC3 path, whatever routes exist."""
    owner = tenant()
    middle = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    left = make_site(owner, HERE, "10.2.0.0/16", "10.2.1.0/24")
    right = make_site(tenant(), THERE, "10.3.0.0/16", "10.3.1.0/24")
    to_middle, _ = routed(left, middle)
    _, from_right = routed(middle, right)
    left.route("10.3.0.0/16", to_middle)
    right.route("10.2.0.0/16", from_right)
    assert oracles.both(left, middle) == (True, True)
    assert oracles.both(right, middle) == (True, True)
    assert oracles.both(left, right) == (False, False)


def test_ipv6_crosses_by_ipv6_routes(tenant: Tenants, oracles: Oracles) -> None:
    """NET-3, NET-5: IPv6 needs its own routes and then works like IPv4, and stops with it."""
    owner = tenant()
    one = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24", ipv6=True)
    other = make_site(owner, THERE, "10.2.0.0/16", "10.2.1.0/24", ipv6=True)
    ours, theirs = routed(one, other)
    assert not oracles.reach(one, other.address6)
    one.route(other.vpc["ipv6_cidr"], ours)
    other.route(one.vpc["ipv6_cidr"], theirs)
    assert oracles.reach(one, other.address6)
    switch(other, theirs, "deactivate", "inactive")
    assert not oracles.reach(one, other.address6)


def test_peer_connection_and_interfaces_stand_side_by_side(tenant: Tenants, oracles: Oracles) -> None:
    """EC-2, PEER-1: the same two VPCs may have both; each route takes the link that it names."""
    one, other = two_sites(tenant, same_account=False, same_region=True)
    peering = connect(one, other)
    ours, theirs = join(one, other)
    one.route("10.2.0.0/16", peering)
    other.route("10.1.0.0/16", theirs)
    assert oracles.both(one, other) == (True, True), "there by one link, back by the other"
    switch(one, ours, "deactivate", "inactive")
    assert oracles.both(one, other) == (False, False), "no way back"
    other.route("10.1.1.0/24", peering)
    assert oracles.both(one, other) == (True, True), "all by the peer connection"


def test_stream_survives_changes_of_the_spec(tenant: Tenants, oracles: Oracles) -> None:
    """EC-6: the spec changes live, up and down, and an established connection goes on."""
    one, other = two_sites(tenant, same_account=True, same_region=False)
    ours, _ = routed(one, other, spec="Middle.1")
    assert oracles.both(one, other) == (True, True)
    with stream(one, other) as flow:
        assert flow.flows()
        for spec in ("Large.1", "Small.5", "Large.2", "Middle.1"):
            one.tenant.call("PATCH", f"/router-interfaces/{ours['id']}", spec=spec)
            changed = one.tenant.settled(f"/router-interfaces/{ours['id']}", "active")
            assert changed["spec"] == spec
            assert flow.flows(), f"nothing passes after the change to {spec}"


def test_stream_outlives_a_pause(tenant: Tenants, oracles: Oracles) -> None:
    """EC-4: while a side is off not a byte of an established connection passes; it goes on when both are on again."""
    one, other = two_sites(tenant, same_account=False, same_region=True)
    ours, _ = routed(one, other)
    assert oracles.both(one, other) == (True, True)
    with stream(one, other) as flow:
        assert flow.flows()
        switch(one, ours, "deactivate", "inactive")
        flow.after(0.2)
        assert not flow.flows()
        switch(one, ours, "activate", "active")
        assert any(flow.flows() for _ in range(5)), "the sender tries again within seconds"
