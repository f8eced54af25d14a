"""What a transaction can do: the port's `Reader` and `Writer` on one connection.

Owns no connection: whoever opened the transaction ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from peerway.adapters.store.conversions import micros
from peerway.adapters.store.engines import Connection
from peerway.adapters.store.known import Known
from peerway.adapters.store.mapping import CODECS, Codec, codec_of
from peerway.adapters.store.sampling import (
    forget_oldest_minute,
    read_readings,
    read_samples,
    sampling_of,
    write_samples,
)
from peerway.adapters.store.search import Searches
from peerway.adapters.store.statements import KindStatements, Statements
from peerway.app.store import Change, Where
from peerway.domain.account import AuditEntry
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound
from peerway.domain.metric import End, Reading, Sample
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

#: Where the revision stands in a codec's row.
REVISION = 3
CURSOR = re.compile(r"[0-9a-f]{1,15}")


def read_cursor(after: str | None) -> int:
    """The place that a cursor names; `InvalidInput` on a text that is none."""
    if after is None:
        return 0
    if not CURSOR.fullmatch(after):
        raise InvalidInput("after", "must be a cursor from an earlier page", after)
    return int(after, 16)


class SqlReader:
    """`app.store.Reader` on a connection whose transaction shows one state of the store."""

    def __init__(self, connection: Connection, statements: Statements, searches: Searches) -> None:
        self._connection = connection
        self._statements = statements
        self._searches = searches

    @property
    def revision(self) -> int:
        """Last revision that this view contains."""
        return int(self._connection.execute(self._statements.revision).fetchone()[0])

    def get(self, kind: type[R], id: str) -> R | None:
        """The resource, or None."""
        row = self._connection.execute(self._statements.kinds[kind].get, (id,)).fetchone()
        return None if row is None else codec_of(kind).decode(row)

    def select(
        self,
        kind: type[R],
        *conditions: Where,
        after: str | None = None,
        limit: int | None = None,
        skip: int = 0,
        total: int | None = None,
    ) -> list[R]:
        """Resources that meet all conditions, in order of creation."""
        start = read_cursor(after)
        if skip:
            last = self._searches.place(kind, conditions, start, skip, total)
            row = None if last is None else self._connection.execute(*last).fetchone()
            if row is None:
                return []
            start = int(row[0])
        search = self._searches.page(kind, conditions, start, limit)
        if search is None:
            return []
        decode = codec_of(kind).decode
        return [decode(row) for row in self._connection.execute(*search).fetchall()]

    def cursor(self, resource: Resource) -> str:
        """Opaque text for "after this one" in `select`; `NotFound` when it is not in this view."""
        codec = CODECS[type(resource)]
        row = self._connection.execute(self._statements.kinds[codec.kind].seq, (resource.id,)).fetchone()
        if row is None:
            raise NotFound(codec.name, resource.id)
        return f"{row[0]:x}"

    def count(self, kind: type[R], *conditions: Where) -> int:
        """How many resources meet all conditions."""
        search = self._searches.count(kind, conditions)
        return 0 if search is None else int(self._connection.execute(*search).fetchone()[0])

    def tally(self, kind: type[Resource], key: str) -> int:
        """How many resources of the kind count under a key of theirs: one look-up, however many there are."""
        row = self._connection.execute(self._statements.tally, (codec_of(kind).name, key)).fetchone()
        return 0 if row is None else int(row[0])

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Changes after a revision, oldest first."""
        statement = self._statements.changes
        rows = self._connection.execute(
            statement.sql, statement.fill({"after": after, "limit": limit})
        ).fetchall()
        return [
            Change(revision, kind, id, tuple(uids.split()), bool(gone))
            for revision, kind, id, uids, gone in rows
        ]

    def samples(self, ends: Collection[End], since: datetime, until: datetime) -> list[Sample]:
        """What ends of links carried in the minutes that begin from `since` on and before `until`."""
        return read_samples(self._connection, sampling_of(self._statements), ends, (since, until))


class SqlWriter(SqlReader):
    """`app.store.Writer` on a connection that no other writer stands beside."""

    #: The time of this transaction, UTC.
    now: datetime

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        searches: Searches,
        *,
        revision: int,
        now: datetime,
        known: Known,
    ) -> None:
        super().__init__(connection, statements, searches)
        self.now = now
        # Nobody else writes during the transaction, so what was read or written in it need not be read again.
        self._known = known
        self._start = revision
        self._revision = revision
        self._changes: list[tuple[int, str, str, str, bool]] = []
        self._audits: list[tuple[object, ...]] = []
        self._audited = 0

    @property
    def revision(self) -> int:
        """Last revision, this transaction's own included."""
        return self._revision

    def get(self, kind: type[R], id: str) -> R | None:
        """The resource, or None; what is known is not read again."""
        return self._known.get(kind, id, super().get)

    def tally(self, kind: type[Resource], key: str) -> int:
        """How many resources of the kind count under a key of theirs; what is known is not read again."""
        return self._known.tally(kind, key, super().tally)

    def insert(self, resource: R) -> R:
        """Store a new resource."""
        codec, statements = self._of(resource)
        revision = self._revision + 1
        row = codec.encode(resource)
        row[REVISION] = revision
        row.append(revision)
        done = self._connection.execute(statements.insert.sql, statements.insert.pick(row))
        if done.rowcount != 1:
            raise self._taken(codec, statements, row)
        self._log(codec, resource, removed=False)
        self._tally(codec, None, resource)
        return self._keep(replace(resource, revision=revision))

    def update(self, resource: R) -> R:
        """Replace a stored resource."""
        codec, statements = self._of(resource)
        before = self.get(codec.kind, resource.id)
        if before is None:
            raise NotFound(codec.name, resource.id)
        revision = self._revision + 1
        row = codec.encode(resource)
        row[REVISION] = revision
        update = statements.update(codec.changed(codec.encode(before), row))
        if self._connection.execute(update.sql, update.pick(row)).rowcount != 1:
            raise self._taken(codec, statements, row, but_id=True)
        self._log(codec, resource, removed=False)
        self._tally(codec, before, resource)
        return self._keep(replace(resource, revision=revision))

    def delete(self, resource: Resource) -> None:
        """Remove a stored resource."""
        codec, statements = self._of(resource)
        before = self.get(codec.kind, resource.id) if codec.tallied else None
        if self._connection.execute(statements.delete, (resource.id,)).rowcount != 1:
            raise NotFound(codec.name, resource.id)
        self._log(codec, resource, removed=True)
        self._known.put(codec.kind, resource.id, None)
        self._tally(codec, before, None)

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Changes after a revision, this transaction's own included."""
        self.flush()
        return super().changes(after, limit)

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log, at the revision of this transaction's last change.

        Before its first change the entry takes a revision of its own, so that who has read up to a revision misses none.
        """
        if self._revision == self._start:
            self._revision += 1
        self._audits.append(
            (
                self._revision,
                self._audited,
                micros(entry.at),
                entry.uid,
                entry.key_id,
                entry.request_id,
                entry.action,
                entry.resource_id,
                entry.before,
                entry.after,
            )
        )
        self._audited += 1

    def recall(self, uid: str, token: str) -> tuple[str, str, str] | None:
        """What a client token of an account was used for."""
        row = self._connection.execute(self._statements.recall, (uid, token)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def remember(self, uid: str, token: str, operation: str, digest: str, result_id: str) -> None:
        """Record what a client token was used for; `AlreadyExists` when it was used before."""
        row = (uid, token, operation, digest, result_id, micros(self.now))
        if self._connection.execute(self._statements.remember, row).rowcount != 1:
            raise AlreadyExists("the client token was used already", field="client_token")

    def forget_tokens(self, before: datetime) -> int:
        """Drop the client tokens that were used before that time; how many there were."""
        return self._connection.execute(self._statements.forget, (micros(before),)).rowcount

    def readings(self, ends: Collection[End]) -> list[Reading]:
        """The totals of ends as last read."""
        return read_readings(self._connection, sampling_of(self._statements), ends)

    def add_samples(self, samples: Collection[Sample], readings: Collection[Reading]) -> None:
        """Store new samples, and the readings that they end with in place of those before."""
        write_samples(self._connection, sampling_of(self._statements), samples, readings)

    def forget_oldest_minute(self, before: datetime) -> int:
        """Drop the samples of the oldest minute, if it began before that time; how many there were."""
        return forget_oldest_minute(self._connection, sampling_of(self._statements), before)

    def trial(self, work: Callable[[SqlWriter], T]) -> T:
        """Run `work` on top of what this transaction has done, and undo all that it did."""
        self.flush()
        # What is known stays out of it: it would have to be forgotten again.
        tried = SqlWriter(
            self._connection,
            self._statements,
            self._searches,
            revision=self._revision,
            now=self.now,
            known=Known(),
        )
        self._connection.execute("SAVEPOINT trial")
        try:
            return work(tried)
        finally:
            self._connection.execute("ROLLBACK TO SAVEPOINT trial")
            self._connection.execute("RELEASE SAVEPOINT trial")

    def flush(self) -> None:
        """Write the logs' rows, which are collected to go out together."""
        if self._changes:
            self._add(self._statements.add_change, self._changes)
            self._changes = []
        if self._audits:
            self._add(self._statements.add_audit, self._audits)
            self._audits = []

    def _add(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        if len(rows) == 1:
            self._connection.execute(sql, rows[0])
        else:
            self._connection.cursor().executemany(sql, rows)

    def _keep(self, resource: R) -> R:
        self._known.put(type(resource), resource.id, resource)
        return resource

    def _tally(self, codec: Codec[R], before: R | None, after: R | None) -> None:
        """Bring the tallies from what the resource counted under to what it counts under now."""
        if codec.tallied is None:
            return
        old = frozenset() if before is None else codec.tallied(before)
        new = frozenset() if after is None else codec.tallied(after)
        for key in sorted(old ^ new):
            more = 1 if key in new else -1
            self._connection.execute(self._statements.add_tally, (codec.name, key, more))
            self._known.recount(codec.kind, key)

    def _of(self, resource: R) -> tuple[Codec[R], KindStatements]:
        kind = type(resource)
        return codec_of(kind), self._statements.kinds[kind]

    def _log(self, codec: Codec[R], resource: R, *, removed: bool) -> None:
        self._revision += 1
        self._changes.append((self._revision, codec.name, resource.id, codec.seen_by(resource), removed))

    def _taken(
        self, codec: Codec[R], statements: KindStatements, row: Sequence[object], *, but_id: bool = False
    ) -> AlreadyExists:
        """The error that names the broken rule."""
        for rule in statements.rules[1 if but_id else 0 :]:
            if self._connection.execute(rule.taken.sql, rule.taken.pick(row)).fetchone():
                field = rule.columns[-1]
                return AlreadyExists(
                    f"there is a {codec.name} with this {field} already", resource=codec.name, field=field
                )
        return AlreadyExists(f"there is such a {codec.name} already", resource=codec.name)
