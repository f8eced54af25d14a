"""What the clouds' own APIs need: labels, alarms, samples, halves of connections, tasks, and a few fields more."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

COUNTS = ("sent_bytes", "sent_packets", "received_bytes", "received_packets", "capped_packets")


def text(name: str) -> sa.Column[str]:
    """A text that is always there."""
    return sa.Column(name, sa.Text(), nullable=False)


def optional(name: str) -> sa.Column[str]:
    """A text that may be missing."""
    return sa.Column(name, sa.Text(), nullable=True)


def number(name: str) -> sa.Column[int]:
    """A whole number that is always there."""
    return sa.Column(name, sa.BigInteger(), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def resource(name: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), search: str) -> None:
    """Make the table of one kind: what all resources have, then `columns`; `unique` are lists of columns."""
    op.create_table(
        name,
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        text("id"),
        text("owner_uid"),
        number("created_at"),
        number("revision"),
        *columns,
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
        *(
            sa.UniqueConstraint(*group.split(), name=f"uq_{name}_{group.replace(' ', '_')}")
            for group in ("id", *unique)
        ),
    )
    for column in search.split():
        op.create_index(f"ix_{name}_{column}", name, [column, "seq"])


def add(table: str, *columns: sa.Column[Any]) -> None:
    """Give a table columns; those who are there have the server's default, which is then taken away again."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.alter_column(column.name, server_default=None)


def upgrade() -> None:
    """Make the tables and columns."""
    add(
        "route_entry",
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    add("instance", sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()))
    resource(
        "labels",
        text("resource_id"),
        text("resource_kind"),
        text("tags"),
        optional("group_id"),
        search="resource_id group_id owner_uid",
    )
    resource(
        "resource_group", text("name"), text("display_name"), unique=("owner_uid name",), search="owner_uid"
    )
    resource(
        "peering_offer",
        text("name"),
        text("description"),
        text("region_id"),
        text("vpc_id"),
        text("remote_vpc_id"),
        text("state"),
        optional("peering_id"),
        unique=("vpc_id remote_vpc_id", "owner_uid name"),
        search="peering_id vpc_id remote_vpc_id owner_uid",
    )
    resource("task", text("action"), text("resource_id"), search="resource_id owner_uid")
    _monitoring()


def _monitoring() -> None:
    resource(
        "alarm_rule",
        text("rule_id"),
        text("name"),
        text("profile"),
        text("namespace"),
        text("conditions"),
        flag("all_conditions"),
        text("watches"),
        text("group_names"),
        text("webhook"),
        text("subject"),
        text("effective"),
        text("silent"),
        sa.Column("silence_s", sa.Integer(), nullable=False),
        text("no_data"),
        text("targets"),
        flag("enabled"),
        text("state"),
        sa.Column("state_since", sa.BigInteger(), nullable=True),
        number("changed_at"),
        unique=("owner_uid rule_id",),
        search="owner_uid state",
    )
    resource(
        "contact",
        text("name"),
        text("description"),
        text("mail"),
        text("sms"),
        text("webhook"),
        text("messenger"),
        text("language"),
        number("changed_at"),
        unique=("owner_uid name",),
        search="owner_uid",
    )
    resource(
        "contact_group",
        text("name"),
        text("description"),
        text("contact_names"),
        text("webhooks"),
        flag("subscribed"),
        text("extra"),
        number("changed_at"),
        unique=("owner_uid name",),
        search="owner_uid",
    )
    op.create_table(
        "sample",
        text("link_id"),
        text("router_id"),
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        *(number(name) for name in COUNTS),
        sa.PrimaryKeyConstraint("link_id", "router_id", "at", name="pk_sample"),
    )
    op.create_index("ix_sample_at", "sample", ["at"])
    op.create_table(
        "reading",
        text("link_id"),
        text("router_id"),
        number("at"),
        *(number(name) for name in COUNTS),
        sa.PrimaryKeyConstraint("link_id", "router_id", name="pk_reading"),
    )
