"""What the compiled fabric does with packets equals what the stored resources say, read by rules of thumb and not compiled."""

from __future__ import annotations

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind, packets, topologies
from tests.support.twin import Twin

from peerway.domain.vpc import Instance
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange, walk


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_walk_equals_twin(data):
    """Every packet ends as the resources say: same outcome, same receiver (NET-5, NET-7, PEER-6, PEER-7, PEER-8)."""
    topology = data.draw(topologies())
    assume(of_kind(topology, Instance))
    fabric, twin = topology.fabric(), Twin(topology)
    for _ in range(4):
        packet = data.draw(packets(topology))
        walked = walk(fabric, packet)
        event(walked.outcome)
        outcome, receiver, _ = twin.fate(packet)
        assert (walked.outcome.value, walked.receiver) == (outcome, receiver)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_exchange_equals_twin(data):
    """A probe is answered exactly when its packet and the reply both pass by the resources (NET-7, PEER-8)."""
    topology = data.draw(topologies())
    assume(of_kind(topology, Instance))
    fabric, twin = topology.fabric(), Twin(topology)
    for _ in range(4):
        packet = data.draw(packets(topology))
        there, receiver, passed = twin.fate(packet)
        answered = False
        if there == "delivered":
            port = 50000 if packet.protocol in {6, 17} else 0
            reply = Packet(packet.destination, packet.source, packet.protocol, port, receiver or "")
            _, back, _ = twin.fate(reply, frozenset(passed))
            answered = back == packet.sender
        event(f"answered: {answered}")
        assert exchange(fabric, packet).answered is answered
