"""The deadline reconciler on a real store, with a clock that the tests move."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.builders.topology import MADE_AT, Topology
from tests.support.stores import memory_store
from tests.support.world import make_world

from peerway.adapters.store import SqlStore
from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.deadlines import TOKEN_LIFE, DeadlineReconciler
from peerway.domain.peering import Peering, PeeringState
from peerway.profiles.model import load_profiles

STEP = timedelta(seconds=1)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock at the time the topology was made."""
    return VirtualClock(MADE_AT)


@pytest.fixture
def store(clock: VirtualClock) -> Iterator[SqlStore]:
    """An empty store."""
    opened = memory_store(clock)
    yield opened
    opened.close()


@pytest.fixture
def reconciler(store: SqlStore, clock: VirtualClock) -> DeadlineReconciler:
    """The reconciler under test."""
    return DeadlineReconciler(store, make_world(), clock)


def request(store: SqlStore, profile: str, life: timedelta) -> Peering:
    """A stored request that waits for its answer for so long."""
    topology = Topology()
    peering = topology.peering(
        topology.vpc("10.1.0.0/16"),
        topology.vpc("10.2.0.0/16"),
        state=PeeringState.PENDING,
        profile=profile,
        expires_at=MADE_AT + life,
    )

    def work(tx):
        for resource in topology.resources.values():
            tx.insert(resource)

    store.write(work)
    return peering


@pytest.mark.parametrize(
    ("profile", "hours"), [("native", 168), ("alibaba", 168), ("tencent", 168), ("jdcloud", 24)]
)
def test_a_request_expires_when_its_time_is_over_and_not_before(store, clock, reconciler, profile, hours):
    """PEER-3: 7 days, under JD's profile 24 hours, to the second."""
    assert load_profiles()[profile].expiry == timedelta(hours=hours)
    peering = request(store, profile, load_profiles()[profile].expiry)
    clock.advance(timedelta(hours=hours) - STEP)
    assert reconciler.step() == 0
    clock.advance(STEP)
    assert reconciler.step() == 1
    assert store.read(lambda reader: reader.get(Peering, peering.id)).state is PeeringState.EXPIRED
    assert reconciler.step() == 0


def test_client_tokens_are_forgotten_after_a_day(store, clock, reconciler):
    """A client token keeps repeats harmless for a day and does not fill the store for ever."""
    store.write(lambda tx: tx.remember("uid", "token", "vpc.create", "digest", "vpc-1"))
    reconciler.step()
    clock.advance(TOKEN_LIFE - STEP)
    reconciler.step()
    assert store.write(lambda tx: tx.recall("uid", "token")) is not None
    clock.advance(2 * TOKEN_LIFE)
    reconciler.step()
    assert store.write(lambda tx: tx.recall("uid", "token")) is None
