"""Network paths, their analyses, and intents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    """A text that is always there."""
    return sa.Column(name, sa.Text(), nullable=False)


def optional(name: str) -> sa.Column[str]:
    """A text that may be missing."""
    return sa.Column(name, sa.Text(), nullable=True)


def number(name: str) -> sa.Column[int]:
    """A whole number that may be missing."""
    return sa.Column(name, sa.BigInteger(), nullable=True)


def port(name: str) -> sa.Column[int]:
    """A port, or none."""
    return sa.Column(name, sa.Integer(), nullable=False)


def resource(name: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), search: str) -> None:
    """Make the table of one kind: what all resources have, then `columns`; `unique` are lists of columns."""
    op.create_table(
        name,
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        text("id"),
        text("owner_uid"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
        *(
            sa.UniqueConstraint(*group.split(), name=f"uq_{name}_{group.replace(' ', '_')}")
            for group in ("id", *unique)
        ),
    )
    for column in search.split():
        op.create_index(f"ix_{name}_{column}", name, [column, "seq"])


def ends(of: str) -> list[sa.Column[Any]]:
    """Both ends of a path; `of` is what narrows an end."""
    return [
        text("source_kind"),
        optional("source_id"),
        optional(f"source_{of}"),
        text("target_kind"),
        optional("target_id"),
        optional(f"target_{of}"),
    ]


def upgrade() -> None:
    """Make the tables."""
    resource(
        "network_path",
        text("name"),
        text("description"),
        *ends("address"),
        text("protocol"),
        port("port"),
        port("source_port"),
        search="source_id target_id owner_uid",
    )
    resource(
        "path_analysis",
        optional("path_id"),
        *ends("address"),
        text("protocol"),
        port("port"),
        port("source_port"),
        sa.Column("fixes", sa.Boolean(), nullable=False),
        sa.Column("all_accounts", sa.Boolean(), nullable=False),
        text("state"),
        number("finished_at"),
        number("network_revision"),
        sa.Column("reachable", sa.Boolean(), nullable=True),
        text("result"),
        search="path_id owner_uid state",
    )
    resource(
        "intent",
        text("name"),
        text("description"),
        *ends("cidr"),
        text("expectation"),
        text("protocol"),
        port("port_low"),
        port("port_high"),
        text("enforcement"),
        sa.Column("of_operator", sa.Boolean(), nullable=False),
        text("state"),
        number("state_since"),
        number("network_revision"),
        text("reason"),
        unique=("owner_uid name",),
        search="source_id target_id owner_uid state of_operator",
    )
