"""Peer connections with real packets: who reaches whom, and who must not."""

from collections.abc import Callable

import pytest
from tests.support.live import Refused, Tenant
from tests.support.sites import Oracles, Site, connect, make_site

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
HERE, THERE = "cn-hangzhou", "cn-beijing"


def two_sites(
    tenant: Tenants, *, same_account: bool, same_region: bool, **fields: object
) -> tuple[Site, Site]:
    """Two sites with disjoint ranges."""
    one = tenant()
    other = one if same_account else tenant()
    return (
        make_site(one, HERE, "10.1.0.0/16", "10.1.1.0/24", **fields),
        make_site(other, HERE if same_region else THERE, "10.2.0.0/16", "10.2.1.0/24", **fields),
    )


@pytest.mark.parametrize("same_region", [True, False], ids=["same-region", "cross-region"])
@pytest.mark.parametrize("same_account", [True, False], ids=["same-account", "cross-account"])
def test_peering_carries_packets_once_both_sides_have_routes(
    tenant: Tenants, oracles: Oracles, same_account: bool, same_region: bool
) -> None:
    """PEER-1, PEER-8: all four kinds work, and nothing flows until both sides have routes."""
    one, other = two_sites(tenant, same_account=same_account, same_region=same_region)
    peering = connect(one, other)
    assert oracles.both(one, other) == (False, False)
    one.route("10.2.0.0/16", peering)
    assert oracles.both(one, other) == (False, False)
    other.route("10.1.0.0/16", peering)
    assert oracles.both(one, other) == (True, True)


@pytest.mark.parametrize("who", ["requester", "accepter"])
def test_delete_by_either_side_stops_traffic_and_takes_the_routes_along(
    tenant: Tenants, oracles: Oracles, who: str
) -> None:
    """PEER-4: either side may delete at any time; traffic stops and the route entries go with the link."""
    one, other = two_sites(tenant, same_account=False, same_region=True)
    peering = connect(one, other)
    one.route("10.2.0.0/16", peering)
    other.route("10.1.0.0/16", peering)
    assert oracles.both(one, other) == (True, True)
    deleter = one if who == "requester" else other
    deleter.tenant.delete(f"/peerings/{peering['id']}")
    assert oracles.both(one, other) == (False, False)
    deleter.tenant.gone(f"/peerings/{peering['id']}")
    for site in (one, other):
        entries = site.tenant.get(f"/route-tables/{site.table_id}/entries")["items"]
        assert [entry for entry in entries if entry.get("next_hop_id") == peering["id"]] == []


def test_overlapping_vpcs_keep_the_system_route_and_reach_disjoint_vswitches(
    tenant: Tenants, oracles: Oracles
) -> None:
    """PEER-6: Alibaba allows overlap with a warning; the system route wins; disjoint VSwitch ranges can be reached."""
    one = make_site(tenant(), HERE, "10.0.0.0/16", "10.0.1.0/24")
    other = make_site(tenant(), HERE, "10.0.0.0/16", "10.0.2.0/24")
    clash = other.another("10.0.1.0/24", ipv4="10.0.1.77")
    peering = connect(one, other, profile="alibaba")
    assert {warning["code"] for warning in peering["warnings"]} >= {"overlap"}
    with pytest.raises(Refused) as refused:
        one.route("10.0.1.0/24", peering)
    assert refused.value.status in {400, 422}
    one.route("10.0.0.0/16", peering)
    other.route("10.0.0.0/16", peering)
    assert not oracles.reach(one, clash.address), "the own VSwitch range must win over the link"
    one.route("10.0.2.0/24", peering)
    assert not oracles.reach(one, other.address), "the answer stays in the other VPC's own 10.0.1.0/24"


def test_overlapping_vpcs_with_disjoint_vswitches_reach_each_other(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-6: with VSwitch ranges as destinations, overlapping VPCs work under the Alibaba profile."""
    one = make_site(tenant(), HERE, "10.0.0.0/16", "10.0.1.0/24")
    other = make_site(tenant(), HERE, "10.0.0.0/16", "10.0.2.0/24")
    peering = connect(one, other, profile="alibaba")
    one.route("10.0.2.0/24", peering)
    other.route("10.0.1.0/24", peering)
    assert oracles.both(one, other) == (True, True)


def test_peering_is_not_transitive_whatever_routes_exist(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-7: VPC2 - VPC1 - VPC3 gives no VPC2 - VPC3 path even with routes that ask for it."""
    owner = tenant()
    middle = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    left = make_site(owner, HERE, "10.2.0.0/16", "10.2.1.0/24")
    right = make_site(tenant(), THERE, "10.3.0.0/16", "10.3.1.0/24")
    to_left, to_right = connect(middle, left), connect(middle, right)
    middle.route("10.2.0.0/16", to_left)
    middle.route("10.3.0.0/16", to_right)
    left.route("10.1.0.0/16", to_left)
    right.route("10.1.0.0/16", to_right)
    left.route("10.3.0.0/16", to_left)
    right.route("10.2.0.0/16", to_right)
    assert oracles.both(left, middle) == (True, True)
    assert oracles.both(right, middle) == (True, True)
    assert oracles.both(left, right) == (False, False)


def test_jdcloud_writes_both_sides_routes_on_acceptance(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-8: under JD's profile the system writes IPv4 and IPv6 routes of both sides when the request is accepted."""
    one, other = two_sites(tenant, same_account=False, same_region=True, kind="cps", ipv6=True)
    connect(one, other, profile="jdcloud")
    assert oracles.both(one, other) == (True, True)
    assert oracles.reach(one, other.address6)
    assert oracles.reach(other, one.address6)


def test_alibaba_writes_system_routes_for_one_account_when_asked(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-8: AP's "add the other CIDR to the system table" for one account."""
    one, other = two_sites(tenant, same_account=True, same_region=True)
    connect(one, other, profile="alibaba", auto_routes=True)
    assert oracles.both(one, other) == (True, True)


def test_bandwidth_changes_live_across_regions_and_never_within_one(
    tenant: Tenants, oracles: Oracles
) -> None:
    """PEER-9: cross region has a cap that changes while packets flow; same region has none and takes none."""
    one, other = two_sites(tenant, same_account=True, same_region=False)
    peering = connect(one, other, bandwidth_mbps=50, auto_routes=True)
    assert oracles.both(one, other) == (True, True)
    one.tenant.call("PATCH", f"/peerings/{peering['id']}", bandwidth_mbps=20)
    changed = one.tenant.settled(f"/peerings/{peering['id']}", "active")
    assert changed["bandwidth_mbps"] == 20
    assert oracles.both(one, other) == (True, True)
    near, far = two_sites(tenant, same_account=True, same_region=True)
    uncapped = connect(near, far)
    with pytest.raises(Refused) as refused:
        near.tenant.call("PATCH", f"/peerings/{uncapped['id']}", bandwidth_mbps=20)
    assert refused.value.problem["errors"][0]["field"] == "bandwidth_mbps"


def test_ipv6_crosses_a_link_by_ipv6_routes(tenant: Tenants, oracles: Oracles) -> None:
    """NET-3, NET-5: IPv6 needs its own routes and then works like IPv4."""
    one, other = two_sites(tenant, same_account=False, same_region=True, ipv6=True)
    peering = connect(one, other)
    one.route("10.2.0.0/16", peering)
    other.route("10.1.0.0/16", peering)
    assert not oracles.reach(one, other.address6)
    one.route(other.vpc["ipv6_cidr"], peering)
    other.route(one.vpc["ipv6_cidr"], peering)
    assert oracles.reach(one, other.address6)
    assert oracles.reach(other, one.address6)


def test_mesh_with_fine_grained_routes_opens_only_what_they_name(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-14: AP's mesh of three: VPC1 routes to one VSwitch of VPC2 and to one host of VPC3 only."""
    owner = tenant()
    one = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    two = make_site(owner, HERE, "10.2.0.0/16", "10.2.3.0/24")
    two_other = two.another("10.2.4.0/24")
    three = make_site(owner, HERE, "10.3.0.0/16", "10.3.4.0/24", ipv4="10.3.4.4")
    three_other = three.another("10.3.5.0/24")
    one_two, one_three, two_three = connect(one, two), connect(one, three), connect(two, three)
    one.route("10.2.3.0/24", one_two)
    one.route("10.3.4.4/32", one_three)
    two.route("10.1.0.0/16", one_two)
    two.route("10.3.0.0/16", two_three)
    three.route("10.1.0.0/16", one_three)
    three.route("10.2.0.0/16", two_three)
    assert oracles.both(one, two) == (True, True)
    assert oracles.both(one, three) == (True, True)
    assert oracles.both(one, two_other) == (False, False)
    assert oracles.both(one, three_other) == (False, False)
    assert oracles.both(two, three) == (True, True)
    assert oracles.both(two_other, three_other) == (True, True)


def test_hub_reaches_every_spoke_and_spokes_not_each_other(tenant: Tenants, oracles: Oracles) -> None:
    """PEER-14: AP's hub and spokes across accounts."""
    hub = make_site(tenant(), HERE, "10.10.0.0/16", "10.10.1.0/24")
    spokes = [make_site(tenant(), HERE, f"10.{n}.0.0/16", f"10.{n}.1.0/24") for n in (11, 12, 13)]
    for spoke in spokes:
        peering = connect(spoke, hub)
        spoke.route("10.10.0.0/16", peering)
        hub.route(spoke.vpc["cidr"], peering)
    for spoke in spokes:
        assert oracles.both(hub, spoke) == (True, True)
    assert oracles.both(spokes[0], spokes[1]) == (False, False)
    assert oracles.both(spokes[1], spokes[2]) == (False, False)


def test_a_custom_table_counts_only_for_the_vswitches_bound_to_it(tenant: Tenants, oracles: Oracles) -> None:
    """NET-4, NET-5, PATH-3: an entry in a table that the VSwitch is not bound to opens nothing."""
    one, other = two_sites(tenant, same_account=True, same_region=True)
    bound = one.another("10.1.2.0/24")
    peering = connect(one, other)
    table = one.tenant.post("/route-tables", vpc_id=one.vpc_id, name="custom")
    one.tenant.call("PATCH", f"/vswitches/{bound.vswitch['id']}", route_table_id=table["id"])
    one.route("10.2.0.0/16", peering, table["id"])
    other.route("10.1.0.0/16", peering)
    assert oracles.both(bound, other) == (True, True)
    assert oracles.both(one, other) == (False, False)
    assert oracles.both(one, bound) == (True, True), "both tables know every VSwitch of the VPC"
