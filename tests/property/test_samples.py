"""Sums over samples are what links carried, whatever happens to workers between readings (MON-1)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.support.stores import memory_store

from peerway.app.clock import VirtualClock
from peerway.app.usecases.sampling import record_samples
from peerway.domain.alarm import Statistic
from peerway.domain.metric import Count, End, carried, sample_of, whole_minute
from peerway.metering.series import period_start, series
from peerway.profiles.metrics import Measure, load_metrics

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENDS = [End("pcc-1", "vpc-a"), End("pcc-1", "vpc-b"), End("pcc-2", "vpc-a")]

COUNTS = st.tuples(*[st.integers(0, 10**12)] * 5)
#: What a worker does: read counters and keep them, store what it read last, store and be killed before the commit.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("carry"), st.integers(0, 2), COUNTS),
        st.tuples(st.just("elapse"), st.integers(1, 200)),
        st.tuples(st.just("read"), st.integers(0, 1)),
        st.tuples(st.just("store"), st.integers(0, 1)),
        st.tuples(st.just("die"), st.integers(0, 1)),
    ),
    max_size=40,
)


class Killed(Exception):
    """A worker's death before its commit."""


def add(one, other):
    """Their sums."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


class Town:
    """A store, totals of link ends, and workers that hold what they read last."""

    def __init__(self):
        self.clock = VirtualClock(START)
        self.kept = memory_store(self.clock)
        self.totals = dict.fromkeys(ENDS, (0, 0, 0, 0, 0))
        self.held = {}

    def carry(self, number, counts):
        """Something passes an end."""
        self.totals[ENDS[number]] = add(self.totals[ENDS[number]], counts)

    def elapse(self, seconds):
        """Time goes by."""
        self.clock.advance(timedelta(seconds=seconds))

    def read(self, worker):
        """A worker reads the counters, and may be held up then."""
        self.held[worker] = whole_minute(self.clock.now()), dict(self.totals)

    def store(self, worker, *, dies=False):
        """It records what it read, which may be old by now."""
        minute, seen = self.held.get(worker, (self.clock.now(), {}))

        def work(tx):
            record_samples(tx, minute, seen)
            if dies:
                raise Killed

        self.kept.write(work)

    def die(self, worker):
        """It is killed while it records."""
        with suppress(Killed):
            self.store(worker, dies=True)
        self.held.pop(worker, None)

    def samples(self, end):
        """All samples of an end."""
        return self.kept.read(lambda tx: tx.samples([end], START - timedelta(hours=1), self.clock.now()))


@given(STEPS)
def test_sum_over_samples_is_what_was_carried(steps):
    """Two workers that read, store late, store twice and die: each byte is in one sample, once all is read."""
    town = Town()
    for name, number, *rest in steps:
        getattr(town, name)(number, *rest)
    town.elapse(60)
    town.read("last")
    town.store("last")
    for end in ENDS:
        found = town.samples(end)
        sums = (0, 0, 0, 0, 0)
        for sample in found:
            sums = add(sums, sample.counts)
        assert sums == town.totals[end]
        assert len({sample.at for sample in found}) == len(found)
    town.kept.close()


@given(st.lists(st.tuples(st.booleans(), COUNTS), max_size=20))
def test_resets_between_readings_lose_nothing_that_was_read(steps):
    """Whatever counter begins anew: what is read afterwards counts as long as it is less than before."""
    before, now, truth, sums = None, (0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)
    for resets, counts in steps:
        if resets and before is not None and all(new < old for new, old in zip(counts, before, strict=True)):
            now = (0, 0, 0, 0, 0)
        now, truth = add(now, counts), add(truth, counts)
        sums = add(sums, carried(before, now))
        before = now
    assert sums == truth


@given(
    st.dictionaries(st.integers(0, 500), COUNTS, max_size=30),
    st.sampled_from([60, 300, 900, 3600]),
    st.sampled_from([m for n in load_metrics() for m in n.metrics.values()]),
)
def test_periods_hold_their_minutes_and_nothing_else(minutes, period_s, metric):
    """A period's statistics are those of its minutes' values; a sum over all periods is the sum over all samples."""
    samples = [sample_of(ENDS[0], START + timedelta(minutes=at), counts) for at, counts in minutes.items()]
    points = series(metric, samples, period_s, 100)
    assert [one.at for one in points] == sorted({period_start(one.at, period_s) for one in samples})
    for point in points:
        values = point.values
        assert values[Statistic.MINIMUM] <= values[Statistic.MAXIMUM]
        assert (
            values[Statistic.MINIMUM] * 0.999999
            <= values[Statistic.AVERAGE]
            <= values[Statistic.MAXIMUM] * 1.000001
        )
        assert values[Statistic.MINIMUM] <= values[Statistic.VALUE] <= values[Statistic.MAXIMUM]
    if metric.per is Measure.MINUTE and metric.times == 1:
        places = [list(Count).index(name) for name in metric.counts]
        total = sum(counts[place] for counts in minutes.values() for place in places)
        assert sum(point.values[Statistic.SUM] for point in points) == total
