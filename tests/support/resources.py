"""Resources of every kind, any that the types allow; owns no rule of the field beyond what makes a value storable."""

from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network

from hypothesis import strategies as st

from peerway.domain.account import Account, AuditEntry, Credential, Role, Site
from peerway.domain.peering import LinkType, Peering, PeeringSide, PeeringState
from peerway.domain.quota import QuotaGrant
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import EntryOrigin, NextHop, RouteEntry, RouteTable, TableKind
from peerway.domain.security import (
    AclEntry,
    Direction,
    NetworkAcl,
    Protocol,
    RuleAction,
    SecurityGroup,
    SecurityRule,
)
from peerway.domain.sync import SyncFailure
from peerway.domain.vpc import Instance, Vpc, VpcKind, VSwitch

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

#: Any text but NUL and half characters, which PostgreSQL and UTF-8 can't hold.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=24)
UIDS = st.integers(10**15, 10**16 - 1).map(str)
TIMES = st.datetimes(timezones=st.just(UTC))
COUNTS = st.integers(0, 2**63 - 1)
PORTS = st.integers(0, 65535)
IPV4 = st.ip_addresses(v=4)
IPV6 = st.ip_addresses(v=6)
IPV4_PREFIXES = st.builds(
    lambda ip, length: IPv4Network((ip, length), strict=False), IPV4, st.integers(0, 32)
)
IPV6_PREFIXES = st.builds(
    lambda ip, length: IPv6Network((ip, length), strict=False), IPV6, st.integers(0, 128)
)
PREFIXES = IPV4_PREFIXES | IPV6_PREFIXES
MONEY = st.decimals(allow_nan=False, allow_infinity=False) | st.just(Decimal("-0.00"))
SIDES = st.builds(PeeringSide, UIDS, IDS, IDS)
ACL_ENTRIES = st.builds(
    AclEntry,
    action=st.sampled_from(RuleAction),
    protocol=st.sampled_from(Protocol),
    port_low=PORTS,
    port_high=PORTS,
    cidr=PREFIXES,
    name=TEXTS,
)


def of(kind, /, **parts):
    """Resources of one kind with what all have in common."""
    return st.builds(kind, **{"id": IDS, "owner_uid": UIDS, "created_at": TIMES, **parts})


def tuples(values):
    """Short tuples."""
    return st.lists(values, max_size=4).map(tuple)


def some(values):
    """The values, or None."""
    return st.none() | values


#: Strategy of each kind.
RESOURCES = {
    Account: of(Account, name=TEXTS, site=st.sampled_from(Site), real_name=st.booleans(), balance=MONEY),
    Credential: of(
        Credential,
        role=st.sampled_from(Role),
        token_hash=IDS,
        sealed_secret=TEXTS,
        enabled=st.booleans(),
        of_start=st.booleans(),
    ),
    Vpc: of(
        Vpc,
        region_id=IDS,
        name=TEXTS,
        description=TEXTS,
        cidr=IPV4_PREFIXES,
        secondary_cidrs=tuples(IPV4_PREFIXES),
        ipv6_cidr=some(IPV6_PREFIXES),
        kind=st.sampled_from(VpcKind),
        router_id=IDS,
        system_table_id=IDS,
        state=st.sampled_from(Provisioning),
    ),
    VSwitch: of(
        VSwitch,
        vpc_id=IDS,
        zone_id=IDS,
        name=TEXTS,
        description=TEXTS,
        cidr=IPV4_PREFIXES,
        ipv6_cidr=some(IPV6_PREFIXES),
        route_table_id=IDS,
        network_acl_id=some(IDS),
        state=st.sampled_from(Provisioning),
    ),
    RouteTable: of(RouteTable, vpc_id=IDS, name=TEXTS, description=TEXTS, kind=st.sampled_from(TableKind)),
    RouteEntry: of(
        RouteEntry,
        vpc_id=IDS,
        route_table_id=IDS,
        name=TEXTS,
        destination=PREFIXES,
        next_hop=st.sampled_from(NextHop),
        next_hop_id=some(IDS),
        origin=st.sampled_from(EntryOrigin),
    ),
    SecurityGroup: of(SecurityGroup, vpc_id=IDS, name=TEXTS, description=TEXTS, inner_access=st.booleans()),
    SecurityRule: of(
        SecurityRule,
        vpc_id=IDS,
        security_group_id=IDS,
        direction=st.sampled_from(Direction),
        priority=st.integers(1, 100),
        action=st.sampled_from(RuleAction),
        protocol=st.sampled_from(Protocol),
        port_low=PORTS,
        port_high=PORTS,
        remote_cidr=some(PREFIXES),
        remote_group_id=some(IDS),
        description=TEXTS,
    ),
    NetworkAcl: of(
        NetworkAcl,
        vpc_id=IDS,
        name=TEXTS,
        description=TEXTS,
        ingress=tuples(ACL_ENTRIES),
        egress=tuples(ACL_ENTRIES),
    ),
    Instance: of(
        Instance,
        vpc_id=IDS,
        vswitch_id=IDS,
        name=TEXTS,
        ipv4=IPV4,
        ipv6=some(IPV6),
        mac=IDS,
        security_group_ids=tuples(TEXTS),
        source_dest_check=st.booleans(),
        netns=some(TEXTS),
        state=st.sampled_from(Provisioning),
    ),
    Peering: of(
        Peering,
        name=TEXTS,
        description=TEXTS,
        profile=IDS,
        requester=SIDES,
        accepter=SIDES,
        state=st.sampled_from(PeeringState),
        state_since=TIMES,
        expires_at=some(TIMES),
        bandwidth_mbps=some(COUNTS),
        link_type=some(st.sampled_from(LinkType)),
        auto_routes=st.booleans(),
        generation=COUNTS,
        observed_generation=COUNTS,
    ),
    QuotaGrant: of(QuotaGrant, name=TEXTS, limit=COUNTS),
    SyncFailure: of(SyncFailure, text=TEXTS, attempts=COUNTS, next_attempt_at=TIMES),
}


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
