"""Every engine: samples and readings are stored together, once for an end and a minute, and forgotten by their age."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from peerway.domain.errors import AlreadyExists
from peerway.domain.metric import End, Reading, sample_of

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEAR, FAR, OTHER = End("pcc-1", "vpc-a"), End("pcc-1", "vpc-b"), End("pcc-2", "vpc-a")


def minute(number):
    """The start of a minute."""
    return START + timedelta(minutes=number)


def sample(end, number, sent=10):
    """A sample of a minute."""
    return sample_of(end, minute(number), (sent, 1, 2, 3, 2**62))


def reading(end, number, sent=10):
    """A reading for a minute."""
    return Reading(link_id=end.link_id, router_id=end.router_id, at=minute(number), totals=(sent, 1, 2, 3, 4))


def add(store, *samples, readings=()):
    """Store them."""
    store.write(lambda tx: tx.add_samples(samples, readings))


def found(store, ends, first=0, last=100):
    """Samples of minutes from the first one on, before the last one."""
    return store.read(lambda tx: tx.samples(ends, minute(first), minute(last)))


def test_samples_come_back_by_end_and_time(store):
    """In order of link, router and minute; only those of the ends and the time asked for (MON-1)."""
    stored = [sample(end, number) for end in (OTHER, NEAR, FAR) for number in (2, 0, 1)]
    add(store, *stored)
    assert found(store, [FAR, NEAR, NEAR]) == [
        sample(end, number) for end in (NEAR, FAR) for number in range(3)
    ]
    assert found(store, [NEAR], 1, 2) == [sample(NEAR, 1)]
    assert found(store, [End("pcc-3", "vpc-a")]) == []
    assert found(store, []) == []


def test_second_sample_of_a_minute_is_refused(store):
    """And nothing of what came with it is stored."""
    add(store, sample(NEAR, 0))
    with pytest.raises(AlreadyExists):
        add(store, sample(FAR, 0), sample(NEAR, 0, sent=11), readings=[reading(NEAR, 1)])
    assert found(store, [NEAR, FAR]) == [sample(NEAR, 0)]
    assert store.write(lambda tx: tx.readings([NEAR])) == []


def test_reading_replaces_the_one_before(store):
    """An end has one reading: the last."""
    add(store, readings=[reading(NEAR, 0), reading(OTHER, 0)])
    add(store, sample(NEAR, 0), readings=[reading(NEAR, 1, sent=20)])
    assert store.write(lambda tx: tx.readings([NEAR, FAR])) == [reading(NEAR, 1, sent=20)]
    assert store.write(lambda tx: tx.readings([])) == []


def test_samples_make_no_revision(store):
    """Nobody watches them, and nothing is compiled for them."""
    before = store.latest_revision()
    add(store, sample(NEAR, 0), readings=[reading(NEAR, 1)])
    assert store.latest_revision() == before


def test_old_samples_are_forgotten(store):
    """Those of minutes before the time, with readings older than that; the others stay."""
    add(store, *(sample(end, number) for end in (NEAR, FAR) for number in range(5)))
    add(store, readings=[reading(NEAR, 2), reading(FAR, 5)])
    assert store.forget_samples(minute(3)) == 6
    assert found(store, [NEAR, FAR]) == [sample(end, number) for end in (NEAR, FAR) for number in (3, 4)]
    assert store.write(lambda tx: tx.readings([NEAR, FAR])) == [reading(FAR, 5)]
    assert store.forget_samples(minute(3)) == 0


def test_samples_are_undone_with_their_transaction(store):
    """All or nothing."""

    def work(fail, tx):
        tx.add_samples([sample(NEAR, 0)], [reading(NEAR, 1)])
        assert tx.samples([NEAR], minute(0), minute(1)) == [sample(NEAR, 0)]
        if fail:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(partial(work, True))
    assert found(store, [NEAR]) == []
    store.write(partial(work, False))
    assert found(store, [NEAR]) == [sample(NEAR, 0)]
