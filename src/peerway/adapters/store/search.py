"""Searches: the port's conditions to SQL, planned so that a page costs the same wherever it is in the list.

One condition *drives*: its columns lead an index that continues with `seq`, so each of its alternatives is a range of that index in
list order. A page is the first rows of the merged ranges. The other conditions only filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from peerway.adapters.store.mapping import CODECS, Codec, codec_of
from peerway.adapters.store.statements import SHAPES, Statement, compiled
from peerway.adapters.store.tables import bookkeeping
from peerway.app.store import Among, Where
from peerway.domain.resource import Resource

#: Driving conditions with more alternatives than this are looked up and sorted instead of merged.
MAX_RANGES = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """What a condition's text depends on."""

    #: Columns, joined by OR.
    columns: tuple[str, ...]
    #: How many values other than NULL, joined by OR.
    count: int
    #: Whether NULL is one of the values.
    null: bool
    #: Instead of values: kinds, each with the shapes of the conditions that its resources have to meet.
    among: tuple[tuple[Codec[Any], tuple[Shape, ...]], ...] = ()

    @property
    def met(self) -> bool:
        """Whether anything can meet it."""
        return self.count > 0 or self.null or bool(self.among)


#: Finished text and its parameters; None when nothing can match.
Search = tuple[str, tuple[object, ...]] | None


class Searches:
    """Plans searches for one engine and keeps the text of each shape."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._order = {kind: search_order(codec.table) for kind, codec in CODECS.items()}
        self._page = lru_cache(maxsize=SHAPES)(self._compile_page)
        self._place = lru_cache(maxsize=SHAPES)(self._compile_place)
        self._count = lru_cache(maxsize=SHAPES)(self._compile_count)
        self._audit = lru_cache(maxsize=SHAPES)(self._compile_audit)

    def page(
        self, kind: type[Resource], conditions: Sequence[Where], after: int, limit: int | None
    ) -> Search:
        """Rows of the codec's columns after that place in the list, in its order."""
        values: dict[str, object] = {"after": after, "limit": limit}
        codec = codec_of(kind)
        shapes = self._shapes(codec, conditions, values)
        if shapes is None:
            return None
        statement = self._page(codec, shapes, limited=limit is not None)
        return statement.sql, statement.fill(values)

    def place(
        self, kind: type[Resource], conditions: Sequence[Where], after: int, skip: int, total: int | None
    ) -> Search:
        """One row with the place of the `skip`-th row after that place, or none; of the rows nothing but the index is read.

        With `total` rows after that place, it is looked for from the nearer end.
        """
        backwards = total is not None and total < 2 * skip
        if total is not None and total < skip:
            return None
        values: dict[str, object] = {"after": after, "skip": (total or 0) - skip if backwards else skip - 1}
        codec = codec_of(kind)
        shapes = self._shapes(codec, conditions, values)
        if shapes is None:
            return None
        statement = self._place(codec, shapes, backwards=backwards)
        return statement.sql, statement.fill(values)

    def count(self, kind: type[Resource], conditions: Sequence[Where]) -> Search:
        """One row with the number of matches."""
        values: dict[str, object] = {}
        codec = codec_of(kind)
        shapes = self._shapes(codec, conditions, values)
        if shapes is None:
            return None
        statement = self._count(codec, shapes)
        return statement.sql, statement.fill(values)

    def audit(
        self, uids: Sequence[str] | None, after: tuple[int, int], before: int | None, limit: int | None
    ) -> Search:
        """Audit rows after (revision, position), up to a revision, in their order."""
        if uids is not None and not uids:
            return None
        padded = [] if uids is None else pad(list(uids))
        values: dict[str, object] = {
            "revision": after[0],
            "position": after[1],
            "last": before,
            "limit": limit,
        }
        values |= {f"uid_{index}": uid for index, uid in enumerate(padded)}
        statement = self._audit(len(padded), bounded=before is not None, limited=limit is not None)
        return statement.sql, statement.fill(values)

    def _shapes(
        self, codec: Codec[Any], conditions: Sequence[Where], values: dict[str, object]
    ) -> tuple[Shape, ...] | None:
        """The conditions' shapes, their values put into `values`; None when one of them has no values."""
        shapes = tuple([shape_of(codec, f"{index}", one, values) for index, one in enumerate(conditions)])
        return shapes if all(shape.met for shape in shapes) else None

    def _driver(self, codec: Codec[Any], shapes: Sequence[Shape]) -> int | None:
        """Place of the condition that drives; `LookupError` when there are conditions and none can."""
        if not shapes:
            return None
        order = self._order[codec.kind]
        ranked = [
            (max(order[name] for name in shape.columns), index)
            for index, shape in enumerate(shapes)
            if not shape.among and all(name in order for name in shape.columns)
        ]
        if not ranked:
            asked = ", ".join(name for shape in shapes for name in shape.columns)
            raise LookupError(f"{codec.kind.__name__} can't be searched by {asked} alone")
        return min(ranked)[1]

    def _compile_page(self, codec: Codec[Any], shapes: tuple[Shape, ...], *, limited: bool) -> Statement:
        table = codec.table
        drive = self._driver(codec, shapes)
        filters = [
            self._filter(table, f"{index}", shape) for index, shape in enumerate(shapes) if index != drive
        ]
        ranges = [] if drive is None else alternatives(table, f"{drive}", shapes[drive])
        rows = select(*(table.c[name] for name in codec.columns)).order_by(table.c.seq)
        if 1 < len(ranges) <= MAX_RANGES:
            parts = [one_range(table, [one, *filters], limited=limited) for one in ranges]
            rows = rows.where(table.c.seq.in_(union_all(*parts)))
            if self._dialect.name == "postgresql":
                # Where it merges instead of looking up, it needn't begin at the table's start.
                rows = rows.where(table.c.seq > bindparam("after"))
        else:
            driving = [] if drive is None else [matches(table, f"{drive}", shapes[drive])]
            rows = rows.where(table.c.seq > bindparam("after"), *driving, *filters)
        return compiled(rows.limit(bindparam("limit")) if limited else rows, self._dialect)

    def _compile_place(self, codec: Codec[Any], shapes: tuple[Shape, ...], *, backwards: bool) -> Statement:
        seq = codec.table.c.seq
        rows = select(seq).where(seq > bindparam("after"), *self._wanted(codec, shapes))
        rows = rows.order_by(seq.desc() if backwards else seq)
        return compiled(rows.limit(1).offset(bindparam("skip")), self._dialect)

    def _compile_count(self, codec: Codec[Any], shapes: tuple[Shape, ...]) -> Statement:
        table, wanted = codec.table, self._wanted(codec, shapes)
        return compiled(select(func.count()).select_from(table).where(*wanted), self._dialect)

    def _wanted(
        self, codec: Codec[Any], shapes: tuple[Shape, ...], prefix: str = ""
    ) -> list[ColumnElement[bool]]:
        """All conditions; one of them drives."""
        drive, table = self._driver(codec, shapes), codec.table
        return [
            (matches if index == drive else self._filter)(table, f"{prefix}{index}", shape)
            for index, shape in enumerate(shapes)
        ]

    def _compile_audit(self, uids: int, *, bounded: bool, limited: bool) -> Statement:
        table = bookkeeping.AUDIT
        rows = select(table).order_by(table.c.revision, table.c.position)
        rows = rows.where(
            table.c.revision >= bindparam("revision"),
            or_(table.c.revision > bindparam("revision"), table.c.position > bindparam("position")),
        )
        if uids:
            rows = rows.where(table.c.uid.in_([bindparam(f"uid_{index}") for index in range(uids)]))
        if bounded:
            rows = rows.where(table.c.revision <= bindparam("last"))
        return compiled(rows.limit(bindparam("limit")) if limited else rows, self._dialect)

    def _filter(self, table: Table, index: str, shape: Shape) -> ColumnElement[bool]:
        """A condition that doesn't drive. SQLite knows no frequencies, so the `+` keeps it from choosing this one's index."""
        hidden = self._dialect.name == "sqlite"
        if not shape.among:
            return matches(table, index, shape, plain=hidden)
        column = plainly(table, shape.columns[0]) if hidden else table.c[shape.columns[0]]
        chosen = [
            select(codec.table.c.id).where(*self._wanted(codec, shapes, f"{index}_{place}_"))
            for place, (codec, shapes) in enumerate(shape.among)
        ]
        return or_(*(column.in_(ids) for ids in chosen))


def shape_of(codec: Codec[Any], index: str, condition: Where, values: dict[str, object]) -> Shape:
    """The shape of a condition, its values put into `values`; `LookupError` on a name that is no attribute."""
    shape, encoded = _encoded(codec, condition)
    values.update(zip(_parameters(index, len(shape.columns), shape.count), encoded, strict=True))
    return shape if condition.among is None else replace(shape, among=_among(index, condition.among, values))


def _among(
    index: str, asked: Among, values: dict[str, object]
) -> tuple[tuple[Codec[Any], tuple[Shape, ...]], ...]:
    """The kinds that can have resources that meet the conditions, with the conditions' shapes."""
    found: list[tuple[Codec[Any], tuple[Shape, ...]]] = []
    for kind in asked.kinds:
        codec, prefix = codec_of(kind), f"{index}_{len(found)}_"
        shapes = [shape_of(codec, f"{prefix}{n}", one, values) for n, one in enumerate(asked.conditions)]
        if all(shape.met for shape in shapes):
            found.append((codec, tuple(shapes)))
    return tuple(found)


@lru_cache(maxsize=4096)
def _encoded(codec: Codec[Any], condition: Where) -> tuple[Shape, tuple[object, ...]]:
    """The shape, and the values as columns hold them, field by field. The same few conditions come again and again."""
    known = [value for value in condition.values if value is not None]
    padded = pad(known)
    for path in condition.fields:
        if path not in codec.paths:
            raise LookupError(f"{codec.kind.__name__} has no {path}")
    columns = tuple(path.replace(".", "_") for path in condition.fields)
    encoded = tuple(codec.encode_value(path, value) for path in condition.fields for value in padded)
    return Shape(columns, len(padded), len(known) < len(condition.values)), encoded


@lru_cache(maxsize=1024)
def _parameters(index: str, places: int, count: int) -> tuple[str, ...]:
    """Names of one condition's parameters, field by field."""
    return tuple(f"v{index}_{place}_{number}" for place in range(places) for number in range(count))


def pad(values: list[Any]) -> list[Any]:
    """The values, the last one repeated up to a power of two, so that there are few shapes."""
    count = len(values)
    return values if count <= 2 else values + values[-1:] * ((1 << (count - 1).bit_length()) - count)


def search_order(table: Table) -> Mapping[str, int]:
    """Columns that lead an index or a unique rule -> their rank, the most selective first."""
    unique = [tuple(rule.columns.keys()) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    alone = sorted(rule[0] for rule in unique if len(rule) == 1)
    return {name: rank for rank, name in reversed(list(enumerate([*alone, *table.info["search"]])))}


def bound(index: str, place: int, number: int) -> Any:
    """The parameter of one value of one field of one condition."""
    return bindparam(f"v{index}_{place}_{number}")


def alternatives(table: Table, index: str, shape: Shape) -> list[ColumnElement[bool]]:
    """The condition taken apart: each can be one range of an index."""
    found: list[ColumnElement[bool]] = []
    for place, name in enumerate(shape.columns):
        column = table.c[name]
        found += [column == bound(index, place, number) for number in range(shape.count)]
        found += [column.is_(None)] if shape.null else []
    return found


def matches(table: Table, index: str, shape: Shape, *, plain: bool = False) -> ColumnElement[bool]:
    """The condition as a whole; `plain` hides its columns from the choice of an index."""
    parts: list[ColumnElement[bool]] = []
    for place, name in enumerate(shape.columns):
        column: Any = plainly(table, name) if plain else table.c[name]
        if shape.count == 1:
            parts.append(column == bound(index, place, 0))
        elif shape.count:
            parts.append(column.in_([bound(index, place, number) for number in range(shape.count)]))
        if shape.null:
            parts.append(column.is_(None))
    return or_(*parts)


def plainly(table: Table, name: str) -> ColumnElement[Any]:
    """A column in a form that SQLite finds no index for."""
    return literal_column(f'+"{table.name}"."{name}"', table.c[name].type)


def one_range(table: Table, wanted: Sequence[ColumnElement[bool]], *, limited: bool) -> Select[Any]:
    """Places of the rows of one range, as many as a page can need."""
    rows = select(table.c.seq).where(table.c.seq > bindparam("after"), *wanted)
    if not limited:
        return rows
    first = rows.order_by(table.c.seq).limit(bindparam("limit")).subquery()
    return select(first.c.seq)
