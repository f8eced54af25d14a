"""Answers about sets equal the slow twin's answer to each single question."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.topology import Topology
from tests.builders.wide import wide_packets, wide_topologies

from peerway.analysis.grounds import Atlas
from peerway.analysis.network import Network
from peerway.analysis.spaces import ALL, EMPTY
from peerway.analysis.symbolic import Fate, Reach, reach
from peerway.domain.errors import NotFound
from peerway.fabric.model import Fabric
from peerway.fabric.packets import PORTED, Packet
from peerway.fabric.walk import exchange


def asked_at_cuts(fabric: Fabric, found: Reach) -> set[tuple[int, int]]:
    """Every (protocol, port) at which an answer may begin or end: of the sets, of every rule, service and translation."""
    ports = {0, 65535, 49999, 50000, 50001}
    for router in fabric.routers.values():
        for policy in (*router.policies.values(), *router.acls.values()):
            for rule in (*policy.ingress.rules, *policy.egress.rules):
                ports |= {rule.match.port_low, rule.match.port_high}
        for service in router.services.values():
            ports |= {service.port, *(backend.port for backend in service.backends)}
        for uplink in router.uplinks.values():
            for entry in uplink.translation.destination if uplink.translation else ():
                ports |= {entry.public_port, entry.private_port}
    for space in found.fates.values():
        ports |= {port for _, low, high in space for port in (low, high)}
    near = {each for port in ports for each in (port - 1, port, port + 1) if 0 <= each <= 65535}
    return {(protocol, port) for protocol in PORTED for port in near} | {(1, 0), (58, 0), (47, 0), (255, 0)}


def expected_fate(fabric: Fabric, packet: Packet) -> Fate:
    """The slow twin's answer, in the form of a symbolic one."""
    found = exchange(fabric, packet)
    return Fate(found.request.steps[-1], found.reply.steps[-1] if found.reply else None, found.answered)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_reach_equals_exchange_at_every_cut(data):
    """The parts are everything, disjoint, and each (protocol, port) ends by the same steps as alone (PATH-1, NET-6, NET-8)."""
    topology: Topology = data.draw(wide_topologies())
    fabric = topology.fabric()
    atlas = Atlas(Network(topology.snapshot(), fabric))
    for _ in range(3):
        packet = data.draw(wide_packets(topology))
        try:
            found = reach(atlas, packet.sender, packet.source, packet.destination)
        except NotFound:
            event("not found")
            with pytest.raises(NotFound):
                exchange(fabric, packet)
            continue
        whole = EMPTY
        for fate, space in found.fates.items():
            event(f"{fate.request.outcome} {fate.reply.outcome if fate.reply else None} {fate.answered}")
            assert not whole & space
            whole |= space
        assert whole == ALL
        event(f"parts: {len(found.fates)}")
        for protocol, port in asked_at_cuts(fabric, found):
            asked = Packet(packet.source, packet.destination, protocol, port, packet.sender)
            fates = [fate for fate, space in found.fates.items() if (protocol, port) in space]
            assert fates == [expected_fate(fabric, asked)], str(asked)
            assert ((protocol, port) in found.answered) is fates[0].answered
