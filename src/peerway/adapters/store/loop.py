"""Writes of an event loop. Beside a server each goes to the commit queue's thread; with a file the loop does them itself.

A file answers a statement in microseconds. Two threads that take turns at the interpreter's lock, statement by statement, take
longer than one alone, and each hand-over of work costs as much as some of the statements. So the work runs where it was asked for,
and only what waits for the disk is left to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from peerway.adapters.store.batch import Batch, Job
from peerway.adapters.store.engines import WAIT_S
from peerway.adapters.store.writer import CommitQueue
from peerway.app.store import Writer
from peerway.domain.errors import PeerwayError, Unavailable

T = TypeVar("T")

#: Most pieces of work in one transaction: bounds for how long the loop serves nobody else.
MAX_TOGETHER: Final = 32

#: How long to rest before asking again whether another process's writer is done, s.
REST_S: Final = 0.0005


class QueuedWrites:
    """`app.store.LoopWrites` by the commit queue."""

    #: Work runs in the queue's thread.
    inline = False

    def __init__(self, queue: CommitQueue) -> None:
        self._queue = queue
        self._turn = asyncio.Lock()

    async def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction and return once it is durable."""
        return await asyncio.wrap_future(self._queue.submit(work))

    async def write_long(self, work: Callable[[Writer], T]) -> T:
        """The same, one after the other: several in one transaction would keep everyone waiting for all of them."""
        async with self._turn:
            return await self.write(work)


class InlineWrites:
    """`app.store.LoopWrites` in the loop: what was asked for by the time it turns to writing shares one transaction."""

    #: Work runs in the loop.
    inline = True

    def __init__(self, batch: Batch, queue: CommitQueue, committed: Callable[[int], None]) -> None:
        self._batch = batch
        self._queue = queue
        self._committed = committed
        self._jobs: list[Job[asyncio.Future[Any]]] = []
        self._serving: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="store-commit")
        self._closed = False
        # Turns in the order of asking. Trying again and again alone, the loop would never meet a file that is free while long
        # transactions of threads follow on each other.
        self._turn = asyncio.Lock()

    async def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction and return once it is durable."""
        if self._closed:
            raise Unavailable("the store is closed", code="store_closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.append(Job(work, answer))
        if self._serving is None:
            # A task of its own: it begins after all that the loop has to do now, and so takes along who asks now, too.
            self._serving = loop.create_task(self._serve(), name="store-writer")
        return await answer

    async def write_long(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction of the commit queue's thread and return once it is durable."""
        async with self._turn:
            return await asyncio.wrap_future(self._queue.submit(work))

    def close(self) -> None:
        """Let a commit that is under way end, then hang up."""
        self._closed = True
        self._disk.shutdown()
        self._batch.close()

    async def _serve(self) -> None:
        """Commit what is asked for until nothing is left; wakes each caller, whatever happens."""
        while self._jobs:
            taken, self._jobs = self._jobs[:MAX_TOGETHER], self._jobs[MAX_TOGETHER:]
            jobs = [job for job in taken if not job.answer.cancelled()]
            failure: PeerwayError | None = None
            revision: int | None = None
            try:
                async with self._turn:
                    revision = await self._commit(jobs)
            except Exception as error:  # noqa: BLE001 - see above; the callers get it, and what is unforeseen is logged
                failure = self._batch.failure(error)
            for job in jobs:
                job.tell(failure)
            if revision is not None:
                self._committed(revision)
            # Answers go out before the next work begins; who has got one may ask again and come along.
            await asyncio.sleep(0)
        self._serving = None

    async def _commit(self, jobs: list[Job[asyncio.Future[Any]]]) -> int | None:
        """The new revision, if there is one."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + WAIT_S
        while True:
            try:
                self._batch.begin()
                break
            except Exception as error:
                if loop.time() >= patience or not self._batch.may_try_again(error):
                    raise
            await asyncio.sleep(REST_S)
        self._batch.run(jobs)
        return await loop.run_in_executor(self._disk, self._batch.commit)
