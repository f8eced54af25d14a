"""A process beside the test that writes to its store: `python -m tests.support.store_process TASK WAY URL NAME`.

It prints one line for each write that was acknowledged, and only then.
"""

import asyncio
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from tests.support.resources import audit_entry, peering, vpc
from tests.support.world import make_world

from peerway.adapters.store import open_store
from peerway.app.store import where
from peerway.app.usecases.vswitches import CreateVSwitch, create_vswitch
from peerway.domain.account import Caller, Role
from peerway.domain.errors import AlreadyExists, InvalidInput, QuotaExceeded
from peerway.domain.peering import Peering

LIMIT = 12
PAIRS = 8
RANGES = 8
THREADS = 4
SIDES = ("requester.vpc_id", "accepter.vpc_id")


def say(text):
    """Tell the test, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def connect_within_quota(id):
    """Work: one more connection of one VPC, unless it has as many as it may have."""

    def work(tx):
        used = tx.count(Peering, where(SIDES, "vpc-hub"))
        if used >= LIMIT:
            raise QuotaExceeded("peerings", LIMIT, used, scope="vpc-hub", field="vpc_id")
        return tx.insert(peering(id, "vpc-hub", f"vpc-{id}"))

    return work


def connect_pair(id, number):
    """Work: connect a pair that others connect, too, from either end."""
    pair = (f"vpc-{number}-a", f"vpc-{number}-b")
    ours, theirs = pair if sum(id.encode()) % 2 else reversed(pair)
    return lambda tx: tx.insert(peering(id, ours, theirs))


def quota(write, name):
    """Connect until the quota is used up."""
    for number in itertools.count():
        try:
            write(connect_within_quota(f"{name}-{number}"))
        except QuotaExceeded:
            return
        say(f"{name}-{number}")


def pairs(write, name):
    """Try to connect each pair."""
    for number in range(PAIRS):
        try:
            write(connect_pair(f"{name}-{number}", number))
        except AlreadyExists:
            continue
        say(f"{name}-{number}")


def ranges(write, name):
    """Try to make VSwitches of one VPC whose ranges contain those that others try."""
    world, caller = make_world(), Caller("1000000000000001", Role.MEMBER, "LTAI")
    length = 20 + sum(name.encode()) % 3
    for number in range(RANGES):
        asked = CreateVSwitch(
            vpc_id="vpc-hub", zone_id="cn-hangzhou-h", cidr=f"10.0.{16 * number}.0/{length}"
        )
        try:
            made = write(lambda tx, asked=asked: create_vswitch(tx, world, caller, asked))
        except InvalidInput as error:
            if error.code != "overlap":
                raise
            continue
        say(made.id)


def endless(write, name):
    """Write until the process is killed."""
    for number in itertools.count():
        id = f"{name}-{number}"
        write(lambda tx, id=id: (tx.insert(vpc(id)), tx.audit(audit_entry(resource_id=id))))
        say(id)


TASKS = {"quota": quota, "pairs": pairs, "ranges": ranges, "endless": endless}


@contextmanager
def by_queue(store):
    """Writes of threads."""
    yield store.write


@contextmanager
def by_loop(store):
    """Writes of an event loop, which the threads ask."""
    loop, writes = asyncio.new_event_loop(), store.loop_writes()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(writes.write(work), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


WAYS = {"queue": by_queue, "loop": by_loop}


def main(task, way, url, name):
    """Do the task in several threads; fails when one of them does."""
    store = open_store(url)
    with WAYS[way](store) as write, ThreadPoolExecutor(THREADS) as together:
        list(together.map(partial(TASKS[task], write), [f"{name}-{number}" for number in range(THREADS)]))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
