"""Ways to the internet with real packets: NAT gateways, public addresses, IPv4 gateways, and a self-built gateway for two VPCs."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.guests import python_in, run_in, running_in
from tests.support.live import Cloud, Tenant, eventually
from tests.support.outsides import ASK, PORT, SERVER, TELLER, Outside, world_outside
from tests.support.sites import Oracles, Site, connect, join, make_site

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="needs root: the outside is a namespace that the test makes on the host"
    ),
]

Tenants = Callable[..., Tenant]
#: A region that no other module connects to an outside network.
REGION = "cn-shenzhen"
ANYWHERE = "0.0.0.0/0"


@pytest.fixture(scope="module")
def internet(cloud: Cloud) -> Iterator[Outside]:
    """The world outside, connected to the region."""
    with world_outside() as world:
        cloud.operator.post("/external-networks", region_id=REGION, port=world.port, pools=["203.0.113.0/24"])
        yield world


def asked(site: Site, address: str = SERVER, port: int = PORT) -> str:
    """Whom a teller sees when the site's instance asks; empty when nobody answers."""
    site.tenant.get("/status")
    return python_in(site.tenant, site.instance["id"], ASK, address, str(port), "0.7").strip()


def route(site: Site, next_hop: str, id: str, destination: str = ANYWHERE) -> dict[str, Any]:
    """A custom entry in the site's system table."""
    made: dict[str, Any] = site.tenant.post(
        f"/route-tables/{site.table_id}/entries",
        destination=destination,
        next_hop=next_hop,
        next_hop_id=id,
    )
    return made


def public_address(site: Site, target: str, target_id: str) -> dict[str, Any]:
    """A public address of the site's account that stands for something."""
    eip = site.tenant.post("/eips", region_id=site.region_id)
    made: dict[str, Any] = site.tenant.post(
        f"/eips/{eip['id']}/associate", target=target, target_id=target_id
    )
    return made


def nat_gateway(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """A NAT gateway with a public address, and the default route to it."""
    gateway = site.tenant.post("/nat-gateways", vpc_id=site.vpc_id)
    gateway = site.tenant.settled(f"/nat-gateways/{gateway['id']}", "available")
    eip = public_address(site, "nat_gateway", gateway["id"])
    route(site, "nat_gateway", gateway["id"])
    return gateway, eip


@pytest.fixture
def site(tenant: Tenants, internet: Outside) -> Site:
    """A VPC in the region with an instance."""
    return make_site(tenant(), REGION, "10.1.0.0/16", "10.1.1.0/24")


def test_sources_leave_by_a_nat_gateway_as_its_address(site: Site, cloud: Cloud) -> None:
    """NET-8, NET-5: with an entry for its range, an instance reaches the outside as the gateway's public address."""
    gateway, eip = nat_gateway(site)
    other = site.another("10.1.2.0/24")
    entry = site.tenant.post(
        f"/nat-gateways/{gateway['id']}/snat-entries",
        vswitch_id=site.vswitch["id"],
        public=[eip["address"]],
    )
    cloud.synced()
    assert asked(site) == eip["address"]
    assert asked(other) == "", "no entry lets this VSwitch out"
    site.tenant.delete(f"/snat-entries/{entry['id']}")
    cloud.synced()
    assert asked(site) == ""


def test_ports_of_a_public_address_lead_in(site: Site, cloud: Cloud, internet: Outside) -> None:
    """NET-8: an entry leads one port of a public address to an instance, which sees who asks; the rest stays closed."""
    gateway, eip = nat_gateway(site)
    with running_in(site.tenant, site.instance["id"], TELLER, "8080"):
        entry = site.tenant.post(
            f"/nat-gateways/{gateway['id']}/dnat-entries",
            public=eip["address"],
            public_port=80,
            private=site.address,
            private_port=8080,
            protocol="tcp",
        )
        cloud.synced()
        assert internet.ask(eip["address"], 80) == SERVER
        assert internet.ask(eip["address"], 8080, 0.3) == ""
        site.tenant.delete(f"/dnat-entries/{entry['id']}")
        cloud.synced()
        assert internet.ask(eip["address"], 80, 0.3) == ""


def test_public_address_stands_for_an_instance_both_ways(site: Site, cloud: Cloud, internet: Outside) -> None:
    """NET-10: no route is needed; security groups see the real address; when it is taken off, both ways end."""
    eip = public_address(site, "instance", site.instance["id"])
    with running_in(site.tenant, site.instance["id"], TELLER, "8080"):
        cloud.synced()
        assert asked(site) == eip["address"]
        assert internet.ask(eip["address"], 8080) == SERVER
        group = site.tenant.post("/security-groups", vpc_id=site.vpc_id)
        site.tenant.call("PATCH", f"/instances/{site.instance['id']}", security_group_ids=[group["id"]])
        cloud.synced()
        assert internet.ask(eip["address"], 8080, 0.3) == "", "a group without rules lets nobody in"
        assert asked(site) == eip["address"]
        site.tenant.call("PATCH", f"/instances/{site.instance['id']}", security_group_ids=[])
        site.tenant.post(f"/eips/{eip['id']}/disassociate")
        cloud.synced()
        assert asked(site) == ""
        assert internet.ask(eip["address"], 8080, 0.3) == ""


def test_two_vpcs_share_a_self_built_gateway(tenant: Tenants, cloud: Cloud, internet: Outside) -> None:
    """NET-8, EC-12: VPC2's default route goes over the link to VPC1, whose default route is an instance that masquerades."""
    owner = tenant()
    one = make_site(owner, REGION, "10.1.0.0/16", "10.1.1.0/24", source_dest_check=False)
    inner = one.another("10.1.2.0/24")
    two = make_site(tenant(), "cn-beijing", "10.2.0.0/16", "10.2.1.0/24")
    eip = public_address(one, "instance", one.instance["id"])
    rules = "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; "
    rules += 'add rule ip nat post oifname "eth0" ip daddr != 10.0.0.0/8 masquerade'
    gateway = (owner, one.instance["id"])
    assert run_in(*gateway, "nft", rules) == (0, "")
    assert run_in(*gateway, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")[0] == 0
    near, far = join(two, one)
    route(one, "instance", one.instance["id"])
    one.route("10.2.0.0/16", far)
    route(two, "router_interface", near["id"])
    cloud.synced()
    assert asked(inner) == eip["address"]
    assert asked(two) == eip["address"]


def test_public_range_is_reached_over_the_link_once_a_gateway_makes_it_private(
    tenant: Tenants, cloud: Cloud, oracles: Oracles, internet: Outside
) -> None:
    """NET-10: an instance with a public address reaches 30.0.0.0/16 by the internet, until an IPv4 gateway lets tables decide."""
    one = make_site(tenant(), REGION, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(tenant(), REGION, "30.0.0.0/16", "30.0.1.0/24")
    peering = connect(one, other)
    assert "public_range" in {warning["code"] for warning in peering["warnings"]}
    one.route("30.0.0.0/16", peering)
    other.route("10.1.0.0/16", peering)
    assert oracles.reach(one, other.address), "without public access the link is taken"
    eip = public_address(one, "instance", one.instance["id"])
    cloud.synced()
    assert not oracles.reach_once(one, other.address), "with public access the packet leaves by the internet"
    gateway = one.tenant.post("/ipv4-gateways", vpc_id=one.vpc_id, enabled=True)
    one.tenant.settled(f"/ipv4-gateways/{gateway['id']}", "available")
    assert oracles.reach(one, other.address)
    cloud.synced()
    assert asked(one) == "", "no entry leads to the internet any more"
    route(one, "ipv4_gateway", gateway["id"])
    cloud.synced()
    assert asked(one) == eip["address"]
    assert oracles.reach(one, other.address)


def test_links_do_not_lead_to_another_vpcs_nat_gateway(tenant: Tenants, cloud: Cloud, site: Site) -> None:
    """PEER-7: a peer's default route over the link does not come out at the other side's NAT gateway."""
    gateway, eip = nat_gateway(site)
    out = {"source": "10.0.0.0/8", "public": [eip["address"]]}
    site.tenant.post(f"/nat-gateways/{gateway['id']}/snat-entries", **out)
    other = make_site(tenant(), REGION, "10.2.0.0/16", "10.2.1.0/24")
    peering = connect(other, site)
    other.route(ANYWHERE, peering)
    site.route("10.2.0.0/16", peering)
    cloud.synced()
    assert asked(site) == eip["address"]
    assert asked(other) == ""


def test_nothing_is_left_outside(site: Site, internet: Outside) -> None:
    """What was made in the outside namespace goes with what needed it."""
    before = internet.interfaces()
    eip = public_address(site, "instance", site.instance["id"])
    eventually("the way out is there", lambda: internet.interfaces() > before)
    site.tenant.post(f"/eips/{eip['id']}/disassociate")
    eventually("the way out is gone", lambda: internet.interfaces() == before)
