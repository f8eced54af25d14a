"""Intents: what is meant to hold, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ConfigDict, Field, JsonValue

from peerway.api.native.schemas.common import Body, TenantListParameters, Text, Word, flat
from peerway.app.usecases.intents.states import IntentCheck, IntentReason
from peerway.domain.intent import Enforcement, Expectation, Intent, IntentState, Party
from peerway.domain.security import Protocol

EXAMPLE: dict[str, JsonValue] = {
    "name": "web reaches database",
    "source": "vpc:vpc-0123456789abcdefghij",
    "target": "database:rds-0123456789abcdefghij",
    "expectation": "reach",
    "protocol": "tcp",
    "port_low": 3306,
    "port_high": 3306,
    "enforcement": "refuse",
}

#: What a side is written as.
SIDE = "`account:UID`, `vpc:ID`, `vswitch:ID`, `instance:ID`, `database:ID`, `vbr:ID` or `vbr:ID@CIDR`"


class CreateIntentBody(Body):
    """Something that is to hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    source: Word = Field(description=f"Who asks: {SIDE}.")
    target: Word = Field(description=f"Who is asked: {SIDE}, `load_balancer:ID` or `range:CIDR`.")
    expectation: Word = Field(
        description="`reach`: everyone of the source is answered by everyone of the target. `isolate`: nothing gets there."
    )
    protocol: Word = Field("all", description="`all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.")
    port_low: int = Field(0, ge=0, le=65535, description="First port of tcp and udp.")
    port_high: int = Field(65535, ge=0, le=65535, description="Last port, inclusive.")
    enforcement: Word = Field("flag", description="What a change that breaks it meets: `refuse` or `flag`.")
    name: Text = Field("", description="Display name, one of a kind in the account; the id unless given.")
    description: Text = Field("", description="Free text.")


class UpdateIntentBody(Body):
    """What is to change; a field that is left out stays. Who asks whom stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enforcement": "flag"}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    expectation: Word = Field("", description="`reach` or `isolate`.")
    protocol: Word = Field("", description="`all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.")
    port_low: int = Field(0, ge=0, le=65535, description="First port of tcp and udp.")
    port_high: int = Field(65535, ge=0, le=65535, description="Last port, inclusive.")
    enforcement: Word = Field("", description="`refuse` or `flag`.")


class IntentList(TenantListParameters):
    """Which intents."""

    source_id: Word | None = Field(None, description="Only those whose source is this resource or account.")
    target_id: Word | None = Field(None, description="Only those whose target is this resource or account.")
    state: IntentState | None = Field(None, description="Only those in this state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentAnswer:
    """Something that is meant to hold whatever changes, and how it stands."""

    #: Id.
    id: str
    #: Account that asks for it.
    owner_uid: str
    #: When it was made.
    created_at: datetime
    #: Revision of this object.
    revision: int
    #: Display name.
    name: str
    #: Free text.
    description: str
    #: Who asks.
    source: Party
    #: Who is asked.
    target: Party
    #: `reach` or `isolate`.
    expectation: Expectation
    #: With which protocol.
    protocol: Protocol
    #: First port.
    port_low: int
    #: Last port, inclusive.
    port_high: int
    #: `refuse` or `flag`.
    enforcement: Enforcement
    #: Whether an operator made it: it is about whole VPCs, whoever is in them, and guards everybody's changes.
    of_operator: bool
    #: `unchecked`, `holding`, `broken`, `empty` (a side has nobody) or `unknown` (packets leave what is known here).
    state: IntentState
    #: Since when it stands like this; null before it was examined.
    state_since: datetime | None
    #: Revision of the network at which that was seen first; null before.
    network_revision: int | None
    #: Why it does not hold; null when it does.
    reason: IntentReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentCheckAnswer:
    """How an intent stands at this moment."""

    #: The intent.
    id: str
    #: `holding`, `broken`, `empty` or `unknown`.
    state: IntentState
    #: Revision of the network that this is true for.
    network_revision: int
    #: Why it does not hold; null when it does.
    reason: IntentReason | None


def shown(intent: Intent) -> dict[str, Any]:
    """An intent as `IntentAnswer`; its reason, which is stored as JSON, goes out as it is."""
    return {**flat(intent), "reason": _reason(intent.reason)}


def shown_check(check: IntentCheck) -> dict[str, Any]:
    """A check as `IntentCheckAnswer`."""
    return {
        "id": check.id,
        "state": check.state,
        "network_revision": check.network_revision,
        "reason": _reason(check.reason),
    }


def _reason(text: str) -> orjson.Fragment | None:
    return orjson.Fragment(text) if text else None
