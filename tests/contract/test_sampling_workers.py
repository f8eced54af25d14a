"""Engines that several processes share: workers that sample at once make one sample of a minute (MON-1)."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from tests.support.sampling import CountingAgent
from tests.support.stores import CONCURRENT

from peerway.adapters.store import open_store
from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.samples import SampleReconciler
from peerway.domain.metric import End

ENDS = [End(f"pcc-{number}", "vpc-a") for number in range(20)]
KEEP = timedelta(days=31)


@pytest.fixture(params=CONCURRENT)
def url(request, make_url):
    """The address of an empty store that two processes may open."""
    return make_url(request.param)


def test_two_workers_make_one_sample_of_each_minute(url):
    """Each minute both step at the same time; what is stored adds up to what was carried."""
    agent, clock = CountingAgent(), VirtualClock()
    start = clock.now()
    with closing(open_store(url)) as one, closing(open_store(url)) as other:
        workers = [SampleReconciler(store, agent.link_counters, clock, KEEP) for store in (one, other)]
        made = []
        for minute in range(5):
            for end in ENDS:
                agent.carry(end, minute)
            threads = [threading.Thread(target=lambda w=worker: made.append(w.step())) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            clock.advance(timedelta(minutes=1))
        assert sum(made) == 5 * len(ENDS)
        found = one.read(lambda tx: tx.samples(ENDS, start - timedelta(hours=1), clock.now()))
        assert [sample.sent_bytes for sample in found] == [0, 1, 2, 3, 4] * len(ENDS)
