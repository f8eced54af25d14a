"""Tables of what is measured, what is watched, and who is told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint

from peerway.adapters.store.tables.columns import METADATA, flag, number, resource, text

ALARM_RULE = resource(
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
    Column("silence_s", Integer, nullable=False),
    text("no_data"),
    text("targets"),
    flag("enabled"),
    text("state"),
    Column("state_since", BigInteger, nullable=True),
    number("changed_at"),
    UniqueConstraint("owner_uid", "rule_id"),
    search="owner_uid state",
)

CONTACT = resource(
    "contact",
    text("name"),
    text("description"),
    text("mail"),
    text("sms"),
    text("webhook"),
    text("messenger"),
    text("language"),
    number("changed_at"),
    UniqueConstraint("owner_uid", "name"),
    search="owner_uid",
)

CONTACT_GROUP = resource(
    "contact_group",
    text("name"),
    text("description"),
    text("contact_names"),
    text("webhooks"),
    flag("subscribed"),
    text("extra"),
    number("changed_at"),
    UniqueConstraint("owner_uid", "name"),
    search="owner_uid",
)

#: What each end of a link carried, a row a minute. No revision: samples are no resources, and nobody watches them.
SAMPLE = Table(
    "sample",
    METADATA,
    Column("link_id", Text, primary_key=True),
    Column("router_id", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    number("sent_bytes"),
    number("sent_packets"),
    number("received_bytes"),
    number("received_packets"),
    number("capped_packets"),
    Index(None, "at"),
)

#: The totals of each end as last read.
READING = Table(
    "reading",
    METADATA,
    Column("link_id", Text, primary_key=True),
    Column("router_id", Text, primary_key=True),
    number("at"),
    number("sent_bytes"),
    number("sent_packets"),
    number("received_bytes"),
    number("received_packets"),
    number("capped_packets"),
)
