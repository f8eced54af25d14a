"""The schema: one table a kind of resource, and the tables of the store itself.

Owns names, types, unique rules and indexes. How a resource becomes a row is `mapping`'s business.

Types are the ones that both engines and both drivers take as they are: text, integers and booleans. Times are whole
microseconds since 1970 UTC, money and addresses are their exact text. `seq` is the revision at which the row was made: unique,
rising, the order of every list, and on SQLite the row's own number. Every index ends with it, so that a page of a list is one
range of one index. The order of the indexes in a table is the order in which a search prefers them: the most selective first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

#: Whole numbers of 64 bits; on SQLite the word INTEGER makes a primary key the row's own number.
LONG = BigInteger().with_variant(Integer, "sqlite")

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
    UniqueConstraint("vpc_id", "ipv4"),
    UniqueConstraint("vpc_id", "ipv6"),
    UniqueConstraint("vpc_id", "mac"),
    search="vswitch_id vpc_id owner_uid state",
)

PEERING = resource(
    "peering",
    text("name"),
    text("description"),
    text("profile"),
    text("requester_uid"),
    text("requester_region_id"),
    text("requester_vpc_id"),
    text("accepter_uid"),
    text("accepter_region_id"),
    text("accepter_vpc_id"),
    text("state"),
    number("state_since"),
    Column("expires_at", BigInteger, nullable=True),
    Column("bandwidth_mbps", BigInteger, nullable=True),
    optional("link_type"),
    flag("auto_routes"),
    number("generation"),
    number("observed_generation"),
    # The pair of VPCs while the connection is live, else NULL: one live connection a pair.
    optional("pair_key"),
    flag("requester_names"),
    flag("requester_groups"),
    flag("accepter_names"),
    flag("accepter_groups"),
    UniqueConstraint("pair_key"),
    search="requester_vpc_id accepter_vpc_id requester_uid accepter_uid owner_uid state",
)

ROUTER_INTERFACE = resource(
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
    Column("connected_at", BigInteger, nullable=True),
    optional("check_source"),
    optional("check_target"),
    number("check_interval_ms"),
    number("check_threshold"),
    text("health"),
    flag("names"),
    flag("groups"),
    number("generation"),
    number("observed_generation"),
    # The pair of routers, on the initiator's row while it is joined, else NULL: one joined pair between two routers.
    optional("pair_key"),
    UniqueConstraint("pair_key"),
    search="opposite_interface_id vpc_id router_id owner_uid state",
)

PHYSICAL_CONNECTION = resource(
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
    Column("enabled_at", BigInteger, nullable=True),
    text("room"),
    text("contact"),
    text("reason"),
    text("loa"),
    text("port"),
    search="owner_uid access_point_id state",
)

VIRTUAL_BORDER_ROUTER = resource(
    "virtual_border_router",
    text("region_id"),
    text("line_id"),
    text("line_owner_uid"),
    text("access_point_id"),
    text("name"),
    text("description"),
    text("circuit_code"),
    Column("vlan", Integer, nullable=False),
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
    UniqueConstraint("line_id", "vlan"),
    search="line_id route_table_id owner_uid line_owner_uid state",
)

EXTERNAL_NETWORK = resource(
    "external_network",
    text("region_id"),
    text("name"),
    text("port"),
    text("pools"),
    optional("local"),
    optional("gateway"),
    search="region_id owner_uid",
)

EIP = resource(
    "eip",
    text("region_id"),
    text("network_id"),
    text("address"),
    text("name"),
    optional("target"),
    optional("target_id"),
    optional("vpc_id"),
    UniqueConstraint("network_id", "address"),
    search="target_id vpc_id network_id owner_uid",
)

NAT_GATEWAY = resource(
    "nat_gateway",
    text("vpc_id"),
    text("network_id"),
    text("name"),
    text("description"),
    text("state"),
    search="vpc_id network_id owner_uid",
)

SNAT_ENTRY = resource(
    "snat_entry",
    text("vpc_id"),
    text("nat_gateway_id"),
    text("name"),
    text("source"),
    optional("vswitch_id"),
    text("public"),
    UniqueConstraint("nat_gateway_id", "source"),
    search="nat_gateway_id vswitch_id vpc_id owner_uid",
)

DNAT_ENTRY = resource(
    "dnat_entry",
    text("vpc_id"),
    text("nat_gateway_id"),
    text("name"),
    text("public"),
    Column("public_port", Integer, nullable=False),
    text("private"),
    Column("private_port", Integer, nullable=False),
    text("protocol"),
    UniqueConstraint("nat_gateway_id", "public", "protocol", "public_port"),
    search="nat_gateway_id vpc_id owner_uid",
)

IPV4_GATEWAY = resource(
    "ipv4_gateway",
    text("vpc_id"),
    text("name"),
    text("description"),
    flag("enabled"),
    text("state"),
    UniqueConstraint("vpc_id"),
    search="vpc_id owner_uid",
)

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

SYNC_FAILURE = resource(
    "sync_failure",
    text("text"),
    number("attempts"),
    number("next_attempt_at"),
    search="owner_uid",
)

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
