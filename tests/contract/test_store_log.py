"""Every engine: revisions, the change log, the audit log and client tokens."""

from datetime import timedelta

import pytest
from tests.support.resources import account, audit_entry, peering, vpc

from peerway.app.store import Change
from peerway.domain.account import Account
from peerway.domain.errors import AlreadyExists
from peerway.domain.peering import PeeringState

ALICE, BOB = "1000000000000001", "1000000000000002"


def test_each_change_takes_the_next_revision(store):
    """Revisions rise by one a change, across kinds and transactions; the log and the resources agree about them."""
    made = store.write(lambda tx: (tx.insert(vpc("vpc-a")), tx.insert(account(ALICE))))
    store.write(lambda tx: tx.update(made[0]))
    store.write(lambda tx: tx.delete(made[1]))
    assert [one.revision for one in made] == [1, 2]
    assert store.latest_revision() == store.read(lambda tx: tx.revision) == 4
    assert store.read(lambda tx: tx.changes(0)) == [
        Change(1, "vpc", "vpc-a", (ALICE,), removed=False),
        Change(2, "account", ALICE, (ALICE,), removed=False),
        Change(3, "vpc", "vpc-a", (ALICE,), removed=False),
        Change(4, "account", ALICE, (ALICE,), removed=True),
    ]


def test_changes_come_in_pages(store):
    """A follower goes on where it stopped."""
    store.write(lambda tx: [tx.insert(vpc(f"vpc-{number}")) for number in range(5)])
    assert [change.revision for change in store.read(lambda tx: tx.changes(1, limit=2))] == [2, 3]
    assert [change.revision for change in store.read(lambda tx: tx.changes(3))] == [4, 5]


def test_both_sides_see_changes_of_a_connection(store):
    """Watchers of either account are told (PEER-2)."""
    store.write(lambda tx: tx.insert(peering()))
    store.write(lambda tx: tx.update(peering(state=PeeringState.REJECTED)))
    assert [change.uids for change in store.read(lambda tx: tx.changes(0))] == [(ALICE, BOB)] * 2


def test_transaction_sees_its_own_changes(store):
    """Revision and change log inside a transaction contain what it did so far."""

    def work(tx):
        tx.insert(vpc())
        assert tx.revision == 1
        assert [change.id for change in tx.changes(0)] == ["vpc-a"]
        tx.delete(vpc())
        assert [change.removed for change in tx.changes(0)] == [False, True]

    store.write(work)
    assert store.latest_revision() == 2


def test_failed_transaction_uses_no_revision(store):
    """The next change follows the last one that happened."""

    def fail(tx):
        tx.insert(vpc())
        tx.insert(vpc())

    with pytest.raises(AlreadyExists):
        store.write(fail)
    assert store.write(lambda tx: tx.insert(vpc())).revision == 1
    assert len(store.read(lambda tx: tx.changes(0))) == 1


def test_audit_entries_have_their_change_s_revision(store):
    """An entry carries everything it was given and the revision of the change before it."""
    store.write(lambda tx: (tx.insert(vpc()), tx.audit(audit_entry(before='{"a": "ä"}'))))
    assert store.audit_log(None) == [audit_entry(before='{"a": "ä"}', revision=1)]


def test_audit_entry_without_a_change_is_not_missed(store):
    """Who has read the log up to a revision gets entries of later transactions, even of those that changed nothing."""
    store.write(lambda tx: (tx.insert(vpc()), tx.audit(audit_entry())))
    seen = store.audit_log(None)[-1].revision
    store.write(lambda tx: tx.audit(audit_entry(action="credential.refused")))
    assert [entry.action for entry in store.audit_log(None, after=seen)] == ["credential.refused"]


def test_audit_log_is_read_by_account(store):
    """Tenants get their own entries, the operator all, nobody's list is empty."""
    for uid in (ALICE, BOB, ALICE):
        store.write(lambda tx, uid=uid: tx.audit(audit_entry(uid)))
    assert [entry.revision for entry in store.audit_log([ALICE])] == [1, 3]
    assert [entry.revision for entry in store.audit_log({ALICE, BOB})] == [1, 2, 3]
    assert store.audit_log([]) == []


@pytest.mark.parametrize("uids", [None, [ALICE]])
def test_page_of_audit_log_does_not_part_a_revision(store, uids):
    """Following by revision misses nothing although a transaction writes several entries at one revision."""
    store.write(
        lambda tx: (
            tx.insert(vpc()),
            *((tx.audit(audit_entry(action=str(n))), tx.changes(0)) for n in range(3)),
        )
    )
    store.write(lambda tx: tx.audit(audit_entry(action="3")))
    page = store.audit_log(uids, limit=2)
    assert [entry.action for entry in page] == ["0", "1", "2"]
    assert [entry.action for entry in store.audit_log(uids, after=page[-1].revision, limit=2)] == ["3"]


def test_client_token_is_recalled(store):
    """A token is one account's, and recalls what it was used for."""

    def work(tx):
        assert tx.recall(ALICE, "token") is None
        tx.remember(ALICE, "token", "peering.create", "digest", "pcc-1")
        assert tx.recall(ALICE, "token") == ("peering.create", "digest", "pcc-1")
        assert tx.recall(BOB, "token") is None

    store.write(work)
    assert store.write(lambda tx: tx.recall(ALICE, "token")) == ("peering.create", "digest", "pcc-1")


def test_client_token_is_used_once(store):
    """A second use is refused, whatever it is for."""
    store.write(lambda tx: tx.remember(ALICE, "token", "vpc.create", "1", "vpc-a"))
    with pytest.raises(AlreadyExists):
        store.write(lambda tx: tx.remember(ALICE, "token", "vpc.create", "1", "vpc-a"))


def test_client_token_of_a_failed_transaction_is_free(store):
    """A request that failed may be sent again with its token."""

    def fail(tx):
        tx.remember(ALICE, "token", "account.create", "1", ALICE)
        tx.insert(account(ALICE))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(fail)
    assert store.write(lambda tx: tx.recall(ALICE, "token")) is None
    assert store.read(lambda tx: tx.get(Account, ALICE)) is None


def test_old_client_tokens_are_forgotten(store, clock):
    """Forgetting drops the tokens used before a time, and no others."""
    store.write(lambda tx: tx.remember(ALICE, "old", "vpc.create", "1", "vpc-a"))
    later = clock.advance(timedelta(days=1))
    store.write(lambda tx: tx.remember(ALICE, "new", "vpc.create", "1", "vpc-b"))
    assert store.forget_tokens(later) == 1
    assert store.write(lambda tx: (tx.recall(ALICE, "old"), tx.recall(ALICE, "new")[2])) == (None, "vpc-b")
