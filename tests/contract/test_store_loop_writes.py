"""Every engine: an event loop's writes are whole, alone and durable like all others, and never hold the loop up."""

import asyncio
import threading

import pytest
from tests.support.resources import vpc
from tests.support.stores import CONCURRENT, FILE

from peerway.adapters.store import open_store
from peerway.domain.errors import AlreadyExists, Unavailable
from peerway.domain.vpc import Vpc

#: Longer than anything here takes; reaching it is a failure.
DEADLINE_S = 30


def run(coroutine):
    """What the coroutine comes to, in a loop of its own."""
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE_S))


def boom(tx):
    """Work that fails after it has written."""
    tx.insert(vpc("vpc-boom"))
    raise ZeroDivisionError


def together(store, *works):
    """What came of works that were asked for at once."""

    async def ask():
        writes = store.loop_writes()
        return await asyncio.gather(*map(writes.write, works), return_exceptions=True)

    return run(ask())


def test_failing_work_of_a_loop_fails_alone(store):
    """Callers that share a commit each get their own result or error; what failed leaves nothing behind."""
    told = []
    store.on_commit(told.append)
    works = [lambda tx, n=n: tx.insert(vpc(f"vpc-{n}")).revision for n in range(3)]
    *good, bad, taken, last = together(
        store, *works, boom, lambda tx: tx.insert(vpc("vpc-0")), lambda tx: tx.insert(vpc("vpc-3")).revision
    )
    assert (*good, last) == (1, 2, 3, 4)
    assert (type(bad), type(taken)) == (ZeroDivisionError, AlreadyExists)
    assert [one.id for one in store.read(lambda tx: tx.select(Vpc))] == ["vpc-0", "vpc-1", "vpc-2", "vpc-3"]
    store.write(lambda tx: None)
    assert told[-1] == 4


def test_later_work_of_a_loop_sees_earlier_work(store):
    """Decisions are made one after the other, however many are asked for at once."""
    counts = together(
        store, *(lambda tx, n=n: (tx.insert(vpc(f"vpc-{n}")), tx.count(Vpc))[1] for n in range(100))
    )
    assert counts == list(range(1, 101))


async def cancel_one(store):
    """Two works asked for at once, the first one's caller gone before it has waited at all; what came of the other."""
    writes = store.loop_writes()
    gone = asyncio.create_task(writes.write(lambda tx: tx.insert(vpc("vpc-gone"))))
    stays = asyncio.create_task(writes.write(lambda tx: tx.insert(vpc("vpc-stays"))))
    await asyncio.sleep(0)
    gone.cancel()
    return await stays


def test_cancelled_work_of_a_loop_disturbs_nobody(store):
    """A caller may go away at any time: a thread that writes beside the loop may have begun by then, and others go on."""
    assert run(cancel_one(store)).id == "vpc-stays"
    assert {one.id for one in store.read(lambda tx: tx.select(Vpc))} - {"vpc-gone"} == {"vpc-stays"}


def test_cancelled_work_that_the_loop_has_not_begun_does_not_happen(make_url):
    """Where the loop writes by itself, it can't begin before it gets its turn."""
    store = open_store(make_url(FILE))
    assert run(cancel_one(store)).id == "vpc-stays"
    assert [one.id for one in store.read(lambda tx: tx.select(Vpc))] == ["vpc-stays"]
    store.close()


def test_long_work_of_a_loop_runs_beside_it(store):
    """Work that may take long runs in a thread; what the loop writes itself gets its turns between, in the order of asking."""
    order, places = [], set()

    def long(tx, n):
        order.append(n)
        places.add(threading.current_thread())
        tx.insert(vpc(f"vpc-long{n}"))

    def count(tx):
        order.append("short")
        return tx.count(Vpc)

    async def ask():
        writes = store.loop_writes()
        first = [asyncio.create_task(writes.write_long(lambda tx, n=n: long(tx, n))) for n in range(2)]
        await asyncio.sleep(0)
        short = asyncio.create_task(writes.write(count))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        last = [asyncio.create_task(writes.write_long(lambda tx, n=n: long(tx, n))) for n in range(2, 20)]
        counted = await short
        await asyncio.gather(*first, *last)
        return counted, await writes.write(count)

    counted, after = run(ask())
    assert threading.current_thread() not in places
    assert counted <= 3
    assert after == 20
    assert [one for one in order if one != "short"] == [*range(20)]


def test_transaction_inside_a_loop_s_transaction_is_refused(store):
    """It would wait for itself: an error at once."""
    nested = together(store, lambda _: store.write(boom), lambda _: store.read(lambda tx: tx.revision))
    assert [type(error) for error in nested] == [RuntimeError, RuntimeError]
    assert store.latest_revision() == 0


@pytest.mark.parametrize("engine", CONCURRENT)
def test_loop_goes_on_while_another_process_writes(make_url, engine):
    """A writer elsewhere holds up the loop's writes, and nothing else that the loop does."""
    url = make_url(engine)
    store, elsewhere = open_store(url), open_store(url)
    begun, gate = threading.Event(), threading.Event()

    def hold(tx):
        tx.insert(vpc("vpc-first"))
        begun.set()
        assert gate.wait(DEADLINE_S)

    async def ask():
        held = asyncio.wrap_future(elsewhere.write_soon(hold))
        assert await asyncio.to_thread(begun.wait, DEADLINE_S)
        late = asyncio.create_task(store.loop_writes().write(lambda tx: tx.count(Vpc)))
        for _ in range(100):
            await asyncio.sleep(0.0001)
        assert not late.done()
        gate.set()
        await held
        return await late

    assert run(ask()) == 1
    store.close()
    elsewhere.close()


def test_closed_store_takes_no_writes_of_a_loop(store_url):
    """Once the store is closed, its loops are told so."""
    store = open_store(store_url)
    writes = store.loop_writes()
    assert run(writes.write(lambda tx: tx.insert(vpc()))).revision == 1
    store.close()
    for write in (writes.write, writes.write_long):
        with pytest.raises(Unavailable):
            run(write(boom))
