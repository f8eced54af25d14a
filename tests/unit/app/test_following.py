"""The network that readers share: at each one's own revision, and read as little as possible."""

import pytest
from tests.builders.estate import Estate

from peerway.app.following import NetworkFollower


@pytest.fixture
def estate():
    """A store in memory with a tenant's VPC."""
    estate = Estate()
    yield estate
    estate.close()


class Counting:
    """A reader that counts how often all of a kind is read."""

    def __init__(self, reader):
        self.reader = reader
        self.whole = 0

    def __getattr__(self, name):
        return getattr(self.reader, name)

    def select(self, *args, **options):
        self.whole += 1
        return self.reader.select(*args, **options)


def test_followed_network_is_the_one_that_would_be_read_anew(estate):
    """After each change the follower has what a new one reads, and reads only what changed."""
    alice, follower = estate.tenant("alice"), NetworkFollower()
    estate.store.read(follower.at)
    estate.vswitch(alice, estate.vpc(alice))
    estate.settle()
    counted = []

    def look(tx):
        counting = Counting(tx)
        counted.append(counting)
        return follower.at(counting), NetworkFollower().at(tx)

    known, fresh = estate.store.read(look)
    assert known.revision == fresh.revision == estate.revision
    assert known.snapshot == fresh.snapshot
    assert known.fabric == fresh.fabric
    assert counted[0].whole == 0


def test_reader_that_is_behind_gets_its_own_revision(estate):
    """A reader that began before a change gets the network before it, without everything being read anew."""
    alice, follower = estate.tenant("alice"), NetworkFollower()
    estate.vpc(alice)
    known, behind = estate.store.read(follower.at), estate.revision
    estate.vpc(alice, "10.9.0.0/16")
    later = estate.store.read(follower.at)
    assert later.revision > behind

    def look(tx):
        counting = Counting(tx)
        counting.revision = behind
        return follower.at(counting), counting.whole

    assert estate.store.read(look) == (known, 0)
    assert estate.store.read(follower.at) is later


def test_transaction_sees_its_own_writes_and_nobody_else_does(estate):
    """`within` is the network with what a transaction did; that is not remembered."""
    alice, follower = estate.tenant("alice"), NetworkFollower()
    vpc = estate.vpc(alice)
    estate.store.read(follower.at)

    def work(tx):
        tx.delete(vpc)
        return follower.within(tx)

    inside = estate.store.write(lambda tx: tx.trial(work))
    assert set(inside.fabric.routers) == set()
    assert set(estate.store.read(follower.at).fabric.routers) == {vpc.id}
