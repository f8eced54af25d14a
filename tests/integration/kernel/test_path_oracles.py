"""One question, many answers: everybody who says what a packet does says the same, and that is what real packets do (PATH-5).

Random networks with everything there is, changed while they are asked. For each question: the fast trace, the slow reference, the
twin that reads the stored resources, the symbolic answer, the batch, and a real packet between namespaces.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import islice, zip_longest

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind
from tests.builders.topology import Topology
from tests.builders.wide import FAR, RESOLVER, wide_topologies
from tests.builders.wide_edits import path_edits
from tests.support.asking import is_certain
from tests.support.barrage import ICMP, ICMP6, TCP, UDP, Barrage, Fate, Shot
from tests.support.kernel import need_root
from tests.support.wide_twin import WideTwin
from tests.support.worlds import Worlds, meets_somebody, worlds_outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.analysis import trace
from peerway.analysis.batch import Answer, answer, prepare
from peerway.analysis.network import Network
from peerway.analysis.symbolic import reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.domain.prefixes import Address
from peerway.domain.service import LoadBalancer
from peerway.fabric.model import Uplink
from peerway.fabric.outcomes import Exchange, Outcome
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange

pytestmark = pytest.mark.kernel

#: UDP ports that are answered; all of them are asked for, and the databases' one.
PORTS, DATABASE_PORT = (80, 8080, 22), 5432
#: Questions, packets sent at once, and how often a network is changed in between.
QUESTIONS, PACKETS, CHANGES = 100, 30, 2
#: Packets that the tests send at least: in every run of the suite, and in the slow one.
SEVERAL, MANY = 300, 10_000


@dataclass
class Ground:
    """Where packets are sent, and how many were."""

    #: The world outside.
    worlds: Worlds
    #: What carries the packets.
    plane: KernelDataPlane
    #: Sends many at once.
    barrage: Barrage
    #: Packets sent by how their walk ends.
    sent: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One data plane for all networks."""
    need_root()
    with worlds_outside() as worlds:
        plane = KernelDataPlane(tmp_path_factory.mktemp("dataplane"))
        try:
            yield Ground(worlds, plane, Barrage(plane, PORTS))
        finally:
            plane.close(destroy=True)


def candidates(topology: Topology, network: Network) -> list[tuple[str, Address, Sequence[Address]]]:
    """Who may ask from which address, and for which ones."""
    endpoints = [one for router in network.fabric.routers.values() for one in router.endpoints.values()]
    uplinks = [one for router in network.fabric.routers.values() for one in router.uplinks.values()]
    inner = [address for one in endpoints for address in one.addresses]
    inner += [balancer.address for balancer in of_kind(topology, LoadBalancer)]
    far = [ip_address(text) for text in (*FAR, RESOLVER)]
    public = sorted({one for door in uplinks if door.translation for one in door.translation.public})
    found = [(one.id, address, [*inner * 2, *far, *public]) for one in endpoints for address in one.addresses]
    for uplink in uplinks:
        targets = inner if uplink.translation is None else sorted(uplink.translation.public)
        if uplink.up and targets:
            found += [(uplink.id, ip_address(one), targets) for one in FAR]
    return found


def questions(topology: Topology, network: Network, seed: int) -> list[Packet]:
    """Requests from anywhere to anywhere."""
    chance, senders, asked = random.Random(seed), candidates(topology, network), []
    for _ in range(QUESTIONS if senders else 0):
        sender, source, targets = chance.choice(senders)
        fitting = [target for target in targets if target.version == source.version]
        target = chance.choice(fitting)
        protocol = chance.choice((TCP, TCP, UDP, UDP, ICMP if source.version == 4 else ICMP6))
        if str(target) == RESOLVER and protocol == UDP:
            continue  # it answers questions for names only
        ports = (*PORTS, DATABASE_PORT) if protocol == TCP else PORTS
        port = chance.choice(ports) if protocol in {TCP, UDP} else 0
        asked.append(Packet(source, target, protocol, port, sender))
    return asked


def agreed(network: Network, topology: Topology, packets: Sequence[Packet]) -> list[Exchange]:
    """What all who calculate say of the questions."""
    twin, atlas = WideTwin(topology), Atlas(network)
    told = [exchange(network.fabric, packet) for packet in packets]
    together = answer(prepare(network), packets).values()
    for packet, reference, one in zip(packets, told, together, strict=True):
        request, about = reference.request, f"{packet} {reference}"
        assert trace.exchange(network, packet) == reference, about
        assert one == Answer.of(reference), about
        assert twin.ask(packet) == (request.outcome.value, request.receiver or request.left_by), about
        found = reach(atlas, packet.sender, packet.source, packet.destination)
        asked = packet.protocol, packet.port
        assert (asked in found.answered) == reference.answered, about
        assert [fate.request for fate, space in found.fates.items() if asked in space] == [request.steps[-1]]
    return told


def check(ground: Ground, topology: Topology, network: Network, seed: int) -> None:
    """Ask some questions of everybody, and send some of the packets."""
    uplinks = {id: one for router in network.fabric.routers.values() for id, one in router.uplinks.items()}
    packets = questions(topology, network, seed)
    asked = zip(packets, agreed(network, topology, packets), strict=True)
    real = varied(
        [one for one in asked if is_certain(network.fabric, one[1]) and meets_somebody(one[1].request)]
    )
    guests = [id for router in network.fabric.routers.values() for id in router.endpoints]
    shots = [_shot(packet, told, uplinks) for packet, told in real]
    with ground.barrage.answering([*guests, *ground.worlds.paths]) as poll:
        fates = ground.barrage.send(poll, shots)
    for (packet, told), fate in zip(real, fates, strict=True):
        expected = Fate(told.answered, _hearer(told, uplinks) if packet.protocol == UDP else None)
        assert fate == expected, f"{packet} {told}"
        ground.sent[_ending(told)] += 1


def varied(asked: Sequence[tuple[Packet, Exchange]]) -> list[tuple[Packet, Exchange]]:
    """As many of each ending as there are, one after the other, until there are enough."""
    by_ending: dict[str, list[tuple[Packet, Exchange]]] = {}
    for packet, told in asked:
        by_ending.setdefault(_ending(told), []).append((packet, told))
    rounds = zip_longest(*by_ending.values())
    return list(islice((one for turn in rounds for one in turn if one is not None), PACKETS))


def _ending(told: Exchange) -> str:
    if told.answered or told.reply is None:
        return "answered" if told.answered else told.request.outcome.value
    return f"reply {told.reply.outcome.value}"


def _shot(packet: Packet, told: Exchange, uplinks: dict[str, Uplink]) -> Shot:
    sender = uplinks[packet.sender].port.name if packet.sender in uplinks else packet.sender
    return Shot(
        sender, packet.source, packet.destination, packet.protocol, packet.port, expected=told.answered
    )


def _hearer(told: Exchange, uplinks: dict[str, Uplink]) -> str | None:
    """Who should hear the request: an instance, or the namespace that it leaves to."""
    if told.request.left_by is not None:
        return uplinks[told.request.left_by].port.name
    return told.request.receiver if told.request.outcome is Outcome.DELIVERED else None


def ask_everybody(ground: Ground, data: st.DataObject) -> None:
    """A random network, asked, changed and asked again."""
    topology = data.draw(wide_topologies())
    ground.worlds.settle(topology)
    network = Network.of(topology.snapshot())
    for change in range(1 + CHANGES):
        if change:
            network = changed(ground.worlds, topology, network, data)
        assert ground.plane.apply(network.fabric).failures == {}
        assert dict(ground.plane.observe().drift) == {}
        ground.worlds.route(network.fabric)
        check(ground, topology, network, data.draw(st.integers(0, 2**32)))


def changed(worlds: Worlds, topology: Topology, network: Network, data: st.DataObject) -> Network:
    """The network after some edits, compiled from what they touched."""
    before = dict(topology.resources)
    made = data.draw(path_edits(topology))
    worlds.settle(topology)
    upserts = [one for id, one in topology.resources.items() if before.get(id) is not one]
    return network.after(topology.revision, upserts, made.removals)


#: Nothing is made smaller: a try takes half a second, and what fails names the packet and its way.
RANDOM = settings(
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(RANDOM, max_examples=8)
@given(data=st.data())
def ask_in_several(ground: Ground, data: st.DataObject) -> None:
    """A few networks."""
    ask_everybody(ground, data)


@settings(RANDOM, max_examples=160)
@given(data=st.data())
def ask_in_many(ground: Ground, data: st.DataObject) -> None:
    """Many networks."""
    ask_everybody(ground, data)


def test_several_hundred_packets_do_what_everybody_says(ground: Ground) -> None:
    """PATH-5: for hundreds of packets between random places of changing networks, inside and outside, nobody disagrees.

    Over peer connections, lines and translations, to services, through groups and ACLs (NET-6, NET-8, NET-10, EC-9).
    """
    ask_in_several(ground)
    assert ground.sent.total() >= SEVERAL, ground.sent


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_packets_do_what_everybody_says(ground: Ground) -> None:
    """PATH-5: the same for at least 10,000 packets."""
    ground.sent.clear()
    ask_in_many(ground)
    assert ground.sent.total() >= MANY, ground.sent
