"""What one packet, and a packet with its reply, do in the fabric."""

from ipaddress import ip_address

import pytest
from tests.builders.topology import ACCEPT_ALL, DROP, EGRESS, Topology, acl_entry

from peerway.domain.errors import NotFound
from peerway.domain.peering import PeeringState
from peerway.domain.security import Protocol
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange, walk


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


class Joined:
    """Two joined VPCs of both IP versions, a VSwitch and an instance in each: `a` and `b`."""

    def __init__(self, t, *, routes=True):
        self.t = t
        self.one = t.vpc("10.0.0.0/16", ipv6="fd00:0::/48")
        self.other = t.vpc("10.1.0.0/16", ipv6="fd00:0:1::/48")
        self.left = t.vswitch(self.one, "10.0.1.0/24", ipv6="fd00:0:0:1::/64")
        self.right = t.vswitch(self.other, "10.1.1.0/24", ipv6="fd00:0:1:1::/64")
        self.a, self.b = t.instance(self.left), t.instance(self.right)
        self.peering = t.join(self.one, self.other) if routes else t.peering(self.one, self.other)


@pytest.fixture
def joined(t):
    """The usual case."""
    return Joined(t)


def packet(sender, target, protocol=6, port=80, *, source=None, version=4):
    """A packet from an instance to an instance or an address."""
    own_address = {4: "ipv4", 6: "ipv6"}[version]
    destination = ip_address(target) if isinstance(target, str) else getattr(target, own_address)
    own = sender.ipv4 if destination.version == 4 else sender.ipv6
    return Packet(ip_address(source) if source else own, destination, protocol, port, sender.id)


def fate(t, *args, **kwargs):
    """How a packet ends."""
    return walk(t.fabric(), packet(*args, **kwargs)).outcome


def checks(walked):
    """What was looked at, in order."""
    return [step.check for step in walked.steps]


@pytest.mark.parametrize("version", [4, 6])
def test_packet_crosses_a_link(t, joined, version):
    """With routes on both sides a packet gets to the other VPC, IPv6 as IPv4 (PEER-8)."""
    walked = walk(t.fabric(), packet(joined.a, joined.b, version=version))
    assert (walked.outcome, walked.receiver) == (Outcome.DELIVERED, joined.b.id)
    assert checks(walked) == [Check.SOURCE, Check.ROUTE, Check.LINK, Check.INBOUND_ROUTE, Check.DELIVERY]
    assert [step.router_id for step in walked.steps] == [joined.one.id] * 3 + [joined.other.id] * 2


def test_nothing_flows_without_routes(t):
    """A link alone carries nothing: no route on the near side ends the walk there (PEER-8)."""
    joined = Joined(t, routes=False)
    assert fate(t, joined.a, joined.b) is Outcome.NO_ROUTE
    t.route(joined.one, "10.1.0.0/16", joined.peering)
    assert fate(t, joined.a, joined.b) is Outcome.DELIVERED


def test_probe_needs_the_way_back(t):
    """Nothing is answered until both sides have routes; the exchange tells which way is missing (PEER-8)."""
    joined = Joined(t, routes=False)
    t.route(joined.one, "10.1.0.0/16", joined.peering)
    result = exchange(t.fabric(), packet(joined.a, joined.b))
    assert not result.answered
    assert result.reply is not None
    assert result.reply.outcome is Outcome.NO_ROUTE
    t.route(joined.other, "10.0.0.0/16", joined.peering)
    assert exchange(t.fabric(), packet(joined.a, joined.b)).answered


def test_link_in_suspension_drops(t, joined):
    """A suspended link drops what routes lead to it (PEER-2)."""
    t.change(joined.peering, state=PeeringState.SUSPENDED)
    assert fate(t, joined.a, joined.b) is Outcome.LINK_DOWN


def test_deleted_link_stops_traffic_though_routes_remain(t, joined):
    """Traffic stops with the delete, before any route is cleaned up (PEER-4)."""
    t.change(joined.peering, state=PeeringState.DELETING)
    assert fate(t, joined.a, joined.b) is Outcome.BLACKHOLE


@pytest.mark.parametrize("version", [4, 6])
def test_links_are_not_transitive(t, joined, version):
    """VPC2 - VPC1 - VPC3 gives no VPC2 - VPC3 path, whatever routes exist (PEER-7)."""
    third = t.vpc("10.2.0.0/16", ipv6="fd00:0:2::/48")
    c = t.instance(t.vswitch(third, "10.2.1.0/24", ipv6="fd00:0:2:1::/64"))
    second = t.join(joined.other, third)
    for destination in third.prefixes:
        t.route(joined.one, destination, joined.peering)
    for destination in joined.one.prefixes:
        t.route(third, destination, second)
    assert fate(t, joined.a, c, version=version) is Outcome.TRANSIT
    assert fate(t, c, joined.a, version=version) is Outcome.TRANSIT
    assert fate(t, joined.b, c, version=version) is Outcome.DELIVERED


def test_overlapping_vpc_ranges_keep_own_vswitches_local(t):
    """With equal VPC ranges, own VSwitch ranges stay local and disjoint ones of the peer are reached (PEER-6)."""
    one, other = t.vpc("10.0.0.0/16"), t.vpc("10.0.0.0/16")
    a = t.instance(t.vswitch(one, "10.0.1.0/24"))
    same = t.instance(t.vswitch(other, "10.0.1.0/24"), ipv4="10.0.1.77")
    apart = t.instance(t.vswitch(other, "10.0.2.0/24"))
    peering = t.peering(one, other)
    t.route(one, "10.0.0.0/16", peering)
    assert fate(t, a, same) is Outcome.NO_SUCH_ADDRESS
    assert fate(t, a, apart) is Outcome.DELIVERED
    third = t.instance(t.vswitch(one, "10.0.3.0/24"))
    t.route(other, "10.0.3.0/24", peering)
    assert exchange(t.fabric(), packet(third, apart)).answered
    assert not exchange(t.fabric(), packet(a, apart)).answered


def test_reply_to_another_instance_with_the_same_address_answers_nobody(t, joined):
    """The reply goes where the routes lead; the wrong instance gets it, and its filters know no such connection (PEER-6)."""
    third = t.vpc("10.0.0.0/16")
    twin = t.instance(t.vswitch(third, "10.0.1.0/24"))
    assert twin.ipv4 == joined.a.ipv4
    t.route(joined.other, "10.0.1.0/24", t.peering(joined.other, third))
    result = exchange(t.fabric(), packet(joined.a, joined.b))
    assert result.reply is not None
    assert result.reply.receiver == twin.id
    assert not result.answered
    t.change(twin, security_group_ids=(t.group(third).id,))
    result = exchange(t.fabric(), packet(joined.a, joined.b))
    assert result.reply is not None
    assert result.reply.outcome is Outcome.DROPPED_BY_POLICY


def test_fine_grained_routes_open_one_vswitch_or_host(t):
    """A route to a VSwitch's range or a single host opens just that (PEER-14)."""
    joined = Joined(t, routes=False)
    neighbour = t.instance(joined.right)
    elsewhere = t.instance(t.vswitch(joined.other, "10.1.2.0/24"))
    t.route(joined.one, f"{joined.b.ipv4}/32", joined.peering)
    assert fate(t, joined.a, joined.b) is Outcome.DELIVERED
    assert fate(t, joined.a, neighbour) is Outcome.NO_ROUTE
    t.route(joined.one, joined.right.cidr, joined.peering)
    assert fate(t, joined.a, neighbour) is Outcome.DELIVERED
    assert fate(t, joined.a, elsewhere) is Outcome.NO_ROUTE


def test_address_that_nobody_has_is_dropped(t, joined):
    """Near and far, an unused address of a VSwitch's range drops; outside every range there is no route (NET-4)."""
    assert fate(t, joined.a, "10.0.1.200") is Outcome.NO_SUCH_ADDRESS
    assert fate(t, joined.a, "10.1.1.200") is Outcome.NO_SUCH_ADDRESS
    assert fate(t, joined.a, "10.1.9.9") is Outcome.NO_ROUTE
    assert fate(t, joined.a, "100.64.0.1") is Outcome.BLACKHOLE
    assert fate(t, joined.a, "8.8.8.8") is Outcome.NO_ROUTE


def test_foreign_source_address_is_dropped_unless_a_gateway_sends_it(t, joined):
    """An instance sends with its own addresses; a self-built gateway may send with any (NET-6)."""
    assert fate(t, joined.a, joined.b, source="10.0.1.99") is Outcome.SPOOFED
    gateway = t.instance(joined.left, gateway=True)
    assert fate(t, gateway, joined.b, source="10.0.1.99") is Outcome.DELIVERED


def test_route_to_an_instance_hands_the_packet_to_a_gateway_only(t, joined):
    """A gateway gets packets for foreign addresses, over a link too; another instance doesn't (NET-5, NET-8)."""
    gateway, plain = t.instance(joined.left, gateway=True), t.instance(joined.left)
    t.route(joined.one, "0.0.0.0/0", gateway)
    t.route(joined.one, "172.16.0.0/12", plain)
    t.route(joined.other, "0.0.0.0/0", joined.peering)
    for sender in (joined.a, joined.b):
        walked = walk(t.fabric(), packet(sender, "8.8.8.8"))
        assert (walked.outcome, walked.receiver) == (Outcome.HANDED_TO_ENDPOINT, gateway.id)
        assert fate(t, sender, "172.16.0.1") is Outcome.NOT_A_GATEWAY
    assert not exchange(t.fabric(), packet(joined.b, "8.8.8.8")).answered


def test_security_group_is_asked_at_both_interfaces(t, joined):
    """Egress at the sender, ingress at the receiver, and the step names the rule (NET-7)."""
    sender, receiver = t.group(joined.one), t.group(joined.other)
    t.change(joined.a, security_group_ids=(sender.id,))
    t.change(joined.b, security_group_ids=(receiver.id,))
    assert fate(t, joined.a, joined.b) is Outcome.DROPPED_BY_POLICY
    accept = t.rule(receiver, "10.0.0.0/16", protocol=Protocol.TCP, ports=(80, 80))
    walked = walk(t.fabric(), packet(joined.a, joined.b))
    assert walked.outcome is Outcome.DELIVERED
    assert (walked.steps[-2].check, walked.steps[-2].source) == (Check.INGRESS_POLICY, accept.id)
    assert fate(t, joined.a, joined.b, port=81) is Outcome.DROPPED_BY_POLICY
    assert fate(t, joined.a, joined.b, protocol=17) is Outcome.DROPPED_BY_POLICY
    drop = t.rule(sender, "10.1.0.0/16", direction=EGRESS, action=DROP)
    walked = walk(t.fabric(), packet(joined.a, joined.b))
    assert (walked.steps[-1].check, walked.steps[-1].source) == (Check.EGRESS_POLICY, drop.id)


def test_reply_passes_security_groups_as_part_of_the_connection(t, joined):
    """Stateful: who may ask gets the answer, though nothing may come in by itself (NET-7)."""
    t.change(joined.a, security_group_ids=(t.group(joined.one).id,))
    assert exchange(t.fabric(), packet(joined.a, joined.b)).answered
    assert exchange(t.fabric(), packet(joined.a, joined.b, protocol=1)).answered
    assert fate(t, joined.b, joined.a) is Outcome.DROPPED_BY_POLICY


def test_reply_passes_acls_as_any_other_packet(t, joined):
    """Stateless: an ACL that lets only port 80 in drops replies, whose port is the client's (NET-7)."""
    acl = t.acl(joined.one, [acl_entry(protocol=Protocol.TCP, ports=(80, 80))], ACCEPT_ALL)
    t.change(joined.left, network_acl_id=acl.id)
    assert exchange(t.fabric(), packet(joined.b, joined.a)).answered
    result = exchange(t.fabric(), packet(joined.a, joined.b))
    assert not result.answered
    assert result.reply is not None
    assert result.reply.outcome is Outcome.DROPPED_BY_ACL
    entries = [acl_entry(protocol=Protocol.TCP, ports=ports) for ports in ((80, 80), (32768, 60999))]
    t.change(acl, ingress=tuple(entries))
    assert exchange(t.fabric(), packet(joined.a, joined.b)).answered
    assert not exchange(t.fabric(), packet(joined.a, joined.b), client_port=1024).answered


def test_acl_is_asked_between_subnets_and_not_inside_one(t, joined):
    """An ACL looks at what enters or leaves its VSwitch, and not at what stays inside (NET-7)."""
    neighbour, across = t.instance(joined.left), t.instance(t.vswitch(joined.one, "10.0.2.0/24"))
    t.change(joined.left, network_acl_id=t.acl(joined.one).id)
    assert fate(t, joined.a, neighbour) is Outcome.DELIVERED
    assert fate(t, joined.a, "10.0.1.200") is Outcome.NO_SUCH_ADDRESS
    for walked in (walk(t.fabric(), packet(joined.a, across)), walk(t.fabric(), packet(joined.a, joined.b))):
        assert (walked.outcome, walked.steps[-1].check) == (Outcome.DROPPED_BY_ACL, Check.EGRESS_ACL)
    for sender in (across, joined.b):
        walked = walk(t.fabric(), packet(sender, joined.a))
        assert (walked.outcome, walked.steps[-1].check) == (Outcome.DROPPED_BY_ACL, Check.INGRESS_ACL)


def test_instance_reaches_itself_through_nothing(t, joined):
    """A packet to an own address never leaves the guest."""
    t.change(joined.left, network_acl_id=t.acl(joined.one).id)
    assert checks(walk(t.fabric(), packet(joined.a, joined.a))) == [Check.DELIVERY]
    assert exchange(t.fabric(), packet(joined.a, joined.a)).answered


def test_unknown_sender_is_not_found(t, joined):
    """A packet needs a sender that is there."""
    t.remove(joined.a)
    with pytest.raises(NotFound):
        walk(t.fabric(), packet(joined.a, joined.b))


def test_walk_tells_what_decided_in_words(t, joined):
    """The text names outcome, object, deciding entry and router, for people."""
    result = exchange(t.fabric(), packet(joined.a, "10.1.1.200"))
    assert str(result) == "request no_such_address at vsw-2 by vsw-2 (router vpc-2)"
