"""The columns of each kind's table: header and dotted path into the API's JSON; `a|b` takes the first that is there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Kind → columns.
COLUMNS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "account": (
            ("UID", "uid|id"),
            ("NAME", "name"),
            ("SITE", "site"),
            ("REAL NAME", "real_name"),
            ("BALANCE", "balance"),
        ),
        "credential": (
            ("ACCESS KEY", "id"),
            ("ROLE", "role"),
            ("ENABLED", "enabled"),
            ("CREATED", "created_at"),
        ),
        "failure": (
            ("OBJECT", "id"),
            ("ACCOUNT", "owner_uid"),
            ("WHAT", "text"),
            ("ATTEMPTS", "attempts"),
            ("NEXT", "next_attempt_at"),
        ),
        "vpc": (
            ("ID", "id"),
            ("NAME", "name"),
            ("REGION", "region_id"),
            ("CIDR", "cidr"),
            ("MORE CIDRS", "secondary_cidrs"),
            ("IPV6", "ipv6_cidr"),
            ("STATE", "state"),
        ),
        "vswitch": (
            ("ID", "id"),
            ("NAME", "name"),
            ("VPC", "vpc_id"),
            ("ZONE", "zone_id"),
            ("CIDR", "cidr"),
            ("ROUTE TABLE", "route_table_id"),
            ("ACL", "network_acl_id"),
            ("STATE", "state"),
        ),
        "route-table": (("ID", "id"), ("NAME", "name"), ("VPC", "vpc_id"), ("KIND", "kind")),
        "route": (
            ("ID", "id"),
            ("TABLE", "route_table_id"),
            ("DESTINATION", "destination"),
            ("NEXT HOP", "next_hop"),
            ("NEXT HOP ID", "next_hop_id"),
            ("KIND", "kind|origin"),
            ("AVAILABLE", "available"),
        ),
        "peering-route": (
            ("SIDE", "side"),
            ("VPC", "vpc_id"),
            ("TABLE", "route_table_id"),
            ("DESTINATION", "destination"),
            ("ENTRY", "id"),
            ("BOUND VSWITCHES", "vswitches"),
        ),
        "instance": (
            ("ID", "id"),
            ("NAME", "name"),
            ("VSWITCH", "vswitch_id"),
            ("IPV4", "ipv4"),
            ("IPV6", "ipv6"),
            ("GROUPS", "security_group_ids"),
            ("STATE", "state"),
        ),
        "sg": (("ID", "id"), ("NAME", "name"), ("VPC", "vpc_id"), ("INNER ACCESS", "inner_access")),
        "sg-rule": (
            ("ID", "id"),
            ("DIRECTION", "direction"),
            ("PRIORITY", "priority"),
            ("ACTION", "action"),
            ("PROTOCOL", "protocol"),
            ("FROM PORT", "port_low"),
            ("TO PORT", "port_high"),
            ("REMOTE", "remote_cidr|remote_group_id"),
        ),
        "acl": (("ID", "id"), ("NAME", "name"), ("VPC", "vpc_id")),
        "peering": (
            ("ID", "id"),
            ("NAME", "name"),
            ("STATE", "state_name|state"),
            ("ROLE", "role"),
            ("REQUESTER", "requester.vpc_id"),
            ("REGION", "requester.region_id"),
            ("ACCEPTER", "accepter.vpc_id"),
            ("REGION", "accepter.region_id"),
            ("MBIT/S", "bandwidth_mbps"),
        ),
        "quota": (
            ("PROFILE", "profile"),
            ("NAME", "name"),
            ("SCOPE", "scope"),
            ("LIMIT", "limit"),
            ("USED", "used"),
        ),
        "audit": (
            ("AT", "at"),
            ("ACCOUNT", "uid"),
            ("KEY", "key_id"),
            ("ACTION", "action"),
            ("RESOURCE", "resource_id"),
        ),
        "region": (
            ("ID", "id"),
            ("NAME", "name_en"),
            ("名称", "name_zh"),
            ("MAINLAND", "mainland"),
            ("ZONES", "zones"),
        ),
        "check": (("CHECK", "check"), ("OK", "ok"), ("DETAIL", "detail")),
        "saved": (("NAME", "name"), ("URL", "url"), ("DEFAULT", "default")),
        "profile": (
            ("NAME", "name"),
            ("TITLE", "title"),
            ("EXPIRY S", "expiry_s"),
            ("AUTO ROUTES", "auto_routes"),
        ),
    }
)
