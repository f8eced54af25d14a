"""The fast trace answers what the slow walk answers, on any network and after any change of it (PATH-1)."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.wide import wide_packets, wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.analysis import trace
from peerway.analysis.network import Network
from peerway.analysis.places.atoms import longest_matches, place
from peerway.analysis.stations.verdicts import Verdicts
from peerway.domain.errors import NotFound
from peerway.fabric import walk as slow
from peerway.fabric.decisions import decide
from peerway.fabric.model import Action, Endpoint, Filter, Match, Rule
from peerway.fabric.outcomes import Check, Outcome, Step, Walk


def agree(network, packet):
    """Both follow the packet, and the request and its reply, in the same way."""
    assert said(trace.exchange, network, packet) == said(slow.exchange, network.fabric, packet)
    there = said(slow.walk, network.fabric, packet)
    assert said(trace.walk, network, packet) == there
    if isinstance(there, Walk):
        connections = there.connections
        again = slow.walk(network.fabric, packet, connections)
        assert trace.walk(network, packet, connections) == again
        odd = replace(packet, source_port=40000)
        assert trace.exchange(network, odd, 40000) == slow.exchange(network.fabric, odd, 40000)


def said(ask, *about):
    """The answer, or what is said when there is none."""
    try:
        return ask(*about)
    except NotFound as error:
        return error.code, dict(error.data)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_trace_equals_walk(data):
    """Every step, source, outcome, packet and connection is the slow twin's, both ways."""
    topology = data.draw(wide_topologies())
    network = Network.of(topology.snapshot())
    for packet in data.draw(st.lists(wide_packets(topology), min_size=8, max_size=16)):
        agree(network, packet)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_trace_equals_walk_after_edits(data):
    """What was made ready of a network before a change is never used where it no longer holds, nor in the network before it."""
    topology = data.draw(wide_topologies())
    packets = data.draw(st.lists(wide_packets(topology), min_size=6, max_size=10))
    network = Network.of(topology.snapshot())
    for _ in range(data.draw(st.integers(1, 5))):
        for packet in packets:
            agree(network, packet)
        made = data.draw(wide_edits(topology))
        before, network = network, network.after(topology.revision, made.upserts, made.removals)
        for packet in packets:
            agree(network, packet)
            agree(before, packet)
        packets = [*packets[2:], *data.draw(st.lists(wide_packets(topology), min_size=2, max_size=2))]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_trace_finds_imagined_guests(data):
    """An interface that is nowhere stored sends and receives like any other, in the network that it is imagined in."""
    topology = data.draw(wide_topologies())
    network = Network.of(topology.snapshot())
    routers = [router for router in network.fabric.routers.values() if router.subnets]
    router = data.draw(st.sampled_from(routers))
    subnet = data.draw(st.sampled_from(list(router.subnets.values())))
    guest = Endpoint(f"{subnet.id}/guest", subnet.id, (subnet.prefixes[0][6],), mac="")
    imagined = network.with_router(replace(router, endpoints={**router.endpoints, guest.id: guest}))
    for packet in data.draw(st.lists(wide_packets(topology), min_size=3, max_size=6)):
        agree(imagined, replace(packet, source=guest.addresses[0], sender=guest.id))
        agree(imagined, replace(packet, destination=guest.addresses[0]))
        agree(network, replace(packet, sender=guest.id))


PREFIXES = st.sampled_from(
    [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.1.0/24",
        "10.1.1.1/32",
        "::/0",
        "fd00::/8",
        "fd00::1/128",
    ]
).map(ip_network)
ADDRESSES = st.sampled_from(
    ["10.0.0.1", "10.1.1.1", "10.1.1.2", "192.0.2.1", "0.0.0.1", "255.255.255.255", "::1", "fd00::1", "ff::"]
).map(ip_address)
PORTS = st.sampled_from([0, 1, 79, 80, 81, 443, 65534, 65535])
MATCHES = st.builds(
    lambda remote, protocol, ports: Match(remote, protocol, min(ports), max(ports)),
    PREFIXES,
    st.sampled_from([None, 1, 6, 17, 58]),
    st.tuples(PORTS, PORTS),
)
FILTERS = st.builds(
    lambda matches, actions, default: Filter(
        tuple(
            Rule(match, action, str(place))
            for place, (match, action) in enumerate(zip(matches, actions, strict=False))
        ),
        default,
    ),
    st.lists(MATCHES, max_size=60),
    st.lists(st.sampled_from(Action), min_size=60, max_size=60),
    st.sampled_from(Action),
)


@settings(deadline=None, max_examples=200)
@given(
    FILTERS,
    st.lists(st.tuples(ADDRESSES, st.sampled_from([1, 6, 17, 47, 58]), PORTS), min_size=1, max_size=30),
)
def test_verdicts_equal_decide(prepared, questions):
    """However many rules are for one range, the first that matches decides, as when looking at them one by one (NET-7)."""
    verdicts = Verdicts(("vpc-1", Check.INGRESS_ACL, "acl-1"), prepared, Outcome.DROPPED_BY_ACL)
    for remote, protocol, port in questions:
        action, source = decide(prepared, remote, protocol, port)
        outcome = None if action is Action.ACCEPT else Outcome.DROPPED_BY_ACL
        said = verdicts.ask(place(remote), protocol, port)
        assert said == Step("vpc-1", Check.INGRESS_ACL, "acl-1", source, outcome)


@given(st.lists(PREFIXES), ADDRESSES)
def test_ranges_find_the_longest(prefixes, address):
    """The longest range with the address in it, the first of equal ones, whatever their order; nothing when none has it."""
    items = [(prefix, place) for place, prefix in enumerate(prefixes)]
    holding = [item for item in items if address in item[0]]
    longest = max(holding, key=lambda item: item[0].prefixlen, default=(None, None))
    assert longest_matches(items).at(place(address)) == longest[1]
