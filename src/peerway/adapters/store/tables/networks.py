"""Tables of VPCs and what is in them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, SmallInteger, UniqueConstraint

from peerway.adapters.store.tables.columns import flag, optional, resource, text

VPC = resource(
    "vpc",
    text("region_id"),
    text("name"),
    text("description"),
    text("cidr"),
    text("secondary_cidrs"),
    optional("ipv6_cidr"),
    text("kind"),
    text("router_id"),
    text("system_table_id"),
    text("state"),
    search="router_id system_table_id owner_uid region_id state",
)

VSWITCH = resource(
    "vswitch",
    text("vpc_id"),
    text("zone_id"),
    text("name"),
    text("description"),
    text("cidr"),
    optional("ipv6_cidr"),
    text("route_table_id"),
    optional("network_acl_id"),
    text("state"),
    search="route_table_id network_acl_id vpc_id owner_uid zone_id state",
)

ROUTE_TABLE = resource(
    "route_table",
    text("vpc_id"),
    text("name"),
    text("description"),
    text("kind"),
    search="vpc_id owner_uid",
)

ROUTE_ENTRY = resource(
    "route_entry",
    text("vpc_id"),
    text("route_table_id"),
    text("name"),
    text("destination"),
    text("next_hop"),
    optional("next_hop_id"),
    text("origin"),
    text("paths"),
    text("description"),
    flag("enabled"),
    UniqueConstraint("route_table_id", "destination"),
    search="next_hop_id route_table_id vpc_id owner_uid",
)

SECURITY_GROUP = resource(
    "security_group",
    text("vpc_id"),
    text("name"),
    text("description"),
    flag("inner_access"),
    search="vpc_id owner_uid",
)

SECURITY_RULE = resource(
    "security_rule",
    text("vpc_id"),
    text("security_group_id"),
    text("direction"),
    Column("priority", SmallInteger, nullable=False),
    text("action"),
    text("protocol"),
    Column("port_low", Integer, nullable=False),
    Column("port_high", Integer, nullable=False),
    optional("remote_cidr"),
    optional("remote_group_id"),
    text("description"),
    search="security_group_id remote_group_id vpc_id owner_uid",
)

NETWORK_ACL = resource(
    "network_acl",
    text("vpc_id"),
    text("name"),
    text("description"),
    text("ingress"),
    text("egress"),
    search="vpc_id owner_uid",
)

INSTANCE = resource(
    "instance",
    text("vpc_id"),
    text("vswitch_id"),
    text("name"),
    text("ipv4"),
    optional("ipv6"),
    text("mac"),
    text("security_group_ids"),
    flag("source_dest_check"),
    optional("netns"),
    text("state"),
    flag("stopped"),
    UniqueConstraint("vpc_id", "ipv4"),
    UniqueConstraint("vpc_id", "ipv6"),
    UniqueConstraint("vpc_id", "mac"),
    search="vswitch_id vpc_id owner_uid state",
)
