"""Access points and leased lines: bodies, and how a line is shown to customers and operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, ListParameters, TenantListParameters, Text, Word, flat
from peerway.app.usecases.line_steps import line_actions
from peerway.domain.account import Caller, Role
from peerway.domain.lifecycle.line import LineEvent
from peerway.domain.line import PhysicalConnection


class AccessPointList(ListParameters):
    """Which access points."""

    region_id: Word | None = Field(None, description="Only those of this region.")


class ApplyForLineBody(Body):
    """An application for a leased line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_point_id": "ap-cn-hangzhou-yh-ts-A",
                    "line_operator": "CT",
                    "peer_location": "12 Harbour Road, Ningbo",
                    "name": "main",
                }
            ]
        }
    )

    access_point_id: Word = Field(description="Where it is to come in; `GET /access-points` lists them.")
    line_operator: Word = Field(description="Code of the carrier, one of the access point's `operators`.")
    port_type: Word = Field("1000Base-LX", description="`1000Base-T`, `1000Base-LX` or `10GBase-LR`.")
    bandwidth_mbps: int | None = Field(
        None, ge=1, le=10_000, description="What it carries, Mbit/s; null for all that the port does."
    )
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    peer_location: Text = Field("", description="Address of the customer's site.")
    circuit_code: Text = Field("", description="The carrier's number of the circuit.")
    redundant_line_id: Word | None = Field(None, description="Own line that stands in for it.")


class UpdateLineBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"circuit_code": "CTVPN12345"}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    peer_location: Text = Field("", description="New address of the customer's site.")
    circuit_code: Text = Field("", description="New number of the circuit.")
    redundant_line_id: Word | None = Field(None, description="Own line that stands in for it; null for none.")


class ApproveLineBody(Body):
    """Where the customer's people go, and whom they talk to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"room": "Building 2, room 301", "contact": "Li Wei, 0571 000 0000"}]}
    )

    room: Text = Field(description="Address of the machine room.")
    contact: Text = Field(description="Whom to talk to there.")


class RejectLineBody(Body):
    """Why an application is turned down."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "no free port before March"}]})

    reason: Text = Field("", description="Why.")


class PortBody(Body):
    """A port of the access point."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"port": "interface:eth3"}]})

    port: Text = Field(description="`interface:NAME` or `netns:PATH` of the host.")


class LoaBody(Body):
    """Who will come to build."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"loa": "Net Ltd; Wang Fang and Zhao Lei; 3 to 5 March"}]}
    )

    loa: Text = Field(description="Company, people and time, as the letter of authorization is to have them.")


class LineList(TenantListParameters):
    """Which lines."""

    state: Word | None = Field(None, description="Only those in this state.")
    access_point_id: Word | None = Field(None, description="Only those at this access point.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer(PhysicalConnection):
    """A line as one of the two sides sees it; what it is plugged into is shown to operators only."""

    #: What the caller may do now.
    actions: list[LineEvent]


def line_answer(caller: Caller, line: PhysicalConnection) -> dict[str, Any]:
    """What is shown of a line to that caller."""
    shown = {**flat(line), "actions": line_actions(caller, line)}
    return shown if caller.role.may(Role.OPERATOR) else {**shown, "port": ""}
