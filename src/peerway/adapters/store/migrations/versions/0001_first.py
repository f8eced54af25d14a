"""The first schema: every kind of resource, the change log, the audit log and client tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:  # noqa: PLR0915 - a schema is a list
    """Make everything."""
    op.create_table(
        "account",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("real_name", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_account"),
        sa.UniqueConstraint("id", name="uq_account_id"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_index("ix_account_owner_uid", "account", ["owner_uid", "seq"])
    op.create_table(
        "credential",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_credential"),
        sa.UniqueConstraint("id", name="uq_credential_id"),
        sa.UniqueConstraint("token_hash", name="uq_credential_token_hash"),
    )
    op.create_index("ix_credential_owner_uid", "credential", ["owner_uid", "seq"])
    op.create_table(
        "vpc",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("region_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cidr", sa.Text(), nullable=False),
        sa.Column("secondary_cidrs", sa.Text(), nullable=False),
        sa.Column("ipv6_cidr", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("router_id", sa.Text(), nullable=False),
        sa.Column("system_table_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_vpc"),
        sa.UniqueConstraint("id", name="uq_vpc_id"),
    )
    op.create_index("ix_vpc_router_id", "vpc", ["router_id", "seq"])
    op.create_index("ix_vpc_system_table_id", "vpc", ["system_table_id", "seq"])
    op.create_index("ix_vpc_owner_uid", "vpc", ["owner_uid", "seq"])
    op.create_index("ix_vpc_region_id", "vpc", ["region_id", "seq"])
    op.create_index("ix_vpc_state", "vpc", ["state", "seq"])
    op.create_table(
        "vswitch",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("zone_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cidr", sa.Text(), nullable=False),
        sa.Column("ipv6_cidr", sa.Text(), nullable=True),
        sa.Column("route_table_id", sa.Text(), nullable=False),
        sa.Column("network_acl_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_vswitch"),
        sa.UniqueConstraint("id", name="uq_vswitch_id"),
    )
    op.create_index("ix_vswitch_route_table_id", "vswitch", ["route_table_id", "seq"])
    op.create_index("ix_vswitch_network_acl_id", "vswitch", ["network_acl_id", "seq"])
    op.create_index("ix_vswitch_vpc_id", "vswitch", ["vpc_id", "seq"])
    op.create_index("ix_vswitch_owner_uid", "vswitch", ["owner_uid", "seq"])
    op.create_index("ix_vswitch_zone_id", "vswitch", ["zone_id", "seq"])
    op.create_index("ix_vswitch_state", "vswitch", ["state", "seq"])
    op.create_table(
        "route_table",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_route_table"),
        sa.UniqueConstraint("id", name="uq_route_table_id"),
    )
    op.create_index("ix_route_table_vpc_id", "route_table", ["vpc_id", "seq"])
    op.create_index("ix_route_table_owner_uid", "route_table", ["owner_uid", "seq"])
    op.create_table(
        "route_entry",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("route_table_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("next_hop", sa.Text(), nullable=False),
        sa.Column("next_hop_id", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_route_entry"),
        sa.UniqueConstraint("id", name="uq_route_entry_id"),
        sa.UniqueConstraint(
            "route_table_id", "destination", name="uq_route_entry_route_table_id_destination"
        ),
    )
    op.create_index("ix_route_entry_next_hop_id", "route_entry", ["next_hop_id", "seq"])
    op.create_index("ix_route_entry_route_table_id", "route_entry", ["route_table_id", "seq"])
    op.create_index("ix_route_entry_vpc_id", "route_entry", ["vpc_id", "seq"])
    op.create_index("ix_route_entry_owner_uid", "route_entry", ["owner_uid", "seq"])
    op.create_table(
        "security_group",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("inner_access", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_security_group"),
        sa.UniqueConstraint("id", name="uq_security_group_id"),
    )
    op.create_index("ix_security_group_vpc_id", "security_group", ["vpc_id", "seq"])
    op.create_index("ix_security_group_owner_uid", "security_group", ["owner_uid", "seq"])
    op.create_table(
        "security_rule",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("security_group_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("port_low", sa.Integer(), nullable=False),
        sa.Column("port_high", sa.Integer(), nullable=False),
        sa.Column("remote_cidr", sa.Text(), nullable=True),
        sa.Column("remote_group_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_security_rule"),
        sa.UniqueConstraint("id", name="uq_security_rule_id"),
    )
    op.create_index("ix_security_rule_security_group_id", "security_rule", ["security_group_id", "seq"])
    op.create_index("ix_security_rule_remote_group_id", "security_rule", ["remote_group_id", "seq"])
    op.create_index("ix_security_rule_vpc_id", "security_rule", ["vpc_id", "seq"])
    op.create_index("ix_security_rule_owner_uid", "security_rule", ["owner_uid", "seq"])
    op.create_table(
        "network_acl",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("ingress", sa.Text(), nullable=False),
        sa.Column("egress", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_network_acl"),
        sa.UniqueConstraint("id", name="uq_network_acl_id"),
    )
    op.create_index("ix_network_acl_vpc_id", "network_acl", ["vpc_id", "seq"])
    op.create_index("ix_network_acl_owner_uid", "network_acl", ["owner_uid", "seq"])
    op.create_table(
        "instance",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.Text(), nullable=False),
        sa.Column("vswitch_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ipv4", sa.Text(), nullable=False),
        sa.Column("ipv6", sa.Text(), nullable=True),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.Column("security_group_ids", sa.Text(), nullable=False),
        sa.Column("source_dest_check", sa.Boolean(), nullable=False),
        sa.Column("netns", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_instance"),
        sa.UniqueConstraint("id", name="uq_instance_id"),
        sa.UniqueConstraint("vpc_id", "ipv4", name="uq_instance_vpc_id_ipv4"),
        sa.UniqueConstraint("vpc_id", "ipv6", name="uq_instance_vpc_id_ipv6"),
        sa.UniqueConstraint("vpc_id", "mac", name="uq_instance_vpc_id_mac"),
    )
    op.create_index("ix_instance_vswitch_id", "instance", ["vswitch_id", "seq"])
    op.create_index("ix_instance_vpc_id", "instance", ["vpc_id", "seq"])
    op.create_index("ix_instance_owner_uid", "instance", ["owner_uid", "seq"])
    op.create_index("ix_instance_state", "instance", ["state", "seq"])
    op.create_table(
        "peering",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("requester_uid", sa.Text(), nullable=False),
        sa.Column("requester_region_id", sa.Text(), nullable=False),
        sa.Column("requester_vpc_id", sa.Text(), nullable=False),
        sa.Column("accepter_uid", sa.Text(), nullable=False),
        sa.Column("accepter_region_id", sa.Text(), nullable=False),
        sa.Column("accepter_vpc_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("bandwidth_mbps", sa.BigInteger(), nullable=True),
        sa.Column("link_type", sa.Text(), nullable=True),
        sa.Column("auto_routes", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("observed_generation", sa.BigInteger(), nullable=False),
        sa.Column("pair_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_peering"),
        sa.UniqueConstraint("id", name="uq_peering_id"),
        sa.UniqueConstraint("pair_key", name="uq_peering_pair_key"),
    )
    op.create_index("ix_peering_requester_vpc_id", "peering", ["requester_vpc_id", "seq"])
    op.create_index("ix_peering_accepter_vpc_id", "peering", ["accepter_vpc_id", "seq"])
    op.create_index("ix_peering_requester_uid", "peering", ["requester_uid", "seq"])
    op.create_index("ix_peering_accepter_uid", "peering", ["accepter_uid", "seq"])
    op.create_index("ix_peering_owner_uid", "peering", ["owner_uid", "seq"])
    op.create_index("ix_peering_state", "peering", ["state", "seq"])
    op.create_table(
        "quota_grant",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_quota_grant"),
        sa.UniqueConstraint("id", name="uq_quota_grant_id"),
        sa.UniqueConstraint("owner_uid", "name", name="uq_quota_grant_owner_uid_name"),
    )
    op.create_index("ix_quota_grant_owner_uid", "quota_grant", ["owner_uid", "seq"])
    op.create_index("ix_quota_grant_name", "quota_grant", ["name", "seq"])
    op.create_table(
        "sync_failure",
        sa.Column("seq", LONG, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_sync_failure"),
        sa.UniqueConstraint("id", name="uq_sync_failure_id"),
    )
    op.create_index("ix_sync_failure_owner_uid", "sync_failure", ["owner_uid", "seq"])
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.CheckConstraint("id = 1", name="ck_revision_one_row"),
    )
    op.create_table(
        "change",
        sa.Column("revision", LONG, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("uids", sa.Text(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_change"),
    )
    op.create_table(
        "audit",
        sa.Column("revision", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision", "position", name="pk_audit"),
    )
    op.create_index("ix_audit_uid", "audit", ["uid", "revision", "position"])
    op.create_table(
        "client_token",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uid", "token", name="pk_client_token"),
    )
    op.create_index("ix_client_token_used_at", "client_token", ["used_at"])
    op.execute("INSERT INTO revision (id, value) VALUES (1, 0)")
