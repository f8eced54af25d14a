"""The door to the store: reads on pooled connections, writes through the commit queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from peerway.adapters.store.batch import Batch, Place
from peerway.adapters.store.connections import Connections, OnlyConnection, PooledConnections, translated
from peerway.adapters.store.conversions import moment
from peerway.adapters.store.engines import WAIT_S, Connection, StoreEngine, engine_for
from peerway.adapters.store.loop import InlineWrites, QueuedWrites
from peerway.adapters.store.migrations import upgrade
from peerway.adapters.store.search import Searches
from peerway.adapters.store.statements import statements_for
from peerway.adapters.store.transaction import SqlReader, SqlWriter
from peerway.adapters.store.writer import CommitQueue
from peerway.app.clock import Clock, SystemClock
from peerway.app.store import LoopWrites, Reader, Writer
from peerway.domain.account import AuditEntry
from peerway.domain.errors import Unavailable

T = TypeVar("T")

LOG = logging.getLogger(__name__)


class SqlStore:
    """`app.store.Store` on SQLite or PostgreSQL. Safe for use from many threads."""

    def __init__(self, engine: StoreEngine, clock: Clock) -> None:
        self._engine = engine
        self._statements = statements_for(engine.dialect)
        self._searches = Searches(engine.dialect)
        self._connections: Connections = (OnlyConnection if engine.one_connection else PooledConnections)(
            engine
        )
        self._clock = clock
        self._place = Place()
        self._listeners: tuple[Callable[[int], None], ...] = ()
        self._queue = CommitQueue(self._connections, self._batch(), self._place, self._committed)
        self._loops: list[InlineWrites] = []

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on a consistent view."""
        if self._place.writes:
            raise RuntimeError("work in a writing transaction reads by its writer")
        outer, self._place.reads = self._place.reads, True
        try:
            with self._connections.reading() as connection:
                return work(SqlReader(connection, self._statements, self._searches))
        finally:
            self._place.reads = outer

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction and return once it is durable."""
        if self._place.writes or self._place.reads:
            raise RuntimeError("a transaction that waits for another one of its thread may wait for ever")
        return self._queue.submit(work).result()

    def write_soon(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue `work` as `write` does and return at once; the future is done once it is durable or has failed."""
        return self._queue.submit(work)

    def loop_writes(self) -> LoopWrites:
        """A way to write for one event loop."""
        if not self._engine.inline:
            return QueuedWrites(self._queue)
        made = InlineWrites(self._batch(wait_s=0), self._queue, self._committed)
        self._loops.append(made)
        return made

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have `listener` called with the last revision after each commit of this process; gives what ends that.

        Who commits calls it after waking the commit's callers, so it may neither block nor fail. Commits of other
        processes are not told: compare `latest_revision`.
        """
        self._listeners = (*self._listeners, listener)

        def stop() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return stop

    def latest_revision(self) -> int:
        """Last revision of all processes; about as cheap as a read gets."""
        return self.read(lambda tx: tx.revision)

    def audit_log(
        self, uids: Collection[str] | None, *, after: int = 0, limit: int = 100
    ) -> list[AuditEntry]:
        """Audit entries with a revision after `after`, oldest first.

        A page may be longer than `limit`: it never parts a revision.
        """
        whose = None if uids is None else sorted(uids)
        with self._connections.reading() as connection:
            rows = self._audit_rows(connection, whose, (after + 1, -1), None, limit)
            if len(rows) == limit > 0:
                revision, position = rows[-1][:2]
                rows += self._audit_rows(connection, whose, (revision, position), revision, None)
        return [audit_entry(row) for row in rows]

    def forget_tokens(self, before: datetime) -> int:
        """Drop the client tokens that were used before that time; how many there were."""
        return self.write(lambda tx: _own(tx).forget_tokens(before))

    def forget_samples(self, before: datetime) -> int:
        """Drop samples of minutes that began before that time, and older readings; how many samples there were.

        A minute at a time: other writers get their turns between.
        """
        forgotten = 0
        while count := self.write(lambda tx: _own(tx).forget_oldest_minute(before)):
            forgotten += count
        return forgotten

    def ping(self) -> None:
        """Raise `Unavailable` when the store can't be reached."""
        self.latest_revision()

    def close(self) -> None:
        """Finish what is running and let go of the files and connections."""
        self._queue.close()
        for loop in self._loops:
            loop.close()
        self._connections.close()
        self._engine.alchemy.dispose()

    def _audit_rows(
        self,
        connection: Connection,
        uids: list[str] | None,
        after: tuple[int, int],
        last: int | None,
        limit: int | None,
    ) -> list[Any]:
        search = self._searches.audit(uids, after, last, limit)
        return [] if search is None else connection.execute(*search).fetchall()

    def _batch(self, wait_s: float = WAIT_S) -> Batch:
        return Batch(
            self._engine,
            self._connections,
            self._statements,
            self._searches,
            self._clock,
            self._place,
            wait_s,
        )

    def _committed(self, revision: int) -> None:
        for listener in self._listeners:
            try:
                listener(revision)
            except Exception:
                LOG.exception("a listener to commits failed")


def _own(tx: Writer) -> SqlWriter:
    if not isinstance(tx, SqlWriter):
        raise TypeError("what a store forgets is forgotten in its own transactions")
    return tx


def audit_entry(row: Any) -> AuditEntry:
    """The entry of a row of the audit table."""
    revision, _, at, uid, key_id, request_id, action, resource_id, before, after = row
    return AuditEntry(moment(at), uid, key_id, request_id, action, resource_id, before, after, revision)


def open_store(url: str, clock: Clock | None = None) -> SqlStore:
    """The store at an address, brought to the current schema: `sqlite:///PATH`, `sqlite://` (memory) or `postgresql://...`.

    `Unavailable` when it can't be reached or was written by a newer Peerway; `ValueError` when the address is of another sort.
    """
    engine = engine_for(url)
    try:
        upgrade(engine.alchemy)
    except (engine.errors, SQLAlchemyError) as error:
        raise translated(engine, error) from error
    except CommandError as error:
        raise Unavailable("the store's schema is of a newer version", code="store_newer") from error
    return SqlStore(engine, clock or SystemClock())
