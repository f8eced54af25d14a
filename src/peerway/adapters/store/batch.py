"""One transaction for many pieces of work: each runs behind a savepoint of its own, and one commit is for all.

Owns the connection that writes and what may go wrong on it. Which thread takes which step is its callers' business: `writer` takes
all in a thread of its own, `loop` leaves only the commit to a thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from peerway.adapters.store.connections import Connections, translated
from peerway.adapters.store.engines import Connection, StoreEngine
from peerway.adapters.store.known import Known
from peerway.adapters.store.search import Searches
from peerway.adapters.store.statements import Statements
from peerway.adapters.store.transaction import SqlWriter
from peerway.app.clock import Clock
from peerway.app.store import Writer
from peerway.domain.errors import PeerwayError, Unavailable

LOG = logging.getLogger(__name__)


class Answer(Protocol):
    """Where a caller waits: a future of threads or of an event loop."""

    def cancelled(self) -> bool:
        """Whether nobody waits any more."""

    def set_result(self, result: Any, /) -> None:
        """Wake the caller."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Wake the caller with an error."""


A = TypeVar("A", bound=Answer)


@dataclass(slots=True, eq=False)
class Job(Generic[A]):
    """One caller's work and the way back to it."""

    #: What to do.
    work: Callable[[Writer], Any]
    #: Where the caller waits.
    answer: A
    #: What came of it, until the commit.
    result: Any = None
    #: What went wrong with it alone, until the commit.
    error: BaseException | None = None

    def tell(self, failure: PeerwayError | None) -> None:
        """Wake the caller; `failure` is what went wrong for all jobs of its transaction."""
        if self.answer.cancelled():
            return
        error = failure or self.error
        if error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(error)


class CommitLost(Exception):
    """The engine failed while it committed: nobody knows whether it did, so the work may not be run again."""


class Place(threading.local):
    """What the calling thread is in the middle of."""

    #: A read.
    reads: bool = False
    #: Work of a writing transaction.
    writes: bool = False


class Batch:
    """A connection that writes: `begin`, `run` and `commit` in turns. What raises an engine's error has undone the transaction."""

    def __init__(
        self,
        engine: StoreEngine,
        connections: Connections,
        statements: Statements,
        searches: Searches,
        clock: Clock,
        place: Place,
        wait_s: float,
    ) -> None:
        self._engine = engine
        self._connections = connections
        self._statements = statements
        self._searches = searches
        self._clock = clock
        self._place = place
        self._wait_s = wait_s
        self._connection: Connection | None = None
        self._known = Known()
        #: Last revision before the transaction, and the last one with what it has written.
        self._start = self._revision = 0

    def begin(self) -> None:
        """Begin a transaction that no other writer stands beside; waits for other processes' as long as the connection does."""
        connection = self._connect()
        try:
            connection.execute(self._engine.begin_write)
            self._start = int(connection.execute(self._statements.lock_revision).fetchone()[0])
            self._revision = self._start
            self._known.catch_up(connection, self._statements, self._start)
        except self._engine.errors:
            self._give_up(connection)
            raise

    def run(self, jobs: Sequence[Job[Any]]) -> None:
        """Run the jobs, one after the other; what comes of each is kept in it."""
        connection = self._connect()
        outer, self._place.writes = self._place.writes, True
        try:
            for job in jobs:
                self._attempt(connection, job)
        except self._engine.errors:
            self._known.forget()
            self._give_up(connection)
            raise
        finally:
            self._place.writes = outer

    def commit(self) -> int | None:
        """Make it durable; the new revision, or None when nothing was written."""
        connection = self._connect()
        changed = self._revision != self._start
        try:
            if changed:
                connection.execute(self._statements.set_revision, (self._revision,))
        except self._engine.errors:
            self._known.forget()
            self._give_up(connection)
            raise
        try:
            connection.execute("COMMIT")
        except self._engine.errors as error:
            self._known.forget()
            self._give_up(connection)
            raise CommitLost from error
        self._known.revision = self._revision
        return self._revision if changed else None

    def may_try_again(self, error: Exception) -> bool:
        """Whether nothing has happened and the same may go through when it is begun anew."""
        if not isinstance(error, self._engine.errors):
            return False
        return self._engine.lost_race(error) or self._connection is None

    def failure(self, error: Exception) -> PeerwayError:
        """What the callers of a transaction get to see of what ended it."""
        if isinstance(error, CommitLost):
            told: PeerwayError = Unavailable("the store failed while it wrote", code="outcome_unknown")
        elif isinstance(error, self._engine.errors):
            told = translated(self._engine, error)
        else:
            LOG.error("a writing transaction failed", exc_info=error)
            told = Unavailable("the store failed", code="store_failed")
        return caused(told, error)

    def close(self) -> None:
        """Hang up; what is not committed is undone."""
        if self._connection is not None:
            with suppress(self._engine.errors):
                self._connections.release(self._connection)
            self._connection = None

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._connections.writing(self._wait_s)
        return self._connection

    def _attempt(self, connection: Connection, job: Job[Any]) -> None:
        """Run one job behind its savepoint. What goes wrong with it alone is kept for its caller."""
        now = self._clock.now()
        writer = SqlWriter(
            connection, self._statements, self._searches, revision=self._revision, now=now, known=self._known
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
            self._known.forget()
            connection.execute("ROLLBACK TO SAVEPOINT work")
        else:
            self._revision = writer.revision
        connection.execute("RELEASE SAVEPOINT work")

    def _give_up(self, connection: Connection) -> None:
        """Undo; a connection that can't even do that is thrown away."""
        try:
            if self._engine.in_transaction(connection):
                connection.execute("ROLLBACK")
            if self._engine.usable(connection):
                return
        except self._engine.errors:
            pass
        self.close()


def caused(error: PeerwayError, cause: BaseException) -> PeerwayError:
    """The error, with what it came from for the logs."""
    error.__cause__ = cause
    return error
