"""Router interfaces, leased lines, gateways, load balancers, databases, shares and quota applications; what links let through."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
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
    """A whole number that is always there."""
    return sa.Column(name, sa.BigInteger(), nullable=False)


def small(name: str) -> sa.Column[int]:
    """A small number that is always there."""
    return sa.Column(name, sa.Integer(), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    """Yes or no."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def moment(name: str) -> sa.Column[int]:
    """A time that may be missing."""
    return sa.Column(name, sa.BigInteger(), nullable=True)


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


def upgrade() -> None:
    """Make the tables, and the columns of what was there already."""
    for column in ("requester_names", "requester_groups", "accepter_names", "accepter_groups"):
        op.add_column("peering", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("route_entry", sa.Column("paths", sa.Text(), nullable=False, server_default="[]"))
    resource(
        "router_interface",
        text("region_id"),
        text("vpc_id"),
        text("router_id"),
        text("router_type"),
        text("role"),
        text("name"),
        text("description"),
        text("spec"),
        text("opposite_region_id"),
        optional("opposite_interface_id"),
        optional("opposite_router_id"),
        text("opposite_router_type"),
        optional("opposite_owner_uid"),
        flag("opposite_deleted"),
        optional("access_point_id"),
        text("state"),
        number("state_since"),
        moment("connected_at"),
        optional("check_source"),
        optional("check_target"),
        number("check_interval_ms"),
        number("check_threshold"),
        text("health"),
        flag("names"),
        flag("groups"),
        number("generation"),
        number("observed_generation"),
        optional("pair_key"),
        unique=("pair_key",),
        search="opposite_interface_id vpc_id router_id owner_uid state",
    )
    resource(
        "physical_connection",
        text("region_id"),
        text("access_point_id"),
        text("name"),
        text("description"),
        text("line_operator"),
        text("circuit_code"),
        text("peer_location"),
        text("port_type"),
        number("bandwidth_mbps"),
        optional("redundant_line_id"),
        text("state"),
        number("state_since"),
        moment("enabled_at"),
        text("room"),
        text("contact"),
        text("reason"),
        text("loa"),
        text("port"),
        search="owner_uid access_point_id state",
    )
    resource(
        "virtual_border_router",
        text("region_id"),
        text("line_id"),
        text("line_owner_uid"),
        text("access_point_id"),
        text("name"),
        text("description"),
        text("circuit_code"),
        small("vlan"),
        text("local_gateway"),
        text("peer_gateway"),
        optional("local_gateway6"),
        optional("peer_gateway6"),
        text("route_table_id"),
        text("port"),
        text("state"),
        number("state_since"),
        number("generation"),
        number("observed_generation"),
        unique=("line_id vlan",),
        search="line_id route_table_id owner_uid line_owner_uid state",
    )
    resource(
        "external_network",
        text("region_id"),
        text("name"),
        text("port"),
        text("pools"),
        optional("local"),
        optional("gateway"),
        search="region_id owner_uid",
    )
    resource(
        "eip",
        text("region_id"),
        text("network_id"),
        text("address"),
        text("name"),
        optional("target"),
        optional("target_id"),
        optional("vpc_id"),
        unique=("network_id address",),
        search="target_id vpc_id network_id owner_uid",
    )
    resource(
        "nat_gateway",
        text("vpc_id"),
        text("network_id"),
        text("name"),
        text("description"),
        text("state"),
        search="vpc_id network_id owner_uid",
    )
    resource(
        "snat_entry",
        text("vpc_id"),
        text("nat_gateway_id"),
        text("name"),
        text("source"),
        optional("vswitch_id"),
        text("public"),
        unique=("nat_gateway_id source",),
        search="nat_gateway_id vswitch_id vpc_id owner_uid",
    )
    resource(
        "dnat_entry",
        text("vpc_id"),
        text("nat_gateway_id"),
        text("name"),
        text("public"),
        small("public_port"),
        text("private"),
        small("private_port"),
        text("protocol"),
        unique=("nat_gateway_id public protocol public_port",),
        search="nat_gateway_id vpc_id owner_uid",
    )
    resource(
        "ipv4_gateway",
        text("vpc_id"),
        text("name"),
        text("description"),
        flag("enabled"),
        text("state"),
        unique=("vpc_id",),
        search="vpc_id owner_uid",
    )
    resource(
        "load_balancer",
        text("vpc_id"),
        text("vswitch_id"),
        text("address"),
        text("name"),
        text("description"),
        text("state"),
        unique=("vpc_id address",),
        search="vswitch_id vpc_id owner_uid",
    )
    resource(
        "listener",
        text("vpc_id"),
        text("load_balancer_id"),
        text("name"),
        text("protocol"),
        small("port"),
        flag("check"),
        number("check_interval_ms"),
        number("check_threshold"),
        unique=("load_balancer_id protocol port",),
        search="load_balancer_id vpc_id owner_uid",
    )
    resource(
        "backend",
        text("vpc_id"),
        text("listener_id"),
        text("instance_id"),
        small("port"),
        small("weight"),
        text("health"),
        unique=("listener_id instance_id",),
        search="listener_id instance_id vpc_id owner_uid",
    )
    resource(
        "database",
        text("vpc_id"),
        text("vswitch_id"),
        text("address"),
        text("mac"),
        text("name"),
        text("description"),
        text("engine"),
        small("port"),
        text("whitelist"),
        optional("netns"),
        text("state"),
        unique=("vpc_id address",),
        search="vswitch_id vpc_id owner_uid",
    )
    resource(
        "share",
        text("vpc_id"),
        text("vswitch_id"),
        text("user_uid"),
        unique=("vswitch_id user_uid",),
        search="vswitch_id vpc_id user_uid owner_uid",
    )
    resource(
        "quota_application",
        text("name"),
        number("desired"),
        text("reason"),
        text("state"),
        moment("answered_at"),
        text("answer"),
        search="owner_uid name state",
    )
