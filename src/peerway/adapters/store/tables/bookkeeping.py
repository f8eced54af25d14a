"""Tables of the store itself, and of what it notes about work on resources."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text

from peerway.adapters.store.tables.columns import LONG, METADATA, flag, number, optional, resource, text

SYNC_FAILURE = resource(
    "sync_failure",
    text("text"),
    number("attempts"),
    number("next_attempt_at"),
    search="owner_uid",
)

TASK = resource("task", text("action"), text("resource_id"), search="resource_id owner_uid")

#: The last revision, in one row. Writers on PostgreSQL queue up for this row.
REVISION = Table(
    "revision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    number("value"),
    CheckConstraint("id = 1", name="one_row"),
)

#: How many rows of a table count under a key; kept with every write, so that a limit is checked by one look-up.
TALLY = Table(
    "tally",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    number("count"),
)

#: One row a change. `uids` are the accounts that may see it, parted by blanks.
CHANGE = Table(
    "change",
    METADATA,
    Column("revision", LONG, primary_key=True, autoincrement=False),
    text("kind"),
    text("id"),
    text("uids"),
    flag("removed"),
)

#: One row a mutation; several of one revision are told apart by `position`.
AUDIT = Table(
    "audit",
    METADATA,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    number("at"),
    text("uid"),
    text("key_id"),
    text("request_id"),
    text("action"),
    text("resource_id"),
    optional("before"),
    optional("after"),
    Index(None, "uid", "revision", "position"),
)

#: What each client token was used for.
CLIENT_TOKEN = Table(
    "client_token",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    text("operation"),
    text("digest"),
    text("result_id"),
    number("used_at"),
    Index(None, "used_at"),
)
