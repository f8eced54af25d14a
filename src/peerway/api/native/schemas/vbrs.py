"""Virtual border routers: bodies, and how one is shown to its owner, the line's owner and operators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, Literal

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, TenantListParameters, Text, Word, flat
from peerway.app.usecases.vbrs import vbr_actions
from peerway.domain.account import Caller, Role
from peerway.domain.lifecycle.vbr import VbrEvent, is_behind
from peerway.domain.line import HIGHEST_VLAN, VbrState, VirtualBorderRouter
from peerway.domain.port import Port
from peerway.domain.resource import Resource


class CreateVbrBody(Body):
    """A new border router on a line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "line_id": "pc-0123456789abcdefghij",
                    "vlan": 100,
                    "local_gateway": "10.255.0.1/30",
                    "peer_gateway": "10.255.0.2",
                }
            ]
        }
    )

    line_id: Word = Field(description="Own line that is enabled.")
    vlan: int = Field(
        ge=0, le=HIGHEST_VLAN, description="802.1Q tag, unique on the line; 0 for untagged packets."
    )
    local_gateway: Word = Field(
        description="Its address on the line, with the length of the transfer network."
    )
    peer_gateway: Word = Field(description="The customer's address there.")
    local_gateway6: Word | None = Field(None, description="The same for IPv6; both or neither.")
    peer_gateway6: Word | None = Field(None, description="The customer's IPv6 address there.")
    owner_uid: Word | None = Field(
        None, description="Account it is for, which has to confirm it; null for the caller's own."
    )
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    circuit_code: Text = Field("", description="The carrier's number of the circuit.")


class UpdateVbrBody(Body):
    """What is to change; a field that is left out stays. VLAN and circuit code are the line owner's to change."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"local_gateway": "10.255.1.1/30", "peer_gateway": "10.255.1.2"}]}
    )

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    local_gateway: Word = Field("", description="New address of its own.")
    peer_gateway: Word = Field("", description="New address of the customer's router.")
    local_gateway6: Word | None = Field(None, description="New IPv6 address of its own; null for no IPv6.")
    peer_gateway6: Word | None = Field(None, description="New IPv6 address beyond it; null for no IPv6.")
    vlan: int = Field(0, ge=0, le=HIGHEST_VLAN, description="New VLAN.")
    circuit_code: Text = Field("", description="New number of the circuit.")


class MoveVbrBody(Body):
    """A port of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"port": "interface:eth4"}, {"port": None}]})

    port: Text | None = Field(
        None,
        description="`interface:NAME` or `netns:PATH`, used untagged; null for the line's port with its VLAN.",
    )


class VbrList(TenantListParameters):
    """Which border routers."""

    state: Word | None = Field(None, description="Only those in this state.")
    line_id: Word | None = Field(None, description="Only those on this line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VbrAnswer(Resource):
    """A border router as one of the accounts at its line sees it."""

    #: Region of the line's access point.
    region_id: str
    #: Line it is on.
    line_id: str
    #: Account of the line.
    line_owner_uid: str
    #: Access point of the line.
    access_point_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str
    #: The carrier's number of the circuit.
    circuit_code: str
    #: 802.1Q tag; 0 for untagged packets.
    vlan: int
    #: Its address on the line, with the length of the transfer network.
    local_gateway: IPv4Interface
    #: The customer's address there.
    peer_gateway: IPv4Address
    #: The same for IPv6; null without it.
    local_gateway6: IPv6Interface | None
    #: The customer's IPv6 address there.
    peer_gateway6: IPv6Address | None
    #: Id of its route table.
    route_table_id: str
    #: Where the host finds it; null for everybody but operators.
    port: Port | None
    #: Where it is in its life.
    state: VbrState
    #: Since when it is in that state.
    state_since: datetime
    #: Counts changes of what the data plane must do.
    generation: int
    #: Generation the data plane has reached.
    observed_generation: int
    #: Whether the data plane has reached the present generation.
    settled: bool
    #: What the caller is: it has the router, the line, both, or looks on as an operator.
    role: Literal["owner", "line_owner", "both", "none"]
    #: What the caller may do now.
    actions: list[VbrEvent]


def vbr_answer(caller: Caller, vbr: VirtualBorderRouter) -> dict[str, Any]:
    """What is shown of a border router to that caller."""
    return {
        **flat(vbr),
        "port": vbr.port if caller.role.may(Role.OPERATOR) else None,
        "settled": not is_behind(vbr),
        "role": role_of(vbr, caller.uid),
        "actions": vbr_actions(caller, vbr),
    }


def role_of(vbr: VirtualBorderRouter, uid: str) -> str:
    """What the account is to the border router."""
    has_router, has_line = uid == vbr.owner_uid, uid == vbr.line_owner_uid
    if has_router:
        return "both" if has_line else "owner"
    return "line_owner" if has_line else "none"
