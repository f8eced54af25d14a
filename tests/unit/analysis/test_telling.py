"""What a hop says: the deciding object in its own words, and a sentence (PATH-1)."""

from ipaddress import ip_address, ip_network

import pytest
from tests.builders.topology import ACCEPT, DROP, EGRESS, Topology

from peerway.analysis.diagnosis import diagnose
from peerway.analysis.network import Network
from peerway.analysis.telling.hops import DefaultWords, LinkWords, RouteWords, RuleWords, UplinkWords
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.domain.peering import PeeringState
from peerway.domain.security import AclEntry, Protocol
from peerway.fabric.outcomes import Check, Outcome

OTHER = "2000000000000002"


@pytest.fixture
def topology():
    """An empty network."""
    return Topology()


def report(topology, source, target, protocol="tcp", port=80):
    """The report on a question between two resources, or an id and an address."""
    ends = [one if isinstance(one, Point) else Point(PointKind.INSTANCE, one.id) for one in (source, target)]
    question = Question(source=ends[0], target=ends[1], protocol=PathProtocol(protocol), port=port)
    return diagnose(Network.of(topology.snapshot()), question)


def hop(hops, check):
    """The only hop of a kind."""
    (found,) = [one for one in hops if one.check is check]
    return found


def across(topology, **fields):
    """Instances of two accounts' VPCs in two regions, joined by a capped connection."""
    near = topology.vpc("10.0.0.0/16")
    far = topology.vpc("10.1.0.0/16", region="cn-beijing", owner=OTHER)
    one = topology.instance(topology.vswitch(near, "10.0.1.0/24"))
    other = topology.instance(topology.vswitch(far, "10.1.1.0/24"))
    return one, other, topology.join(near, far, bandwidth_mbps=200, **fields)


def test_hops_name_their_routers_and_whose_they_are(topology):
    """Each hop has router, account and region, so that what is another's can be kept from a reader (PATH-1)."""
    one, other, _ = across(topology)
    found = report(topology, one, other)
    ends = [
        (each.router_id, each.owner_uid, each.region_id) for each in (found.request[0], found.request[-1])
    ]
    assert ends == [
        (one.vpc_id, one.owner_uid, "cn-hangzhou"),
        (other.vpc_id, OTHER, "cn-beijing"),
    ]
    assert [each.outcome for each in (found.request[-1], found.reply[-1])] == [Outcome.DELIVERED] * 2


def test_route_hop_has_entry_table_and_next_hop(topology):
    """A route is told with table, range, who wrote it and where it leads (PATH-1, NET-5)."""
    one, other, peering = across(topology)
    found = report(topology, one, other)
    route = hop(found.request, Check.ROUTE)
    assert route.words == RouteWords(
        route.subject, ip_network("10.1.0.0/16"), "custom", "peering", peering.id
    )
    local = hop(found.request, Check.INBOUND_ROUTE).words
    assert (local.origin, local.next_hop, local.next_hop_id) == ("system", "local", other.vswitch_id)


def test_link_hop_has_state_cap_and_regions(topology):
    """A link is told with its state, its cap, and that it joins two regions (PATH-1, PEER-9)."""
    one, other, peering = across(topology)
    words = hop(report(topology, one, other).request, Check.LINK).words
    assert words == LinkWords(
        peering.id,
        "peering",
        ("active",),
        up=True,
        cap_mbps=200,
        regions=("cn-hangzhou", "cn-beijing"),
        to_router_id=other.vpc_id,
    )
    assert words.cross_region
    topology.change(peering, state=PeeringState.SUSPENDED)
    down = report(topology, one, other).request[-1]
    assert (down.outcome, down.words.states, down.words.up) == (Outcome.LINK_DOWN, ("suspended",), False)


def test_pair_of_interfaces_has_both_states(topology):
    """A pair of router interfaces is told with the states of both sides (PATH-1, EC-4)."""
    near, far = topology.vpc("10.0.0.0/16"), topology.vpc("10.1.0.0/16")
    one = topology.instance(topology.vswitch(near, "10.0.1.0/24"))
    other = topology.instance(topology.vswitch(far, "10.1.1.0/24"))
    sides = topology.pair(near, far)
    topology.route(near, "10.1.0.0/16", sides[0])
    topology.route(far, "10.0.0.0/16", sides[1])
    words = hop(report(topology, one, other).request, Check.LINK).words
    assert (words.kind, words.link_id, words.states) == (
        "router_interface",
        sides[0].id,
        ("active", "active"),
    )


def test_rule_hop_has_the_rule_in_its_words(topology):
    """A security rule is told with group, direction, protocol, ports, far side, action and priority (PATH-1, NET-7)."""
    vpc = topology.vpc()
    group, switch = topology.group(vpc), topology.vswitch(vpc, "10.0.1.0/24")
    rule = topology.rule(group, "10.0.0.0/8", protocol=Protocol.TCP, ports=(80, 90), priority=3)
    one, other = topology.instance(switch), topology.instance(switch, group)
    found = hop(report(topology, one, other).request, Check.INGRESS_POLICY)
    assert found.source == rule.id
    assert found.words == RuleWords(
        "security_rule",
        group.id,
        "ingress",
        "accept",
        "tcp",
        80,
        90,
        ip_network("10.0.0.0/8"),
        order=3,
    )
    assert rule.id in found.text


def test_default_members_and_connections_are_told_apart(topology):
    """What no rule matches, what members of a group may, and what answers what was let through are three things (PATH-1, NET-7)."""
    vpc = topology.vpc()
    group, switch = topology.group(vpc), topology.vswitch(vpc, "10.0.1.0/24")
    one, other, stranger = (topology.instance(switch, *groups) for groups in ((group,), (group,), ()))
    inside = report(topology, one, other)
    assert hop(inside.request, Check.INGRESS_POLICY).words == DefaultWords("members", group.id, "accept")
    assert hop(inside.reply, Check.INGRESS_POLICY).words == DefaultWords("connection", group.id, "accept")
    outside = hop(report(topology, stranger, other).request, Check.INGRESS_POLICY)
    assert outside.words == DefaultWords("default", group.id, "drop")
    assert "no rule of" in outside.text


def test_acl_hop_has_position_and_entry(topology):
    """An ACL entry is told with its direction and position (PATH-1, NET-7)."""
    vpc = topology.vpc()
    accept = AclEntry(action=ACCEPT, cidr=ip_network("10.9.0.0/16"))
    drop = AclEntry(action=DROP, protocol=Protocol.TCP, cidr=ip_network("10.0.0.0/8"))
    acl = topology.acl(vpc, [], [accept, drop])
    one = topology.instance(topology.vswitch(vpc, "10.0.1.0/24", acl=acl))
    other = topology.instance(topology.vswitch(vpc, "10.0.2.0/24"))
    found = report(topology, one, other).request[-1]
    assert (found.outcome, found.words.kind, found.words.holder_id) == (
        Outcome.DROPPED_BY_ACL,
        "acl_entry",
        acl.id,
    )
    assert (found.words.direction, found.words.order, found.words.action) == (EGRESS.value, 2, "drop")


def test_whitelist_hop_has_the_range(topology):
    """A database's whitelist is told with the range that lets the source in (PATH-1, NET-6)."""
    switch = topology.vswitch(topology.vpc(), "10.0.1.0/24")
    one, database = topology.instance(switch), topology.database(switch, "10.7.0.0/16", "10.0.0.0/16")
    found = report(topology, one, Point(PointKind.DATABASE, database.id), port=5432)
    words = hop(found.request, Check.INGRESS_POLICY).words
    assert (words.kind, words.remote_cidr, words.port_low) == ("whitelist", ip_network("10.0.0.0/16"), 5432)


def test_translation_is_told_from_what_to_what(topology):
    """Address translation and services are told with the packet before and after (PATH-1, NET-8)."""
    vpc = topology.vpc()
    switch = topology.vswitch(vpc, "10.0.1.0/24")
    one, other = topology.instance(switch), topology.instance(switch)
    balancer = topology.balancer(switch)
    topology.listener(balancer, 80, other, backend_port=8080)
    asked = report(topology, one, Point(PointKind.LOAD_BALANCER, balancer.id))
    rewrite = hop(asked.request, Check.SERVICE).rewrite
    assert (rewrite.before.destination, rewrite.before.port) == (balancer.address, 80)
    assert (rewrite.after.destination, rewrite.after.port) == (other.ipv4, 8080)
    gateway = topology.nat_gateway(vpc, topology.network(), "203.0.113.7")
    topology.snat(gateway, "10.0.0.0/16", "203.0.113.7")
    topology.route(vpc, "0.0.0.0/0", gateway)
    out = report(topology, one, Point(PointKind.ADDRESS, address=ip_address("198.51.100.1")))
    rewrite = hop(out.request, Check.SOURCE_NAT).rewrite
    assert (rewrite.before.source, rewrite.after.source) == (one.ipv4, ip_address("203.0.113.7"))
    assert hop(out.request, Check.UPLINK).words == UplinkWords("nat_gateway", up=True)


def test_choices_of_the_connection_are_noted(topology):
    """Where a hash decides, it is told how many ways there are and how many of them work (PATH-1, EC-11)."""
    switch = topology.vswitch(topology.vpc(), "10.0.1.0/24")
    one, other = topology.instance(switch), topology.instance(switch)
    closed = topology.instance(switch, topology.group(topology.resources[switch.vpc_id]))
    balancer = topology.balancer(switch)
    topology.listener(balancer, 80, other, closed)
    (note,) = report(topology, one, Point(PointKind.LOAD_BALANCER, balancer.id)).notes
    assert "2 ways" in note
    assert "1 of them" in note
