"""What a side lends over a link, with real packets: security groups in the other side's rules, and names in its resolver."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.guests import python_in, run_in
from tests.support.live import Cloud, Tenant
from tests.support.sites import Oracles, Site, connect, join, make_site

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
HERE, THERE = "cn-hangzhou", "cn-beijing"

#: Prints the addresses of a name, sorted, or nothing.
RESOLVE = """
import socket, sys
try:
    print(*sorted({found[4][0] for found in socket.getaddrinfo(sys.argv[1], None)}))
except OSError:
    print()
"""


@pytest.fixture
def sites(tenant: Tenants) -> tuple[Site, Site]:
    """Two accounts' sites with disjoint ranges."""
    one = make_site(tenant(), HERE, "10.1.0.0/16", "10.1.1.0/24")
    return one, make_site(tenant(), THERE, "10.2.0.0/16", "10.2.1.0/24")


def group_of(site: Site, **fields: Any) -> dict[str, Any]:
    """A new security group of the site's VPC that its instance is in."""
    group: dict[str, Any] = site.tenant.post("/security-groups", vpc_id=site.vpc_id, **fields)
    site.tenant.call("PATCH", f"/instances/{site.instance['id']}", security_group_ids=[group["id"]])
    return group


def routed(one: Site, other: Site, how: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two sites joined and routed; the link as each side names it."""
    made = how(one, other)
    ours, theirs = made if isinstance(made, tuple) else (made, made)
    one.route(other.vpc["cidr"], ours)
    other.route(one.vpc["cidr"], theirs)
    return ours, theirs


def lend(site: Site, link: dict[str, Any], **what: bool) -> None:
    """Say what the other side of the link may use of the site's."""
    if link["id"].startswith("ri-"):
        site.tenant.call("PATCH", f"/router-interfaces/{link['id']}", **what)
    else:
        site.tenant.post(f"/peerings/{link['id']}/lend", **what)


@pytest.mark.parametrize("how", [connect, join], ids=["peering", "router interfaces"])
def test_rule_lets_the_other_sides_group_in(
    sites: tuple[Site, Site], oracles: Oracles, how: Callable[..., Any]
) -> None:
    """NET-7: a rule that names a group across a link holds for that group's members, as they come and go, while it is lent."""
    one, other = sites
    ours, _ = routed(one, other, how)
    neighbour = one.another("10.1.2.0/24")
    named, guarded = group_of(one), group_of(other)
    lend(one, ours, groups=True)
    rule = {"direction": "ingress", "protocol": "icmp", "remote_group_id": named["id"]}
    other.tenant.post(f"/security-groups/{guarded['id']}/rules", **rule)
    assert oracles.reach(one, other.address)
    assert not oracles.reach(neighbour, other.address), "not a member"
    instance = f"/instances/{neighbour.instance['id']}"
    neighbour.tenant.call("PATCH", instance, security_group_ids=[named["id"]])
    assert oracles.reach(neighbour, other.address), "a member from now on"
    lend(one, ours, groups=False)
    assert not oracles.reach(one, other.address), "no longer lent"


@pytest.mark.parametrize("how", [connect, join], ids=["peering", "router interfaces"])
def test_names_resolve_across_a_link_that_lends_them(
    sites: tuple[Site, Site], cloud: Cloud, how: Callable[..., Any]
) -> None:
    """A VPC's resolver answers for its own names, and for another VPC's while a link lends them."""
    one, other = sites
    ours, theirs = routed(one, other, how)
    name = f"{other.instance['id']}.{other.vpc_id}.peerway.internal"

    def resolved(site: Site) -> str:
        cloud.synced()
        return python_in(site.tenant, site.instance["id"], RESOLVE, name).strip()

    assert resolved(other) == other.address
    assert resolved(one) == ""
    for site, link in ((one, ours), (other, theirs)):
        lend(site, link, names=True)
    assert resolved(one) == other.address
    lend(other, theirs, names=False)
    assert resolved(one) == ""


def test_short_name_of_the_own_vpc_resolves(sites: tuple[Site, Site], cloud: Cloud) -> None:
    """Commands in an instance find their VPC's resolver and its search domain without being told."""
    one, _ = sites
    cloud.synced()
    status, printed = run_in(one.tenant, one.instance["id"], "getent", "hosts", "host")
    assert status == 0, printed
    assert printed.split()[0] == one.address
    assert socket.inet_aton(printed.split()[0])
