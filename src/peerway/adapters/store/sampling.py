"""Samples and readings: rows without a revision, written together and read along their keys.

Owns the SQL for both tables. Nothing here opens or ends a transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, Dialect, bindparam, select

from peerway.adapters.store.conversions import micros, moment
from peerway.adapters.store.engines import Connection
from peerway.adapters.store.statements import INSERTS, Statement, Statements, compiled
from peerway.adapters.store.tables.monitoring import READING, SAMPLE
from peerway.domain.errors import AlreadyExists
from peerway.domain.metric import Count, End, Reading, Sample, sample_of

#: Columns of both tables after their keys.
COUNTS = tuple(count.value for count in Count)


class SamplingStatements:
    """The text for one engine."""

    def __init__(self, dialect: Dialect) -> None:
        insert = INSERTS[dialect.name]
        key = [SAMPLE.c.link_id == bindparam("link_id"), SAMPLE.c.router_id == bindparam("router_id")]
        counts = [SAMPLE.c[name] for name in COUNTS]
        new_reading = insert(READING)
        row: dict[str, BindParameter[object]] = {
            name: bindparam(name) for name in ("link_id", "router_id", "at", *COUNTS)
        }
        #: link_id, router_id, since, until
        self.samples = compiled(
            select(SAMPLE.c.at, *counts)
            .where(*key, SAMPLE.c.at >= bindparam("since"), SAMPLE.c.at < bindparam("until"))
            .order_by(SAMPLE.c.at),
            dialect,
        )
        #: Columns of the table; adds nothing when there is one of that key.
        self.add_sample = compiled(insert(SAMPLE).values(row).on_conflict_do_nothing(), dialect)
        #: first link, last link
        self.readings = compiled(
            select(READING)
            .where(READING.c.link_id >= bindparam("first"), READING.c.link_id <= bindparam("last"))
            .order_by(READING.c.link_id, READING.c.router_id),
            dialect,
        )
        #: Columns of the table; replaces the one of that key.
        self.put_reading = compiled(
            new_reading.values(row).on_conflict_do_update(
                index_elements=["link_id", "router_id"],
                set_={name: new_reading.excluded[name] for name in ("at", *COUNTS)},
            ),
            dialect,
        )
        #: before
        self.oldest = compiled(
            select(SAMPLE.c.at).where(SAMPLE.c.at < bindparam("before")).order_by(SAMPLE.c.at).limit(1),
            dialect,
        )
        #: at
        self.forget_minute = compiled(SAMPLE.delete().where(SAMPLE.c.at == bindparam("minute")), dialect)
        #: before
        self.forget_readings = compiled(READING.delete().where(READING.c.at < bindparam("before")), dialect)


@cache
def sampling_of(statements: Statements) -> SamplingStatements:
    """The text for the engine that other text was made for; compiled once."""
    return SamplingStatements(statements.dialect)


def read_samples(
    connection: Connection,
    statements: SamplingStatements,
    ends: Collection[End],
    times: tuple[datetime, datetime],
) -> list[Sample]:
    """See `Reader.samples`: one walk along the key for each end."""
    since, until = map(micros, times)
    found: list[Sample] = []
    text = statements.samples
    for end in sorted(set(ends), key=lambda one: (one.link_id, one.router_id)):
        values = text.fill(
            {"link_id": end.link_id, "router_id": end.router_id, "since": since, "until": until}
        )
        rows = connection.execute(text.sql, values).fetchall()
        found += (sample_of(end, moment(at), (a, b, c, d, e)) for at, a, b, c, d, e in rows)
    return found


def read_readings(
    connection: Connection, statements: SamplingStatements, ends: Collection[End]
) -> list[Reading]:
    """See `Writer.readings`: one walk along the key from the first link to the last, as ends come in pieces of a sorted list."""
    if not ends:
        return []
    wanted = set(ends)
    text = statements.readings
    links = [end.link_id for end in wanted]
    rows = connection.execute(text.sql, text.fill({"first": min(links), "last": max(links)})).fetchall()
    return [
        Reading(link_id=link_id, router_id=router_id, at=moment(at), totals=(a, b, c, d, e))
        for link_id, router_id, at, a, b, c, d, e in rows
        if End(link_id, router_id) in wanted
    ]


def write_samples(
    connection: Connection,
    statements: SamplingStatements,
    samples: Collection[Sample],
    readings: Collection[Reading],
) -> None:
    """See `Writer.add_samples`."""
    new, put = statements.add_sample, statements.put_reading
    rows = [_row(new, one.end, one.at, one.counts) for one in samples]
    if rows and _run(connection, new, rows) != len(rows):
        raise AlreadyExists("there is a sample of such an end and minute already", field="at")
    if readings:
        _run(connection, put, [_row(put, one.end, one.at, one.totals) for one in readings])


def forget_oldest_minute(connection: Connection, statements: SamplingStatements, before: datetime) -> int:
    """Forget the samples of the oldest minute, if it began before that time; how many that were, 0 when there are none."""
    oldest = connection.execute(statements.oldest.sql, statements.oldest.fill({"before": micros(before)}))
    row = oldest.fetchone()
    if row is None:
        forget = statements.forget_readings
        connection.execute(forget.sql, forget.fill({"before": micros(before)}))
        return 0
    text = statements.forget_minute
    return connection.execute(text.sql, text.fill({"minute": row[0]})).rowcount


def _row(text: Statement, end: End, at: datetime, counts: Sequence[int]) -> tuple[object, ...]:
    named = dict(zip(COUNTS, counts, strict=True))
    return text.fill({"link_id": end.link_id, "router_id": end.router_id, "at": micros(at), **named})


def _run(connection: Connection, text: Statement, rows: Sequence[Sequence[object]]) -> int:
    cursor = connection.cursor()
    cursor.executemany(text.sql, rows)
    return cursor.rowcount
