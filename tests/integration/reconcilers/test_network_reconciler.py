"""The network reconciler on a real store and the memory data plane, without threads and with a clock that tests move."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.builders.topology import Topology
from tests.support.stores import memory_store
from tests.support.world import make_world

from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.adapters.store import SqlStore
from peerway.app.clock import VirtualClock
from peerway.app.dataplane import Report
from peerway.app.reconcilers.network import FIRST_PAUSE, NetworkReconciler
from peerway.app.usecases.sync import list_failures
from peerway.app.world import World
from peerway.domain.errors import Unavailable
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.router_interface import InterfaceState, RouterInterface
from peerway.domain.vpc import Vpc
from peerway.fabric.compile import compile_fabric
from peerway.fabric.model import Fabric
from peerway.fabric.snapshot import KINDS, Snapshot


class FailingDataPlane(MemoryDataPlane):
    """The memory driver, with objects that can't be made until told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.passes = 0
        self.unreachable = False
        self.repaired: list[frozenset[str]] = []

    def apply(self, fabric: Fabric) -> Report:
        """Apply, and report the broken ones; raise when nothing can be reached."""
        self.passes += 1
        if self.unreachable:
            raise Unavailable("the data plane can't be reached")
        report = super().apply(fabric)
        return replace(report, failures=dict.fromkeys(self.broken, "does not work"))

    def repair(self, router_ids: Collection[str] | None = None) -> Report:
        """Note which routers were looked at."""
        self.repaired.append(frozenset(router_ids or ()))
        return replace(super().repair(router_ids), failures=dict.fromkeys(self.broken, "does not work"))


@dataclass
class Bench:
    """A reconciler with all that it touches in reach."""

    store: SqlStore
    clock: VirtualClock
    dataplane: FailingDataPlane
    reconciler: NetworkReconciler
    world: World

    def put(self, *resources: Resource) -> None:
        """Store resources, new or changed."""

        def work(tx):
            for resource in resources:
                known = tx.get(type(resource), resource.id)
                tx.insert(resource) if known is None else tx.update(resource)

        self.store.write(work)

    def get(self, resource: Resource) -> Resource | None:
        """The resource as it is stored now."""
        return self.store.read(lambda reader: reader.get(type(resource), resource.id))

    def settle(self) -> None:
        """Step until nothing is left to do."""
        while self.reconciler.step():
            pass

    def desired(self) -> Fabric:
        """The fabric compiled afresh from the whole store."""
        return self.store.read(
            lambda reader: compile_fabric(
                Snapshot.of(
                    reader.revision, [each for kind in KINDS.values() for each in reader.select(kind)]
                )
            )
        )


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A reconciler on an empty store."""
    clock = VirtualClock()
    store = memory_store(clock)
    world = make_world()
    dataplane = FailingDataPlane()
    yield Bench(store, clock, dataplane, NetworkReconciler(store, dataplane, world, clock), world)
    store.close()


def two_vpcs(topology: Topology, **peering: object) -> tuple[Vpc, Vpc, Peering]:
    """Two VPCs and a connection between them."""
    a, b = topology.vpc("10.1.0.0/16"), topology.vpc("10.2.0.0/16")
    return a, b, topology.peering(a, b, **peering)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PeeringState.CREATING, "active"),
        (PeeringState.UPDATING, "active"),
        (PeeringState.DELETING, "deleted"),
    ],
)
def test_a_waiting_peering_ends_its_state_when_the_data_plane_has_done_it(bench, before, after):
    """PEER-2: Creating, Updating and Deleting end when the data plane has really done it."""
    topology = Topology()
    *_, peering = two_vpcs(topology, state=before)
    bench.put(*topology.resources.values())
    assert bench.get(peering).state is before
    bench.settle()
    assert bench.get(peering).state == after
    assert bench.get(peering).observed_generation == bench.get(peering).generation


def test_vpcs_vswitches_and_instances_become_available_and_vanish(bench):
    """NET-3, NET-4, NET-6: creating becomes available, deleting ends with the resource gone."""
    topology = Topology()
    vpc = topology.vpc("10.1.0.0/16", state=Provisioning.CREATING)
    vswitch = topology.vswitch(vpc, "10.1.1.0/24", state=Provisioning.CREATING)
    instance = topology.instance(vswitch, state=Provisioning.CREATING)
    bench.put(*topology.resources.values())
    bench.settle()
    parts = [vpc, vswitch, instance]
    assert [bench.get(part).state for part in parts] == [Provisioning.AVAILABLE] * 3
    bench.put(*(replace(bench.get(part), state=Provisioning.DELETING) for part in parts))
    bench.settle()
    assert [bench.get(part) for part in parts] == [None] * 3
    assert bench.dataplane.observe().routers == frozenset()


def test_a_failure_stays_on_record_and_keeps_the_state_until_it_is_mended(bench):
    """A failure is stored on the object and retried with back-off, never logged and dropped."""
    topology = Topology()
    *_, peering = two_vpcs(topology, state=PeeringState.UPDATING)
    bench.dataplane.broken = {peering.id}
    bench.put(*topology.resources.values())
    bench.settle()
    assert bench.get(peering).state is PeeringState.UPDATING
    (failure,) = bench.store.read(list_failures)
    assert (failure.id, failure.text, failure.attempts) == (peering.id, "does not work", 1)
    assert failure.owner_uid == peering.owner_uid

    passes = bench.dataplane.passes
    assert not bench.reconciler.step(), "nothing is due before the pause has passed"
    assert bench.dataplane.passes == passes
    bench.clock.advance(FIRST_PAUSE)
    bench.settle()
    (failure,) = bench.store.read(list_failures)
    assert failure.attempts == 2
    assert failure.next_attempt_at == bench.clock.now() + 2 * FIRST_PAUSE

    bench.dataplane.broken = set()
    bench.clock.advance(timedelta(minutes=1))
    bench.settle()
    assert bench.get(peering).state is PeeringState.ACTIVE
    assert bench.store.read(list_failures) == []


def test_a_pass_that_raised_is_done_again(bench):
    """A change met while nothing can be reached is not forgotten: it counts as applied, and settles, once it has been."""
    bench.dataplane.unreachable = True
    topology = Topology()
    *_, peering = two_vpcs(topology, state=PeeringState.UPDATING)
    bench.put(*topology.resources.values())
    for _ in range(2):
        with pytest.raises(Unavailable):
            bench.reconciler.step()
    assert bench.reconciler.applied < bench.reconciler.followed
    bench.dataplane.unreachable = False
    bench.settle()
    assert bench.get(peering).state is PeeringState.ACTIVE
    assert bench.reconciler.applied == bench.reconciler.followed


def test_a_failing_vpc_holds_back_only_what_stands_in_it(bench):
    """One object's failure does not keep the others from settling."""
    topology = Topology()
    sick = topology.vpc("10.1.0.0/16", state=Provisioning.CREATING)
    sick_instance = topology.instance(topology.vswitch(sick, "10.1.1.0/24"), state=Provisioning.CREATING)
    well = topology.vpc("10.2.0.0/16", state=Provisioning.CREATING)
    link = topology.peering(sick, well, state=PeeringState.UPDATING)
    bench.dataplane.broken = {sick.id}
    bench.put(*topology.resources.values())
    bench.settle()
    assert bench.get(well).state is Provisioning.AVAILABLE
    assert bench.get(sick).state is Provisioning.CREATING
    assert bench.get(sick_instance).state is Provisioning.CREATING
    assert bench.get(link).state is PeeringState.UPDATING


def two_faced(states: tuple[InterfaceState, InterfaceState]) -> tuple[Topology, list[RouterInterface]]:
    """Two VPCs with an interface each that name each other, in these states."""
    topology = Topology()
    ends = topology.vpc("10.1.0.0/16"), topology.vpc("10.2.0.0/16")
    pair = topology.pair(*ends)
    sides = [topology.change(side, state=state) for side, state in zip(pair, states, strict=True)]
    return topology, sides


@pytest.mark.parametrize("sick", [0, 1], ids=["initiator", "acceptor"])
def test_two_that_are_joined_wait_for_each_other(bench, sick):
    """EC-2: while one side's router can't be made both go on connecting; then both become active at one time."""
    topology, sides = two_faced((InterfaceState.CONNECTING, InterfaceState.ACCEPTING_CONNECTING))
    bench.dataplane.broken = {sides[sick].vpc_id}
    bench.put(*topology.resources.values())
    bench.settle()
    assert [bench.get(side).state for side in sides] == [side.state for side in sides]
    bench.dataplane.broken = set()
    bench.clock.advance(timedelta(minutes=1))
    bench.settle()
    after = [bench.get(side) for side in sides]
    assert {side.state for side in after} == {InterfaceState.ACTIVE}
    assert {side.connected_at for side in after} == {bench.clock.now()}
    assert all(side.observed_generation == side.generation for side in after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (InterfaceState.ACTIVATING, InterfaceState.ACTIVE),
        (InterfaceState.MODIFYING, InterfaceState.ACTIVE),
        (InterfaceState.DEACTIVATING, InterfaceState.INACTIVE),
    ],
)
@pytest.mark.parametrize("broken", ["link", "own router", "other router"])
def test_a_switched_side_settles_once_its_link_is_done(bench, before, after, broken):
    """EC-4, EC-6: the states end when the data plane has done it at both ends; the other side stays as it is."""
    topology, (one, other) = two_faced((before, InterfaceState.ACTIVE))
    bench.dataplane.broken = {
        {"link": one.link_id, "own router": one.vpc_id, "other router": other.vpc_id}[broken]
    }
    bench.put(*topology.resources.values())
    bench.settle()
    assert bench.get(one).state is before
    bench.dataplane.broken = set()
    bench.clock.advance(timedelta(minutes=1))
    bench.settle()
    assert (bench.get(one).state, bench.get(other).state) == (after, InterfaceState.ACTIVE)


def test_a_deleted_side_leaves_and_the_other_is_told(bench):
    """EC-5: gone from store and data plane; the side that is left knows."""
    topology, (one, other) = two_faced((InterfaceState.DELETING, InterfaceState.ACTIVE))
    bench.put(
        *topology.resources.values(), replace(topology.resources[other.id], connected_at=bench.clock.now())
    )
    bench.settle()
    assert bench.get(one) is None
    assert bench.get(other).opposite_deleted
    assert bench.desired().links == {}


def test_an_old_generation_does_not_settle_a_newer_change(bench):
    """Desired state carries a generation; what was reached for an older one settles nothing."""
    topology = Topology()
    *_, peering = two_vpcs(topology, state=PeeringState.UPDATING)
    bench.put(*topology.resources.values())
    bench.reconciler.step()
    changed = replace(bench.get(peering), state=PeeringState.UPDATING, generation=7)
    bench.put(changed)
    assert bench.get(peering).state is PeeringState.UPDATING
    bench.settle()
    assert bench.get(peering).observed_generation == 7


def test_following_the_change_log_ends_at_the_same_fabric_as_a_full_scan(bench):
    """Reconcilers are level-triggered: following and a full scan come to the same network."""
    topology = Topology()
    a, _, peering = two_vpcs(topology)
    vswitch = topology.vswitch(a, "10.1.1.0/24")
    bench.put(*topology.resources.values())
    bench.settle()
    instance = topology.instance(vswitch)
    entry = topology.route(a, "10.2.0.0/16", peering)
    bench.put(instance, entry)
    bench.settle()
    bench.store.write(lambda tx: tx.delete(tx.get(type(entry), entry.id)))
    bench.settle()
    desired = bench.desired()
    assert bench.reconciler.view.fabric.routers == desired.routers
    assert bench.reconciler.view.fabric.links == desired.links
    assert bench.dataplane.observe().endpoints == {instance.id}


def test_nothing_is_done_when_nothing_of_the_network_changed(bench):
    """A pass without a change touches neither the store nor the data plane."""
    topology = Topology()
    two_vpcs(topology)
    bench.put(*topology.resources.values())
    bench.settle()
    revision, passes = bench.store.latest_revision(), bench.dataplane.passes
    assert not bench.reconciler.step()
    assert (bench.store.latest_revision(), bench.dataplane.passes) == (revision, passes)
    assert bench.reconciler.applied == revision


def test_drift_is_looked_for_in_pieces_that_cover_every_router(bench):
    """A round through all routers is made of small pieces, each router in one of them."""
    topology = Topology()
    ids = {topology.vpc(f"10.{n}.0.0/16").id for n in range(7)}
    bench.put(*topology.resources.values())
    bench.settle()
    lefts = []
    while not lefts or lefts[-1]:
        lefts.append(bench.reconciler.repair(3))
    assert lefts == [4, 1, 0]
    assert [len(piece) for piece in bench.dataplane.repaired] == [3, 3, 1]
    assert set().union(*bench.dataplane.repaired) == ids


def test_what_breaks_by_itself_is_a_failure_until_it_is_mended(bench):
    """What a look for drift can't mend is on record as what a change could not do, and goes from there when it can."""
    topology = Topology()
    vpc = topology.vpc("10.0.0.0/16")
    bench.put(vpc)
    bench.settle()
    bench.dataplane.broken = {vpc.id}
    bench.reconciler.repair(3)
    (failure,) = bench.store.read(list_failures)
    assert (failure.id, failure.text, failure.attempts) == (vpc.id, "does not work", 1)
    revision = bench.store.latest_revision()
    bench.reconciler.repair(3)
    assert bench.store.latest_revision() == revision
    bench.dataplane.broken = set()
    bench.reconciler.repair(3)
    assert bench.store.read(list_failures) == []
