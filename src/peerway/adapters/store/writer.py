"""The commit queue: every write of this process goes through one thread, and what waits together is committed together.

A commit costs a sync of the disk, whatever is in it. The thread takes all that is queued, runs each piece of work behind a
savepoint of its own, commits once and only then answers all callers. Who comes meanwhile waits for the next commit. Nobody waits
for company.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from peerway.adapters.store.engines import Connection, StoreEngine
from peerway.adapters.store.search import Searches
from peerway.adapters.store.statements import Statements
from peerway.adapters.store.transaction import SqlWriter
from peerway.app.clock import Clock
from peerway.app.store import Writer
from peerway.domain.errors import Unavailable

T = TypeVar("T")

#: Most pieces of work in one commit: bounds how long the first one waits for the last.
MAX_TOGETHER = 256
#: How often a transaction that lost a race is begun again before its callers are told to come back.
MAX_TRIES = 5

LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """One caller's work and the way back to it."""

    #: What to do.
    work: Callable[[Writer], Any]
    #: Where the caller waits.
    answer: Future[Any] = field(default_factory=Future)
    #: What came of it, until the commit.
    result: Any = None
    #: What went wrong with it alone, until the commit.
    error: BaseException | None = None


class CommitQueue:
    """The one writer of this process."""

    def __init__(
        self,
        engine: StoreEngine,
        statements: Statements,
        searches: Searches,
        clock: Clock,
        *,
        turn: threading.RLock,
        committed: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._statements = statements
        self._searches = searches
        self._clock = clock
        self._turn = turn
        self._committed = committed
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue the work; the future is done once it is durable or has failed."""
        if self._closed:
            raise Unavailable("the store is closed")
        job = Job(work)
        self._jobs.put(job)
        return job.answer

    def run(self, work: Callable[[Writer], T]) -> T:
        """Queue the work and wait for it."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a transaction may not begin another one")
        return self.submit(work).result()

    def close(self) -> None:
        """Finish what is queued, then stop."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            jobs, last = self._take()
            if jobs:
                self._commit(jobs)
            if last:
                break
        self._disconnect()

    def _take(self) -> tuple[list[Job], bool]:
        """All that is queued, at least one; and whether it is the end."""
        jobs: list[Job] = []
        item = self._jobs.get()
        with suppress(Empty):
            while item is not None:
                if item.answer.set_running_or_notify_cancel():
                    jobs.append(item)
                if len(jobs) == MAX_TOGETHER:
                    return jobs, False
                item = self._jobs.get_nowait()
            return jobs, True
        return jobs, False

    def _commit(self, jobs: list[Job]) -> None:
        revision = None
        failure: Exception | None = None
        for _ in range(MAX_TRIES):
            try:
                with self._turn:
                    revision = self._transact(jobs)
                failure = None
                break
            except self._engine.errors as error:
                failure = error
                if not self._engine.lost_race(error):
                    break
        for job in jobs:
            answer(job, failure)
        if revision is not None:
            self._committed(revision)

    def _transact(self, jobs: list[Job]) -> int | None:
        """Run all in one transaction; the new revision, or None when nothing was written."""
        connection = self._connect()
        try:
            connection.execute(self._engine.begin_write)
            start = revision = int(connection.execute(self._statements.lock_revision).fetchone()[0])
            for job in jobs:
                revision = self._attempt(connection, job, revision)
            if revision != start:
                connection.execute(self._statements.set_revision, (revision,))
            connection.execute("COMMIT")
        except self._engine.errors:
            self._give_up(connection)
            raise
        return None if revision == start else revision

    def _attempt(self, connection: Connection, job: Job, revision: int) -> int:
        """Run one behind its savepoint; the revision after it."""
        writer = SqlWriter(
            connection, self._statements, self._searches, revision=revision, now=self._clock.now()
        )
        connection.execute("SAVEPOINT work")
        try:
            job.error = None
            job.result = job.work(writer)
            writer.flush()
        except BaseException as error:
            if isinstance(error, self._engine.errors) and not isinstance(error, self._engine.value_errors):
                raise
            connection.execute("ROLLBACK TO SAVEPOINT work")
            connection.execute("RELEASE SAVEPOINT work")
            job.error = error
            return revision
        connection.execute("RELEASE SAVEPOINT work")
        return writer.revision

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _give_up(self, connection: Connection) -> None:
        with suppress(self._engine.errors):
            connection.execute("ROLLBACK")
        if not self._engine.usable(connection):
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None and not self._engine.one_connection:
            self._connection.close()
        self._connection = None


def answer(job: Job, failure: Exception | None) -> None:
    """Wake the caller."""
    if failure is not None:
        job.answer.set_exception(unavailable(failure))
    elif job.error is not None:
        job.answer.set_exception(job.error)
    else:
        job.answer.set_result(job.result)


def unavailable(cause: Exception) -> Unavailable:
    """What callers get to see of an engine's failure."""
    error = Unavailable("the store can't be reached or can't write right now", code="store_unavailable")
    error.__cause__ = cause
    return error
