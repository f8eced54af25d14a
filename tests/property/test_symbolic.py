"""Answers about sets equal the slow twin's answer to each single question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.topology import Topology
from tests.builders.wide import wide_packets, wide_topologies

from peerway.analysis.network import Network
from peerway.analysis.pairs import Answer, across, at_router, everywhere
from peerway.analysis.places.atoms import SIX, address_at, place
from peerway.analysis.symbolic import Fate, Reach, reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import ALL, EMPTY, Space
from peerway.domain.errors import NotFound
from peerway.fabric.model import Fabric, Router
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


@settings(deadline=None, max_examples=80)
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


def spread(
    answers: Iterable[Answer], sender_id: str, source: int, target: int
) -> list[tuple[Space, Space, Space]]:
    """What answers about many say of one pair."""
    return [
        (answer.answered, answer.arrives, answer.unknown)
        for answer in answers
        if answer.target.span[0] <= target <= answer.target.span[1]
        and any(one.id == sender_id and one.span[0] <= source <= one.span[1] for one in answer.sources)
    ]


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_range_answers_equal_one_by_one(data):
    """A range's answers are those of its addresses, each address in one of them (PATH-1)."""
    topology: Topology = data.draw(wide_topologies())
    atlas = Atlas(Network(topology.snapshot(), topology.fabric()))
    packet = data.draw(wide_packets(topology))
    target = data.draw(
        st.sampled_from([ip_network("10.0.0.0/22"), ip_network("10.1.1.0/24"), ip_network("0.0.0.0/0")])
    )
    try:
        found = across(atlas, packet.sender, packet.source, target)
    except NotFound:
        return
    event(f"answers: {min(len(found), 5)}")
    near = {
        place(packet.destination),
        *(number for each in found for span in [each.target.span] for number in span),
    }
    for number in near | {number + 1 for number in near}:
        if any(each.target.span[0] <= number <= each.target.span[1] for each in found):
            one = reach(atlas, packet.sender, packet.source, address_at(number))
            told = spread(found, packet.sender, place(packet.source), number)
            assert told == [(one.answered, one.arrives, one.unknown)], str(address_at(number))


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_router_answers_equal_pairs(data):
    """What is said of a VPC is what is said of each pair with an instance or uplink at it (PATH-1)."""
    topology: Topology = data.draw(wide_topologies())
    fabric = topology.fabric()
    atlas = Atlas(Network(topology.snapshot(), fabric))
    whole = list(everywhere(atlas))
    for router in fabric.routers.values():
        here = list(at_router(atlas, router.id))
        numbers = {place(address) for one in router.endpoints.values() for address in one.addresses}
        numbers |= {place(service.address) for service in router.services.values()}
        for other in fabric.routers.values():
            for sender_id, source in _sources(other):
                for target in numbers:
                    if (source < SIX) is (target < SIX) and source != target:
                        one = reach(atlas, sender_id, address_at(source), address_at(target))
                        expected = [(one.answered, one.arrives, one.unknown)] if one.arrives else []
                        assert spread(whole, sender_id, source, target) == expected
                        if any(
                            end.subject in router.endpoints for end in (fate.request for fate in one.fates)
                        ):
                            assert spread(here, sender_id, source, target) == expected


def _sources(router: Router) -> Iterator[tuple[str, int]]:
    """Who may ask from a router, and from where."""
    for endpoint in router.endpoints.values():
        for address in endpoint.addresses:
            yield endpoint.id, place(address)
    for id in router.uplinks:
        yield id, place(ip_address("192.168.1.1"))
