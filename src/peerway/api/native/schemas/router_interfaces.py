"""Router interfaces: bodies, and how one is shown to its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, TenantListParameters, Text, Word, flat
from peerway.app.store import Reader
from peerway.app.usecases.router_interface_views import OppositeView, view_of
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE, InterfaceEvent
from peerway.domain.router_interface import (
    CHECK_INTERVAL_MS,
    CHECK_INTERVALS_MS,
    CHECK_THRESHOLD,
    CHECK_THRESHOLDS,
    InterfaceRole,
    RouterInterface,
)

#: What nobody asks for by itself: the other side does it, or the data plane.
NOT_ASKED = frozenset({InterfaceEvent.BE_CONNECTED, InterfaceEvent.PROGRAMMED})
#: What only the initiator does.
BY_INITIATOR = frozenset({InterfaceEvent.CONNECT, InterfaceEvent.MODIFY})

Interval = Field(
    CHECK_INTERVAL_MS,
    ge=CHECK_INTERVALS_MS[0],
    le=CHECK_INTERVALS_MS[1],
    description="Pause between two probes.",
)
Threshold = Field(
    CHECK_THRESHOLD,
    ge=CHECK_THRESHOLDS[0],
    le=CHECK_THRESHOLDS[1],
    description="Probes in a row that turn the verdict.",
)


class InterfaceSettings(Body):
    """What can be given at creation and changed later."""

    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    opposite_interface_id: Word | None = Field(
        None, description="Interface on the other side; null for nobody."
    )
    opposite_router_id: Word | None = Field(
        None,
        description="Router of that interface, `vrt-...` or `vbr-...`; for an own one its VPC will do, or nothing.",
    )
    opposite_owner_uid: Word | None = Field(
        None, description="Account of that interface; for an own one nothing will do."
    )
    check_source: Word | None = Field(
        None, description="Source of the health check's probes; null for the border router's own address."
    )
    check_target: Word | None = Field(
        None, description="Target of the probes; null for the far gateway of the border router's line."
    )
    check_interval_ms: int = Interval
    check_threshold: int = Threshold
    names: bool = Field(
        False, description="Whether the other side's resolver answers for the names of this side."
    )
    groups: bool = Field(
        False, description="Whether the other side's security rules may name groups of this side."
    )


class CreateRouterInterfaceBody(InterfaceSettings):
    """A new interface on an own router."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "to-beijing",
                    "router_id": "vpc-0123456789abcdefghij",
                    "role": "initiator",
                    "opposite_region_id": "cn-beijing",
                    "spec": "Middle.1",
                }
            ]
        }
    )

    router_id: Word = Field(description="Own router: `vrt-...` or its VPC, or `vbr-...`.")
    role: Word = Field(description="`initiator` or `acceptor`; never changes.")
    opposite_region_id: Word | None = Field(
        None, description="Region of the other side; null for the router's own."
    )
    spec: Word | None = Field(
        None,
        description="An initiator's cap by name, `Small.1` ... `Large.2`; null inside one region and for an acceptor.",
    )


class UpdateRouterInterfaceBody(InterfaceSettings):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "opposite_interface_id": "ri-0123456789abcdefghij",
                    "opposite_router_id": "vrt-0123456789abcdefghij",
                    "opposite_owner_uid": "1000000000000002",
                },
                {"spec": "Large.1"},
            ]
        }
    )

    spec: Word = Field("Large.2", description="New spec; the initiator's, across regions only.")


class RouterInterfaceList(TenantListParameters):
    """Which interfaces."""

    state: Word | None = Field(None, description="Only those in this state.")
    role: Word | None = Field(None, description="Only those with this role.")
    router_id: Word | None = Field(None, description="Only those of this router, or VPC.")
    opposite_interface_id: Word | None = Field(
        None, description="Only those that name this interface as their other side."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterInterfaceAnswer(RouterInterface):
    """An interface as its owner sees it."""

    #: The other side, as far as it names this interface in turn.
    opposite: OppositeView
    #: Cap of the link each way, Mbit/s; null while an acceptor's other side is not known.
    bandwidth_mbps: int | None
    #: Whether the other side is in the same region.
    same_region: bool
    #: Whether exactly one of the two sides is in mainland China.
    cross_border: bool
    #: Whether packets pass: both sides are switched on.
    carries: bool
    #: What the caller may do now.
    actions: list[InterfaceEvent]


def router_interface_answer(
    tx: Reader, world: World, caller: Caller, interface: RouterInterface
) -> dict[str, Any]:
    """What is shown of an interface to its owner."""
    view = view_of(tx, world, interface)
    return {
        **flat(interface),
        "opposite": view.opposite,
        "bandwidth_mbps": view.bandwidth_mbps,
        "same_region": view.same_region,
        "cross_border": view.cross_border,
        "carries": view.carries,
        "actions": actions_of(caller, interface),
    }


def actions_of(caller: Caller, interface: RouterInterface) -> list[InterfaceEvent]:
    """What the caller may do with the interface now: its state and role, and whose it is, decide."""
    if interface.owner_uid != caller.uid or not caller.role.may(Role.MEMBER):
        return []
    hidden = NOT_ASKED if interface.role is InterfaceRole.INITIATOR else NOT_ASKED | BY_INITIATOR
    return [event for event in ROUTER_INTERFACE.events(interface.state) if event not in hidden]
