"""Which entry of a route table wins, and what it does."""

from ipaddress import ip_address, ip_network

import pytest
from tests.builders.topology import Topology

from peerway.domain.peering import PeeringState
from peerway.domain.resource import Provisioning
from peerway.fabric.decisions import longest_match
from peerway.fabric.model import Blackhole, ToEndpoint, ToLink, ToResolver, ToSubnet


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


def hops(fib):
    """The table as text -> hop."""
    return {str(entry.prefix): entry.hop for entry in fib.entries}


def system_fib(t, vpc):
    """The compiled system table."""
    return t.fabric().routers[vpc.id].fibs[vpc.system_table_id]


def test_every_table_has_all_vswitch_ranges_and_the_service_range(t):
    """System entries of both IP versions and the resolver's stand in system and custom tables alike (NET-5)."""
    vpc = t.vpc("10.0.0.0/16", ipv6="fd00::/48")
    one, two = t.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:0:0:1::/64"), t.vswitch(vpc, "10.0.2.0/24")
    custom = t.table(vpc)
    fibs = t.fabric().routers[vpc.id].fibs
    expected = {
        "10.0.1.0/24": ToSubnet(one.id),
        "fd00:0:0:1::/64": ToSubnet(one.id),
        "10.0.2.0/24": ToSubnet(two.id),
        "100.64.0.0/10": Blackhole(),
        "100.100.2.136/32": ToResolver(),
    }
    assert hops(fibs[vpc.system_table_id]) == hops(fibs[custom.id]) == expected


def test_entries_name_what_put_them_there_and_are_sorted(t):
    """Sources are VSwitch ids, entry ids, `service` and `resolver`; order is version, network, length."""
    vpc = t.vpc("10.0.0.0/16", ipv6="fd00::/48")
    vswitch = t.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:0:0:1::/64")
    wide, host, six = t.route(vpc, "10.0.0.0/8"), t.route(vpc, "10.9.0.1/32"), t.route(vpc, "::/0")
    fib = system_fib(t, vpc)
    assert [entry.source for entry in fib.entries] == [
        wide.id,
        vswitch.id,
        host.id,
        "service",
        "resolver",
        six.id,
        vswitch.id,
    ]


@pytest.mark.parametrize(
    "destination", ["10.0.1.0/24", "10.0.1.128/25", "10.0.1.7/32", "100.64.0.0/10", "100.100.0.0/16"]
)
def test_system_entry_beats_custom_entry_equal_to_it_or_inside_it(t, destination):
    """Such a custom entry has no effect, however it got there: a VSwitch may be made after it (NET-5, PEER-6)."""
    vpc = t.vpc("10.0.0.0/16")
    t.vswitch(vpc, "10.0.1.0/24")
    before = system_fib(t, vpc)
    t.route(vpc, destination)
    assert system_fib(t, vpc) == before


def test_custom_entry_around_a_vswitch_range_stays(t):
    """With overlapping VPCs the VPC's own ranges win by length, and the peer's disjoint VSwitch ranges are routed (PEER-6)."""
    one, other = t.vpc("10.0.0.0/16"), t.vpc("10.0.0.0/16")
    own = t.vswitch(one, "10.0.1.0/24")
    peering = t.peering(one, other)
    t.route(one, "10.0.0.0/16", peering)
    fib = system_fib(t, one)
    assert hops(fib)["10.0.0.0/16"] == ToLink(peering.id)
    assert longest_match(fib, ip_address("10.0.1.9")).hop == ToSubnet(own.id)
    assert longest_match(fib, ip_address("10.0.2.9")).hop == ToLink(peering.id)


def test_ipv6_entry_is_not_covered_by_ipv4_ranges(t):
    """Versions are compared apart, whatever their bits (NET-5)."""
    vpc = t.vpc("10.0.0.0/16")
    t.vswitch(vpc, "10.0.0.0/16")
    t.route(vpc, "a00::/16")
    assert "a00::/16" in hops(system_fib(t, vpc))


def test_entry_leads_where_its_hop_says(t):
    """Instance, peer connection and blackhole (NET-5)."""
    vpc, other = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
    gateway = t.instance(t.vswitch(vpc, "10.0.1.0/24"), gateway=True)
    peering = t.peering(vpc, other)
    t.route(vpc, "0.0.0.0/0", gateway)
    t.route(vpc, "10.1.0.0/16", peering)
    t.route(vpc, "10.2.0.0/16")
    found = hops(system_fib(t, vpc))
    assert found["0.0.0.0/0"] == ToEndpoint(gateway.id)
    assert found["10.1.0.0/16"] == ToLink(peering.id)
    assert found["10.2.0.0/16"] == Blackhole()


def test_entry_to_what_is_not_there_drops(t):
    """A missing or foreign next hop drops the packets: they don't fall through to a shorter entry (NET-5, PEER-4)."""
    vpc, other, third = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16"), t.vpc("10.2.0.0/16")
    foreign = t.instance(t.vswitch(other, "10.1.1.0/24"), gateway=True)
    leaving = t.instance(t.vswitch(vpc, "10.0.1.0/24"), gateway=True, state=Provisioning.DELETING)
    not_mine = t.peering(other, third)
    entries = [
        t.route(vpc, f"172.16.{number}.0/24", hop)
        for number, hop in enumerate(["pcc-none", "i-none", foreign, leaving, not_mine])
    ]
    fib = system_fib(t, vpc)
    for entry in entries:
        match = longest_match(fib, entry.destination.network_address)
        assert (match.hop, match.source) == (Blackhole(), entry.id)


@pytest.mark.parametrize(
    "state",
    [
        PeeringState.PENDING,
        PeeringState.REJECTED,
        PeeringState.EXPIRED,
        PeeringState.DELETING,
        PeeringState.DELETED,
    ],
)
def test_entry_to_a_connection_without_link_drops(t, state):
    """A connection that is not accepted, or on its way out, carries nothing from the first moment (PEER-4, PEER-5, PEER-8)."""
    one, other = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
    peering = t.join(one, other, state=state)
    fabric = t.fabric()
    assert peering.id not in fabric.links
    assert hops(fabric.routers[one.id].fibs[one.system_table_id])["10.1.0.0/16"] == Blackhole()


def test_table_for_packets_from_links_drops_what_leads_to_a_link(t):
    """The entry stays and drops, so that the default route to an instance does not catch its packets (PEER-7)."""
    vpc, left, right = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16"), t.vpc("10.2.0.0/16")
    gateway = t.instance(t.vswitch(vpc, "10.0.1.0/24"), gateway=True)
    t.join(vpc, left)
    t.join(vpc, right)
    t.route(vpc, "0.0.0.0/0", gateway)
    router = t.fabric().routers[vpc.id]
    assert not any(isinstance(entry.hop, ToLink) for entry in router.inbound.entries)
    assert longest_match(router.inbound, ip_address("10.2.0.1")).hop == Blackhole()
    assert longest_match(router.inbound, ip_address("8.8.8.8")).hop == ToEndpoint(gateway.id)
    assert [entry.prefix for entry in router.inbound.entries] == [
        entry.prefix
        for entry in router.fibs[vpc.system_table_id].entries
        if not isinstance(entry.hop, ToResolver)
    ]


def test_table_for_packets_from_links_ignores_custom_tables(t):
    """Packets that come by a link are looked up in the system table, whatever table the VSwitch is bound to (PEER-8)."""
    vpc = t.vpc("10.0.0.0/16")
    table = t.table(vpc)
    t.vswitch(vpc, "10.0.1.0/24", table=table)
    t.route(table, "10.9.0.0/16")
    router = t.fabric().routers[vpc.id]
    assert "10.9.0.0/16" in hops(router.fibs[table.id])
    assert "10.9.0.0/16" not in hops(router.inbound)


def test_vswitch_uses_the_table_it_is_bound_to(t):
    """Each VSwitch has the table it is bound to; one bound to nothing that exists has the system table (NET-4)."""
    vpc = t.vpc("10.0.0.0/16")
    table = t.table(vpc)
    bound, free = t.vswitch(vpc, "10.0.1.0/24", table=table), t.vswitch(vpc, "10.0.2.0/24")
    lost = t.change(free, route_table_id="vtb-none")
    subnets = t.fabric().routers[vpc.id].subnets
    assert subnets[bound.id].fib_id == table.id
    assert subnets[lost.id].fib_id == vpc.system_table_id
    assert subnets[bound.id].prefixes == (ip_network("10.0.1.0/24"),)
