"""Questions asked together are answered as if each were asked alone: columns against the slow and obvious walk."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind, topologies
from tests.builders.topology import DROP, EGRESS, Topology, acl_entry
from tests.builders.wide import wide_packets, wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.analysis.batch import OUTCOMES, Answer, Prepared, Questions, answer, ask, prepare
from peerway.analysis.batch.rules import service
from peerway.analysis.batch.verdicts import decide as decide_together
from peerway.analysis.network import Network
from peerway.domain.errors import NotFound
from peerway.domain.router_interface import InterfaceState
from peerway.domain.security import Protocol
from peerway.domain.vpc import Instance
from peerway.fabric.decisions import decide, longest_match
from peerway.fabric.model import Action, Fabric, Fib, Filter, Match, Policy, Router, Rule, ToEndpoint
from peerway.fabric.packets import CLIENT_PORT, Packet
from peerway.fabric.snapshot import Snapshot
from peerway.fabric.walk import exchange

#: Where nobody is.
OUTSIDE = ("8.8.8.8", "10.0.1.99", "100.64.0.1", "192.168.1.1")

PROTOCOLS = st.sampled_from((1, 6, 17, 47))
PORTS = st.sampled_from((0, 22, 80, 443, 65535))
#: Few, so that rules meet packets, and at the ends of all there are.
ADDRESSES = st.sampled_from(
    [IPv4Address(number) for number in (0, 1, 0x0A000000, 0x0A000001, 0x0A0001FF, 0xFFFFFFFF)]
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule for a range around one of the addresses, of any length; sometimes for IPv6."""
    low, high = sorted((draw(PORTS), draw(PORTS)))
    range_ = IPv4Network((int(draw(ADDRESSES)), draw(st.sampled_from((0, 8, 23, 24, 31, 32)))), strict=False)
    remote = draw(st.sampled_from((range_, range_, range_, IPv6Network("::/0"))))
    match = Match(remote, draw(st.none() | PROTOCOLS), low, high)
    return Rule(match, draw(st.sampled_from(Action)), f"sgr-{draw(st.integers(0, 10**6))}")


def plain_packets(topology: Topology) -> list[Packet]:
    """From every instance that runs to every one and to where nobody is, over IPv4; and with addresses that are not its own."""
    instances = of_kind(topology, Instance)
    senders = [instance for instance in instances if not instance.stopped]
    foreign = [
        Packet(source, other.ipv4, 6, 80, sender.id)
        for sender in senders[:2]
        for other in instances
        for source in (ip_address("10.0.1.99"), other.ipv4)
    ]
    there = [instance.ipv4 for instance in instances] + [ip_address(text) for text in OUTSIDE]
    return foreign + [
        Packet(sender.ipv4, address, protocol, port, sender.id)
        for sender in senders
        for address in there
        for protocol, port in ((6, 80), (6, 443), (17, 53), (1, 0))
    ]


def expected(network: Network, packets: list[Packet]) -> list[Answer]:
    """What the walk says of each."""
    return [
        Answer.of(exchange(network.fabric, packet, packet.source_port or CLIENT_PORT)) for packet in packets
    ]


def network_of(topology: Topology) -> Network:
    """The network as it stands."""
    return Network(topology.snapshot(), topology.fabric())


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_answers_equal_exchange(data):
    """In networks with everything there is, each answer is what the exchange of that packet says (PATH-1, PATH-5)."""
    topology: Topology = data.draw(wide_topologies())
    network = network_of(topology)
    packets = data.draw(st.lists(wide_packets(topology), min_size=20, max_size=40))
    there = [packet for packet in packets if sent_by_somebody(network, packet)] + plain_packets(topology)[
        :400
    ]
    answers = answer(prepare(network), there)
    assert answers.values() == expected(network, there)
    for code in set(answers.request.tolist()):
        event(OUTCOMES[code])


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_plain_questions_are_followed_together(data):
    """In networks of VPCs, links, groups and ACLs no question is asked alone, unless it meets a gateway that forwards (PATH-5)."""
    topology: Topology = data.draw(topologies())
    network = network_of(topology)
    packets = plain_packets(topology)
    answers = answer(prepare(network), packets)
    assert answers.values() == expected(network, packets)
    for place in answers.alone:
        assert meets_something_rare(network, packets[place]), packets[place]


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_what_is_prepared_follows_edits(data):
    """After any edits, preparing what they touched gives the answers that preparing everything gives."""
    topology: Topology = data.draw(wide_topologies())
    network = Network.of(topology.snapshot())
    prepared = prepare(network)
    for _ in range(data.draw(st.integers(1, 5))):
        made = data.draw(wide_edits(topology))
        network = network.after(topology.revision, made.upserts, made.removals)
        prepared = prepare(network, prepared)
    packets = [packet for packet in plain_packets(topology) if sent_by_somebody(network, packet)][:300]
    answers = answer(prepared, packets)
    assert answers.values() == expected(network, packets)
    assert answers.alone == answer(prepare(network), packets).alone


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_filters_decide_as_their_rules_say(data):
    """A filter asked by many decides for each what its first matching rule says, short or long, cut by address or whole (NET-7)."""
    drawn = data.draw(st.lists(rules(), max_size=40))
    asked = Filter(tuple(drawn), data.draw(st.sampled_from(Action)))
    lone = Router("vpc", "region", {}, {}, {}, Fib("vtb", ()), {"sg": Policy("sg", asked, asked)}, {})
    prepared = prepare(Network(Snapshot(0), Fabric(0, {"vpc": lone})))
    questions = data.draw(st.lists(st.tuples(ADDRESSES, PROTOCOLS, PORTS), min_size=1, max_size=60))
    remotes = np.array([int(remote) for remote, _, _ in questions], np.uint32)
    services = np.array([service(protocol, port) for _, protocol, port in questions], np.uint32)
    verdicts, rows = decide_together(prepared, np.zeros(len(questions), np.uint32), remotes, services)
    for (remote, protocol, port), verdict, row in zip(questions, verdicts, rows, strict=True):
        by = prepared.names[0].rules[row] if row >= 0 else None
        found = Action.ACCEPT if verdict else Action.DROP, by
        assert found == decide(asked, remote, protocol, port)


def test_what_did_not_change_keeps_its_columns(two_linked):
    """Preparing a network again after nothing was changed copies nothing."""
    network, prepared = two_linked
    again = prepare(network, prepared)
    assert again.rules is prepared.rules
    assert again.ranges is prepared.ranges
    assert again.links is prepared.links


def test_columns_and_packets_get_the_same_answers(two_linked):
    """Questions in columns are answered as the same questions as packets, whatever port the client has (PATH-5)."""
    network, prepared = two_linked
    one, other = (router.endpoints for router in network.fabric.routers.values())
    (sender,), (receiver,) = one.values(), other.values()
    asked = [(port, client) for port in (22, 80, 443) for client in (1, 40000, CLIENT_PORT)]
    packets = [
        Packet(sender.addresses[0], receiver.addresses[0], 6, port, sender.id, client)
        for port, client in asked
    ]
    count = len(asked)
    ports, clients = (np.array(values, np.uint32) for values in zip(*asked, strict=True))
    questions = Questions(
        np.full(count, prepared.endpoint(sender.id)),
        np.full(count, int(sender.addresses[0]), np.uint32),
        np.full(count, int(receiver.addresses[0]), np.uint32),
        np.full(count, 6, np.uint32),
        ports,
        clients,
    )
    answers = ask(prepared, questions)
    assert answers.values() == answer(prepared, packets).values() == expected(network, packets)
    assert not answers.alone
    assert {value.answered for value in answers.values()} == {True, False}


def test_of_several_links_the_first_live_one_is_followed():
    """Packets for several links take the first that is up, and the next one as soon as that is down (EC-11)."""
    topology = Topology()
    home, first, second = (
        topology.vpc("10.0.0.0/16"),
        topology.vpc("10.1.0.0/16"),
        topology.vpc("10.1.0.0/16"),
    )
    sides = [topology.pair(home, other) for other in (first, second)]
    topology.route(home, "10.1.0.0/16", *((near, 1) for near, _ in sides))
    for other, (_, far) in zip((first, second), sides, strict=True):
        topology.route(other, "10.0.0.0/16", far)
    sender, *receivers = [
        topology.instance(topology.vswitch(vpc, f"10.{number}.1.0/24"))
        for vpc, number in ((home, 0), (first, 1), (second, 1))
    ]
    packets = [Packet(sender.ipv4, receivers[0].ipv4, 6, 80, sender.id)]
    network = Network.of(topology.snapshot())
    prepared = prepare(network)
    for receiver in receivers:
        answers = answer(prepared, packets)
        assert answers.values() == expected(network, packets)
        assert (answers.values()[0].receiver, answers.alone) == (receiver.id, {})
        down = topology.change(sides[0][0], state=InterfaceState.INACTIVE)
        network = network.after(topology.revision, [down])
        prepared = prepare(network, prepared)


def test_unknown_sender_is_not_found(two_linked):
    """A question from nobody is refused as the reader of one packet refuses it (PATH-1)."""
    _, prepared = two_linked
    with pytest.raises(NotFound):
        answer(prepared, [Packet(IPv4Address("10.0.1.10"), IPv4Address("10.1.1.10"), 6, 80, "i-none")])


@pytest.fixture
def two_linked() -> tuple[Network, Prepared]:
    """Two linked VPCs with an instance each. The ACL of one lets only some ports out, those of clients among them.

    The group of who answers lets it send nothing, the group of who asks lets it get nothing: answers belong to connections.
    """
    topology = Topology()
    one, other = topology.vpc("10.0.0.0/16"), topology.vpc("10.1.0.0/16")
    topology.join(one, other)
    acl = topology.acl(
        other,
        ingress=[acl_entry(protocol=Protocol.TCP, ports=(22, 80))],
        egress=[acl_entry(protocol=Protocol.TCP, ports=(32768, 65535))],
    )
    asking, answering = topology.group(one, inner_access=False), topology.group(other)
    topology.instance(topology.vswitch(one, "10.0.1.0/24"), asking)
    topology.rule(answering)
    topology.rule(answering, direction=EGRESS, action=DROP)
    topology.instance(topology.vswitch(other, "10.1.1.0/24", acl=acl), answering)
    network = network_of(topology)
    return network, prepare(network)


def sent_by_somebody(network: Network, packet: Packet) -> bool:
    """Whether its sender came into being."""
    return any(
        packet.sender in router.endpoints or packet.sender in router.uplinks
        for router in network.fabric.routers.values()
    )


def meets_something_rare(network: Network, packet: Packet) -> bool:
    """Whether some table hands packets for either of its addresses to an instance."""
    fibs = [fib for router in network.fabric.routers.values() for fib in router.fibs.values()]
    entries = [longest_match(fib, address) for fib in fibs for address in (packet.source, packet.destination)]
    return any(entry is not None and isinstance(entry.hop, ToEndpoint) for entry in entries)
