"""Route tables and their custom entries (NET-5). System entries are computed from the VSwitches and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Resource


class TableKind(StrEnum):
    """System tables come and go with the VPC; custom ones are made by users."""

    #: The one table each VPC is born with.
    SYSTEM = "system"
    #: A table a user made.
    CUSTOM = "custom"


class NextHop(StrEnum):
    """Where a custom entry sends packets."""

    #: An instance, whatever the destination address.
    INSTANCE = "instance"
    #: A peer connection.
    PEERING = "peering"
    #: Nowhere.
    BLACKHOLE = "blackhole"


class EntryOrigin(StrEnum):
    """Who wrote an entry."""

    #: A user.
    CUSTOM = "custom"
    #: The system, because a link asked for its routes to be written (PEER-8).
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable(Resource):
    """A route table of a VPC."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: System or custom.
    kind: TableKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEntry(Resource):
    """A stored entry of a route table; destinations are unique within a table."""

    #: VPC the table belongs to.
    vpc_id: str
    #: Table it is in.
    route_table_id: str
    #: Display name.
    name: str = ""
    #: Destination range.
    destination: Prefix
    #: Kind of next hop.
    next_hop: NextHop
    #: Id of the next hop; None for a blackhole.
    next_hop_id: str | None = None
    #: Who wrote it.
    origin: EntryOrigin = EntryOrigin.CUSTOM
