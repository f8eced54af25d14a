"""Tables of what answers at addresses without being an instance."""

from __future__ import annotations

from sqlalchemy import Column, Integer, UniqueConstraint

from peerway.adapters.store.tables.columns import flag, number, optional, resource, text

LOAD_BALANCER = resource(
    "load_balancer",
    text("vpc_id"),
    text("vswitch_id"),
    text("address"),
    text("name"),
    text("description"),
    text("state"),
    UniqueConstraint("vpc_id", "address"),
    search="vswitch_id vpc_id owner_uid",
)

LISTENER = resource(
    "listener",
    text("vpc_id"),
    text("load_balancer_id"),
    text("name"),
    text("protocol"),
    Column("port", Integer, nullable=False),
    flag("check"),
    number("check_interval_ms"),
    number("check_threshold"),
    UniqueConstraint("load_balancer_id", "protocol", "port"),
    search="load_balancer_id vpc_id owner_uid",
)

BACKEND = resource(
    "backend",
    text("vpc_id"),
    text("listener_id"),
    text("instance_id"),
    Column("port", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    text("health"),
    UniqueConstraint("listener_id", "instance_id"),
    search="listener_id instance_id vpc_id owner_uid",
)

DATABASE = resource(
    "database",
    text("vpc_id"),
    text("vswitch_id"),
    text("address"),
    text("mac"),
    text("name"),
    text("description"),
    text("engine"),
    Column("port", Integer, nullable=False),
    text("whitelist"),
    optional("netns"),
    text("state"),
    UniqueConstraint("vpc_id", "address"),
    search="vswitch_id vpc_id owner_uid",
)
