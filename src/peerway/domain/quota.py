"""Quotas: the default of a profile and what an operator granted to one account instead (PEER-12)."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaGrant(Resource):
    """A limit that replaces the default for one account. `id` is `UID/NAME`."""

    #: Name of the quota.
    name: str
    #: The limit.
    limit: int


#: Custom entries of a route table (NET-5).
CUSTOM_ENTRIES_PER_TABLE = 200
#: Secondary IPv4 ranges of a VPC.
SECONDARY_CIDRS_PER_VPC = 5
#: Custom route tables of a VPC.
CUSTOM_TABLES_PER_VPC = 9
#: VSwitches of a VPC.
VSWITCHES_PER_VPC = 150
#: Security groups of an instance.
GROUPS_PER_INSTANCE = 16
#: Rules of a security group.
RULES_PER_GROUP = 2000
#: Entries of a network ACL, each direction.
ENTRIES_PER_ACL = 2000
