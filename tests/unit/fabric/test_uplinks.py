"""A VPC's ways to the outside, and what they translate."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from tests.builders.topology import Topology

from peerway.domain.port import Port, PortKind
from peerway.fabric.compile import recompile
from peerway.fabric.model import Blackhole, DestinationNat, SourceNat, ToUplink, Translation


class Site:
    """A VPC with an instance, and an outside network."""

    def __init__(self, t):
        self.t = t
        self.vpc = t.vpc("10.0.0.0/16")
        self.vswitch = t.vswitch(self.vpc, "10.0.1.0/24")
        self.a = t.instance(self.vswitch)
        self.outside = t.network()

    @property
    def router(self):
        """The VPC's router."""
        return self.t.fabric().routers[self.vpc.id]

    def hop(self, entry):
        """Where an entry of the system table leads."""
        fib = self.router.fibs[self.vpc.system_table_id]
        return next(found.hop for found in fib.entries if found.source == entry.id)


@pytest.fixture
def site():
    """The usual case."""
    return Site(Topology())


def test_public_address_gives_the_vpc_a_direct_exit(site):
    """One address stands for one instance, both ways, before any table is asked (NET-10)."""
    eip = site.t.eip(site.outside, "203.0.113.7", site.a)
    router = site.router
    uplink = router.uplinks[site.vpc.id]
    assert router.exit_id == site.vpc.id
    assert router.endpoints[site.a.id].public == eip.address
    assert (uplink.port, uplink.up, uplink.fib_id) == (
        Port(PortKind.NETNS, "/run/netns/internet"),
        True,
        None,
    )
    assert uplink.translation == Translation(
        (SourceNat(IPv4Network("10.0.1.10/32"), (eip.address,), eip.id),),
        (DestinationNat(eip.address, site.a.ipv4, eip.id),),
    )


def test_ipv4_gateway_puts_the_exit_under_the_tables(site):
    """Enabled, it has the addresses and nothing leaves without an entry; until then it changes nothing (NET-10)."""
    site.t.eip(site.outside, "203.0.113.7", site.a)
    gateway = site.t.ipv4_gateway(site.vpc, enabled=False)
    entry = site.t.route(site.vpc, "0.0.0.0/0", gateway)
    before = site.router
    assert (before.exit_id, set(before.uplinks)) == (site.vpc.id, {site.vpc.id})
    assert site.hop(entry) == Blackhole()
    site.t.change(gateway, enabled=True)
    after = site.router
    assert (after.exit_id, set(after.uplinks)) == (None, {gateway.id})
    assert after.uplinks[gateway.id].translation == before.uplinks[site.vpc.id].translation
    assert site.hop(entry) == ToUplink(gateway.id)


def test_public_address_that_stands_for_nothing_here_has_no_exit(site):
    """Free addresses, and those of instances or networks that are not there, are no way out (NET-10)."""
    site.t.eip(site.outside, "203.0.113.7")
    lost = site.t.eip(site.outside, "203.0.113.8", site.a)
    site.t.change(lost, target_id="i-none")
    elsewhere = site.t.eip(site.outside, "203.0.113.9", site.a)
    site.t.change(elsewhere, network_id="ext-none")
    router = site.router
    assert (router.uplinks, router.exit_id, router.endpoints[site.a.id].public) == ({}, None, None)


def test_direct_exit_leads_to_one_network(site):
    """With addresses of two outside networks, the first by id counts, and one address for each instance (NET-10)."""
    b = site.t.instance(site.vswitch)
    other = site.t.network("netns:/run/netns/other")
    site.t.eip(other, "198.51.100.1", site.a)
    first, _ = site.t.eip(site.outside, "203.0.113.7", b), site.t.eip(site.outside, "203.0.113.8", b)
    router = site.router
    assert [endpoint.public for endpoint in router.endpoints.values()] == [None, first.address]
    assert router.uplinks[site.vpc.id].port.name == "/run/netns/internet"


def test_nat_gateway_translates_by_its_entries(site):
    """Source entries by prefix; destination entries for one port before those for all (NET-8)."""
    t = site.t
    gateway = t.nat_gateway(site.vpc, site.outside, "203.0.113.1", "203.0.113.2")
    all_ports = t.dnat(gateway, "203.0.113.2", site.a)
    any_port = t.dnat(gateway, "203.0.113.2", site.a, "udp")
    web = t.dnat(gateway, "203.0.113.2", site.a, "tcp", (80, 8080))
    wide = t.snat(gateway, "10.0.0.0/16", "203.0.113.1", "203.0.113.2")
    narrow = t.snat(gateway, "10.0.1.0/24", "203.0.113.1")
    one, two = IPv4Address("203.0.113.1"), IPv4Address("203.0.113.2")
    assert site.router.uplinks[gateway.id].translation == Translation(
        (
            SourceNat(wide.source, (one, two), wide.id),
            SourceNat(narrow.source, (one,), narrow.id),
        ),
        (
            DestinationNat(two, site.a.ipv4, web.id, 6, 80, 8080),
            DestinationNat(two, site.a.ipv4, any_port.id, 17),
            DestinationNat(two, site.a.ipv4, all_ports.id),
        ),
    )
    assert site.hop(t.route(site.vpc, "0.0.0.0/0", gateway)) == ToUplink(gateway.id)


def test_nat_gateway_uses_addresses_that_are_its_own(site):
    """An address that was taken away, or that is another gateway's, stands for nothing; the entries stay (NET-8)."""
    t = site.t
    gateway = t.nat_gateway(site.vpc, site.outside, "203.0.113.1")
    t.nat_gateway(site.vpc, site.outside, "203.0.113.2")
    source = t.snat(gateway, "10.0.0.0/16", "203.0.113.1", "203.0.113.2", "203.0.113.3")
    t.dnat(gateway, "203.0.113.2", site.a)
    assert site.router.uplinks[gateway.id].translation == Translation(
        (SourceNat(source.source, (IPv4Address("203.0.113.1"),), source.id),)
    )


def test_packets_from_links_find_no_translated_way_out(site):
    """What came by a link doesn't leave by a NAT gateway: the entry drops there (PEER-7)."""
    gateway = site.t.nat_gateway(site.vpc, site.outside, "203.0.113.1")
    entry = site.t.route(site.vpc, "0.0.0.0/0", gateway)
    assert {each.source: each.hop for each in site.router.inbound.entries}[entry.id] == Blackhole()


def test_router_has_a_public_address_of_its_own_at_a_host_interface(site):
    """Two routers at one interface never share an address when each has a public one that is at home there."""
    t = site.t
    outside = t.network("interface:eth1", local="203.0.113.2/24", gateway="203.0.113.1")
    with_two = t.nat_gateway(site.vpc, outside, "203.0.113.40", "203.0.113.30")
    without = t.nat_gateway(site.vpc, outside)
    uplinks = site.router.uplinks
    locals_ = [str(uplinks[each.id].transfers[0].local) for each in (with_two, without)]
    assert locals_ == ["203.0.113.30/24", "203.0.113.2/24"]
    assert uplinks[with_two.id].transfers[0].peer == IPv4Address("203.0.113.1")
    assert uplinks[with_two.id].port == Port(PortKind.INTERFACE, "eth1")


def test_outside_network_touches_the_routers_that_lead_to_it(site):
    """Moving a network moves every way to it, and nothing else (NET-8, NET-10)."""
    t = site.t
    t.eip(site.outside, "203.0.113.7", site.a)
    other, alone = t.vpc("10.1.0.0/16"), t.vpc("10.2.0.0/16")
    t.nat_gateway(other, site.outside, "203.0.113.1")
    fabric, snapshot = t.fabric(), t.snapshot()
    changed = snapshot.with_changes(99, [t.change(site.outside, port="netns:/run/netns/moved")])
    assert changed.touched == {site.vpc.id, other.id}
    new = recompile(fabric, *changed)
    assert {uplink.port.name for router in new.routers.values() for uplink in router.uplinks.values()} == {
        "/run/netns/moved"
    }
    assert new.routers[alone.id] is fabric.routers[alone.id]
    gone = snapshot.with_changes(99, [], [t.remove(site.outside)])
    assert not any(router.uplinks for router in recompile(fabric, *gone).routers.values())


def test_network_with_a_port_that_cant_be_read_is_no_way_out(site):
    """Total: what can't be read drops packets and fails nothing."""
    site.t.eip(site.outside, "203.0.113.7", site.a)
    site.t.change(site.outside, port="nowhere")
    assert (site.router.uplinks, site.router.exit_id) == ({}, None)
