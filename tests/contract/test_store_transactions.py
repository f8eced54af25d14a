"""Every engine: transactions are whole, alone and durable, and their callers hear the truth."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from tests.support.postgres_server import postgres_server
from tests.support.resources import vpc
from tests.support.stores import CONCURRENT

from peerway.adapters.store import open_store
from peerway.adapters.store.known import MOST_NEWS
from peerway.domain.errors import InvalidInput, Unavailable
from peerway.domain.vpc import Vpc

#: Longer than anything here takes; reaching it is a failure.
DEADLINE_S = 30


def boom(tx):
    """Work that fails after it has written."""
    tx.insert(vpc("vpc-boom"))
    raise ZeroDivisionError


def hold(store):
    """Keep the writer busy until the gate opens, so that what comes meanwhile is committed together."""
    begun, gate = threading.Event(), threading.Event()

    def work(tx):
        begun.set()
        assert gate.wait(DEADLINE_S)

    held = store.write_soon(work)
    assert begun.wait(DEADLINE_S)
    return gate, held


def test_failing_work_fails_alone_in_a_shared_commit(store):
    """Callers that share a commit each get their own result or error; what failed leaves nothing behind."""
    told = []
    committed = threading.Event()
    store.on_commit(lambda revision: (told.append(revision), committed.set()))
    gate, _ = hold(store)
    good = [store.write_soon(lambda tx, n=n: tx.insert(vpc(f"vpc-{n}"))) for n in range(3)]
    bad = store.write_soon(boom)
    good += [store.write_soon(lambda tx: tx.insert(vpc("vpc-3")))]
    gate.set()
    assert [future.result(DEADLINE_S).revision for future in good] == [1, 2, 3, 4]
    assert isinstance(bad.exception(DEADLINE_S), ZeroDivisionError)
    assert [one.id for one in store.read(lambda tx: tx.select(Vpc))] == ["vpc-0", "vpc-1", "vpc-2", "vpc-3"]
    assert committed.wait(DEADLINE_S)
    assert told == [4]


def test_later_work_of_a_commit_sees_earlier_work(store):
    """Inside a shared commit, decisions are made one after the other."""
    gate, _ = hold(store)
    counts = [
        store.write_soon(lambda tx, n=n: (tx.insert(vpc(f"vpc-{n}")), tx.count(Vpc))[1]) for n in range(5)
    ]
    gate.set()
    assert [future.result(DEADLINE_S) for future in counts] == [1, 2, 3, 4, 5]


def test_cancelled_work_does_not_happen(store):
    """A caller that goes away before its turn leaves nothing."""
    gate, held = hold(store)
    gone = store.write_soon(lambda tx: tx.insert(vpc()))
    assert gone.cancel()
    gate.set()
    held.result(DEADLINE_S)
    assert store.write(lambda tx: tx.count(Vpc)) == 0


@pytest.mark.parametrize("engine", CONCURRENT)
def test_writer_sees_what_others_wrote_since(make_url, engine):
    """What a writer has seen once it sees as it is now: changed, removed, made or made anew by another process, be it much."""
    url = make_url(engine)
    ours, theirs = open_store(url), open_store(url)
    ids = [f"vpc-{n}" for n in range(4)]

    def look(tx):
        return [found and found.name for found in (tx.get(Vpc, id) for id in ids)]

    assert ours.write(look) == [None] * 4
    theirs.write(lambda tx: [tx.insert(vpc(id, name="made")) for id in ids[:3]])
    assert ours.write(look) == ["made", "made", "made", None]
    theirs.write(lambda tx: (tx.update(replace(tx.get(Vpc, ids[0]), name="changed")), tx.delete(vpc(ids[1]))))
    assert ours.write(look) == ["changed", None, "made", None]
    for n in range(2 * MOST_NEWS // 100):
        theirs.write(lambda tx, n=n: [tx.insert(vpc(f"vpc-{n}-{m}")) for m in range(100)])
    theirs.write(lambda tx: tx.insert(vpc(ids[3], name="made late")))
    assert ours.write(look) == ["changed", None, "made", "made late"]
    ours.close()
    theirs.close()


def test_writer_does_not_know_what_was_undone(store):
    """Work that fails leaves nothing behind in what the next work sees either."""
    store.write(lambda tx: tx.insert(vpc("vpc-a", name="before")))

    def fail(tx):
        tx.update(replace(tx.get(Vpc, "vpc-a"), name="after"))
        tx.insert(vpc("vpc-b"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(fail)
    assert store.write(lambda tx: (tx.get(Vpc, "vpc-a").name, tx.get(Vpc, "vpc-b"))) == ("before", None)


def test_time_of_a_transaction_is_the_clock_s(store, clock):
    """Time stands still in a transaction, and is the clock's."""
    assert store.write(lambda tx: tx.now) == clock.now()


@pytest.mark.parametrize("engine", CONCURRENT)
def test_reader_keeps_its_view(make_url, engine):
    """What others commit meanwhile is not in a reader's view, however long it looks; the next reader sees it."""
    store = open_store(make_url(engine))
    store.write(lambda tx: tx.insert(vpc("vpc-a")))

    def look(tx):
        before = tx.revision, tx.select(Vpc), tx.changes(0)
        with ThreadPoolExecutor(1) as other:
            other.submit(store.write, lambda tx: tx.insert(vpc("vpc-b"))).result(DEADLINE_S)
        assert (tx.revision, tx.select(Vpc), tx.changes(0)) == before
        return before[0]

    assert store.read(look) == 1
    assert store.read(lambda tx: (tx.revision, tx.count(Vpc))) == (2, 2)
    store.close()


def test_transaction_inside_a_transaction_is_refused(store):
    """It would wait for itself: an error at once, in each nesting but a read within a read."""
    nestings = [
        lambda: store.write(lambda _: store.write(boom)),
        lambda: store.write(lambda _: store.read(lambda tx: tx.revision)),
        lambda: store.read(lambda _: store.write(boom)),
    ]
    for nesting in nestings:
        with pytest.raises(RuntimeError, match="transaction"):
            nesting()
    assert store.read(lambda _: store.latest_revision()) == 0


def test_listener_stops_and_may_fail(store):
    """A listener that fails disturbs nobody, and one that was taken off hears nothing more."""
    told, heard = [], threading.Event()
    stop = store.on_commit(told.append)
    store.on_commit(lambda _: 1 / 0)
    store.write(lambda tx: tx.insert(vpc("vpc-a")))
    store.write(lambda tx: None)
    stop()
    store.on_commit(lambda _: heard.set())
    store.write(lambda tx: tx.insert(vpc("vpc-b")))
    store.write(lambda tx: None)
    assert told == [1]


def test_what_the_engine_cannot_store_is_the_callers_error(store):
    """A value outside the engine's range fails its own caller, who is not told to try again; the store goes on."""
    with pytest.raises((InvalidInput, OverflowError)):
        store.write(lambda tx: tx.changes(2**70))
    assert store.write(lambda tx: tx.insert(vpc())).revision == 1


def test_closed_store_is_unavailable(store_url):
    """Closing finishes what is queued; afterwards every door says so, and closing again is fine."""
    store = open_store(store_url)
    gate, _ = hold(store)
    queued: Future = store.write_soon(lambda tx: tx.insert(vpc()))
    closer = threading.Thread(target=store.close)
    closer.start()
    gate.set()
    closer.join(DEADLINE_S)
    assert queued.result(0).revision == 1
    for use in (
        store.ping,
        lambda: store.write(boom),
        lambda: store.write_soon(boom),
        lambda: store.audit_log(None),
    ):
        with pytest.raises(Unavailable):
            use()
    store.close()


def test_store_in_a_missing_folder_is_unavailable(tmp_path):
    """The engine's own words don't leave the store."""
    with pytest.raises(Unavailable):
        open_store(f"sqlite:///{tmp_path}/missing/peerway.sqlite")


@pytest.mark.postgres
def test_connections_that_the_server_dropped_are_replaced(make_url, postgres_url):
    """After the server has hung up on everyone, reads and writes work at once."""
    url = make_url("postgres")
    store = open_store(url)
    store.write(lambda tx: tx.insert(vpc("vpc-a")))
    store.ping()
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        name = url.partition("/postgres?")[0].rpartition("/")[2].partition("?")[0]
        operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    assert store.read(lambda tx: tx.count(Vpc)) == 1
    assert store.write(lambda tx: tx.insert(vpc("vpc-b"))).revision == 2
    store.close()


@pytest.mark.postgres
def test_store_without_its_server_is_unavailable():
    """While the server is away every door says so."""
    with postgres_server() as url:
        store = open_store(url)
    for use in (store.ping, lambda: store.write(boom), lambda: open_store(url)):
        with pytest.raises(Unavailable):
            use()
    store.close()
