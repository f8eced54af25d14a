"""What the network is meant to be like: values that are held against it after every change.

How they are checked is `analysis`' business, what a broken one does to a change is the use cases'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import Prefix, parse_prefix
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


#: What ids begin with, by what they are ids of; an account is its number alone.
PREFIXES: Final[Mapping[str, PartyKind]] = MappingProxyType(
    {
        "vpc-": PartyKind.VPC,
        "vsw-": PartyKind.VSWITCH,
        "i-": PartyKind.INSTANCE,
        "rds-": PartyKind.DATABASE,
        "lb-": PartyKind.LOAD_BALANCER,
        "vbr-": PartyKind.VBR,
    }
)

#: Kinds that are asked and never ask.
TARGETS_ONLY: Final = frozenset({PartyKind.LOAD_BALANCER, PartyKind.RANGE})


def parse_party(text: str, field: str) -> Party:
    """The side that a text names: `vpc:ID` and the like, or the id alone; `vbr:ID@CIDR`; `range:CIDR` or the range alone.

    `InvalidInput` when it is none of these.
    """
    named, colon, rest = text.partition(":")
    kind = PartyKind(named) if colon and named in set(PartyKind) else None
    what = rest if kind is not None else text
    id, at, cidr = what.partition("@")
    found = next((each for prefix, each in PREFIXES.items() if id.startswith(prefix)), None)
    if id.isdigit():
        found = PartyKind.ACCOUNT
    if kind is PartyKind.RANGE or (kind is None and found is None and "/" in what):
        return Party(PartyKind.RANGE, None, parse_prefix(what, field))
    if found is None or kind not in {None, found} or (at and found is not PartyKind.VBR):
        known = ", ".join(f"{each.value}:{prefix}..." for prefix, each in PREFIXES.items())
        raise InvalidInput(field, f"must be account:UID, {known}, vbr:ID@CIDR or range:CIDR", text)
    return Party(found, id, parse_prefix(cidr, f"{field}.cidr") if at else None)


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
    def asks(self) -> tuple[object, ...]:
        """What of it bears on whether it holds."""
        return self.parties, self.expectation, self.packets, self.owner_uid, self.of_operator

    @property
    def packets(self) -> tuple[Protocol, int, int]:
        """What is asked with: the protocol, the first and the last port."""
        return self.protocol, self.port_low, self.port_high

    @property
    def parties(self) -> tuple[Party, Party]:
        """Who asks, and who is asked."""
        return self.source, self.target
