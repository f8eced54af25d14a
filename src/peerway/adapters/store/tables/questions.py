"""Tables of questions about paths, their answers, and intents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, UniqueConstraint

from peerway.adapters.store.tables.columns import flag, optional, resource, text


def _ends() -> tuple[Column[Any], ...]:
    """Both ends of a path and what goes between them."""
    return (
        text("source_kind"),
        optional("source_id"),
        optional("source_address"),
        text("target_kind"),
        optional("target_id"),
        optional("target_address"),
        text("protocol"),
        Column("port", Integer, nullable=False),
        Column("source_port", Integer, nullable=False),
    )


NETWORK_PATH = resource(
    "network_path", text("name"), text("description"), *_ends(), search="source_id target_id owner_uid"
)

PATH_ANALYSIS = resource(
    "path_analysis",
    optional("path_id"),
    *_ends(),
    flag("fixes"),
    flag("all_accounts"),
    text("state"),
    Column("finished_at", BigInteger, nullable=True),
    Column("network_revision", BigInteger, nullable=True),
    Column("reachable", Boolean, nullable=True),
    text("result"),
    search="path_id owner_uid state",
)

INTENT = resource(
    "intent",
    text("name"),
    text("description"),
    text("source_kind"),
    optional("source_id"),
    optional("source_cidr"),
    text("target_kind"),
    optional("target_id"),
    optional("target_cidr"),
    text("expectation"),
    text("protocol"),
    Column("port_low", Integer, nullable=False),
    Column("port_high", Integer, nullable=False),
    text("enforcement"),
    flag("of_operator"),
    text("state"),
    Column("state_since", BigInteger, nullable=True),
    Column("network_revision", BigInteger, nullable=True),
    text("reason"),
    UniqueConstraint("owner_uid", "name"),
    search="source_id target_id owner_uid state of_operator",
)
