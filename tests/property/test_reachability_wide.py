"""What packets do at lines, uplinks and services equals what the stored resources say, read by rules of thumb and not compiled."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.topology import Topology
from tests.builders.wide import wide_packets, wide_topologies
from tests.support.wide_twin import WideTwin

from peerway.domain.errors import NotFound
from peerway.fabric.walk import walk


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_walk_equals_wide_twin(data):
    """Every packet ends as the resources say, at the same instance or uplink (NET-6, NET-8, NET-10, EC-2, EC-4, EC-9, EC-11)."""
    topology: Topology = data.draw(wide_topologies())
    fabric, twin = topology.fabric(), WideTwin(topology)
    for _ in range(6):
        packet = data.draw(wide_packets(topology))
        try:
            walked = walk(fabric, packet)
        except NotFound:
            event("not found")
            try:
                found = twin.ask(packet)
            except NotFound:
                continue
            raise AssertionError(found) from None
        event(walked.outcome)
        expected, holder = twin.ask(packet)
        assert (walked.outcome.value, walked.receiver or walked.left_by) == (expected, holder), str(packet)
