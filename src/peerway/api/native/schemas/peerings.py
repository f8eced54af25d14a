"""Peer connections: bodies, and how one is shown to a side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Literal

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, Parameters, TenantListParameters, Text, Word, flat
from peerway.app.store import Reader
from peerway.app.usecases.peering_views import PeeringRoute, PeeringWarning, peering_warnings
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.lifecycle.peering import PEERING, PeeringEvent
from peerway.domain.peering import LinkType, Peering, PeeringSide, PeeringState
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteEntry
from peerway.domain.vpc import Vpc
from peerway.profiles.rules import may_raise


class CreatePeeringBody(Body):
    """A request for a connection between two VPCs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "shop-to-stock",
                    "vpc_id": "vpc-0123456789abcdefghij",
                    "peer_uid": "1000000000000002",
                    "peer_region_id": "cn-beijing",
                    "peer_vpc_id": "vpc-jihgfedcba9876543210",
                }
            ]
        }
    )

    vpc_id: Word = Field(description="Own VPC.")
    peer_vpc_id: Word = Field(description="VPC to connect to.")
    peer_uid: Word | None = Field(None, description="Account of that VPC; null for the caller's own.")
    peer_region_id: Word | None = Field(None, description="Region of that VPC; null for the own VPC's.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    profile: Word = Field("native", description="Product whose rules hold; `GET /profiles` lists them.")
    bandwidth_mbps: int | None = Field(None, ge=1, le=2**53, description="Cap each way; cross region only.")
    link_type: Word | None = Field(None, description="`gold` or `platinum`; cross region only.")
    auto_routes: bool | None = Field(None, description="Whether the system writes both sides' routes.")


class UpdatePeeringBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bandwidth_mbps": 200}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    bandwidth_mbps: int = Field(1, ge=1, le=2**53, description="New cap each way, Mbit/s; cross region only.")
    link_type: Word = Field("gold", description="New link type; cross region only.")


class LendPeeringBody(Body):
    """What the other side may use; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"names": True, "groups": True}]})

    names: bool = Field(False, description="Whether its resolver answers for the names of this side.")
    groups: bool = Field(False, description="Whether its security rules may name groups of this side.")


class PeeringList(TenantListParameters):
    """Which connections."""

    state: Word | None = Field(None, description="Only those in this state.")
    vpc_id: Word | None = Field(None, description="Only those of this VPC.")
    side: Word | None = Field(None, description="Only those where the caller is `requester` or `accepter`.")


class DeletePeeringParameters(Parameters):
    """How to delete."""

    force: bool = Field(
        False, description="Delete custom routes that lead to it, too, where the product asks."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SideAnswer:
    """One side of a connection."""

    #: Account.
    uid: str
    #: Region of the VPC.
    region_id: str
    #: VPC.
    vpc_id: str
    #: Whether it lets the other side's resolver answer for its names.
    names: bool
    #: Whether it lets the other side's security rules name its groups.
    groups: bool
    #: Ranges of the VPC; empty when it is gone.
    cidrs: list[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringAnswer(Resource):
    """A connection as one of its sides sees it."""

    #: Display name.
    name: str
    #: Free text.
    description: str
    #: Product whose rules hold.
    profile: str
    #: Who asked.
    requester: SideAnswer
    #: Who was asked.
    accepter: SideAnswer
    #: Where it is in its life.
    state: PeeringState
    #: The product's name of the state.
    state_name: str
    #: Since when it is in that state.
    state_since: datetime
    #: When an unanswered request expires; null in states without a deadline.
    expires_at: datetime | None
    #: Cap each way, Mbit/s; null for uncapped (same region).
    bandwidth_mbps: int | None
    #: Quality class; null in one region.
    link_type: LinkType | None
    #: Whether the system writes both sides' routes.
    auto_routes: bool
    #: Counts changes of what the data plane must do.
    generation: int
    #: Generation the data plane has reached.
    observed_generation: int
    #: Whether one account has both sides.
    same_account: bool
    #: Whether both VPCs are in one region.
    same_region: bool
    #: Which side the caller is.
    role: Literal["requester", "accepter", "both", "none"]
    #: What the caller may do now.
    actions: list[PeeringEvent]
    #: What is allowed and will surprise.
    warnings: list[PeeringWarning]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringRouteAnswer(RouteEntry):
    """A route entry that leads to a connection, and what takes it."""

    #: Whose side it is on.
    side: Literal["requester", "accepter"]
    #: Display name of the table that it is in.
    table_name: str
    #: VSwitches that are bound to the table.
    vswitch_ids: list[str]


def peering_answer(tx: Reader, world: World, caller: Caller, peering: Peering) -> dict[str, Any]:
    """What is shown of a connection to that caller."""
    requester, accepter = (side_answer(tx, side) for side in peering.sides)
    return {
        **flat(peering),
        "requester": requester,
        "accepter": accepter,
        "state_name": world.require_profile(peering.profile).state_names[peering.state],
        "same_account": peering.same_account,
        "same_region": peering.same_region,
        "role": role_of(peering, caller.uid),
        "actions": actions_of(world, caller, peering),
        "warnings": peering_warnings(tx, world, peering),
    }


def route_answer(route: PeeringRoute) -> dict[str, Any]:
    """What is shown of an entry that leads to the connection."""
    return {
        **flat(route.entry),
        "side": route.side,
        "table_name": route.table.name,
        "vswitch_ids": [vswitch.id for vswitch in route.vswitches],
    }


def side_answer(tx: Reader, side: PeeringSide) -> dict[str, Any]:
    """What is shown of a side."""
    vpc = tx.get(Vpc, side.vpc_id)
    cidrs = () if vpc is None else vpc.prefixes
    return {
        "uid": side.uid,
        "region_id": side.region_id,
        "vpc_id": side.vpc_id,
        "names": side.names,
        "groups": side.groups,
        "cidrs": cidrs,
    }


def role_of(peering: Peering, uid: str) -> str:
    """Which side the account is."""
    if peering.requester.uid == uid:
        return "both" if peering.same_account else "requester"
    return "accepter" if peering.accepter.uid == uid else "none"


def actions_of(world: World, caller: Caller, peering: Peering) -> list[PeeringEvent]:
    """What the caller may do with the connection now: its state, its product, the caller's side and role decide."""
    if not caller.role.may(Role.MEMBER):
        return []
    profile = world.require_profile(peering.profile)
    events = PEERING.events(peering.state)
    return [event for event in events if may_raise(profile, peering, event, caller.uid)]
