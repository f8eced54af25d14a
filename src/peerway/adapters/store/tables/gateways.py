"""Tables of the ways to the world outside."""

from __future__ import annotations

from sqlalchemy import Column, Integer, UniqueConstraint

from peerway.adapters.store.tables.columns import flag, optional, resource, text

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
