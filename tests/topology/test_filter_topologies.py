"""Security groups and network ACLs with real packets across a link (NET-7)."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.live import Refused, Tenant
from tests.support.sites import Oracles, Site, connect, make_site

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]


def linked(tenant: Tenants, **fields: object) -> tuple[Site, Site]:
    """Two sites that reach each other."""
    one = make_site(tenant(), "cn-hangzhou", "10.1.0.0/16", "10.1.1.0/24", **fields)
    other = make_site(tenant(), "cn-hangzhou", "10.2.0.0/16", "10.2.1.0/24", **fields)
    connect(one, other, auto_routes=True)
    return one, other


def join_group(site: Site) -> str:
    """Put the site's instance in a new security group."""
    group = site.tenant.post("/security-groups", vpc_id=site.vpc_id, name="group")
    site.tenant.call("PATCH", f"/instances/{site.instance['id']}", security_group_ids=[group["id"]])
    return str(group["id"])


def add_rule(site: Site, group_id: str, **fields: Any) -> dict[str, Any]:
    """One rule of a group."""
    made: dict[str, Any] = site.tenant.post(f"/security-groups/{group_id}/rules", **fields)
    return made


def test_security_group_denies_ingress_until_a_rule_allows_it(tenant: Tenants, oracles: Oracles) -> None:
    """NET-7: stateful, ingress denied by default, egress allowed, answers pass."""
    one, other = linked(tenant)
    group = join_group(other)
    assert oracles.both(one, other) == (False, True)
    rule = add_rule(
        other, group, direction="ingress", protocol="tcp", port_range="80/80", remote_cidr="10.1.0.0/16"
    )
    assert oracles.reach(one, other.address, "tcp", 80)
    assert not oracles.reach(one, other.address, "tcp", 81)
    assert not oracles.reach(one, other.address)
    other.tenant.delete(f"/security-rules/{rule['id']}")
    assert not oracles.reach(one, other.address, "tcp", 80)


def test_security_group_denies_egress_where_a_rule_says_so(tenant: Tenants, oracles: Oracles) -> None:
    """NET-7: egress rules, priorities, and drop before accept at the same priority."""
    one, other = linked(tenant)
    group = join_group(one)
    assert oracles.reach(one, other.address, "udp", 53)
    add_rule(
        one,
        group,
        direction="egress",
        action="drop",
        protocol="udp",
        port_range="53/53",
        remote_cidr="10.2.0.0/16",
    )
    add_rule(
        one,
        group,
        direction="egress",
        action="accept",
        protocol="udp",
        port_range="53/53",
        remote_cidr="10.2.0.0/16",
    )
    assert not oracles.reach(one, other.address, "udp", 53)
    assert oracles.reach(one, other.address, "udp", 54)
    assert oracles.reach(one, other.address)


@pytest.mark.parametrize("side", ["ingress", "egress"])
def test_network_acl_is_stateless_and_ordered(tenant: Tenants, oracles: Oracles, side: str) -> None:
    """NET-7: an ACL decides for every packet, so answers need their own entry; the first match decides."""
    one, other = linked(tenant)
    accept_all = [{"action": "accept", "protocol": "all", "cidr": "0.0.0.0/0"}]
    acl = other.tenant.post("/network-acls", vpc_id=other.vpc_id, name="acl")
    other.tenant.call("PATCH", f"/vswitches/{other.vswitch['id']}", network_acl_id=acl["id"])
    assert oracles.both(one, other) == (True, True)
    drop_one = {"action": "drop", "protocol": "icmp", "cidr": "10.1.1.0/24"}
    lists = {"ingress": accept_all, "egress": accept_all, side: [drop_one, *accept_all]}
    other.tenant.call("PUT", f"/network-acls/{acl['id']}/entries", **lists)
    assert oracles.both(one, other) == (False, False), "a one-way drop stops the exchange both ways"
    assert oracles.reach(one, other.address, "tcp", 80)
    lists[side] = [*accept_all, drop_one]
    other.tenant.call("PUT", f"/network-acls/{acl['id']}/entries", **lists)
    assert oracles.both(one, other) == (True, True)
    lists[side] = []
    other.tenant.call("PUT", f"/network-acls/{acl['id']}/entries", **lists)
    assert oracles.both(one, other) == (False, False), "unmatched packets are dropped"


def test_filters_hold_for_ipv6(tenant: Tenants, oracles: Oracles) -> None:
    """NET-7, NET-3: IPv6 rules filter IPv6, and IPv4 rules leave it alone."""
    one, other = linked(tenant, ipv6=True)
    group = join_group(other)
    add_rule(other, group, direction="ingress", protocol="icmp", remote_cidr="10.1.0.0/16")
    assert oracles.reach(one, other.address)
    assert not oracles.reach(one, other.address6)
    add_rule(other, group, direction="ingress", protocol="icmpv6", remote_cidr=one.vpc["ipv6_cidr"])
    assert oracles.reach(one, other.address6)


def test_group_members_reach_each_other_across_vswitches(tenant: Tenants, oracles: Oracles) -> None:
    """NET-7: members of one group reach each other without a rule, and a rule may name a group as its far side."""
    first = make_site(tenant(), "cn-hangzhou", "10.1.0.0/16", "10.1.1.0/24")
    second = first.another("10.1.2.0/24")
    stranger = first.another("10.1.3.0/24")
    group = join_group(first)
    second.tenant.call("PATCH", f"/instances/{second.instance['id']}", security_group_ids=[group])
    assert oracles.both(first, second) == (True, True)
    assert oracles.both(first, stranger) == (True, False)
    friends = join_group(stranger)
    add_rule(first, group, direction="ingress", protocol="all", remote_group_id=friends)
    assert oracles.reach(stranger, first.address)


def test_stopped_instance_is_off_the_network_until_it_is_started(tenant: Tenants, oracles: Oracles) -> None:
    """NET-6: nothing reaches a stopped instance and it reaches nothing; started, it has its addresses again."""
    one, other = linked(tenant)
    path = f"/instances/{other.instance['id']}"
    before = other.tenant.get(path)
    assert oracles.both(one, other) == (True, True)
    other.tenant.post(f"{path}/stop")
    assert not oracles.reach(one, other.address)
    assert not oracles.reach(one, other.address, "tcp", 80)
    for ask in (
        lambda: other.tenant.post(f"{path}/probe", target=one.address),
        lambda: other.tenant.get(f"{path}/shell"),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.problem["code"] == "illegal_state"
    other.tenant.post(f"{path}/start")
    after = other.tenant.settled(path, "available")
    assert {**after, "revision": 0} == {**before, "revision": 0}
    assert oracles.both(one, other) == (True, True)
