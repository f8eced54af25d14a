"""What the installation offers: regions and products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call, answer
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import ListOf, ListParameters, slice_of
from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.peering import PeeringState
from peerway.domain.region import Region
from peerway.domain.vpc import VpcKind
from peerway.profiles.model import AutoRoutes, Onlooker, OverlapRule, Profile, Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAnswer:
    """One product's rules for peer connections."""

    #: Its name in requests.
    name: str
    #: Its name for people.
    title: str
    #: How long a request waits for an answer, s.
    expiry_s: int
    #: The product's name of each state.
    state_names: Mapping[PeeringState, str]
    #: Events that users of the product may raise.
    events: list[PeeringEvent]
    #: Who sees a connection after it was rejected.
    rejected_seen_by: Onlooker
    #: Who sees a connection that expired.
    expired_seen_by: Onlooker
    #: Overlap of the two VPCs.
    overlap: OverlapRule
    #: Overlap among the peers of one VPC over cross-region connections.
    overlap_among_cross_region_peers: OverlapRule
    #: Overlap among the peers of one VPC over same-region connections.
    overlap_among_same_region_peers: OverlapRule
    #: Whether the system writes routes.
    auto_routes: AutoRoutes
    #: Whether deleting a connection that routes point to is refused unless forced.
    delete_needs_force: bool
    #: Cap of a cross-region connection unless the request names one, Mbit/s.
    default_bandwidth_mbps: int
    #: Whether cross-region connections have a link type.
    link_types: bool
    #: Kinds of VPC that the product peers.
    vpc_kinds: list[VpcKind]
    #: Whether accounts of different sites are kept apart.
    same_site_only: bool
    #: Whether cross-border needs a real-name account.
    cross_border_needs_real_name: bool
    #: Limits.
    quotas: list[Quota]


async def list_regions(call: Call, query: Annotated[ListParameters, Query()]) -> Response:
    """List the regions and their zones."""
    return answer(slice_of(list(call.world.regions), query))


async def list_profiles(call: Call, query: Annotated[ListParameters, Query()]) -> Response:
    """List the products whose rules a connection can follow."""
    return answer(slice_of([profile_answer(profile) for profile in call.world.profiles.values()], query))


def profile_answer(profile: Profile) -> dict[str, Any]:
    """What is shown of a product."""
    shown = {field.name: getattr(profile, field.name) for field in fields(profile)}
    expiry: timedelta = shown.pop("expiry")
    return {
        **shown,
        "expiry_s": int(expiry.total_seconds()),
        "state_names": {state.value: name for state, name in profile.state_names.items()},
        "events": sorted(profile.events),
        "vpc_kinds": sorted(profile.vpc_kinds),
    }


OPERATIONS: Final = (
    Operation("GET", "/regions", list_regions, ListOf[Region]),
    Operation("GET", "/profiles", list_profiles, ListOf[ProfileAnswer]),
)
