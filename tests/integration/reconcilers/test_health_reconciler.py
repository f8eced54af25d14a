"""The health reconciler on a real store: verdicts come to rest on what they are about, and change the compiled network."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from tests.builders.topology import MADE_AT, Topology
from tests.support.stores import memory_store
from tests.support.world import make_world

from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.adapters.store import SqlStore
from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.health import LOOK_EVERY, HealthReconciler
from peerway.app.reconcilers.network import NetworkReconciler
from peerway.domain.resource import Resource
from peerway.domain.router_interface import InterfaceHealth, RouterInterface
from peerway.domain.service import Backend, BackendHealth, Listener
from peerway.fabric.model import Fabric


class JudgingDataPlane(MemoryDataPlane):
    """The memory driver, with verdicts that tests set."""

    def __init__(self) -> None:
        super().__init__()
        self.verdicts: dict[str, bool] = {}

    def health(self) -> Mapping[str, bool]:
        """What the test said."""
        return dict(self.verdicts)


@dataclass
class Bench:
    """Both reconcilers on a network with a checked pair and a checked listener with one backend."""

    store: SqlStore
    clock: VirtualClock
    dataplane: JudgingDataPlane
    network: NetworkReconciler
    health: HealthReconciler
    sides: tuple[RouterInterface, RouterInterface]
    listener: Listener
    backend: Backend
    written: list[int] = field(default_factory=list)

    def step(self, **verdicts: bool | None) -> bool:
        """Both reconcilers' steps after verdicts turned."""
        keys = {"link": self.sides[0].id, "backend": f"{self.listener.id}/{self.backend.instance_id}"}
        for name, verdict in verdicts.items():
            self.dataplane.verdicts.pop(keys[name], None)
            if verdict is not None:
                self.dataplane.verdicts[keys[name]] = verdict
        worked = self.health.step()
        while self.network.step():
            pass
        return worked

    def stored(self) -> tuple[InterfaceHealth, InterfaceHealth, BackendHealth]:
        """What is on record for the two sides and the backend."""
        return tuple(self.get(one).health for one in (*self.sides, self.backend))

    def compiled(self) -> tuple[bool, bool]:
        """What routes and connections go by: health of the link and of the backend."""
        fabric = self.fabric()
        service = fabric.routers[self.listener.vpc_id].services[self.listener.id]
        return fabric.links[self.sides[0].id].healthy, service.backends[0].healthy

    def fabric(self) -> Fabric:
        """The network as it was compiled last."""
        assert self.network.view is not None
        return self.network.view.fabric

    def get(self, resource: Resource) -> Resource:
        """The resource as it is stored now."""
        return self.store.read(lambda reader: reader.get(type(resource), resource.id))

    def change(self, resource: Resource, **fields: object) -> None:
        """Change a stored resource, as a use case would."""
        self.store.write(lambda tx: tx.update(replace(tx.get(type(resource), resource.id), **fields)))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A stored network whose data plane has no verdicts yet."""
    net = Topology()
    vbr, vpc = net.vbr(), net.vpc("10.1.0.0/16")
    sides = net.pair(vbr, vpc)
    vswitch = net.vswitch(vpc, "10.1.1.0/24")
    listener = net.listener(net.balancer(vswitch), 80, net.instance(vswitch))
    backend = next(one for one in net.resources.values() if isinstance(one, Backend))
    clock = VirtualClock(MADE_AT)
    store = memory_store(clock)
    store.write(lambda tx: [tx.insert(one) for one in net.resources.values()])
    dataplane = JudgingDataPlane()
    network = NetworkReconciler(store, dataplane, make_world(), clock)
    fabric: Callable[[], Fabric | None] = lambda: network.view and network.view.fabric  # noqa: E731 - short
    health = HealthReconciler(store, dataplane, clock, fabric)
    made = Bench(store, clock, dataplane, network, health, sides, listener, backend)
    made.step()
    yield made
    store.close()


UNKNOWN = (InterfaceHealth.UNKNOWN, InterfaceHealth.UNKNOWN, BackendHealth.UNKNOWN)
GOOD = (InterfaceHealth.NORMAL, InterfaceHealth.NORMAL, BackendHealth.NORMAL)
BAD = (InterfaceHealth.ABNORMAL, InterfaceHealth.ABNORMAL, BackendHealth.ABNORMAL)


def test_verdicts_reach_both_sides_the_backend_and_the_compiled_network(bench: Bench) -> None:
    """EC-11, NET-6: what the checks say is stored, and routes and load balancers go by it."""
    assert (bench.stored(), bench.compiled()) == (UNKNOWN, (True, True))
    assert bench.step(link=True, backend=True)
    assert (bench.stored(), bench.compiled()) == (GOOD, (True, True))
    assert bench.step(link=False, backend=False)
    assert (bench.stored(), bench.compiled()) == (BAD, (False, False))
    assert bench.step(link=True)
    assert bench.compiled() == (True, False)


def test_a_step_without_news_writes_nothing(bench: Bench) -> None:
    """Looking again and again costs no revision, and no transaction in between two full looks."""
    bench.step(link=False, backend=True)
    revision = bench.store.latest_revision()
    for _ in range(3):
        assert not bench.step()
        bench.clock.advance(LOOK_EVERY)
    assert bench.store.latest_revision() == revision


def test_a_missing_verdict_keeps_the_one_on_record(bench: Bench) -> None:
    """An agent that starts anew has no verdicts at first; no route changes by that."""
    bench.step(link=False, backend=False)
    fresh = HealthReconciler(bench.store, bench.dataplane, bench.clock, bench.fabric)
    bench.dataplane.verdicts.clear()
    assert not fresh.step()
    assert bench.stored() == BAD
    assert not HealthReconciler(bench.store, bench.dataplane, bench.clock, lambda: None).step()


def test_a_verdict_on_what_is_checked_no_more_is_taken_back(bench: Bench) -> None:
    """A backend that was found dead is not dead for ever when the check is switched off; also after a restart."""
    bench.step(link=False, backend=False)
    bench.change(bench.listener, check=False)
    bench.network.step()
    assert bench.compiled() == (False, False)
    bench.step(backend=None)
    assert bench.stored() == (*BAD[:2], BackendHealth.UNKNOWN)
    assert bench.compiled() == (False, True)
    bench.change(bench.backend, health=BackendHealth.ABNORMAL)
    bench.health = HealthReconciler(bench.store, bench.dataplane, bench.clock, bench.fabric)
    bench.step()
    assert bench.stored()[2] is BackendHealth.UNKNOWN


def test_a_full_look_makes_up_for_what_somebody_else_wrote(bench: Bench) -> None:
    """A record that differs from the verdict, or on one side only, is put right in time."""
    bench.step(link=True, backend=True)
    bench.change(bench.sides[1], health=InterfaceHealth.UNKNOWN)
    bench.change(bench.backend, health=BackendHealth.ABNORMAL)
    assert not bench.step(), "nobody told"
    bench.clock.advance(LOOK_EVERY)
    assert bench.step()
    assert bench.stored() == GOOD


def test_verdicts_on_what_is_gone_are_passed_over(bench: Bench) -> None:
    """The data plane may still know what the store has let go of, and links whose health nobody records."""
    for one in (*bench.sides, bench.backend):
        bench.store.write(lambda tx, one=one: tx.delete(tx.get(type(one), one.id)))
    bench.dataplane.verdicts |= {"pcc-1": False, "lsn-9/i-9": True}
    assert not bench.step(link=False, backend=False)


def test_a_verdict_leaves_no_line_in_the_audit_log(bench: Bench) -> None:
    """Nobody did anything: a line that flaps must not fill the log of what people did."""
    before = bench.store.audit_log(None)
    bench.step(link=False, backend=False)
    assert bench.store.audit_log(None) == before
