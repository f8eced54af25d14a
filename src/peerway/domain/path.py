"""Questions about paths and the stored answers to them (PATH-1, PATH-2): values only.

What an answer is and how it is found is `analysis`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import Address, is_forwarded, parse_address
from peerway.domain.resource import Resource


class PointKind(StrEnum):
    """What an end of a path is."""

    #: An instance.
    INSTANCE = "instance"
    #: A database.
    DATABASE = "database"
    #: A load balancer; a target only.
    LOAD_BALANCER = "load_balancer"
    #: A VSwitch: some address in its range that no one has, or the one that is named.
    VSWITCH = "vswitch"
    #: What is behind a border router's line: the customer's end of it, or the address that is named.
    VBR = "vbr"
    #: An address, wherever it is; as a source a public one, from which packets come in from outside.
    ADDRESS = "address"


class PathProtocol(StrEnum):
    """What is asked for."""

    #: TCP, with a port.
    TCP = "tcp"
    #: UDP, with a port.
    UDP = "udp"
    #: Echo requests, of the IP version that the addresses have.
    ICMP = "icmp"

    @property
    def has_ports(self) -> bool:
        """Whether a port belongs to the question."""
        return self is not PathProtocol.ICMP

    def number(self, version: int) -> int:
        """IP protocol number for an IP version."""
        return {"tcp": 6, "udp": 17}.get(self.value) or (1 if version == 4 else 58)


#: Kinds of points that have an id; an `ADDRESS` has only that.
WITH_ID: Final = frozenset(PointKind) - {PointKind.ADDRESS}


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a path."""

    #: What it is.
    kind: PointKind
    #: Id of the resource; None for an address alone.
    id: str | None = None
    #: Which of its addresses, or the address itself; None for the resource's first one.
    address: Address | None = None

    def __str__(self) -> str:
        """The id, and the address when it was named, for people."""
        return " ".join(str(part) for part in (self.id, self.address) if part is not None)


#: What a point is, by what its id begins with.
KINDS_OF_IDS: Final[Mapping[str, PointKind]] = MappingProxyType(
    {
        "i-": PointKind.INSTANCE,
        "rds-": PointKind.DATABASE,
        "lb-": PointKind.LOAD_BALANCER,
        "vsw-": PointKind.VSWITCH,
        "vbr-": PointKind.VBR,
    }
)

#: What stands between an id and an address.
AT: Final = "@"


def parse_point(text: str, field: str) -> Point:
    """The point that a text names: an id, an address, or `ID@ADDRESS`; `InvalidInput` when it is none of these."""
    id, at, address = text.partition(AT)
    for prefix, kind in KINDS_OF_IDS.items():
        if id.startswith(prefix):
            return Point(kind, id, parse_address(address, f"{field}.address") if at else None)
    try:
        return Point(PointKind.ADDRESS, None, parse_address(text, field))
    except InvalidInput:
        known = ", ".join(f"{prefix}..." for prefix in KINDS_OF_IDS)
        raise InvalidInput(field, f"must be an address, or an id ({known}) or ID@ADDRESS", text) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether the one can reach the other."""

    #: Who asks.
    source: Point
    #: Who is asked.
    target: Point
    #: With which protocol.
    protocol: PathProtocol = PathProtocol.ICMP
    #: At which port of the target; 0 for protocols without ports.
    port: int = 0
    #: From which port; 0 for one that the source's system chooses.
    source_port: int = 0

    @property
    def reversed(self) -> Question:
        """The target asks the source, for the way back (PATH-2)."""
        return Question(
            source=self.target,
            target=self.source,
            protocol=self.protocol,
            port=self.source_port,
            source_port=self.port,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPath(Resource):
    """A question that is kept, to be asked again and again."""

    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Who asks.
    source: Point
    #: Who is asked.
    target: Point
    #: With which protocol.
    protocol: PathProtocol
    #: At which port of the target; 0 for protocols without ports.
    port: int = 0
    #: From which port; 0 for one that the source's system chooses.
    source_port: int = 0

    @property
    def question(self) -> Question:
        """What it asks."""
        return Question(
            source=self.source,
            target=self.target,
            protocol=self.protocol,
            port=self.port,
            source_port=self.source_port,
        )


class AnalysisState(StrEnum):
    """Where an analysis is."""

    #: Asked for.
    PENDING = "pending"
    #: The result is there.
    FINISHED = "finished"
    #: It could not be done; the result says why.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAnalysis(Resource):
    """One time a question was asked, and the answer."""

    #: The path it was asked for; None for a question that was not kept.
    path_id: str | None = None
    #: Who asks.
    source: Point
    #: Who is asked.
    target: Point
    #: With which protocol.
    protocol: PathProtocol
    #: At which port of the target; 0 for protocols without ports.
    port: int = 0
    #: From which port; 0 for one that the source's system chooses.
    source_port: int = 0
    #: Whether fixes are asked for, too.
    fixes: bool = False
    #: Whether hops of all accounts are told of: an operator asked.
    all_accounts: bool = False
    #: Where it is.
    state: AnalysisState = AnalysisState.PENDING
    #: When the result was there.
    finished_at: datetime | None = None
    #: Revision of the network that the result is true for; None without a result.
    network_revision: int | None = None
    #: Whether the target is reached and its answers come back; None when that is not known.
    reachable: bool | None = None
    #: The whole result, as JSON; empty while there is none.
    result: str = ""

    @property
    def question(self) -> Question:
        """What it asks."""
        return Question(
            source=self.source,
            target=self.target,
            protocol=self.protocol,
            port=self.port,
            source_port=self.source_port,
        )


def check_question(question: Question) -> Question:
    """The question; `InvalidInput` naming the field when it makes no sense by itself."""
    for field, point in (("source", question.source), ("target", question.target)):
        _check_point(point, field)
    if question.source.kind is PointKind.LOAD_BALANCER:
        raise InvalidInput("source", "can't be a load balancer: it asks nobody by itself", question.source.id)
    if question.protocol.has_ports:
        if not 1 <= question.port <= 65535:
            raise InvalidInput(
                "port", f"must be from 1 to 65535 for {question.protocol.value}", question.port
            )
        if not 0 <= question.source_port <= 65535:
            raise InvalidInput("source_port", "must be from 0 to 65535", question.source_port)
    elif question.port or question.source_port:
        field = "port" if question.port else "source_port"
        raise InvalidInput(field, "must not be given for icmp: it has no ports")
    addresses = [point.address for point in (question.source, question.target) if point.address is not None]
    if len({address.version for address in addresses}) > 1:
        raise InvalidInput("target", "must have an address of the source's IP version", addresses[-1])
    return question


def _check_point(point: Point, field: str) -> None:
    if point.kind in WITH_ID and point.id is None:
        raise InvalidInput(field, f"must have an id for a {point.kind.value}")
    if point.kind is PointKind.ADDRESS and (point.address is None or point.id is not None):
        raise InvalidInput(field, "must have an address, and no id, for an address")
    if point.kind is PointKind.ADDRESS and point.address is not None and not is_forwarded(point.address):
        raise InvalidInput(
            field,
            "must be an address that routers forward: no loopback, link local, multicast or broadcast one",
            point.address,
        )
