"""The sampling reconciler on a real store: a minute is sampled once, whatever happens to workers, agents and links (MON-1)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.sampling import CountingAgent
from tests.support.stores import memory_store

from peerway.adapters.store import SqlStore
from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.samples import PIECE, SampleReconciler
from peerway.domain.metric import End, Sample

START = datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEEP = timedelta(days=31)
END = End("pcc-1", "vpc-a")


@pytest.fixture
def clock() -> VirtualClock:
    """A clock 20 s into a minute."""
    return VirtualClock(START)


@pytest.fixture
def store(clock: VirtualClock) -> Iterator[SqlStore]:
    """An empty store."""
    opened = memory_store(clock)
    yield opened
    opened.close()


@pytest.fixture
def agent() -> CountingAgent:
    """An agent with one link end."""
    counting = CountingAgent()
    counting.carry(END, 0)
    return counting


@pytest.fixture
def worker(store: SqlStore, agent: CountingAgent, clock: VirtualClock) -> SampleReconciler:
    """The reconciler under test."""
    return SampleReconciler(store, agent.link_counters, clock, KEEP)


def samples(store: SqlStore, end: End = END) -> list[Sample]:
    """All samples of the end."""
    return store.read(lambda tx: tx.samples([end], START - KEEP - KEEP, START + KEEP))


def sent(store: SqlStore, end: End = END) -> list[int]:
    """Bytes of its samples."""
    return [one.sent_bytes for one in samples(store, end)]


def test_each_minute_has_what_was_carried_in_it(store, agent, worker, clock):
    """A sample of the minute that has ended, as soon as it has; none before, none twice."""
    agent.carry(END, 100)
    assert worker.step() == 1
    agent.carry(END, 10)
    assert worker.step() == 0
    clock.advance(MINUTE - timedelta(seconds=20))
    assert worker.step() == 1
    assert worker.step() == 0
    agent.carry(END, 1)
    clock.advance(MINUTE)
    assert worker.step() == 1
    assert sent(store) == [100, 10, 1]
    first = START.replace(second=0) - MINUTE
    assert [one.at for one in samples(store)] == [first, first + MINUTE, first + 2 * MINUTE]


def test_idle_minute_is_a_sample_of_nothing(store, worker, clock):
    """Zero is not the same as not measured."""
    worker.step()
    clock.advance(MINUTE)
    worker.step()
    assert sent(store) == [0, 0]


def test_missed_minutes_are_in_the_one_that_ends_them(store, agent, worker, clock):
    """Nothing is lost while no worker runs; the minutes between have no samples."""
    worker.step()
    agent.carry(END, 5)
    clock.advance(3 * MINUTE)
    worker.step()
    assert sent(store) == [0, 5]
    assert samples(store)[1].at - samples(store)[0].at == 3 * MINUTE


def test_worker_that_starts_anew_goes_on_where_the_last_one_was(store, agent, worker, clock):
    """What stands in the store decides, not what a process remembers."""
    worker.step()
    agent.carry(END, 5)
    assert SampleReconciler(store, agent.link_counters, clock, KEEP).step() == 0
    clock.advance(MINUTE)
    assert SampleReconciler(store, agent.link_counters, clock, KEEP).step() == 1
    assert worker.step() == 0
    assert sent(store) == [0, 5]


def test_counters_that_begin_anew_count_from_zero(store, agent, worker, clock):
    """A link that was made again lost its totals; what it carried since counts."""
    agent.carry(END, 100)
    worker.step()
    agent.reset(END)
    agent.carry(END, 30)
    clock.advance(MINUTE)
    worker.step()
    assert sent(store) == [100, 30]


def test_agent_that_is_away_is_asked_again_in_the_same_minute(store, agent, worker, clock):
    """It is not the end of the minute's sample."""
    worker.step()
    agent.carry(END, 5)
    clock.advance(MINUTE)
    agent.away = True
    assert worker.step() == 0
    agent.away = False
    assert worker.step() == 1
    assert sent(store) == [0, 5]


def test_clock_that_goes_back_makes_no_second_sample(store, agent, worker):
    """A minute that was sampled stays as it was; what is carried meanwhile is in the next one."""
    worker.step()
    agent.carry(END, 5)
    assert SampleReconciler(store, agent.link_counters, VirtualClock(START - MINUTE), KEEP).step() == 0
    assert SampleReconciler(store, agent.link_counters, VirtualClock(START + MINUTE), KEEP).step() == 1
    assert sent(store) == [0, 5]


def test_no_samples_where_no_packets_are_carried(store, agent, worker):
    """The memory data plane has no counters, so nothing is measured, not even nothing."""
    agent.carries = False
    assert worker.step() == 0
    assert samples(store) == []


def test_many_links_are_recorded_in_pieces(store, agent, worker, clock):
    """All of them, whatever the size of a piece."""
    ends = [End(f"pcc-{number:05}", router) for number in range(PIECE) for router in ("vpc-a", "vpc-b")]
    for end in ends:
        agent.carry(end, 7)
    assert worker.step() == len(ends) + 1
    clock.advance(MINUTE)
    assert worker.step() == len(ends) + 1
    assert sent(store, ends[-1]) == [7, 0]


def test_samples_are_kept_as_long_as_set(store, agent, clock):
    """And no longer."""
    worker = SampleReconciler(store, agent.link_counters, clock, 2 * MINUTE)
    for _ in range(5):
        worker.step()
        clock.advance(MINUTE)
    assert len(samples(store)) == 2
