"""What differs between the products: a `Profile` is one product's numbers, names and choices, read from its TOML file.

Owns the value and its loading. No rule may branch on a profile's name; rules read its fields.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.resources import files

from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.line import AccessPoint, AccessPoints, AccessPointStatus
from peerway.domain.peering import PeeringState
from peerway.domain.region import Region, Regions
from peerway.domain.vpc import VpcKind


class OverlapRule(StrEnum):
    """What happens when the two VPCs' ranges overlap, or two peers of one VPC do (PEER-6)."""

    #: Allowed, with a warning.
    WARN = "warn"
    #: Refused.
    REFUSE = "refuse"
    #: Not looked at.
    IGNORE = "ignore"


class AutoRoutes(StrEnum):
    """Whether the system writes routes to the other side's ranges on acceptance (PEER-8)."""

    #: Never.
    NEVER = "never"
    #: When the request asks for it and both sides are one account's.
    SAME_ACCOUNT = "same_account"
    #: When the request asks for it.
    OPTIONAL = "optional"
    #: Always.
    ALWAYS = "always"


class Onlooker(StrEnum):
    """Which sides of a connection: who still sees it, who may change it."""

    #: Nobody.
    NOBODY = "nobody"
    #: The requester.
    REQUESTER = "requester"
    #: Both sides.
    BOTH = "both"


class QuotaScope(StrEnum):
    """What a peering quota counts."""

    #: Connections of one VPC.
    VPC = "vpc"
    #: Connections of one VPC whose other side is in another region.
    VPC_CROSS_REGION = "vpc_cross_region"
    #: Connections of one VPC whose other side is in the same region.
    VPC_SAME_REGION = "vpc_same_region"
    #: Connections of one account in one region.
    ACCOUNT_REGION = "account_region"
    #: Mbit/s of one cross-region connection.
    BANDWIDTH_CROSS_REGION = "bandwidth_cross_region"
    #: Mbit/s of one cross-border connection.
    BANDWIDTH_CROSS_BORDER = "bandwidth_cross_border"


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit with its name in the product."""

    #: The product's name for it.
    name: str
    #: What it counts.
    scope: QuotaScope
    #: Limit unless an operator granted another.
    default: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One product's rules for peer connections."""

    #: `native`, `alibaba`, `tencent`, `jdcloud` or `jdcloud_vpc`.
    name: str
    #: Title for people.
    title: str
    #: What ids of its connections begin with.
    id_prefix: str
    #: How long a request waits for an answer (PEER-3).
    expiry: timedelta
    #: The product's name of each state (PEER-2).
    state_names: Mapping[PeeringState, str]
    #: Events that users of the product may raise.
    events: frozenset[PeeringEvent]
    #: Who sees a connection after it was rejected (PEER-5).
    rejected_seen_by: Onlooker
    #: Who sees a connection that expired.
    expired_seen_by: Onlooker
    #: Who sees a connection that was deleted.
    deleted_seen_by: Onlooker
    #: Overlap of the two VPCs.
    overlap: OverlapRule
    #: Overlap among the peers of one VPC over cross-region connections.
    overlap_among_cross_region_peers: OverlapRule
    #: Overlap among the peers of one VPC over same-region connections.
    overlap_among_same_region_peers: OverlapRule
    #: Writing of routes.
    auto_routes: AutoRoutes
    #: Whether routes over a connection may lead to ranges of the other VPC only.
    routes_within_peer: bool
    #: Whether deleting a connection that routes point to is refused unless forced; otherwise the routes go with it.
    delete_needs_force: bool
    #: Cap a cross-region connection gets when the request names none, Mbit/s.
    default_bandwidth_mbps: int
    #: Whether cross-region connections have a link type.
    link_types: bool
    #: Kinds of VPC that the product peers.
    vpc_kinds: frozenset[VpcKind]
    #: Whether accounts of different sites are kept apart (PEER-11).
    same_site_only: bool
    #: Whether cross-border needs a real-name account on the requester's side (PEER-11).
    cross_border_needs_real_name: bool
    #: Who changes the connection's texts, cap and link type (PEER-13).
    modified_by: Onlooker
    #: Quotas (PEER-12).
    quotas: tuple[Quota, ...]


PROFILE_NAMES = ("native", "alibaba", "tencent", "jdcloud", "jdcloud_vpc")


def load_profile(name: str) -> Profile:
    """Read one profile from its file."""
    raw = tomllib.loads(files("peerway.profiles").joinpath(f"{name}.toml").read_text("utf-8"))
    return Profile(
        name=name,
        title=raw["title"],
        id_prefix=raw["id_prefix"],
        expiry=timedelta(hours=raw["expiry_hours"]),
        state_names={state: raw["state_names"][state.value] for state in PeeringState},
        events=frozenset(PeeringEvent(event) for event in raw["events"]),
        rejected_seen_by=Onlooker(raw["rejected_seen_by"]),
        expired_seen_by=Onlooker(raw["expired_seen_by"]),
        deleted_seen_by=Onlooker(raw["deleted_seen_by"]),
        overlap=OverlapRule(raw["overlap"]["vpcs"]),
        overlap_among_cross_region_peers=OverlapRule(raw["overlap"]["among_cross_region_peers"]),
        overlap_among_same_region_peers=OverlapRule(raw["overlap"]["among_same_region_peers"]),
        auto_routes=AutoRoutes(raw["auto_routes"]),
        routes_within_peer=raw["routes_within_peer"],
        delete_needs_force=raw["delete_needs_force"],
        default_bandwidth_mbps=raw["default_bandwidth_mbps"],
        link_types=raw["link_types"],
        vpc_kinds=frozenset(VpcKind(kind) for kind in raw["vpc_kinds"]),
        same_site_only=raw["same_site_only"],
        cross_border_needs_real_name=raw["cross_border_needs_real_name"],
        modified_by=Onlooker(raw["modified_by"]),
        quotas=tuple(Quota(q["name"], QuotaScope(q["scope"]), q["default"]) for q in raw["quotas"]),
    )


def load_profiles() -> Mapping[str, Profile]:
    """All profiles by name."""
    return {name: load_profile(name) for name in PROFILE_NAMES}


def load_regions() -> Regions:
    """The region list."""
    raw = tomllib.loads(files("peerway.profiles").joinpath("regions.toml").read_text("utf-8"))
    regions = (
        Region(
            r["id"], r["name_zh"], r["name_en"], r["mainland"], tuple(f"{r['id']}-{z}" for z in r["zones"])
        )
        for r in raw["regions"]
    )
    return Regions({region.id: region for region in regions})


def load_access_points() -> AccessPoints:
    """The places where leased lines come in."""
    raw = tomllib.loads(files("peerway.profiles").joinpath("access_points.toml").read_text("utf-8"))
    points = (
        AccessPoint(
            id=a["id"],
            region_id=a["region_id"],
            name_zh=a["name_zh"],
            name_en=a["name_en"],
            location=a["location"],
            operators=tuple(a["operators"]),
            status=AccessPointStatus(a["status"]),
        )
        for a in raw["access_points"]
    )
    return AccessPoints({point.id: point for point in points})


def load_limits() -> Mapping[str, int]:
    """Limits of the installation by name."""
    raw = tomllib.loads(files("peerway.profiles").joinpath("limits.toml").read_text("utf-8"))
    return {limit["name"]: limit["default"] for limit in raw["limits"]}
