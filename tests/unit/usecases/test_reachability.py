"""Answers about reachability that nobody waits for: equal to an analysis, and told to those whom they concern (PATH-1, PATH-4)."""

import pytest
from tests.builders.topology import Topology

from peerway.analysis.batch.prepared import prepare
from peerway.analysis.diagnosis import diagnose
from peerway.analysis.network import Network
from peerway.app.following import NetworkFollower
from peerway.app.readings import Readings
from peerway.app.usecases.databases import CreateDatabase, create_database
from peerway.app.usecases.listeners import AddBackend, CreateListener, add_backend, create_listener
from peerway.app.usecases.load_balancers import CreateLoadBalancer, create_load_balancer
from peerway.app.usecases.paths.many_questions import rule_on, usable_questions
from peerway.app.usecases.paths.paths import Ask
from peerway.app.usecases.paths.reachability import map_of_vpc, pair_question, reach_of_pair
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry
from peerway.app.usecases.security_groups import CreateSecurityGroup, create_security_group
from peerway.app.usecases.security_rules import CreateSecurityRule, create_security_rule
from peerway.domain.account import Caller, Role
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.path import PathProtocol, Point, PointKind, Question, parse_point


class Land:
    """Two tenants' joined VPCs: Alice's with two instances, one behind a group, and a database; Bob's with one instance."""

    def __init__(self, estate, alice, bob):
        self.estate, self.alice, self.bob = estate, alice, bob
        self.readings = Readings(NetworkFollower())
        self.vpc, self.peer = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16")
        self.switch = estate.vswitch(alice, self.vpc, "10.0.1.0/24")
        group = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=self.vpc.id))
        rule = CreateSecurityRule(
            security_group_id=group.id,
            direction="ingress",
            protocol="tcp",
            port_range="443",
            remote_cidr="0.0.0.0/0",
        )
        estate.do(create_security_rule, alice, rule)
        self.open = estate.instance(alice, self.switch)
        self.shut = estate.instance(alice, self.switch, security_group_ids=(group.id,))
        self.base = estate.do(
            create_database, alice, CreateDatabase(vswitch_id=self.switch.id, whitelist=("10.0.0.0/16",))
        )
        self.far = estate.instance(bob, estate.vswitch(bob, self.peer, "10.1.1.0/24"))
        peering = estate.peer(alice, bob, self.vpc, self.peer)
        estate.route(alice, self.vpc, "10.1.0.0/16", peering)
        estate.route(bob, self.peer, "10.0.0.0/16", peering)
        balancer = estate.do(create_load_balancer, alice, CreateLoadBalancer(vswitch_id=self.switch.id))
        listener = CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=80)
        made = estate.do(create_listener, alice, listener)
        estate.do(add_backend, alice, AddBackend(listener_id=made.id, instance_id=self.open.id))
        self.balancer = balancer
        estate.settle()
        for one in (self.base, balancer):
            estate.settle_one(one)

    def pair(self, caller, source, target):
        """What gets through."""

        def look(tx):
            return pair_question(tx, caller, source, target), self.readings.network(tx)

        question, network = self.estate.store.read(look)
        return reach_of_pair(self.readings.atlas(network), question)

    def map(self, caller, vpc):
        """Who reaches whom."""
        network = self.estate.store.read(self.readings.network)
        return map_of_vpc(self.readings.atlas(network), caller, vpc)

    def many(self, caller, asks):
        """The questions and their rulings."""
        questions, network = self.estate.store.read(
            lambda tx: (usable_questions(tx, caller, asks), self.readings.network(tx))
        )
        return questions, network, rule_on(self.readings.prepared(network), caller, questions)


@pytest.fixture
def land(estate, alice, bob):
    """Two tenants' joined VPCs."""
    return Land(estate, alice, bob)


def test_pair_is_told_exactly(land):
    """PATH-1: of a pair the answer is the set of protocols and ports that is answered, and nothing else."""
    found = land.pair(land.alice, land.open.id, land.shut.id)
    (only,) = found.reach
    assert (str(only.source), str(only.target)) == (str(land.open.ipv4), str(land.shut.ipv4))
    assert only.answered.text == "tcp 443"
    (ports,) = only.answered.ports
    assert (ports.protocol, ports.port_low, ports.port_high) == ("tcp", 443, 443)
    assert only.answered.protocols == ()
    assert found.revision == land.estate.revision
    (back,) = land.pair(land.alice, land.shut.id, land.open.id).reach
    assert back.answered.text == "everything"
    assert sum(each.last - each.first + 1 for each in back.answered.protocols) == 254


def test_vswitch_is_told_address_by_address(land):
    """PATH-1: with a VSwitch as target each address is told of where something gets through, and no other."""
    found = land.pair(land.alice, land.shut.id, land.switch.id)
    texts = {(str(one.target), str(one.target_last)): one.answered.text for one in found.reach}
    assert texts[str(land.balancer.address), str(land.balancer.address)] == "tcp 80"
    assert texts[str(land.open.ipv4), str(land.open.ipv4)] == "everything"
    assert texts[str(land.base.address), str(land.base.address)] == "tcp 5432"
    assert len(texts) == 4  # and its own address
    (own,) = [
        one
        for one in land.pair(land.alice, land.open.id, land.switch.id).reach
        if one.target == land.shut.ipv4
    ]
    assert own.answered.text == "tcp 443"


def test_load_balancer_answers_where_it_listens(land):
    """PATH-1: of a load balancer exactly its listeners are reached."""
    (only,) = land.pair(land.alice, land.shut.id, land.balancer.id).reach
    assert only.answered.text == "tcp 80"


def pairs_of(found):
    """What each pair of a map's ends is answered, by their ids and the target's address."""
    return {
        (source.id, target.id, target.addresses): group.answered.text
        for group in found.groups
        for source in group.sources
        for target in group.targets
    }


def test_map_is_what_the_pairs_are(land):
    """PATH-1: an operator's map has each pair at the VPC, with what the pair itself is told."""
    found = land.map(land.estate.operator, land.vpc)
    assert found.complete
    told = pairs_of(found)
    hosts = {one.id: str(one.ipv4) for one in (land.open, land.shut, land.far)}
    hosts[land.base.id] = str(land.base.address)
    for source in hosts:
        for target in hosts.keys() - {source}:
            reach = land.pair(land.estate.operator, source, target).reach
            expected = reach[0].answered.text if reach else "nothing"
            assert told.get((source, target, hosts[target]), "nothing") == expected, (source, target)


def test_map_tells_a_tenant_only_the_range_of_others(land):
    """PATH-1: a tenant's map has no id of another account: its end of a pair is the range that it is in."""
    found = land.map(land.alice, land.vpc)
    ends = {end for group in found.groups for end in (*group.sources, *group.targets)}
    assert {end.id for end in ends} >= {land.open.id, land.shut.id, land.base.id}
    assert {land.far.id, land.peer.id} & {name for end in ends for name in (end.id, end.router_id)} == set()
    assert {end.addresses for end in ends if end.id is None} == {"10.1.0.0/16"}
    assert pairs_of(found)[None, land.shut.id, str(land.shut.ipv4)] == "tcp 443"


def test_map_is_not_cut_where_others_have_something(land):
    """PATH-1: what comes by an uplink is told in one piece, not around each address of the account next door."""
    estate = land.estate
    border = estate.vbr(land.alice, estate.line(land.alice))
    estate.settle()
    near = estate.interface(land.alice, border.id, "initiator", land.vpc.region_id)
    far = estate.interface(land.alice, land.vpc.id, "acceptor", border.region_id)
    estate.name(land.alice, near, far)
    estate.name(land.alice, far, near)
    estate.connect(land.alice, near)
    table = border.route_table_id
    for request in (
        CreateRouteEntry(
            route_table_id=table,
            destination="10.0.0.0/16",
            next_hop="router_interface",
            next_hop_id=near.id,
        ),
        CreateRouteEntry(route_table_id=table, destination="0.0.0.0/0", next_hop="line"),
        CreateRouteEntry(
            route_table_id=land.vpc.system_table_id,
            destination="0.0.0.0/0",
            next_hop="router_interface",
            next_hop_id=far.id,
        ),
    ):
        estate.do(create_route_entry, land.alice, request)
    found = land.map(land.alice, land.vpc)
    ends = {end for group in found.groups for end in (*group.sources, *group.targets)}
    outside = {end.addresses for end in ends if end.id == border.id}
    assert outside
    assert [text for text in outside if "10.1.1." in text] == []


def test_many_questions_are_answered_like_one(land):
    """PATH-4: each verdict of many is the one that an analysis gives, whatever the ends are."""
    ends = [
        land.open.id,
        land.shut.id,
        land.base.id,
        land.far.id,
        land.switch.id,
        f"{land.switch.id}@10.0.1.77",
    ]
    targets = [*ends, land.balancer.id, "10.1.1.1", "198.51.100.1"]
    asks = [
        Ask(source=source, target=target, **asked)
        for source in [*ends, "198.51.100.9"]
        for target in targets
        for asked in ({}, {"protocol": "tcp", "port": 443}, {"protocol": "tcp", "port": 80})
        if source != target
    ]
    questions, network, rulings = land.many(land.estate.operator, asks)
    assert len(rulings) == len(asks)
    for question, ruling in zip(questions, rulings, strict=True):
        report = diagnose(network, question)
        assert (ruling.verdict, ruling.request, ruling.reply) == (
            report.verdict,
            report.request_outcome,
            report.reply_outcome,
        ), question


def test_many_answers_tell_a_tenant_nothing_of_others(land):
    """PATH-1: what another account's router decides is a verdict and no more."""
    asks = [
        Ask(source=land.far.id, target=str(land.shut.ipv4), protocol="tcp", port=port) for port in (443, 444)
    ]
    _, _, (reached, dropped) = land.many(land.bob, asks)
    assert (reached.verdict.value, dropped.verdict.value) == ("reachable", "unreachable")
    assert reached.decided_by == land.far.vswitch_id
    assert (dropped.request, dropped.reply, dropped.decided_by) == (None, None, None)


def test_wrong_question_among_many_is_named(land):
    """PATH-4: the first question that makes no sense, or is about another's, is named by its place."""
    fine = Ask(source=land.open.id, target=land.shut.id)
    with pytest.raises(InvalidInput) as caught:
        land.many(land.alice, [fine, Ask(source=land.open.id, target=land.shut.id, port=80)])
    assert caught.value.field == "questions[1].port"
    with pytest.raises(NotFound) as missing:
        land.many(land.alice, [fine, fine, Ask(source=land.open.id, target=land.far.id)])
    assert missing.value.data["field"] == "questions[2].target"


def test_foreign_points_are_as_good_as_missing(land):
    """PATH-1: a pair with another tenant's point is not there."""
    with pytest.raises(NotFound):
        land.pair(land.alice, land.open.id, land.far.id)
    with pytest.raises(InvalidInput) as caught:
        land.pair(land.estate.operator, "198.51.100.9", "198.51.100.10")
    assert caught.value.field == "source"


def test_many_claim_no_more_than_one_does():
    """PATH-4: own public addresses from inside, private ones from outside and failing first choices are as unknown as alone."""
    topology = Topology()
    vpc = topology.vpc("10.0.0.0/16")
    switch, outside = topology.vswitch(vpc, "10.0.1.0/24"), topology.network()
    one, other = topology.instance(switch), topology.instance(switch)
    topology.snat(gateway := topology.nat_gateway(vpc, outside, "203.0.113.7"), "10.0.0.0/16", "203.0.113.7")
    topology.route(vpc, "0.0.0.0/0", gateway)
    topology.eip(outside, "203.0.113.9", other)
    balancer = topology.balancer(switch)
    topology.listener(balancer, 80, one, other)
    network = Network.of(topology.snapshot())
    ends = {
        (one.id, "203.0.113.7"): "unknown",
        (one.id, "203.0.113.9"): "unknown",
        (switch.id, "203.0.113.9"): "unknown",
        (one.id, "198.51.100.1"): "reachable",
        ("10.9.9.9", other.id): "unknown",
        ("10.9.9.9", "203.0.113.9"): "unknown",
        ("198.51.100.1", other.id): "reachable",
        (one.id, "lb-named"): "unknown",
        (one.id, str(balancer.address)): "unknown",
    }
    balancers = {"lb-named": Point(PointKind.LOAD_BALANCER, balancer.id)}
    questions = [
        Question(
            source=parse_point(source, "source"),
            target=balancers.get(target) or parse_point(target, "target"),
            protocol=PathProtocol.TCP,
            port=80,
        )
        for source, target in ends
    ]
    rulings = rule_on(prepare(network), Caller("1", Role.OPERATOR, "key"), questions)
    assert [ruling.verdict.value for ruling in rulings] == list(ends.values())
    assert [diagnose(network, question).verdict for question in questions] == [one.verdict for one in rulings]
