"""Tables of accounts, what they lend each other and what they may have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, UniqueConstraint

from peerway.adapters.store.tables.columns import flag, number, resource, text

ACCOUNT = resource(
    "account",
    text("name"),
    text("site"),
    flag("real_name"),
    text("balance"),
    UniqueConstraint("name"),
    search="owner_uid",
)

CREDENTIAL = resource(
    "credential",
    text("role"),
    text("token_hash"),
    text("sealed_secret"),
    flag("enabled"),
    flag("of_start"),
    UniqueConstraint("token_hash"),
    search="owner_uid",
)

SHARE = resource(
    "share",
    text("vpc_id"),
    text("vswitch_id"),
    text("user_uid"),
    UniqueConstraint("vswitch_id", "user_uid"),
    search="vswitch_id vpc_id user_uid owner_uid",
)

QUOTA_APPLICATION = resource(
    "quota_application",
    text("name"),
    number("desired"),
    text("reason"),
    text("state"),
    Column("answered_at", BigInteger, nullable=True),
    text("answer"),
    search="owner_uid name state",
)

QUOTA_GRANT = resource(
    "quota_grant",
    text("name"),
    number("limit"),
    UniqueConstraint("owner_uid", "name"),
    search="owner_uid name",
)
