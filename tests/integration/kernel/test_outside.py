"""What leaves a network and what comes in does on the wire what the reference says, in random networks with a world outside."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import islice

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind
from tests.builders.topology import Topology
from tests.builders.wide import FAR, wide_topologies
from tests.support.asking import is_certain
from tests.support.kernel import ask_from, foreign_namespace, need_root, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.gateway import ExternalNetwork
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind
from peerway.domain.service import LoadBalancer
from peerway.domain.vpc import Instance
from peerway.fabric.model import Fabric
from peerway.fabric.packets import Packet
from peerway.fabric.walk import Exchange, exchange

pytestmark = pytest.mark.kernel

TCP, ICMP = 6, 1
#: How many lines have a customer, and how many outside networks there are.
LINES, NETWORKS = 4, 2
ANSWER_MS, SILENCE_MS = 900, 100


@dataclass
class World:
    """Namespaces outside; in each of them the same far hosts answer."""

    #: What carries the packets.
    plane: KernelDataPlane
    #: Paths of customers' namespaces, one a line.
    customers: list[str]
    #: Paths of outside networks.
    networks: list[str]

    def settle(self, topology: Topology) -> None:
        """Plug the topology's lines and networks in; lines without a customer are not confirmed."""
        vbrs = of_kind(topology, VirtualBorderRouter)
        for vbr, path in zip(vbrs, self.customers, strict=False):
            topology.change(vbr, port=Port(PortKind.NETNS, path), vlan=0)
        for vbr in vbrs[LINES:]:
            topology.change(vbr, state=VbrState.UNCONFIRMED)
        for number, network in enumerate(of_kind(topology, ExternalNetwork)):
            path = self.networks[number % NETWORKS]
            topology.change(network, port=f"netns:{path}", local=None, gateway=None)

    def route(self, fabric: Fabric) -> None:
        """Have each customer send everything over its line."""
        for router in fabric.routers.values():
            for uplink in router.uplinks.values():
                if uplink.translation is None and uplink.up:
                    name, via = outside_interface(uplink.id), uplink.transfers[0].local.ip
                    outside(uplink.port.name, f"ip route replace default via {via} dev {name} onlink")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A driver, and the namespaces outside."""
    need_root()
    with ExitStack() as stack:
        paths = [stack.enter_context(foreign_namespace()) for _ in range(LINES + NETWORKS)]
        for path in paths:
            outside(path, "ip link set lo up", *(f"ip addr add {address}/32 dev lo" for address in FAR))
        plane = KernelDataPlane(tmp_path_factory.mktemp("dataplane"))
        stack.callback(lambda: plane.close(destroy=True))
        yield World(plane, paths[:LINES], paths[LINES:])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_probes_from_and_to_outside_say_what_the_reference_says(world: World, data: st.DataObject) -> None:
    """Over lines and by translation, both ways: answered exactly when the walk says so (NET-8, NET-10, EC-9, NET-6)."""
    topology = data.draw(wide_topologies())
    world.settle(topology)
    fabric = topology.fabric()
    assert world.plane.apply(fabric).failures == {}
    assert dict(world.plane.observe().drift) == {}
    world.route(fabric)
    for packet in islice(questions(data, topology, fabric), 6):
        told = exchange(fabric, packet)
        if is_certain(fabric, told) and meets_somebody(told):
            event(told.request.outcome)
            verdict = ask(world, fabric, packet, ANSWER_MS if told.answered else SILENCE_MS)
            assert (verdict is not Verdict.SILENT) == told.answered, f"{packet} {told}"


def questions(data: st.DataObject, topology: Topology, fabric: Fabric) -> Iterator[Packet]:
    """Requests from instances to anywhere, and from far hosts to what they can send to."""
    instances = of_kind(topology, Instance)
    private = [instance.ipv4 for instance in instances]
    private += [balancer.address for balancer in of_kind(topology, LoadBalancer)]
    uplinks = [uplink for router in fabric.routers.values() for uplink in router.uplinks.values()]
    doors = {uplink.id: sorted(uplink.translation.public) for uplink in uplinks if uplink.translation}
    lines = {uplink.id: private for uplink in uplinks if uplink.translation is None and uplink.up}
    senders = {id: targets for id, targets in (doors | lines).items() if targets}
    while instances or senders:
        protocol = data.draw(st.sampled_from((TCP, TCP, ICMP)))
        port = data.draw(st.sampled_from((80, 8080))) if protocol == TCP else 0
        if instances and (not senders or data.draw(st.booleans())):
            sender = data.draw(st.sampled_from(instances))
            target = data.draw(st.sampled_from([*private, *map(IPv4Address, FAR * 3)]))
            yield Packet(sender.ipv4, target, protocol, port, sender.id)
        else:
            uplink_id = data.draw(st.sampled_from(sorted(senders)))
            source = IPv4Address(data.draw(st.sampled_from(FAR)))
            yield Packet(source, data.draw(st.sampled_from(senders[uplink_id])), protocol, port, uplink_id)


def meets_somebody(told: Exchange) -> bool:
    """Whether who gets a request outside is one of the hosts that are there."""
    return told.request.left_by is None or str(told.request.packet.destination) in FAR


def ask(world: World, fabric: Fabric, packet: Packet, timeout_ms: int) -> Verdict:
    """Send it, from an instance or from a far host."""
    for router in fabric.routers.values():
        if packet.sender in router.uplinks:
            path = router.uplinks[packet.sender].port.name
            source, target = str(packet.source), str(packet.destination)
            return ask_from(
                world.plane, path, source, target, packet.protocol, packet.port, timeout_ms=timeout_ms
            )
    probe = Probe(packet.sender, packet.destination, packet.protocol, packet.port, timeout_ms)
    return world.plane.probe(probe).verdict
