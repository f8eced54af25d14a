"""What the network is meant to be like: values that are held against it after every change.

How they are checked is `analysis`' business, what a broken one does to a change is the use cases'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Resource
from peerway.domain.security import Protocol

#: The key that intents which refuse changes are tallied under.
REFUSING: Final = "refusing"


class PartyKind(StrEnum):
    """What a side of an intent is made of."""

    #: All that an account has.
    ACCOUNT = "account"
    #: All that is in a VPC.
    VPC = "vpc"
    #: All that is in a VSwitch.
    VSWITCH = "vswitch"
    #: One instance.
    INSTANCE = "instance"
    #: One database.
    DATABASE = "database"
    #: One load balancer; a target only.
    LOAD_BALANCER = "load_balancer"
    #: What is behind a border router's line.
    VBR = "vbr"
    #: The addresses of a range, wherever they are; a target only.
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Party:
    """One side of an intent."""

    #: What it is.
    kind: PartyKind
    #: Id of the resource, or uid of the account; None for a range.
    id: str | None = None
    #: The addresses: all of a range, or those behind a line; None for all that the resource has.
    cidr: Prefix | None = None

    def __str__(self) -> str:
        """For people."""
        named = f"{self.kind.value} {self.id}" if self.id is not None else ""
        return " ".join(part for part in (named, str(self.cidr) if self.cidr else "") if part)


class Expectation(StrEnum):
    """What is meant to hold."""

    #: Everyone of the source reaches everyone of the target and is answered, at each of the ports.
    REACH = "reach"
    #: Nothing that anyone of the source sends gets to anyone of the target, at any of the ports.
    ISOLATE = "isolate"


class Enforcement(StrEnum):
    """What a change that breaks the intent meets."""

    #: It is refused.
    REFUSE = "refuse"
    #: It is made, and the intent is shown as broken.
    FLAG = "flag"


class IntentState(StrEnum):
    """What the last check said."""

    #: Not checked yet.
    UNCHECKED = "unchecked"
    #: It holds.
    HOLDING = "holding"
    #: It does not; `reason` says where.
    BROKEN = "broken"
    #: One of its sides has nobody.
    EMPTY = "empty"
    #: What happens to the packets is not known here: they leave the network, or a guest forwards them.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Resource):
    """Something that is meant to hold whatever changes."""

    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Who asks.
    source: Party
    #: Who is asked.
    target: Party
    #: What is meant to hold between them.
    expectation: Expectation
    #: With which protocol.
    protocol: Protocol = Protocol.ALL
    #: First port.
    port_low: int = 0
    #: Last port, inclusive.
    port_high: int = 65535
    #: What a change that breaks it meets.
    enforcement: Enforcement = Enforcement.FLAG
    #: Whether an operator made it: it is about whole VPCs, whoever is in them, and guards everybody's changes.
    of_operator: bool = False
    #: What the last check said.
    state: IntentState = IntentState.UNCHECKED
    #: Since when it says that.
    state_since: datetime | None = None
    #: Revision of the network that it said that of first; None before the first check.
    network_revision: int | None = None
    #: Why it does not hold, as JSON: who asked whom, and the trace; empty while it holds.
    reason: str = ""

    @property
    def parties(self) -> tuple[Party, Party]:
        """Who asks, and who is asked."""
        return self.source, self.target
