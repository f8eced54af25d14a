"""What is found dead gets no packets any more, from probe to route as in an agent: lines to a customer, and backends."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import foreign_namespace, listening, until
from tests.support.stores import memory_store
from tests.support.world import make_world

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.app.clock import SystemClock
from peerway.app.dataplane import Probe, Verdict
from peerway.app.reconcilers.network import NetworkReconciler
from peerway.app.runner import Runner
from peerway.bootstrap.agent import HEALTH_S, LOOK_S, health_step
from peerway.domain.router_interface import InterfaceHealth, RouterInterface
from peerway.domain.service import Backend, BackendHealth
from peerway.domain.vpc import Instance

pytestmark = pytest.mark.kernel

#: What a failover may take with default settings (EC-11).
GAP_S = 1.0

#: The customer's network, behind both lines.
OFFICE = ip_address("192.168.0.1")


@dataclass
class Office:
    """A customer's site with two lines, the second of which only stands by."""

    #: What carries the packets.
    plane: KernelDataPlane
    #: What brings the stored network to it.
    network: NetworkReconciler
    #: An instance in the VPC.
    instance: Instance
    #: Sides of the two links that are at the border routers, the first line's first.
    sides: tuple[RouterInterface, RouterInterface]
    #: Path of the customer's namespace.
    path: str

    def run(self, *command: str) -> None:
        """Run a command at the customer's."""
        subprocess.run(["nsenter", f"--net={self.path}", *command], check=True)

    def cut(self) -> None:
        """Cut the first line at the customer's end."""
        self.run("ip", "link", "set", outside_interface(self.sides[0].vpc_id), "down")

    def mend(self) -> None:
        """Mend it, with the customer's routes as they were: back by the first line while it is there."""
        for metric, side in enumerate(self.sides, 1):
            name = outside_interface(side.vpc_id)
            self.run("ip", "link", "set", name, "up")
            route = f"ip route replace 10.1.0.0/16 via 172.31.{metric}.1 dev {name} metric {metric} onlink"
            self.run(*route.split())

    def answers(self) -> bool:
        """Whether the instance reaches the office now."""
        probe = Probe(self.instance.id, OFFICE, timeout_ms=20)
        return self.plane.probe(probe).verdict is Verdict.ANSWERED

    def stored(self, side: RouterInterface) -> InterfaceHealth:
        """What is on record for a side."""
        return self.network.store.read(lambda reader: reader.get(RouterInterface, side.id)).health


@contextmanager
def reconciled(plane: KernelDataPlane, net: Topology) -> Iterator[NetworkReconciler]:
    """The network in a store, with an agent's reconcilers at work between it and the data plane."""
    clock = SystemClock()
    store = memory_store(clock)
    store.write(lambda tx: [tx.insert(one) for one in net.resources.values()])
    network = NetworkReconciler(store, plane, make_world(), clock)
    runner = Runner("network", network.step, LOOK_S)
    health = Runner("health", health_step(store, plane, network, runner.wake), HEALTH_S)
    plane.on_health(health.wake)
    runner.start()
    health.start()
    try:
        yield network
    finally:
        health.stop()
        runner.stop()
        store.close()


def up_to_date(network: NetworkReconciler) -> bool:
    """Whether the data plane has reached what is stored."""
    return network.applied == network.store.latest_revision()


@pytest.fixture
def office(plane: KernelDataPlane) -> Iterator[Office]:
    """The site with an agent's reconcilers at work, both lines healthy."""
    with foreign_namespace() as path:
        net = Topology()
        vpc = net.vpc("10.1.0.0/16")
        instance = net.instance(net.vswitch(vpc, "10.1.1.0/24"))
        sides, paths = [], []
        for number in (1, 2):
            vbr = net.vbr(f"netns:{path}", local=f"172.31.{number}.1/30", peer=f"172.31.{number}.2")
            near, far = net.pair(vbr, vpc)
            net.route(vbr, "10.1.0.0/16", near)
            net.route(vbr, "192.168.0.0/16", vbr)
            sides.append(near)
            paths.append((far, 100 if number == 1 else 0))
        net.route(vpc, "192.168.0.0/16", *paths)
        with reconciled(plane, net) as network:
            made = Office(plane, network, instance, (sides[0], sides[1]), path)
            until(lambda: len(plane.health()) == 2, "both lines have a verdict")
            made.run("ip", "link", "set", "lo", "up")
            made.run("ip", "address", "add", f"{OFFICE}/32", "dev", "lo")
            yield made


def test_packets_take_the_other_line_within_a_second(office: Office) -> None:
    """EC-11: from the cut to the first packet by the line that stands by, with default settings; and back when it is mended."""
    first, second = office.sides
    for _ in range(3):
        office.mend()
        until(lambda: office.stored(first) is InterfaceHealth.NORMAL, "the first line is well on record")
        until(lambda: up_to_date(office.network), "packets take it")
        until(office.answers, "the office is reached")
        cut = time.monotonic()
        office.cut()
        until(office.answers, "the office is reached by the second line")
        assert time.monotonic() - cut <= GAP_S
        assert office.stored(first) is InterfaceHealth.ABNORMAL
        assert office.stored(second) is InterfaceHealth.NORMAL


def test_connections_go_to_the_backends_that_answer(plane: KernelDataPlane, state_dir: Path) -> None:
    """NET-6: a backend that stops listening gets no connections once its check has failed; none is lost after that."""
    net = Topology()
    vswitch = net.vswitch(net.vpc("10.1.0.0/16"), "10.1.1.0/24")
    client, *servers = (net.instance(vswitch) for _ in range(3))
    balancer = net.balancer(vswitch)
    listener = net.listener(
        balancer, 80, *servers, backend_port=8080, check_interval_ms=100, check_threshold=3
    )
    keys = [f"{listener.id}/{server.id}" for server in servers]
    probe = Probe(client.id, balancer.address, 6, 80, 1000)
    with reconciled(plane, net) as network, ExitStack() as second:
        until(lambda: network.applied > 0, "the network is there")
        second.enter_context(listening(state_dir, servers[1], 8080))
        with listening(state_dir, servers[0], 8080):
            until(lambda: plane.health() == dict.fromkeys(keys, True), "both answer")
        until(lambda: plane.health() == {keys[0]: False, keys[1]: True}, "one does not")
        dead = next(one for one in net.resources.values() if isinstance(one, Backend))
        found = lambda: network.store.read(lambda reader: reader.get(Backend, dead.id)).health  # noqa: E731 - short
        until(lambda: found() is BackendHealth.ABNORMAL, "it is on record")
        until(lambda: up_to_date(network), "the data plane knows it")
        assert [plane.probe(probe).detail for _ in range(30)] == ["connected"] * 30
