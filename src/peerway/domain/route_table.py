"""Route tables and their custom entries (NET-5). System entries are computed from the VSwitches and never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import SERVICE_RANGE, UNROUTABLE_RANGES, Prefix, contains, parse_prefix
from peerway.domain.resource import Resource
from peerway.domain.text import check_number
from peerway.domain.vpc import VSwitch


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
    #: A router interface, or several of them.
    ROUTER_INTERFACE = "router_interface"
    #: The customer's side of a VBR's line.
    LINE = "line"
    #: A NAT gateway.
    NAT_GATEWAY = "nat_gateway"
    #: The VPC's IPv4 gateway.
    IPV4_GATEWAY = "ipv4_gateway"
    #: Nowhere.
    BLACKHOLE = "blackhole"


class EntryOrigin(StrEnum):
    """Who wrote an entry."""

    #: A user.
    CUSTOM = "custom"
    #: The system, because a link asked for its routes to be written (PEER-8).
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class RoutePath:
    """One of several router interfaces that an entry spreads connections over."""

    #: Router interface.
    interface_id: str
    #: Share of the connections, 1 to 255; 0 for one that only stands by.
    weight: int = 100


#: Router interfaces of one entry with several, at least and at most.
FEWEST_PATHS, MOST_PATHS = 2, 16
#: Highest weight.
HIGHEST_WEIGHT = 255


def check_paths(paths: Sequence[RoutePath], field: str = "paths") -> tuple[RoutePath, ...]:
    """The paths of an entry with several router interfaces (EC-11), or `InvalidInput`.

    2 to 16, each interface once. Either all have a weight and share the connections by it, or one has and the others, with 0,
    stand by for it.
    """
    if not FEWEST_PATHS <= len(paths) <= MOST_PATHS:
        raise InvalidInput(
            field, f"must be from {FEWEST_PATHS} to {MOST_PATHS} router interfaces", len(paths)
        )
    for place, path in enumerate(paths):
        check_number(path.weight, f"{field}[{place}].weight", 0, HIGHEST_WEIGHT, code="weight")
        if any(path.interface_id == before.interface_id for before in paths[:place]):
            raise InvalidInput(f"{field}[{place}].interface_id", "must not be there twice", path.interface_id)
    standby = sum(path.weight == 0 for path in paths)
    if standby and standby != len(paths) - 1:
        rule = "must have one interface with a weight when others stand by with 0"
        raise InvalidInput(field, rule, code="weight")
    return tuple(paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable(Resource):
    """A route table of a VPC or a VBR."""

    #: VPC, or VBR, it belongs to.
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

    #: VPC, or VBR, the table belongs to.
    vpc_id: str
    #: Table it is in.
    route_table_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Destination range.
    destination: Prefix
    #: Kind of next hop.
    next_hop: NextHop
    #: Id of the next hop; None for a blackhole and for several router interfaces.
    next_hop_id: str | None = None
    #: The router interfaces of an entry with several; empty otherwise.
    paths: tuple[RoutePath, ...] = ()
    #: Who wrote it.
    origin: EntryOrigin = EntryOrigin.CUSTOM
    #: One that is switched off is kept and takes no packets.
    enabled: bool = True


class EntryKind(StrEnum):
    """What an entry is, as a list shows it."""

    #: Computed: a VSwitch's range or the service range.
    SYSTEM = "system"
    #: Stored, by a user.
    CUSTOM = "custom"
    #: Stored, by the system for a link.
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """One line of a route table as its owner sees it, stored or computed."""

    #: Id of a stored entry; None for a computed one.
    id: str | None
    #: Table it is in.
    route_table_id: str
    #: Where it comes from.
    kind: EntryKind
    #: Destination range.
    destination: Prefix
    #: `local` (a VSwitch), `service`, or a stored entry's kind of next hop.
    next_hop: str
    #: VSwitch, instance, link or gateway; None for the service range, a blackhole and several router interfaces.
    next_hop_id: str | None
    #: The router interfaces of an entry with several; empty otherwise.
    paths: tuple[RoutePath, ...] = ()
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Whether packets can take it now; False when its next hop is gone or does not carry, and for one that is switched off.
    available: bool = True
    #: Whether it is switched on.
    enabled: bool = True


def system_entries(table_id: str, vswitches: Iterable[VSwitch]) -> list[TableEntry]:
    """What every table of a VPC has by itself: each VSwitch's ranges, and the service range (NET-5)."""
    found = [
        TableEntry(
            id=None,
            route_table_id=table_id,
            kind=EntryKind.SYSTEM,
            destination=prefix,
            next_hop="local",
            next_hop_id=vswitch.id,
        )
        for vswitch in vswitches
        for prefix in vswitch.prefixes
    ]
    service = TableEntry(
        id=None,
        route_table_id=table_id,
        kind=EntryKind.SYSTEM,
        destination=SERVICE_RANGE,
        next_hop="service",
        next_hop_id=None,
    )
    return [*found, service]


def line_entries(table_id: str, vbr_id: str, networks: Iterable[Prefix]) -> list[TableEntry]:
    """What the table of a VBR has by itself: the transfer networks of its line."""
    return [
        TableEntry(
            id=None,
            route_table_id=table_id,
            kind=EntryKind.SYSTEM,
            destination=network,
            next_hop="local",
            next_hop_id=vbr_id,
        )
        for network in networks
    ]


def check_destination(text: object, local_prefixes: Iterable[Prefix], field: str = "destination") -> Prefix:
    """A destination a custom entry may have (NET-5).

    Equal to or inside a range that the router delivers by itself (a VSwitch's, a VBR's transfer network) or the service range is
    refused, as the cloud does; larger ranges are allowed, 0.0.0.0/0 too.
    """
    destination = parse_prefix(text, field)
    if contains(SERVICE_RANGE, destination):
        raise InvalidInput(
            field, f"must not be in the service range {SERVICE_RANGE}", text, code="system_route"
        )
    for taken in UNROUTABLE_RANGES:
        if contains(taken, destination):
            raise InvalidInput(field, f"must not be in {taken}, which nothing forwards", text)
    for prefix in local_prefixes:
        if contains(prefix, destination):
            rule = f"must not be equal to or inside the router's own range {prefix}"
            raise InvalidInput(field, rule, text, code="system_route")
    return destination


def may_route(destination: Prefix, vswitch_prefixes: Iterable[Prefix]) -> bool:
    """Whether `check_destination` would accept the range."""
    taken = (SERVICE_RANGE, *UNROUTABLE_RANGES, *vswitch_prefixes)
    return not any(contains(prefix, destination) for prefix in taken)
