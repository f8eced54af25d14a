"""Sites behind leased lines with real packets: who reaches whom, and what happens when a line is cut."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import Cloud, Tenant, eventually
from tests.support.offices import (
    HOST,
    HOST6,
    RANGE,
    RANGE6,
    Office,
    an_office,
    asked,
    healthy,
    join_vbr,
    lead_to_line,
    make_line,
    make_vbr,
    talking,
    two_lines,
)
from tests.support.sites import Oracles, make_site

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
HERE, THERE = "cn-hangzhou", "cn-beijing"

#: What a cut line may cost, s (issue 3: at most 1 s with the default health check).
GAP_S = 1.0


@pytest.fixture
def office() -> Iterator[Office]:
    """A site of the customer's."""
    with an_office() as made:
        yield made


def test_a_site_reaches_a_vpc_in_another_region(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-9, EC-12: own line, border router, pair of interfaces across regions; nothing flows until all routes are there."""
    owner = tenant()
    site = make_site(owner, THERE, "10.1.0.0/16", "10.1.1.0/24", ipv6=True)
    line = make_line(cloud, owner, office.port)
    vbr = make_vbr(owner, line, local_gateway6="fd00:ff::1/64", peer_gateway6="fd00:ff::2")
    office.learn(vbr, "10.1.0.0/16", site.vpc["ipv6_cidr"])
    side = join_vbr(owner, vbr, site)
    assert not oracles.reach(site, HOST)
    assert not asked(cloud, office, vbr, site.address)
    site.route(RANGE, side)
    site.route(RANGE6, side)
    for host, own in ((HOST, site.address), (HOST6, site.address6)):
        assert oracles.reach(site, host)
        assert asked(cloud, office, vbr, own)
    assert oracles.reach(site, "10.255.0.2") is False, "the transfer network needs a route like any other"


def test_a_border_router_is_switched_off_and_on(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-9: terminated, nothing passes its line; recovered, all is as before; changed gateways are followed."""
    owner = tenant()
    site = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    vbr = make_vbr(owner, make_line(cloud, owner, office.port))
    site.route(RANGE, join_vbr(owner, vbr, site))
    office.learn(vbr, "10.1.0.0/16")
    assert oracles.reach(site, HOST)
    path = f"/vbrs/{vbr['id']}"
    owner.post(f"{path}/terminate")
    owner.settled(path, "terminated")
    assert not oracles.reach(site, HOST)
    owner.post(f"{path}/recover")
    owner.settled(path, "active")
    changed = owner.call("PATCH", path, local_gateway="10.254.0.1/29", peer_gateway="10.254.0.3", vlan=7)
    eventually("the data plane has followed", lambda: owner.get(path)["settled"])
    office.learn(changed, "10.1.0.0/16")
    assert oracles.reach(site, HOST)
    assert asked(cloud, office, changed, site.address)


def test_a_partner_brings_customers_to_their_vpcs(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-10, EC-12: one line of a partner's, a border router for each of two customers; they don't meet."""
    partner, customers = tenant(), (tenant(), tenant())
    line = make_line(cloud, partner, office.port)
    reached = []
    for number, customer in enumerate(customers, 1):
        site = make_site(customer, THERE, f"10.{number}.0.0/16", f"10.{number}.1.0/24")
        vbr = make_vbr(partner, line, number, owner_uid=customer.uid)
        assert vbr["state"] == "unconfirmed"
        customer.post(f"/vbrs/{vbr['id']}/confirm")
        lead_to_line(customer, customer.settled(f"/vbrs/{vbr['id']}", "active"))
        site.route(RANGE, join_vbr(customer, vbr, site))
        office.learn(vbr, site.vpc["cidr"])
        reached.append((site, vbr))
    for site, vbr in reached:
        assert oracles.reach(site, HOST)
        assert asked(cloud, office, vbr, site.address)
    (one, _), (other, _) = reached
    assert oracles.both(one, other) == (False, False)


def test_a_border_router_does_not_join_two_vpcs(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """PEER-7: VPC - VBR - VPC gives no way between the VPCs, whatever routes exist; the site reaches both."""
    owner = tenant()
    vbr = make_vbr(owner, make_line(cloud, owner, office.port))
    sites = [make_site(owner, HERE, f"10.{n}.0.0/16", f"10.{n}.1.0/24") for n in (1, 2)]
    sides = [join_vbr(owner, vbr, site) for site in sites]
    for site, side in zip(sites, sides, strict=True):
        site.route("0.0.0.0/0", side)
        office.learn(vbr, site.vpc["cidr"])
    assert [oracles.reach(site, HOST) for site in sites] == [True, True]
    assert [asked(cloud, office, vbr, site.address) for site in sites] == [True, True]
    assert oracles.both(*sites) == (False, False)


@pytest.fixture
def plugged(office: Office) -> Iterator[str]:
    """Name of an interface of the host whose other end is the site's own, with the site's gateway on it."""
    name = f"pwline{os.getpid() % 100000}"
    pid = office.path.split("/")[2]
    add = ["ip", "link", "add", name, "type", "veth", "peer", "name", "uplink", "netns", pid]
    subprocess.run(add, check=True)
    office.run("ip link set uplink up", "ip address add 10.255.0.2/30 dev uplink")
    office.run("ip route add 10.1.0.0/16 via 10.255.0.1")
    try:
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=False)


def test_a_line_ends_in_an_interface_of_the_host(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office, plugged: str
) -> None:
    """EC-8, EC-9: untagged packets over the port that the operator named; moved away, the host has its interface back."""
    owner = tenant()
    site = make_site(owner, THERE, "10.1.0.0/16", "10.1.1.0/24")
    vbr = make_vbr(owner, make_line(cloud, owner, f"interface:{plugged}"), vlan=0)
    site.route(RANGE, join_vbr(owner, vbr, site))
    assert oracles.reach(site, HOST)
    assert asked(cloud, office, vbr, site.address)
    path = f"/vbrs/{vbr['id']}"
    cloud.operator.call("PUT", f"{path}/port", port=office.port)
    eventually("the border router has moved", lambda: owner.get(path)["settled"])
    eventually("the host has its interface back", Path("/sys/class/net", plugged).exists)
    office.run("ip address flush dev uplink", "ip link set uplink down")
    office.learn(vbr, "10.1.0.0/16")
    assert oracles.reach(site, HOST)
    assert asked(cloud, office, vbr, site.address)


def test_a_border_router_without_a_port_waits_for_one(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-9: what the data plane can't make says why, hinders nobody, and comes up with a port that is there."""
    owner = tenant()
    line = make_line(cloud, owner, "interface:pwabsent")
    made = owner.post(
        "/vbrs", line_id=line["id"], vlan=0, local_gateway="10.255.0.1/30", peer_gateway="10.255.0.2"
    )
    path = f"/vbrs/{made['id']}"

    def failure() -> str:
        found = cloud.operator.get("/failures")["items"]
        return next((str(one["text"]) for one in found if one["id"] == made["id"]), "")

    assert "pwabsent" in eventually("the failure is told", failure)
    assert owner.get(path)["state"] == "creating"
    cloud.operator.call("PUT", f"{path}/port", port=office.port)
    vbr = owner.settled(path, "active")
    assert not failure()
    lead_to_line(owner, vbr)
    site = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    site.route(RANGE, join_vbr(owner, vbr, site))
    office.learn(vbr, "10.1.0.0/16")
    assert oracles.reach(site, HOST)


def took(office: Office, vbrs: list[dict[str, Any]], talk: Any, seconds: int = 5) -> list[int]:
    """Packets that came by each line within some lines of the talker."""
    before = [office.received(vbr) for vbr in vbrs]
    for _ in range(seconds):
        talk.worst_s()
    return [office.received(vbr) - first for vbr, first in zip(vbrs, before, strict=True)]


def test_the_backup_takes_over_when_the_primary_is_cut(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-11: all by the primary, with a health check on its default; cut under traffic, the backup has it within a second."""
    owner = tenant()
    site, sides, vbrs = two_lines(cloud, owner, office, THERE, (100, 0))
    with office.echo(), talking(site) as talk:
        by_primary, by_backup = took(office, vbrs, talk)
        assert by_primary > 50 > by_backup, "the backup carries its health check only"
        office.cut(vbrs[0])
        healthy(owner, sides[0], "abnormal")
        assert talk.worst_s() <= GAP_S
        by_primary, by_backup = took(office, vbrs, talk)
        assert by_backup > 50 > by_primary
        assert oracles.reach(site, HOST)
        office.mend()
        office.learn(vbrs[0], "10.1.0.0/16", metric=10)
        healthy(owner, sides[0], "normal")
        cloud.synced()
        by_primary, by_backup = took(office, vbrs, talk)
        assert by_primary > 50 > by_backup, "traffic goes back to the primary"
        assert talk.worst_s() <= GAP_S


def test_equal_lines_share_and_stand_in_for_each_other(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-11: connections are spread over both lines; one cut under traffic, the other has them all within a second."""
    owner = tenant()
    site, sides, vbrs = two_lines(cloud, owner, office, HERE, (100, 100))
    with office.echo(), talking(site, connections=16) as talk:
        assert all(count > 100 for count in took(office, vbrs, talk)), "both carry connections"
        office.cut(vbrs[0])
        healthy(owner, sides[0], "abnormal")
        assert talk.worst_s() <= GAP_S
        assert oracles.reach(site, HOST)
        assert asked(cloud, office, vbrs[1], site.address)


def test_a_switched_off_interface_leaves_its_share_to_the_other(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, office: Office
) -> None:
    """EC-4, EC-11: an interface deactivated by hand counts as a line that is gone; no health check has to find out."""
    owner = tenant()
    site, sides, vbrs = two_lines(cloud, owner, office, HERE, (100, 0))
    with office.echo(), talking(site) as talk:
        office.run(f"ip route flush {'10.1.0.0/16'}")
        office.learn(vbrs[1], "10.1.0.0/16")
        owner.post(f"/router-interfaces/{sides[0]['id']}/deactivate")
        owner.settled(f"/router-interfaces/{sides[0]['id']}", "inactive")
        by_primary, by_backup = took(office, vbrs, talk)
        assert by_backup > 50 > by_primary
        assert talk.worst_s() <= GAP_S
        assert oracles.reach(site, HOST)
