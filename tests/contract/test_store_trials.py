"""Every engine: what is tried in a transaction is seen there, told, and undone."""

import pytest
from tests.support.resources import account, vpc

from peerway.app.store import where
from peerway.domain.account import Account
from peerway.domain.errors import AlreadyExists
from peerway.domain.vpc import Vpc


def test_trial_sees_what_the_transaction_did_and_leaves_it_as_it_was(store):
    """The trial's own writes, changes and revision are there in it and nowhere afterwards; what came before and after is kept."""
    store.write(lambda tx: tx.insert(account("1")))

    def work(tx):
        first = tx.insert(vpc("vpc-1"))

        def tried(inner):
            assert inner.get(Vpc, "vpc-1") == first
            inner.insert(vpc("vpc-2"))
            inner.delete(inner.get(Vpc, "vpc-1"))
            seen = [(change.id, change.removed) for change in inner.changes(first.revision)]
            return inner.revision, seen, [one.id for one in inner.select(Vpc)]

        told = tx.trial(tried)
        assert told == (first.revision + 2, [("vpc-2", False), ("vpc-1", True)], ["vpc-2"])
        assert tx.revision == first.revision
        assert tx.get(Vpc, "vpc-1") == first
        assert tx.get(Vpc, "vpc-2") is None
        return tx.insert(vpc("vpc-3"))

    third = store.write(work)
    assert store.read(lambda tx: [one.id for one in tx.select(Vpc)]) == ["vpc-1", "vpc-3"]
    assert store.latest_revision() == third.revision


def test_trial_that_fails_raises_and_the_transaction_goes_on(store):
    """Broken rules of the schema, too, end the trial and nothing else."""
    store.write(lambda tx: tx.insert(account("1")))

    def work(tx):
        with pytest.raises(AlreadyExists):
            tx.trial(lambda inner: inner.insert(account("2", name="account 1")))
        with pytest.raises(ZeroDivisionError):
            tx.trial(lambda inner: inner.insert(account("3")) and 1 / 0)
        return tx.insert(account("4"))

    store.write(work)
    assert [one.id for one in store.read(lambda tx: tx.select(Account))] == ["1", "4"]


def test_transaction_of_nothing_but_a_trial_writes_nothing(store):
    """No revision is used up, and a trial in a trial is undone with it."""
    before = store.latest_revision()

    def tried(tx):
        tx.insert(account("1"))
        return tx.trial(lambda inner: inner.insert(account("2")).id), tx.count(Account, where("id", "1", "2"))

    assert store.write(lambda tx: tx.trial(tried)) == ("2", 1)
    assert store.latest_revision() == before
    assert store.read(lambda tx: tx.count(Account)) == 0
