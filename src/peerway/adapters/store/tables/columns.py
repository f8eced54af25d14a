"""What tables are made of.

Types are the ones that both engines and both drivers take as they are: text, integers and booleans. Times are whole
microseconds since 1970 UTC, money and addresses are their exact text. `seq` is the revision at which the row was made: unique,
rising, the order of every list, and on SQLite the row's own number. Every index ends with it, so that a page of a list is one
range of one index. The order of the indexes in a table is the order in which a search prefers them: the most selective first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

#: Whole numbers of 64 bits; on SQLite the word INTEGER makes a primary key the row's own number.
LONG = BigInteger().with_variant(Integer, "sqlite")

#: All tables, and how their rules and indexes are named.
METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def text(name: str) -> Column[str]:
    """A text that is always there."""
    return Column(name, Text, nullable=False)


def optional(name: str) -> Column[str | None]:
    """A text that may be missing."""
    return Column(name, Text, nullable=True)


def number(name: str) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, BigInteger, nullable=False)


def flag(name: str) -> Column[bool]:
    """Yes or no."""
    return Column(name, Boolean, nullable=False)


def resource(name: str, *parts: Column[Any] | UniqueConstraint, search: str) -> Table:
    """The table of one kind: what all resources have, then `parts`; an index on each column that `search` names."""
    return Table(
        name,
        METADATA,
        Column("seq", LONG, primary_key=True, autoincrement=False),
        text("id"),
        text("owner_uid"),
        number("created_at"),
        number("revision"),
        *parts,
        UniqueConstraint("id"),
        *(Index(None, column, "seq") for column in search.split()),
        info={"search": tuple(search.split())},
    )
