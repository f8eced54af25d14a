"""SQLite files and PostgreSQL: what one transaction decides holds against all other processes, and survives their death."""

import itertools
import random
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.resources import vpc
from tests.support.store_process import LIMIT, PAIRS, RANGES, SIDES, WAYS
from tests.support.stores import CONCURRENT

from peerway.adapters.store import open_store
from peerway.app.store import where
from peerway.domain.peering import Peering
from peerway.domain.vpc import Vpc, VSwitch

ROOT = Path(__file__).parents[2]
PROCESSES = 3
DEADLINE_S = 60


@contextmanager
def process(task, way, url, name):
    """A process at work on the store."""
    command = [sys.executable, "-m", "tests.support.store_process", task, way, url, name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def run_together(task, url):
    """Ids that several processes, with several threads each and different ways to write, were told were stored."""
    commands = [
        [sys.executable, "-m", "tests.support.store_process", task, way, url, f"p{n}"]
        for n, way in zip(range(PROCESSES), itertools.cycle(WAYS))
    ]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for command in commands]
    outputs = [one.communicate(timeout=DEADLINE_S)[0] for one in running]
    assert [one.returncode for one in running] == [0] * PROCESSES
    return sorted(line for output in outputs for line in output.split())


@pytest.fixture(params=CONCURRENT)
def url(request, make_url):
    """A store that several processes can use."""
    return make_url(request.param)


@contextmanager
def opened(url):
    """The store, closed in the end."""
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def assert_log_is_gapless(store):
    """One change a revision up to the last one; nothing of a transaction is missing."""
    changes = store.read(lambda tx: tx.changes(0, limit=10**6))
    assert [change.revision for change in changes] == list(range(1, store.latest_revision() + 1))
    assert len(changes) == len({change.id for change in changes})


def test_quota_is_never_overshot(url):
    """Processes that count and connect at the same time reach the limit exactly (PEER-12)."""
    acknowledged = run_together("quota", url)
    with opened(url) as store:
        stored = store.read(lambda tx: tx.select(Peering, where(SIDES, "vpc-hub")))
        assert_log_is_gapless(store)
    assert len(stored) == LIMIT
    assert sorted(one.id for one in stored) == acknowledged


def test_pair_is_connected_once(url):
    """Processes that connect the same pairs from either end make one connection a pair, and one caller each is told so (PEER-2)."""
    acknowledged = run_together("pairs", url)
    with opened(url) as store:
        stored = store.read(lambda tx: tx.select(Peering))
        assert_log_is_gapless(store)
    assert sorted(one.id for one in stored) == acknowledged
    assert len({one.requester.vpc_id[:-2] for one in stored}) == len(stored) == PAIRS


def test_ranges_never_overlap(url):
    """Processes that make VSwitches of overlapping ranges in one VPC get disjoint ones, and one caller each is told so (NET-4)."""
    with opened(url) as store:
        store.write(lambda tx: tx.insert(vpc("vpc-hub")))
    acknowledged = run_together("ranges", url)
    with opened(url) as store:
        stored = store.read(lambda tx: tx.select(VSwitch))
        assert_log_is_gapless(store)
    assert sorted(one.id for one in stored) == acknowledged
    assert len({one.cidr.network_address for one in stored}) == len(stored) == RANGES


@pytest.mark.parametrize("way", WAYS)
def test_acknowledged_writes_survive_kill(url, way):
    """Killed at any moment, a writer leaves every write it was told of, whole, and the next one goes on at once."""
    chance = random.Random(20261121)
    acknowledged = set()
    for life in range(4):
        with process("endless", way, url, f"life{life}") as running:
            count = chance.randrange(1, 200)
            acknowledged |= {line.strip() for line in itertools.islice(running.stdout, count)}
            running.kill()
            # Lines that were on their way when it died count, too; half a line does not.
            acknowledged |= {line.strip() for line in running.stdout if line.endswith("\n")}
        with opened(url) as store:
            stored = {one.id for one in store.read(lambda tx: tx.select(Vpc))}
            audited = {entry.resource_id for entry in store.audit_log(None, limit=10**6)}
            assert_log_is_gapless(store)
        assert acknowledged <= stored
        assert audited == stored
    assert len(acknowledged) >= 4
