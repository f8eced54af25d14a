"""Resources with plain values, for tests of the store."""

from datetime import UTC, datetime
from ipaddress import IPv4Network

from peerway.domain.account import Account, AuditEntry
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.domain.vpc import Vpc

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def account(id="1000000000000001", **parts):
    """An account."""
    return Account(**{"id": id, "owner_uid": id, "created_at": EPOCH, "name": f"account {id}", **parts})


def vpc(id="vpc-a", **parts):
    """A VPC."""
    return Vpc(
        **{
            "id": id,
            "owner_uid": "1000000000000001",
            "created_at": EPOCH,
            "region_id": "cn-hangzhou",
            "name": id,
            "cidr": IPv4Network("10.0.0.0/16"),
            "router_id": f"vrt-{id}",
            "system_table_id": f"vtb-{id}",
            **parts,
        }
    )


def peering(id="pcc-1", ours="vpc-a", theirs="vpc-b", **parts):
    """A pending connection between two VPCs of two accounts."""
    return Peering(
        **{
            "id": id,
            "owner_uid": "1000000000000001",
            "created_at": EPOCH,
            "name": id,
            "profile": "native",
            "requester": PeeringSide("1000000000000001", "cn-hangzhou", ours),
            "accepter": PeeringSide("1000000000000002", "cn-beijing", theirs),
            "state": PeeringState.PENDING,
            "state_since": EPOCH,
            **parts,
        }
    )


def audit_entry(uid="1000000000000001", action="vpc.create", **parts):
    """An entry of the audit log."""
    return AuditEntry(
        **{
            "at": EPOCH,
            "uid": uid,
            "key_id": "LTAI",
            "request_id": "request-1",
            "action": action,
            "resource_id": "vpc-a",
            "before": None,
            "after": "{}",
            **parts,
        }
    )
