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

from peerway.adapters.store.connections import Connections, translated
from peerway.adapters.store.engines import Connection, StoreEngine
from peerway.adapters.store.search import Searches
from peerway.adapters.store.statements import Statements
from peerway.adapters.store.transaction import SqlWriter
from peerway.app.clock import Clock
from peerway.app.store import Writer
from peerway.domain.errors import PeerwayError, Unavailable
from peerway.domain.resource import Resource

T = TypeVar("T")

#: Most pieces of work in one commit: bounds how long the first one waits for the last.
MAX_TOGETHER = 256
#: How often a transaction that came to nothing is begun before its callers are told to come back.
MAX_TRIES = 3

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


class CommitLost(Exception):
    """The engine failed while it committed: nobody knows whether it did, so the work may not be run again."""


class CommitQueue:
    """The one writer of this process."""

    def __init__(
        self,
        engine: StoreEngine,
        connections: Connections,
        statements: Statements,
        searches: Searches,
        clock: Clock,
        committed: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._connections = connections
        self._statements = statements
        self._searches = searches
        self._clock = clock
        self._committed = committed
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue the work; the future is done once it is durable or has failed."""
        job = Job(work)
        with self._gate:
            if self._closed:
                raise Unavailable("the store is closed", code="store_closed")
            self._jobs.put(job)
        return job.answer

    def is_here(self) -> bool:
        """Whether the caller runs inside a transaction of this queue."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._take()
            if jobs:
                self._serve(jobs)
        self._disconnect()

    def _take(self) -> tuple[list[Job], bool]:
        """All that is queued, at least one piece; and whether it is the end."""
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

    def _serve(self, jobs: list[Job]) -> None:
        """Commit the jobs and wake their callers, whatever happens: without this thread nothing can be written."""
        revision: int | None = None
        try:
            failure, revision = self._commit(jobs)
        except Exception as error:
            LOG.exception("the store's writer failed")
            failure = Unavailable("the store failed", code="store_failed")
            failure.__cause__ = error
        for job in jobs:
            answer(job, failure)
        if revision is not None:
            try:
                self._committed(revision)
            except Exception:
                LOG.exception("a listener to commits failed")

    def _commit(self, jobs: list[Job]) -> tuple[PeerwayError | None, int | None]:
        """What went wrong for all of them, and the new revision if there is one."""
        for attempt in range(1, MAX_TRIES + 1):
            try:
                with self._connections.turn():
                    return None, self._transact(jobs)
            except CommitLost as lost:
                return caused(
                    Unavailable("the store failed while it wrote", code="outcome_unknown"), lost
                ), None
            except self._engine.errors as error:
                again = self._engine.lost_race(error) or self._connection is None
                if not again or attempt == MAX_TRIES:
                    return caused(translated(self._engine, error), error), None
        raise AssertionError("the last attempt returns")

    def _transact(self, jobs: list[Job]) -> int | None:
        """Run all in one transaction; the new revision, or None when nothing was written."""
        connection = self._connect()
        try:
            connection.execute(self._engine.begin_write)
            start = revision = int(connection.execute(self._statements.lock_revision).fetchone()[0])
            known: dict[tuple[type[Resource], str], Resource | None] = {}
            for job in jobs:
                revision = self._attempt(connection, job, revision, known)
            if revision != start:
                connection.execute(self._statements.set_revision, (revision,))
        except self._engine.errors:
            self._give_up(connection)
            raise
        try:
            connection.execute("COMMIT")
        except self._engine.errors as error:
            self._give_up(connection)
            raise CommitLost from error
        return None if revision == start else revision

    def _attempt(
        self,
        connection: Connection,
        job: Job,
        revision: int,
        known: dict[tuple[type[Resource], str], Resource | None],
    ) -> int:
        """Run one piece behind its savepoint; the revision after it. What goes wrong with it alone is kept for its caller."""
        now = self._clock.now()
        writer = SqlWriter(
            connection, self._statements, self._searches, revision=revision, now=now, known=known
        )
        connection.execute("SAVEPOINT work")
        try:
            job.error = None
            job.result = job.work(writer)
            writer.flush()
        except BaseException as error:
            if isinstance(error, self._engine.errors):
                if self._engine.lost_race(error) or not self._engine.in_transaction(connection):
                    raise
                job.error = caused(translated(self._engine, error), error)
            else:
                job.error = error
            known.clear()
            connection.execute("ROLLBACK TO SAVEPOINT work")
            connection.execute("RELEASE SAVEPOINT work")
            return revision
        connection.execute("RELEASE SAVEPOINT work")
        return writer.revision

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._connections.writing()
        return self._connection

    def _give_up(self, connection: Connection) -> None:
        """Undo; a connection that can't even do that is thrown away."""
        try:
            if self._engine.in_transaction(connection):
                connection.execute("ROLLBACK")
            if self._engine.usable(connection):
                return
        except self._engine.errors:
            pass
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(self._engine.errors):
                self._connections.release(self._connection)
            self._connection = None


def answer(job: Job, failure: PeerwayError | None) -> None:
    """Wake the caller."""
    if failure is not None:
        job.answer.set_exception(failure)
    elif job.error is not None:
        job.answer.set_exception(job.error)
    else:
        job.answer.set_result(job.result)


def caused(error: PeerwayError, cause: BaseException) -> PeerwayError:
    """The error, with what it came from for the logs."""
    error.__cause__ = cause
    return error
