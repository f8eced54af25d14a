"""Each row of the troubleshooting table, broken by itself in a network that otherwise works: what is found and what is proposed."""

from ipaddress import ip_interface, ip_network

import pytest
from tests.builders.topology import ACCEPT, DROP, EGRESS, INGRESS, Topology

from peerway.analysis.diagnosis import diagnose
from peerway.analysis.diagnosis.link_causes import REVIVING
from peerway.analysis.diagnosis.report import FindingCode as F
from peerway.analysis.diagnosis.report import Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.remedies import (
    NEW_PEERING,
    AcceptPeering,
    ActivateInterface,
    AddRoute,
    AddToWhitelist,
    AllowByNewGroup,
    AllowInGroup,
    ConnectInterface,
    CreatePeering,
    EnableIpv4Gateway,
    EnablePeering,
    InsertAclEntry,
    RecoverVbr,
    RemoveRoute,
)
from peerway.analysis.remedies.effects import remedied
from peerway.domain.guest import GuestInterface, GuestRoute, GuestView
from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.line import VbrState
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.domain.peering import PeeringState
from peerway.domain.router_interface import InterfaceState
from peerway.domain.security import AclEntry, Protocol
from peerway.fabric.outcomes import Outcome
from peerway.profiles.model import load_profiles

OTHER = "2000000000000002"


class Pair:
    """Two VPCs of two accounts, joined, with an instance each: what all rows start from."""

    def __init__(self, far: str = "10.1.0.0/16", near: str = "10.0.0.0/16"):
        self.topology = t = Topology()
        self.near, self.far = t.vpc(near), t.vpc(far, owner=OTHER)
        self.here = t.vswitch(self.near, str(next(self.near.cidr.subnets(new_prefix=24))))
        self.there = t.vswitch(self.far, str(list(self.far.cidr.subnets(new_prefix=24))[1]))
        self.group, self.far_group = t.group(self.near), t.group(self.far)
        t.rule(self.far_group, str(self.near.cidr))
        self.source, self.target = t.instance(self.here, self.group), t.instance(self.there, self.far_group)
        self.peering = t.peering(self.near, self.far)
        self.way = t.route(self.near, self.far.cidr, self.peering)
        self.back = t.route(self.far, self.near.cidr, self.peering)

    def ask(self, protocol="tcp", port=443, target=None, guests=None, **fields):
        """The report on the question whether the one reaches the other, checked for what holds always."""
        question = Question(
            source=Point(PointKind.INSTANCE, self.source.id),
            target=target or Point(PointKind.INSTANCE, self.target.id),
            protocol=PathProtocol(protocol),
            port=port,
            **fields,
        )
        network = Network.of(self.topology.snapshot())
        report = diagnose(network, question, guests=guests)
        if report.blockers and all(blocker.remedy for blocker in report.blockers):
            assert diagnose(remedied(network, report.remedies), question).verdict is Verdict.REACHABLE
        return report


@pytest.fixture
def pair():
    """Two joined VPCs of two accounts."""
    return Pair()


def codes(report, *besides):
    """Rows that apply, without those about guests that nobody looked into."""
    return [one.code for one in report.findings if one.code not in {F.GUEST_UNKNOWN, F.ONE_WAY, *besides}]


def finding(report, code):
    """The only finding of a row."""
    (found,) = [one for one in report.findings if one.code is code]
    return found


def test_what_works_has_no_findings(pair):
    """Nothing blocks, and only that nobody looked into the guests is told (PATH-1, PATH-3)."""
    report = pair.ask()
    assert report.verdict is Verdict.REACHABLE
    assert (report.blockers, report.remedies, codes(report)) == ((), (), [])
    assert [one.subjects for one in report.findings if one.code is F.GUEST_UNKNOWN] == [
        (pair.source.id,),
        (pair.target.id,),
    ]


@pytest.mark.parametrize(
    ("state", "remedies"),
    [
        (PeeringState.PENDING, [AcceptPeering]),
        (PeeringState.EXPIRED, [EnablePeering, AcceptPeering]),
        (PeeringState.REJECTED, [CreatePeering, AcceptPeering]),
        (PeeringState.SUSPENDED, []),
    ],
)
def test_state_of_the_connection_is_found(pair, state, remedies):
    """A connection that does not carry packets is told with its state and whose turn it is (PATH-3, PEER-3, PEER-5)."""
    pair.topology.change(pair.peering, state=state)
    report = pair.ask()
    assert report.verdict is Verdict.UNREACHABLE
    first = report.blockers[0]
    assert first.text.startswith(f"peer connection {pair.peering.id} ")
    assert F.LINK_STATE in codes(report)
    kinds = [type(one) for one in report.remedies]
    assert kinds[: len(remedies)] == remedies
    if not remedies:
        assert "bills" in first.why_none
        assert [blocker.remedy for blocker in report.blockers] == [None]


def test_pending_connection_waits_for_the_accepter(pair):
    """Who has to accept is told, and it is the other account's to do (PATH-3, PEER-3)."""
    pair.topology.change(pair.peering, state=PeeringState.PENDING)
    (remedy,) = pair.ask().remedies
    assert remedy == AcceptPeering(owner_uid=OTHER, peering_id=pair.peering.id)


def test_new_connection_replaces_a_rejected_one(pair):
    """Where a request was rejected, another is asked for, and routes lead over it: /32 both ways (PATH-3, PEER-5)."""
    t = pair.topology
    t.change(pair.peering, state=PeeringState.REJECTED)
    t.remove(pair.way)
    t.remove(pair.back)
    report = pair.ask()
    assert [type(one) for one in report.remedies] == [
        CreatePeering,
        AcceptPeering,
        AddRoute,
        AddRoute,
    ]
    assert {one.next_hop_id for one in report.remedies if isinstance(one, AddRoute)} == {NEW_PEERING}


@pytest.mark.parametrize(
    ("states", "remedies"),
    [
        ((InterfaceState.IDLE, InterfaceState.IDLE), [ConnectInterface]),
        ((InterfaceState.INACTIVE, InterfaceState.ACTIVE), [ActivateInterface]),
        ((InterfaceState.INACTIVE, InterfaceState.INACTIVE), [ActivateInterface, ActivateInterface]),
    ],
)
def test_state_of_router_interfaces_is_found(pair, states, remedies):
    """Interfaces that are not joined, or switched off, are connected or activated, each by its owner (PATH-3, EC-4)."""
    t = pair.topology
    for each in (pair.way, pair.back, pair.peering):
        t.remove(each)
    one, other = t.pair(pair.near, pair.far)
    for side, state in zip((one, other), states, strict=True):
        t.change(side, state=state)
    t.route(pair.near, pair.far.cidr, one)
    t.route(pair.far, pair.near.cidr, other)
    report = pair.ask()
    assert [type(each) for each in report.remedies] == remedies
    assert finding(report, F.LINK_STATE).subjects == (one.id, other.id) if len(remedies) == 1 else True


def test_missing_link_is_a_connection_to_ask_for(pair):
    """Without any link, a connection, its acceptance, and a route each way are proposed, in that order (PATH-3)."""
    for each in (pair.way, pair.back, pair.peering):
        pair.topology.remove(each)
    report = pair.ask()
    assert codes(report)[0] is F.NO_LINK
    assert [type(one) for one in report.remedies] == [CreatePeering, AcceptPeering, AddRoute, AddRoute]


@pytest.mark.parametrize("side", ["way", "back"])
def test_missing_route_is_found_on_either_side(pair, side):
    """Without a route there the request stops, without one back the reply does; each is told with its table (PATH-3)."""
    pair.topology.remove(getattr(pair, side))
    report = pair.ask()
    owner = pair.near if side == "way" else pair.far
    remote = pair.target if side == "way" else pair.source
    assert report.verdict is (Verdict.UNREACHABLE if side == "way" else Verdict.ONE_WAY)
    assert report.blockers[0].way is (Way.REQUEST if side == "way" else Way.REPLY)
    (remedy,) = report.remedies
    assert isinstance(remedy, AddRoute)
    assert (remedy.table_id, remedy.destination) == (owner.system_table_id, ip_network(remote.ipv4))
    assert (remedy.owner_uid, remedy.next_hop_id) == (owner.owner_uid, pair.peering.id)
    assert finding(report, F.ROUTE_MISSING).subjects == (owner.system_table_id,)


def test_route_to_the_wrong_range_is_found(pair):
    """An entry over the link that does not cover the target is named, beside the one that is missing (PATH-3)."""
    pair.topology.remove(pair.way)
    near_miss = pair.topology.route(pair.near, "10.2.0.0/16", pair.peering)
    report = pair.ask()
    assert finding(report, F.ROUTE_RANGE).subjects == (pair.near.system_table_id, near_miss.id)
    assert isinstance(finding(report, F.ROUTE_RANGE).remedy, AddRoute)


def test_route_that_is_switched_off_is_told(pair):
    """The table has no entry for the target while the one that it has is switched off, and the finding says so (PATH-3, NET-5)."""
    pair.topology.change(pair.way, enabled=False)
    report = pair.ask()
    assert f"{pair.way.id} to {pair.far.cidr} is switched off" in finding(report, F.ROUTE_MISSING).text
    assert isinstance(finding(report, F.ROUTE_MISSING).remedy, AddRoute)


def test_route_to_the_very_address_that_is_switched_off_makes_way(pair):
    """Where the table has one to just the target, no other can be added before it goes (PATH-3, NET-5)."""
    pair.topology.remove(pair.way)
    off = pair.topology.route(pair.near, f"{pair.target.ipv4}/32", pair.peering, enabled=False)
    report = pair.ask()
    first, second = report.remedies
    assert isinstance(first, RemoveRoute)
    assert first.entry_id == off.id
    assert isinstance(second, AddRoute)


def test_route_in_a_table_that_is_not_bound_is_found(pair):
    """An entry that would do, in a table that the VSwitch does not use, is named with both tables (PATH-3)."""
    t = pair.topology
    t.remove(pair.way)
    table = t.table(pair.near)
    stray = t.route(table, pair.far.cidr, pair.peering)
    found = finding(pair.ask(), F.ROUTE_TABLE)
    assert found.subjects == (table.id, stray.id)
    assert pair.here.id in found.text
    assert pair.near.system_table_id in found.text


def test_route_that_leads_elsewhere_is_overruled_or_removed(pair):
    """A wrong entry is overruled by a longer one; one for the very address has to go first (PATH-3)."""
    t = pair.topology
    t.remove(pair.way)
    t.route(pair.near, pair.far.cidr)
    report = pair.ask()
    assert codes(report) == [F.ROUTE_ELSEWHERE]
    assert [type(one) for one in report.remedies] == [AddRoute]
    exact = t.route(pair.near, f"{pair.target.ipv4}/32")
    report = pair.ask()
    assert [type(one) for one in report.remedies] == [RemoveRoute, AddRoute]
    assert report.remedies[0].entry_id == exact.id


def test_overlap_lets_the_system_route_win():
    """With overlapping VSwitches the packet stays at home: nothing lifts that, and what comes behind is told (PATH-3, PEER-6)."""
    pair = Pair(far="10.0.0.0/16")
    t = pair.topology
    t.vswitch(pair.near, str(pair.there.cidr))
    t.remove(t.resources[pair.far_group.id])
    report = pair.ask()
    assert report.verdict is Verdict.UNREACHABLE
    first = report.blockers[0]
    assert first.hop.outcome is Outcome.NO_SUCH_ADDRESS
    assert first.remedy is None
    assert "system route wins" in first.why_none
    texts = [one.text for one in report.findings if one.code is F.OVERLAP]
    assert any(pair.here.vpc_id in text and pair.far.id in text for text in texts)


def test_ranges_of_vpcs_may_overlap_while_vswitches_do_not():
    """VPCs with the same range and VSwitches apart can be joined by routes to VSwitches' ranges; the overlap is told (PATH-3)."""
    pair = Pair(far="10.0.0.0/16")
    report = pair.ask()
    assert report.verdict is Verdict.REACHABLE
    assert "none of their VSwitches do" in finding(report, F.OVERLAP).text


def test_public_range_leaves_by_the_internet_until_a_gateway_is_enabled():
    """Outside RFC 1918, a source with a public address sends into the internet; an IPv4 gateway ends that (PATH-3, NET-10)."""
    pair = Pair(far="30.0.0.0/16")
    pair.topology.eip(pair.topology.network(), "203.0.113.9", pair.source)
    report = pair.ask()
    assert report.request_outcome is Outcome.LEFT
    assert report.verdict is Verdict.UNKNOWN
    assert codes(report) == [F.PUBLIC_RANGE]
    assert report.remedies == (
        EnableIpv4Gateway(owner_uid=pair.near.owner_uid, vpc_id=pair.near.id, gateway_id=None),
    )


def inside(*bridges, wire="10.0.0.0/24"):
    """The inside of a guest with a wire to the network and bridges of its own."""
    names = [(f"docker{number}", text) for number, text in enumerate(bridges)]
    interfaces = [
        GuestInterface("eth0", to_network=True, up=True, addresses=(ip_interface("10.0.0.10/24"),)),
        *(GuestInterface(name, False, True, (ip_interface(text),)) for name, text in names),
    ]
    routes = [GuestRoute(ip_network("0.0.0.0/0"), interfaces=("eth0",))]
    routes += [GuestRoute(ip_interface(text).network, interfaces=(name,)) for name, text in names]
    return GuestView(tuple(interfaces), tuple(routes))


@pytest.mark.parametrize("end", ["source", "target"])
def test_docker_bridge_in_a_guest_is_found(pair, end):
    """A bridge with the other side's addresses keeps the packets in the guest, request or reply (PATH-3)."""
    bridge = "10.1.0.1/16" if end == "source" else "10.0.0.1/16"
    guests = {pair.source.id: inside(), pair.target.id: inside()}
    guests[getattr(pair, end).id] = inside(bridge)
    report = pair.ask(guests=guests)
    assert report.verdict is (Verdict.UNREACHABLE if end == "source" else Verdict.ONE_WAY)
    (blocker,) = report.blockers
    assert (blocker.hop, blocker.remedy) == (None, None)
    assert "docker0" in blocker.text
    assert "daemon.json" in blocker.why_none
    assert codes(report) == [F.GUEST_CLASH]


def test_docker_bridge_elsewhere_does_no_harm(pair):
    """A bridge with other addresses is nobody's business (PATH-3)."""
    guests = {pair.source.id: inside("172.17.0.1/16"), pair.target.id: inside("172.17.0.1/16")}
    report = pair.ask(guests=guests)
    assert (report.verdict, codes(report)) == (Verdict.REACHABLE, [])
    assert F.GUEST_UNKNOWN not in [one.code for one in report.findings]


def test_security_group_of_the_target_is_opened_for_the_source_alone(pair):
    """No rule lets it in: one for the source, protocol and port, in a group that protects nobody else (PATH-3, NET-7)."""
    t = pair.topology
    (rule,) = [one for one in t.resources.values() if one.id.startswith("sgr-")]
    t.remove(rule)
    report = pair.ask()
    assert codes(report) == [F.SECURITY_GROUP]
    assert report.remedies == (
        AllowInGroup(
            owner_uid=OTHER,
            group_id=pair.far_group.id,
            direction=INGRESS,
            protocol=Protocol.TCP,
            port_low=443,
            port_high=443,
            remote=ip_network(pair.source.ipv4),
            priority=100,
        ),
    )


def test_group_with_other_members_is_left_alone(pair):
    """A rule in a shared group would open the others, too: the instance gets a group of its own (PATH-3)."""
    t = pair.topology
    t.rule(pair.far_group, action=DROP, priority=7)
    t.change(t.rule(pair.far_group), priority=8)
    for rule in [one for one in t.resources.values() if one.id == "sgr-1"]:
        t.remove(rule)
    t.instance(pair.there, pair.far_group)
    (remedy,) = pair.ask().remedies
    assert isinstance(remedy, AllowByNewGroup)
    assert (remedy.instance_id, remedy.priority) == (pair.target.id, 6)


def test_dropping_rule_that_comes_first_can_only_be_changed_itself(pair):
    """Nothing comes before priority 1: that is told instead of a change that would not help (PATH-3, NET-7)."""
    rule = pair.topology.rule(pair.far_group, action=DROP, protocol=Protocol.TCP)
    report = pair.ask()
    (blocker,) = report.blockers
    assert blocker.remedy is None
    assert rule.id in blocker.why_none


def test_security_group_of_the_source_is_opened_before_the_rule_that_drops(pair):
    """What the source may not send is let out just before the rule that drops it (PATH-3, NET-7)."""
    t = pair.topology
    t.rule(pair.group, "10.0.0.0/8", direction=EGRESS, action=DROP, priority=50)
    (remedy,) = pair.ask("icmp", 0).remedies
    assert isinstance(remedy, AllowInGroup)
    assert (remedy.direction, remedy.protocol, remedy.priority) == (EGRESS, Protocol.ICMP, 49)
    assert remedy.remote == ip_network(pair.target.ipv4)


def entry(action, cidr, protocol=Protocol.ALL, ports=(0, 65535)):
    """An entry of a network ACL."""
    low, high = ports
    return AclEntry(action=action, protocol=protocol, port_low=low, port_high=high, cidr=ip_network(cidr))


def test_network_acl_is_opened_each_way_at_the_place_that_decides(pair):
    """Four directions drop: all are found at once, those of the reply with the client's ports (PATH-3, NET-7)."""
    t = pair.topology
    drop = [entry(DROP, "10.0.0.0/8"), entry(ACCEPT, "0.0.0.0/0")]
    first = entry(ACCEPT, "10.7.0.0/16")
    near = t.acl(pair.near, [first, *drop], drop)
    far = t.acl(pair.far, drop, [first, first, *drop])
    t.change(pair.here, network_acl_id=near.id)
    t.change(pair.there, network_acl_id=far.id)
    report = pair.ask()
    assert codes(report) == [F.NETWORK_ACL] * 4
    assert [blocker.way for blocker in report.blockers] == [Way.REQUEST] * 2 + [Way.REPLY] * 2
    assert all(isinstance(one, InsertAclEntry) for one in report.remedies)
    told = [(one.acl_id, one.direction, one.position, one.port_low, one.port_high) for one in report.remedies]
    assert told == [
        (near.id, EGRESS, 1, 443, 443),
        (far.id, INGRESS, 1, 443, 443),
        (far.id, EGRESS, 3, 32768, 60999),
        (near.id, INGRESS, 2, 32768, 60999),
    ]


def test_network_acl_is_opened_for_the_named_source_port_alone(pair):
    """A question that names its source port needs no other for the reply (PATH-3)."""
    t = pair.topology
    acl = t.acl(pair.near, [], [entry(ACCEPT, "0.0.0.0/0")])
    t.change(pair.here, network_acl_id=acl.id)
    (remedy,) = pair.ask(source_port=40000).remedies
    assert (remedy.port_low, remedy.port_high) == (40000, 40000)


def test_whitelist_of_a_database_lacks_the_source(pair):
    """A database takes the source once it is on its list; at another port nothing helps (PATH-3, NET-6)."""
    database = pair.topology.database(pair.there, "10.9.0.0/16")
    target = Point(PointKind.DATABASE, database.id)
    report = pair.ask("tcp", 5432, target)
    assert codes(report) == [F.WHITELIST]
    assert report.remedies == (
        AddToWhitelist(owner_uid=OTHER, database_id=database.id, remote=ip_network(pair.source.ipv4)),
    )
    (blocker,) = pair.ask("tcp", 22, target).blockers
    assert (blocker.remedy, "5432" in blocker.why_none) == (None, True)


def test_line_that_was_switched_off_is_recovered(pair):
    """Towards a border router's line that is off, the router is recovered (PATH-3, EC-9)."""
    t = pair.topology
    vbr = t.vbr(state=VbrState.TERMINATED)
    far, near = t.pair(vbr, pair.near)
    t.route(vbr, pair.near.cidr, far)
    t.route(pair.near, "172.31.0.0/30", near)
    t.rule(pair.group, "172.31.0.0/30")
    report = pair.ask("icmp", 0, Point(PointKind.VBR, vbr.id))
    assert codes(report) == [F.UPLINK]
    assert report.remedies == (RecoverVbr(owner_uid=vbr.owner_uid, vbr_id=vbr.id),)


def test_transit_is_answered_by_a_link_of_its_own(pair):
    """What would go through a third VPC needs a connection of the two at its ends (PATH-3, PEER-7)."""
    t = pair.topology
    middle = t.vpc("10.5.0.0/16")
    t.vswitch(middle, "10.5.1.0/24")
    t.remove(pair.way)
    t.remove(pair.back)
    t.remove(pair.peering)
    t.join(middle, pair.far)
    first = t.join(pair.near, middle)
    t.route(pair.near, pair.far.cidr, first)
    report = pair.ask()
    assert report.request_outcome is Outcome.TRANSIT
    assert [type(one) for one in report.remedies] == [CreatePeering, AcceptPeering, AddRoute, AddRoute]


def test_everything_at_once_is_found_at_once(pair):
    """State, routes, filters each way: all blockers in one answer, and one set of changes that lifts them all (PATH-1)."""
    t = pair.topology
    t.change(pair.peering, state=PeeringState.PENDING)
    t.remove(pair.way)
    t.remove(pair.back)
    t.rule(pair.group, "10.0.0.0/8", direction=EGRESS, action=DROP, priority=9)
    t.change(pair.here, network_acl_id=t.acl(pair.near).id)
    t.change(pair.there, network_acl_id=t.acl(pair.far).id)
    t.remove(t.resources["sgr-1"])
    report = pair.ask()
    assert codes(report) == [
        F.SECURITY_GROUP,
        F.LINK_STATE,
        F.ROUTE_MISSING,
        F.NETWORK_ACL,
        F.NETWORK_ACL,
        F.SECURITY_GROUP,
        F.ROUTE_MISSING,
        F.NETWORK_ACL,
        F.NETWORK_ACL,
    ]
    assert len(report.remedies) == 9
    assert isinstance(report.remedies[0], AcceptPeering)


def test_one_way_only_is_told_with_the_other_way_round(pair):
    """Where the target can't ask the source, it is told which of the two can ask which (PATH-2, PATH-3)."""
    report = pair.ask()
    assert (report.verdict, report.reverse) == (Verdict.REACHABLE, Verdict.UNREACHABLE)
    found = finding(report, F.ONE_WAY)
    assert found.text.startswith(f"{pair.source.id} can ask {pair.target.id}")
    pair.topology.rule(pair.group, str(pair.far.cidr))
    report = pair.ask()
    assert report.reverse is Verdict.REACHABLE
    assert F.ONE_WAY not in [one.code for one in report.findings]


def test_answers_to_a_public_range_leave_by_the_internet():
    """The same on the way back: the target's public address takes the answers away, so that it works one way (PATH-3, NET-10)."""
    pair = Pair(near="30.0.0.0/16")
    pair.topology.eip(pair.topology.network(), "203.0.113.9", pair.target)
    gateway = pair.topology.ipv4_gateway(pair.far, enabled=False)
    report = pair.ask()
    assert (report.verdict, codes(report)) == (Verdict.ONE_WAY, [F.PUBLIC_RANGE])
    assert report.blockers[0].way is Way.REPLY
    assert report.remedies == (EnableIpv4Gateway(owner_uid=OTHER, vpc_id=pair.far.id, gateway_id=gateway.id),)


def test_products_that_revive_requests_are_those_of_the_profiles():
    """An expired request is enabled where its product lets users do that, and asked anew elsewhere (PEER-3)."""
    profiles = load_profiles()
    assert {name for name, one in profiles.items() if PeeringEvent.ENABLE in one.events} == REVIVING


def test_answers_that_a_default_route_leads_out_get_a_route_of_their_own(pair):
    """A reply that goes to a NAT gateway for want of a longer entry is led back over the connection (PATH-3)."""
    t = pair.topology
    t.remove(pair.back)
    t.route(pair.far, "0.0.0.0/0", t.nat_gateway(pair.far, t.network(), "203.0.113.9"))
    report = pair.ask()
    assert (report.verdict, report.reply_outcome) == (Verdict.ONE_WAY, Outcome.NO_TRANSLATION)
    assert codes(report) == [F.ROUTE_ELSEWHERE]
    assert [(type(one), one.next_hop_id) for one in report.remedies] == [(AddRoute, pair.peering.id)]


@pytest.mark.parametrize("end", ["source", "target"])
def test_stopped_instance_is_found_with_what_is_behind_it(pair, end):
    """A stopped instance is named at either end, with what would stop the packets if it ran (PATH-1, PATH-3)."""
    stopped = pair.topology.change(getattr(pair, end), stopped=True)
    del pair.topology.resources[pair.back.id]
    report = pair.ask()
    assert report.verdict is Verdict.UNREACHABLE
    first, *rest = report.blockers
    assert (first.text, first.remedy, first.owner_uid) == (
        f"{stopped.id} is stopped",
        None,
        stopped.owner_uid,
    )
    assert f"peerway instance start {stopped.id}" in first.why_none
    assert [(one.way, type(one.remedy)) for one in rest] == [(Way.REPLY, AddRoute)]
    assert codes(report) == [F.INSTANCE_STOPPED, F.ROUTE_MISSING]
    assert (first.hop is None, report.packet is None) == (end == "source", end == "source")
    assert any("is stopped" in sentence for sentence in report.sentences)


def test_both_ends_stopped_are_both_found(pair):
    """Each of two stopped instances is told, and nothing else when nothing else is wrong (PATH-1)."""
    for one in (pair.source, pair.target):
        pair.topology.change(one, stopped=True)
    report = pair.ask()
    assert [one.text for one in report.blockers] == [
        f"{pair.source.id} is stopped",
        f"{pair.target.id} is stopped",
    ]
    assert report.reverse is Verdict.UNREACHABLE


def test_address_of_a_stopped_instance_says_so(pair):
    """Asked by its address, the one that has it is told to be stopped (PATH-1)."""
    pair.topology.change(pair.target, stopped=True)
    report = pair.ask(target=Point(PointKind.ADDRESS, None, pair.target.ipv4))
    assert [one.text for one in report.blockers] == [f"{pair.target.id} is stopped"]


def test_stopped_target_behind_what_nothing_lifts_is_found(pair):
    """Where nothing gets the request there, it is still told that the target could not answer (PATH-1)."""
    pair.topology.change(pair.target, stopped=True)
    overlapping = pair.topology.vswitch(pair.near, "10.0.9.0/24")
    pair.topology.change(pair.near, secondary_cidrs=(pair.far.cidr,))
    pair.topology.change(overlapping, cidr=pair.there.cidr)
    for one in (pair.way, pair.back, pair.peering):
        del pair.topology.resources[one.id]
    texts = [one.text for one in pair.ask().blockers]
    assert f"{pair.target.id} is stopped" in texts


def test_nothing_is_looked_for_inside_a_stopped_guest(pair):
    """That its insides are not known is no finding of one that is stopped (PATH-3)."""
    pair.topology.change(pair.target, stopped=True)
    report = pair.ask(guests={pair.source.id: inside()})
    assert F.GUEST_UNKNOWN not in {finding.code for finding in report.findings}
