"""What packets do where addresses are replaced: public addresses, NAT gateways, services."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from tests.builders.topology import DROP, EGRESS, Topology, acl_entry
from tests.support.asking import Border, Site, ask, checks, fate, packet

from peerway.domain.security import Protocol
from peerway.domain.service import BackendHealth
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import Connection, Flow
from peerway.fabric.walk import walk


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def site(t):
    """The usual VPC."""
    return Site(t)


# ---- public addresses ----------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(t, site):
    """An outside network; `a` has a public address there."""
    network = t.network()
    t.eip(network, "203.0.113.7", site.a)
    return network


def test_public_address_is_the_source_outside(t, site, outside):
    """One public address stands for the instance's; the answer to it comes back (NET-10)."""
    result = ask(t, site.a, "8.8.8.8")
    assert (result.request.left_by, result.answered) == (site.vpc.id, True)
    assert checks(result.request) == [
        Check.SOURCE,
        Check.EXIT,
        Check.UPLINK,
        Check.SOURCE_NAT,
        Check.DELIVERY,
    ]
    assert result.request.packet.source == ip_address("203.0.113.7")
    assert fate(t, site.b, "8.8.8.8") is Outcome.NO_ROUTE


def test_public_address_leads_in(t, site, outside):
    """A connection from outside to it reaches the instance, whose filters see the private address (NET-10, NET-7)."""
    acl = t.acl(site.vpc, [acl_entry()], [acl_entry()])
    group = t.group(site.vpc)
    t.change(site.a, security_group_ids=(group.id,))
    t.change(site.vswitch, network_acl_id=acl.id)
    assert fate(t, site.vpc.id, "203.0.113.7", source="8.8.8.8") is Outcome.DROPPED_BY_POLICY
    t.rule(group, "8.8.8.8/32", protocol=Protocol.TCP, ports=(80, 80))
    result = ask(t, site.vpc.id, "203.0.113.7", source="8.8.8.8")
    assert result.answered
    assert result.request.packet.destination == site.a.ipv4
    assert checks(result.request)[:3] == [Check.UPLINK, Check.DESTINATION_NAT, Check.INBOUND_ROUTE]
    assert result.reply is not None
    assert result.reply.packet.source == ip_address("203.0.113.7")
    assert fate(t, site.vpc.id, "203.0.113.8", source="8.8.8.8") is Outcome.NO_TRANSLATION
    assert fate(t, site.vpc.id, str(site.a.ipv4), source="8.8.8.8") is Outcome.NO_TRANSLATION


def test_public_ranges_beyond_a_link_leave_by_the_internet(t, site, outside):
    """A peer's VPC outside RFC 1918 is not reached over the link by who has a public address, until an IPv4 gateway (NET-10)."""
    other = t.vpc("30.0.0.0/16")
    far = t.instance(t.vswitch(other, "30.0.1.0/24"))
    t.join(site.vpc, other)
    assert walk(t.fabric(), packet(site.a, far.ipv4)).left_by == site.vpc.id
    assert fate(t, site.b, far.ipv4) is Outcome.DELIVERED
    gateway = t.ipv4_gateway(site.vpc)
    assert fate(t, site.a, far.ipv4) is Outcome.DELIVERED
    assert fate(t, site.a, "8.8.8.8") is Outcome.NO_ROUTE
    t.route(site.vpc, "0.0.0.0/0", gateway)
    assert walk(t.fabric(), packet(site.a, "8.8.8.8")).left_by == gateway.id
    assert fate(t, site.b, "8.8.8.8") is Outcome.NO_TRANSLATION


@pytest.mark.parametrize(
    ("destination", "outcome"),
    [
        ("10.200.0.1", Outcome.NO_ROUTE),
        ("172.20.0.1", Outcome.NO_ROUTE),
        ("192.168.0.1", Outcome.NO_ROUTE),
        ("100.64.0.1", Outcome.BLACKHOLE),
        ("30.0.2.200", Outcome.NO_SUCH_ADDRESS),
        ("30.0.3.1", Outcome.LEFT),
    ],
)
def test_exit_is_for_public_destinations_outside_the_vswitches(t, destination, outcome):
    """RFC 1918, the service range and the VPC's own VSwitches are not public, the rest of the VPC's range is (NET-10)."""
    vpc = t.vpc("30.0.0.0/16")
    vswitch = t.vswitch(vpc, "30.0.2.0/24")
    a = t.instance(vswitch)
    t.eip(t.network(), "203.0.113.7", a)
    assert fate(t, a, destination) is outcome


def test_exit_is_for_the_address_that_the_public_one_stands_for(t, site, outside):
    """A self-built gateway's packets for others take the tables; its own leave (NET-8, NET-10)."""
    t.change(site.a, source_dest_check=False)
    assert fate(t, site.a, "8.8.8.8", source="172.16.0.1") is Outcome.NO_ROUTE
    assert fate(t, site.a, "8.8.8.8") is Outcome.LEFT


def test_exit_comes_before_the_tables_and_after_the_filters(t, site, outside):
    """Security group and ACL see private source and public destination; no table is asked (NET-7, NET-10)."""
    t.route(site.vpc, "0.0.0.0/0")
    group = t.group(site.vpc)
    drop = t.rule(group, "8.8.8.8/32", direction=EGRESS, action=DROP)
    t.change(site.a, security_group_ids=(group.id,))
    walked = walk(t.fabric(), packet(site.a, "8.8.8.8"))
    assert (walked.outcome, walked.steps[-1].source) == (Outcome.DROPPED_BY_POLICY, drop.id)
    assert fate(t, site.a, "8.8.4.4") is Outcome.LEFT
    t.change(site.vswitch, network_acl_id=t.acl(site.vpc).id)
    assert fate(t, site.a, "8.8.4.4") is Outcome.DROPPED_BY_ACL


def test_shared_snat_instance_gets_foreign_packets_and_sends_its_own(t, site, outside):
    """VPC2's default route leads over a link to VPC1, whose own is an instance with a public address (NET-8, EC-12)."""
    t.change(site.a, source_dest_check=False)
    t.route(site.vpc, "0.0.0.0/0", site.a)
    other = Site(t, 1)
    near, _ = t.pair(other.vpc, site.vpc)
    t.route(other.vpc, "0.0.0.0/0", near)
    walked = walk(t.fabric(), packet(other.a, "8.8.8.8"))
    assert (walked.outcome, walked.receiver) == (Outcome.HANDED_TO_ENDPOINT, site.a.id)
    assert ask(t, site.a, "8.8.8.8").answered


# ---- NAT gateways --------------------------------------------------------------------------------------------------------


class Nat:
    """The site's NAT gateway with one public address, and a default route to it."""

    def __init__(self, t, site):
        self.gateway = t.nat_gateway(site.vpc, t.network(), "203.0.113.1")
        self.default = t.route(site.vpc, "0.0.0.0/0", self.gateway)


@pytest.fixture
def nat(t, site):
    """The usual gateway."""
    return Nat(t, site)


def test_nat_gateway_translates_what_its_entries_name(t, site, nat):
    """A source without an entry doesn't leave; with one it is answered, and the step names the entry (NET-8)."""
    assert fate(t, site.a, "8.8.8.8") is Outcome.NO_TRANSLATION
    entry = t.snat(nat.gateway, f"{site.a.ipv4}/32", "203.0.113.1")
    result = ask(t, site.a, "8.8.8.8")
    assert (result.answered, result.request.left_by) == (True, nat.gateway.id)
    assert result.request.packet.source == ip_address("203.0.113.1")
    assert next(step.source for step in result.request.steps if step.check is Check.SOURCE_NAT) == entry.id
    assert fate(t, site.b, "8.8.8.8") is Outcome.NO_TRANSLATION


def test_longest_source_entry_decides(t, site, nat):
    """Of several entries for a source, the longest; of several public addresses, the walk takes the first (NET-8)."""
    t.eip(t.resources["ext-1"], "203.0.113.2", nat.gateway)
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.2", "203.0.113.1")
    t.snat(nat.gateway, f"{site.a.ipv4}/32", "203.0.113.1")
    sources = [walk(t.fabric(), packet(each, "8.8.8.8")).packet.source for each in (site.a, site.b)]
    assert sources == [ip_address("203.0.113.1"), ip_address("203.0.113.2")]


def test_nothing_comes_in_that_no_entry_names(t, site, nat):
    """A port leads in, and no other; what a connection from inside did not ask for is dropped (NET-8)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    entry = t.dnat(nat.gateway, "203.0.113.1", site.b, "tcp", (8080, 80))
    result = ask(t, nat.gateway.id, "203.0.113.1", port=8080, source="8.8.8.8")
    assert result.answered
    assert result.request.packet.flow == Flow(ip_address("8.8.8.8"), 50000, site.b.ipv4, 80)
    assert result.request.steps[1].source == entry.id
    for protocol, port in ((6, 80), (17, 8080), (1, 0)):
        outcome = fate(t, nat.gateway.id, "203.0.113.1", protocol, port, source="8.8.8.8")
        assert outcome is Outcome.NO_TRANSLATION


def test_answer_to_a_connection_that_left_is_translated_back(t, site, nat):
    """The router remembers: the same packet without the connection is dropped (NET-8)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    there = walk(t.fabric(), replace(packet(site.a, "8.8.8.8"), source_port=50000))
    answer = there.packet.reply(nat.gateway.id)
    assert walk(t.fabric(), answer, there.connections).receiver == site.a.id
    assert walk(t.fabric(), answer).outcome is Outcome.NO_TRANSLATION


def test_translation_of_a_running_connection_stays(t, site, nat):
    """Entries decide for a connection's first packet; later ones don't move it to another address (NET-8)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    first = replace(packet(site.a, "8.8.8.8"), source_port=50000)
    there = walk(t.fabric(), first)
    t.eip(t.resources["ext-1"], "203.0.113.2", nat.gateway)
    t.snat(nat.gateway, f"{site.a.ipv4}/32", "203.0.113.2")
    again = walk(t.fabric(), first, there.connections)
    assert again.packet.source == ip_address("203.0.113.1")
    assert again.connections == there.connections


def test_connection_without_translation_passes_no_translating_uplink(t, site, nat):
    """What began untranslated stays so, and such an uplink lets it neither out nor in (NET-8)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    flow = Flow(site.a.ipv4, 50000, ip_address("8.8.8.8"), 80)
    known = frozenset({Connection(site.vpc.id, 6, flow, flow)})
    first = replace(packet(site.a, "8.8.8.8"), source_port=50000)
    assert walk(t.fabric(), first, known).outcome is Outcome.NO_TRANSLATION
    answer = first.reply(nat.gateway.id)
    assert walk(t.fabric(), answer, known).outcome is Outcome.NO_TRANSLATION


def test_packets_from_links_dont_leave_by_a_nat_gateway(t, site, nat):
    """A NAT gateway serves its own VPC (PEER-7, NET-8)."""
    t.snat(nat.gateway, "0.0.0.0/0", "203.0.113.1")
    other = Site(t, 1)
    near, _ = t.pair(other.vpc, site.vpc)
    t.route(other.vpc, "0.0.0.0/0", near)
    assert fate(t, other.a, "8.8.8.8") is Outcome.TRANSIT


def test_connection_leaves_and_comes_in_by_the_uplink_that_translates_it(t, site, nat):
    """Another one, which does not have the public address, lets neither it nor its answers pass (NET-8)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    other = t.nat_gateway(site.vpc, t.resources["ext-1"], "203.0.113.2")
    t.snat(other, "10.0.0.0/16", "203.0.113.2")
    first = replace(packet(site.a, "8.8.8.8"), source_port=50000)
    there = walk(t.fabric(), first)
    answer = there.packet.reply(other.id)
    assert walk(t.fabric(), answer, there.connections).outcome is Outcome.NO_TRANSLATION
    t.change(nat.default, next_hop_id=other.id)
    assert walk(t.fabric(), first, there.connections).outcome is Outcome.NO_TRANSLATION
    assert walk(t.fabric(), first).left_by == other.id


def test_instance_with_a_public_address_keeps_it(t, site, nat):
    """Its own address comes before the VPC's NAT gateway (NET-10)."""
    t.snat(nat.gateway, "10.0.0.0/16", "203.0.113.1")
    t.eip(t.resources["ext-1"], "203.0.113.7", site.a)
    walked = walk(t.fabric(), packet(site.a, "8.8.8.8"))
    assert (walked.left_by, str(walked.packet.source)) == (site.vpc.id, "203.0.113.7")


# ---- services ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def web(t, site):
    """A load balancer whose port 80 is `b`'s port 8080."""
    balancer = t.balancer(site.vswitch)
    return balancer, t.listener(balancer, 80, site.b, backend_port=8080)


def test_service_is_answered_in_its_own_name(t, site, web):
    """The destination becomes the instance's before filters and routes; the reply comes from the service (NET-6)."""
    balancer, listener = web
    result = ask(t, site.a, balancer.address)
    assert result.answered
    assert checks(result.request) == [Check.SERVICE, Check.SOURCE, Check.ROUTE, Check.DELIVERY]
    assert (result.request.steps[0].subject, result.request.steps[0].source) == (listener.id, site.b.id)
    assert result.request.packet.flow == Flow(site.a.ipv4, 50000, site.b.ipv4, 8080)
    assert result.reply is not None
    assert (result.reply.receiver, result.reply.packet.source) == (site.a.id, balancer.address)


def test_filters_see_the_instance_behind_a_service(t, site, web):
    """Its address and port, and the client's own address (NET-6, NET-7)."""
    balancer, _ = web
    client, server = t.group(site.vpc), t.group(site.vpc)
    t.change(site.a, security_group_ids=(client.id,))
    t.change(site.b, security_group_ids=(server.id,))
    t.rule(server, f"{site.a.ipv4}/32", protocol=Protocol.TCP, ports=(8080, 8080))
    t.rule(client, f"{balancer.address}/32", direction=EGRESS, action=DROP)
    assert ask(t, site.a, balancer.address).answered
    t.rule(client, f"{site.b.ipv4}/32", direction=EGRESS, action=DROP)
    assert fate(t, site.a, balancer.address) is Outcome.DROPPED_BY_POLICY


def test_service_is_reached_across_links_and_lines(t, site, web):
    """It is found where the packet enters its router, whoever sends it (NET-6, EC-9)."""
    balancer, _ = web
    other = Site(t, 1)
    t.join(other.vpc, site.vpc)
    result = ask(t, other.a, balancer.address)
    assert result.answered
    assert checks(result.request)[2:5] == [Check.LINK, Check.SERVICE, Check.INBOUND_ROUTE]
    border = Border(t, site)
    result = ask(t, border.vbr.id, str(balancer.address), source="192.168.1.1")
    assert result.answered
    assert result.reply is not None
    assert result.reply.packet.source == balancer.address


def test_service_is_reached_from_outside_by_a_destination_entry(t, site, nat, web):
    """Translation leads to the load balancer, and that to an instance; the answer comes from the public address (NET-6, NET-8)."""
    balancer, _ = web
    t.dnat(nat.gateway, "203.0.113.1", str(balancer.address), "tcp", (8000, 80))
    result = ask(t, nat.gateway.id, "203.0.113.1", port=8000, source="8.8.8.8")
    assert checks(result.request)[1:4] == [Check.DESTINATION_NAT, Check.SERVICE, Check.INBOUND_ROUTE]
    assert (result.request.receiver, result.request.packet.port) == (site.b.id, 8080)
    assert result.answered


def test_address_of_a_service_answers_nothing_else(t, site, web):
    """No ping, no other port, no other protocol (NET-6)."""
    balancer, _ = web
    for protocol, port in ((1, 0), (6, 81), (17, 80)):
        assert fate(t, site.a, balancer.address, protocol, port) is Outcome.NO_SUCH_ADDRESS


def test_service_takes_healthy_instances_first(t, site, web):
    """The first live one; when no check succeeds, all count; without any, packets are dropped (NET-6)."""
    balancer, listener = web
    extra = t.backend(listener, site.a, 8080)
    other = Site(t, 1)
    t.join(other.vpc, site.vpc)

    def receiver():
        return walk(t.fabric(), packet(other.a, balancer.address)).receiver

    first = t.resources["bke-1"]
    assert receiver() == site.b.id
    t.change(first, health=BackendHealth.ABNORMAL)
    assert receiver() == site.a.id
    t.change(extra, health=BackendHealth.ABNORMAL)
    assert receiver() == site.b.id
    t.change(first, weight=0)
    assert receiver() == site.a.id
    t.change(extra, weight=0)
    walked = walk(t.fabric(), packet(other.a, balancer.address))
    assert (walked.outcome, walked.steps[-1].subject) == (Outcome.NO_BACKEND, listener.id)


def test_instance_that_asks_its_own_service_does_not_answer_itself(t, site, web):
    """A guest takes no packets from its own address (NET-6)."""
    balancer, _ = web
    assert fate(t, site.b, balancer.address) is Outcome.HAIRPIN


def test_database_answers_who_is_on_its_list(t, site):
    """By TCP at its port, from its own VPC as across a link; its answers need no list (NET-6)."""
    other = Site(t, 1)
    t.join(other.vpc, site.vpc)
    database = t.database(site.vswitch, f"{other.a.ipv4}/32")
    assert ask(t, other.a, database.address, port=5432).answered
    assert fate(t, other.b, database.address, port=5432) is Outcome.DROPPED_BY_POLICY
    assert fate(t, site.a, database.address, port=5432) is Outcome.DROPPED_BY_POLICY
    assert fate(t, other.a, database.address, port=22) is Outcome.DROPPED_BY_POLICY
    assert fate(t, other.a, database.address, 1, 0) is Outcome.DROPPED_BY_POLICY
