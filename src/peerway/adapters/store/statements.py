"""SQL text for what is done by id and to the store's own tables: built from the schema, compiled once.

Compiling and type processing are what makes SQLAlchemy's statements dear: more than SQLite takes to run them. So the transactions
get finished text with the order of its parameters and hand it to the driver. Nothing here touches a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Dialect,
    Table,
    UniqueConstraint,
    bindparam,
    exists,
    select,
)
from sqlalchemy.dialects import postgresql, registry, sqlite

from peerway.adapters.store.mapping import CODECS, Codec
from peerway.adapters.store.tables import bookkeeping

#: How many shapes of a statement are kept compiled.
SHAPES = 1024

INSERTS: Mapping[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Statement:
    """Finished SQL."""

    #: Text for the driver.
    sql: str
    #: Names of its parameters, in their order; a name may come twice.
    order: tuple[str, ...]
    #: Values of the parameters that SQLAlchemy put in by itself.
    constants: Mapping[str, object]

    def fill(self, values: Mapping[str, object]) -> tuple[object, ...]:
        """Parameters in the driver's order."""
        whole = {**self.constants, **values}
        return tuple([whole[name] for name in self.order])


@dataclass(frozen=True, slots=True)
class RowStatement:
    """Finished SQL whose parameters are parts of a row."""

    #: Text for the driver.
    sql: str
    #: Picks the parameters from the row, in the driver's order.
    pick: Callable[[Sequence[object]], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """A unique rule of a table, and how to find out whether it is the one that was broken."""

    #: Columns that are unique together.
    columns: tuple[str, ...]
    #: Finds another row with the same values; its parameters are parts of a row of the codec.
    taken: RowStatement


@dataclass(frozen=True, slots=True)
class KindStatements:
    """What is done to one kind of resource by its id."""

    #: Row of the codec's columns, by id.
    get: str
    #: Creation order, by id.
    seq: str
    #: Add a row (the codec's, then seq); adds nothing when a unique rule is broken.
    insert: RowStatement
    #: By the names of the columns that get new values: change the row with a row's id. Changes nothing when there is none or a
    #: unique rule is broken. An engine rewrites the indexes of all columns that are named, whether their values change or not.
    update: Callable[[tuple[str, ...]], RowStatement]
    #: Remove, by id.
    delete: str
    #: The table's unique rules, that of the id first.
    rules: tuple[UniqueRule, ...]


def compiled(statement: ClauseElement, dialect: Dialect) -> Statement:
    """The text and the order of its parameters."""
    done: Any = statement.compile(dialect=dialect)
    constants = {name: value for name, value in done.params.items() if value is not None}
    return Statement(str(done), tuple(done.positiontup or ()), constants)


def kind_statements(codec: Codec[Any], dialect: Dialect) -> KindStatements:
    """Compile one kind's statements."""
    table = codec.table
    by_id = table.c.id == bindparam("by_id")
    row = (*codec.columns, *codec.derived)
    rules = unique_rules(table)

    @lru_cache(maxsize=SHAPES)
    def update(changed: tuple[str, ...]) -> RowStatement:
        touched = [rule for rule in rules[1:] if not set(rule).isdisjoint(changed)]
        free = [~exists(select(1).where(*others(table, rule))) for rule in touched]
        new = table.update().values({name: bindparam(f"new_{name}") for name in changed})
        return _of_row(new.where(by_id, *free), row, dialect)

    insert = INSERTS[dialect.name](table).on_conflict_do_nothing()
    return KindStatements(
        get=compiled(select(*(table.c[name] for name in codec.columns)).where(by_id), dialect).sql,
        seq=compiled(select(table.c.seq).where(by_id), dialect).sql,
        insert=_of_row(
            insert.values({name: bindparam(name) for name in (*row, "seq")}), (*row, "seq"), dialect
        ),
        update=update,
        delete=compiled(table.delete().where(by_id), dialect).sql,
        rules=tuple(
            UniqueRule(rule, _of_row(select(1).where(*others(table, rule)), row, dialect)) for rule in rules
        ),
    )


def unique_rules(table: Table) -> list[tuple[str, ...]]:
    """Columns of each unique rule, that of the id first."""
    rules = [tuple(rule.columns.keys()) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    return sorted(rules, key=lambda rule: (rule != ("id",), rule))


def others(table: Table, rule: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions for rows that have the new row's values in a unique rule's columns and aren't that row."""
    other = table.alias("other")
    same = [other.c[name] == bindparam(f"new_{name}") for name in rule]
    return same if tuple(rule) == ("id",) else [*same, other.c.id != bindparam("by_id")]


def _of_row(statement: ClauseElement, row: Sequence[str], dialect: Dialect) -> RowStatement:
    done = compiled(statement, dialect)
    names = ["id" if name == "by_id" else name.removeprefix("new_") for name in done.order]
    places = [row.index(name) for name in names]
    if len(places) == 1:
        place = places[0]
        return RowStatement(done.sql, lambda values: (values[place],))
    return RowStatement(done.sql, itemgetter(*places))


class Statements:
    """All text for one engine, but the searches."""

    #: By kind of resource.
    kinds: Mapping[type, KindStatements]

    def __init__(self, dialect: Dialect) -> None:
        change, audit, token, revision = (
            bookkeeping.CHANGE,
            bookkeeping.AUDIT,
            bookkeeping.CLIENT_TOKEN,
            bookkeeping.REVISION,
        )
        tally = bookkeeping.TALLY
        #: The engine's.
        self.dialect = dialect
        self.kinds = {kind: kind_statements(codec, dialect) for kind, codec in CODECS.items()}
        #: Last revision.
        self.revision = compiled(select(revision.c.value), dialect).sql
        #: Last revision, and the right to write until the transaction ends.
        self.lock_revision = compiled(select(revision.c.value).with_for_update(), dialect).sql
        #: kind, key
        self.tally = compiled(
            select(tally.c.count).where(tally.c.kind == bindparam("kind"), tally.c.key == bindparam("key")),
            dialect,
        ).sql
        added = INSERTS[dialect.name](tally)
        #: kind, key, how many more
        self.add_tally = compiled(
            added.on_conflict_do_update(
                index_elements=["kind", "key"], set_={"count": tally.c.count + added.excluded.count}
            ),
            dialect,
        ).sql
        #: value
        self.set_revision = compiled(revision.update().values(value=bindparam("value")), dialect).sql
        #: Columns of the change table.
        self.add_change = compiled(change.insert(), dialect).sql
        #: after, limit
        self.changes = compiled(
            select(change)
            .where(change.c.revision > bindparam("after"))
            .order_by(change.c.revision)
            .limit(bindparam("limit")),
            dialect,
        )
        #: Columns of the audit table.
        self.add_audit = compiled(audit.insert(), dialect).sql
        #: uid, token
        self.recall = compiled(
            select(token.c.operation, token.c.digest, token.c.result_id).where(
                token.c.uid == bindparam("uid"), token.c.token == bindparam("token")
            ),
            dialect,
        ).sql
        #: Columns of the client token table; adds nothing when the token is there.
        self.remember = compiled(INSERTS[dialect.name](token).on_conflict_do_nothing(), dialect).sql
        #: before
        self.forget = compiled(token.delete().where(token.c.used_at < bindparam("before")), dialect).sql


def statements_for(dialect: Dialect) -> Statements:
    """The text for an engine of this dialect; compiled once in a process, as that takes long."""
    return _statements_in(f"{dialect.name}.{dialect.driver}", dialect.paramstyle)


@cache
def _statements_in(dialect: str, paramstyle: str) -> Statements:
    return Statements(registry.load(dialect)(paramstyle=paramstyle))
