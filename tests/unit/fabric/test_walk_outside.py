"""What packets do where networks end: border routers, several links, the resolver."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from tests.builders.topology import DROP, EGRESS, Topology
from tests.support.asking import Border, Site, ask, checks, fate, packet

from peerway.domain.errors import NotFound
from peerway.domain.line import VbrState
from peerway.domain.router_interface import InterfaceHealth, InterfaceState
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import Packet
from peerway.fabric.walk import walk


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def site(t):
    """The usual VPC."""
    return Site(t)


# ---- border routers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def border(t, site):
    """The usual line."""
    return Border(t, site)


def test_packet_leaves_by_a_line_as_it_is(t, site, border):
    """VPC, link, border router, line: addresses stay; the answer comes back the same way (EC-2, EC-9)."""
    result = ask(t, site.a, "192.168.1.1")
    assert (result.request.outcome, result.request.left_by) == (Outcome.LEFT, border.vbr.id)
    assert result.request.packet.source == site.a.ipv4
    assert checks(result.request) == [
        Check.SOURCE,
        Check.ROUTE,
        Check.LINK,
        Check.INBOUND_ROUTE,
        Check.UPLINK,
        Check.DELIVERY,
    ]
    assert result.reply is not None
    assert checks(result.reply) == [
        Check.UPLINK,
        Check.ROUTE,
        Check.LINK,
        Check.INBOUND_ROUTE,
        Check.DELIVERY,
    ]
    assert result.answered


def test_customer_reaches_the_vpc(t, site, border):
    """A packet that comes in by the line is answered over it, filters and all (EC-9, NET-7)."""
    result = ask(t, border.vbr.id, str(site.a.ipv4), source="192.168.1.1")
    assert result.answered
    assert result.reply is not None
    assert result.reply.left_by == border.vbr.id
    group = t.group(site.vpc)
    t.change(site.a, security_group_ids=(group.id,))
    assert fate(t, border.vbr.id, str(site.a.ipv4), source="192.168.1.1") is Outcome.DROPPED_BY_POLICY
    t.rule(group, "192.168.0.0/16")
    assert ask(t, border.vbr.id, str(site.a.ipv4), source="192.168.1.1").answered


def test_line_that_is_down_drops(t, site, border):
    """A terminated border router carries nothing, either way (EC-9)."""
    t.change(border.vbr, state=VbrState.TERMINATED)
    assert fate(t, site.a, "192.168.1.1") is Outcome.UPLINK_DOWN
    assert fate(t, border.vbr.id, str(site.a.ipv4), source="192.168.1.1") is Outcome.UPLINK_DOWN


def test_line_carries_the_versions_it_has_addresses_for(t):
    """IPv6 passes a line with an IPv6 transfer network only (EC-9)."""
    vpc = t.vpc("10.0.0.0/16", ipv6="fd00::/48")
    a = t.instance(t.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:0:0:1::/64"))
    four, both = t.vbr(), t.vbr(local6="fd99::1/64", peer6="fd99::2")
    for number, vbr in enumerate((four, both)):
        _, near = t.pair(vbr, vpc)
        t.route(vpc, f"fd01:{number}::/32", near)
        t.route(vbr, f"fd01:{number}::/32", vbr)
    fates = [
        walk(t.fabric(), Packet(a.ipv6, ip_address(f"fd01:{number}::1"), 58, 0, a.id)).outcome
        for number in (0, 1)
    ]
    assert fates == [Outcome.UPLINK_DOWN, Outcome.LEFT]


def test_border_router_is_no_way_between_vpcs(t, site, border):
    """Two VPCs at one border router don't reach each other by it (PEER-7)."""
    other = Site(t, 1)
    far, near = t.pair(border.vbr, other.vpc)
    t.route(site.vpc, other.vpc.cidr, border.near)
    t.route(border.vbr, other.vpc.cidr, far)
    t.route(other.vpc, site.vpc.cidr, near)
    assert fate(t, site.a, other.a.ipv4) is Outcome.TRANSIT
    assert fate(t, border.vbr.id, str(other.a.ipv4), source="192.168.1.1") is Outcome.DELIVERED


def test_unknown_sender_outside_is_not_found(t, site):
    """A packet comes from an instance or by an uplink that is there."""
    with pytest.raises(NotFound):
        fate(t, "vbr-none", str(site.a.ipv4), source="192.168.1.1")


# ---- several links -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(t, site):
    """Two lines to one VPC: an entry over both."""
    border = Border(t, site)
    vbr, near = border.line()
    t.remove(next(entry for entry in t.resources.values() if entry.id == "rte-3"))
    entry = t.route(site.vpc, "192.168.0.0/16", (border.near, 100), (near, 100))
    return [(border.vbr, border.near), (vbr, near)], entry


def test_entry_over_several_links_takes_the_first_that_lives(t, site, lines):
    """What is up and healthy comes first; the walk takes the first of those (EC-11)."""
    ((one, near), (other, far)), _ = lines
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == one.id
    t.change(near, health=InterfaceHealth.ABNORMAL)
    walked = walk(t.fabric(), packet(site.a, "192.168.1.1"))
    assert walked.left_by == other.id
    step = next(step for step in walked.steps if step.check is Check.LINK)
    assert (step.subject, step.source) == ("ri-1+ri-3", "ri-3")
    t.change(far, health=InterfaceHealth.ABNORMAL)
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == one.id
    t.change(near, state=InterfaceState.INACTIVE)
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == other.id
    t.change(far, state=InterfaceState.INACTIVE)
    assert fate(t, site.a, "192.168.1.1") is Outcome.LINK_DOWN


def test_link_that_stands_by_is_used_when_no_other_lives(t, site, lines):
    """Weight 0 is the backup (EC-11)."""
    ((one, near), (other, _)), entry = lines
    t.change(entry, paths=(replace(entry.paths[0], weight=0), entry.paths[1]))
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == other.id
    t.change(entry, paths=(entry.paths[0], replace(entry.paths[1], weight=0)))
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == one.id
    t.change(near, health=InterfaceHealth.ABNORMAL)
    assert walk(t.fabric(), packet(site.a, "192.168.1.1")).left_by == other.id


def test_reply_may_take_the_other_line(t, site, lines):
    """A connection that came by one line is answered by the other when the table says so; the customer gets it there only."""
    (_, (other, _)), _ = lines
    result = ask(t, other.id, str(site.a.ipv4), source="192.168.1.1")
    assert result.reply is not None
    assert result.reply.left_by != other.id
    assert result.answered  # both lines end at the same port of the host
    t.change(other, port=replace(other.port, vlan=7))
    assert not ask(t, other.id, str(site.a.ipv4), source="192.168.1.1").answered


# ---- the resolver --------------------------------------------------------------------------------------------------------


def test_resolver_answers_instances(t, site):
    """Questions, echo requests, and, that nobody listens, at other ports; the rest of the service range drops (issue 3, item 7)."""
    for protocol, port in ((6, 53), (17, 53), (1, 0), (17, 54), (6, 54)):
        result = ask(t, site.a, "100.100.2.136", protocol, port)
        assert (result.request.outcome, result.answered) == (Outcome.HANDED_TO_RESOLVER, True)
    assert fate(t, site.a, "100.100.2.137", 17, 53) is Outcome.BLACKHOLE


def test_resolver_meets_security_groups_and_no_acl(t, site):
    """Egress rules are asked as for any other destination (NET-7)."""
    t.change(site.vswitch, network_acl_id=t.acl(site.vpc).id)
    assert ask(t, site.a, "100.100.2.136", 17, 53).answered
    group = t.group(site.vpc)
    t.change(site.a, security_group_ids=(group.id,))
    assert ask(t, site.a, "100.100.2.136", 17, 53).answered
    t.rule(group, "100.64.0.0/10", direction=EGRESS, action=DROP)
    assert fate(t, site.a, "100.100.2.136", 17, 53) is Outcome.DROPPED_BY_POLICY


def test_resolver_is_for_the_vpcs_own_instances(t, site):
    """Over a link or a line the service range drops (NET-5)."""
    border = Border(t, site)
    t.route(border.vbr, "100.100.2.136/32", t.pair(border.vbr, Site(t, 1).vpc)[0])
    assert fate(t, border.vbr.id, "100.100.2.136", 17, 53, source="192.168.1.1") is Outcome.BLACKHOLE
