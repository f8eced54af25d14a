"""Leased lines and virtual border routers (EC-8 ... EC-11): the values and the rules that need nothing but themselves.

The life of a line is the table in `lifecycle.line`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.port import Port
from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Resource


class AccessPointStatus(StrEnum):
    """How much room an access point has."""

    #: Plenty.
    RECOMMENDED = "recommended"
    #: Little.
    HOT = "hot"
    #: None: no new lines.
    FULL = "full"
    #: Closed.
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A place where leased lines come in; part of the installation, not stored."""

    #: `ap-...`.
    id: str
    #: Region it leads to.
    region_id: str
    #: Chinese name.
    name_zh: str
    #: English name.
    name_en: str
    #: Address of the building.
    location: str
    #: Codes of the carriers that reach it; `CO` and `Other` stand for all without a code of their own.
    operators: tuple[str, ...]
    #: How much room it has.
    status: AccessPointStatus


class PortType(StrEnum):
    """What the line is plugged into."""

    #: 1 Gbit/s copper.
    COPPER_1G = "1000Base-T"
    #: 1 Gbit/s fibre.
    FIBRE_1G = "1000Base-LX"
    #: 10 Gbit/s fibre.
    FIBRE_10G = "10GBase-LR"

    @property
    def mbps(self) -> int:
        """What it carries at most."""
        return 10_000 if self is PortType.FIBRE_10G else 1000


class LineState(StrEnum):
    """States of a leased line."""

    #: Applied for.
    INITIAL = "initial"
    #: Approved: address and contact are given, construction may begin.
    APPROVED = "approved"
    #: Turned down.
    REJECTED = "rejected"
    #: A port is assigned; both sides may build.
    ALLOCATED = "allocated"
    #: The customer says that it is built.
    CONFIRMED = "confirmed"
    #: The operator says so, too: border routers may be made.
    ENABLED = "enabled"
    #: Withdrawn before it was enabled.
    CANCELED = "canceled"
    #: Ended after it was enabled.
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalConnection(Resource):
    """A leased line between a customer's site and an access point. Its owner is the customer, or a partner (EC-10)."""

    #: Region of the access point.
    region_id: str
    #: Where it comes in.
    access_point_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Carrier.
    line_operator: str
    #: The carrier's number of the circuit.
    circuit_code: str = ""
    #: Address of the customer's site.
    peer_location: str = ""
    #: What it is plugged into.
    port_type: PortType
    #: What it carries, Mbit/s.
    bandwidth_mbps: int
    #: Line of the same customer that stands in for this one, for people; None for none.
    redundant_line_id: str | None = None
    #: Where it is in its life.
    state: LineState = LineState.INITIAL
    #: Since when it is in that state.
    state_since: datetime
    #: When it was enabled.
    enabled_at: datetime | None = None
    #: Given with the approval: address of the machine room.
    room: str = ""
    #: Given with the approval: whom to talk to there.
    contact: str = ""
    #: Why it was turned down.
    reason: str = ""
    #: Letter of authorization: company, people who come, when, as the customer gave it; empty until applied for.
    loa: str = ""
    #: Port of the access point, `interface:NAME` or `netns:PATH`, that the operator assigned; empty until allocated.
    port: str = ""


class VbrState(StrEnum):
    """States of a virtual border router."""

    #: Made by a partner for another account, who has yet to confirm it.
    UNCONFIRMED = "unconfirmed"
    #: Being made in the data plane.
    CREATING = "creating"
    #: Carries packets between the line and its interfaces.
    ACTIVE = "active"
    #: Its way to the line is being switched off.
    TERMINATING = "terminating"
    #: Its way to the line is switched off; all else is kept.
    TERMINATED = "terminated"
    #: Being switched on again.
    RECOVERING = "recovering"
    #: Being removed.
    DELETING = "deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualBorderRouter(Resource):
    """A router for one VLAN of a leased line (EC-9). Its owner may be another account than the line's (EC-10)."""

    #: Region of the line's access point.
    region_id: str
    #: Line it is on.
    line_id: str
    #: Account of the line.
    line_owner_uid: str
    #: Access point of the line.
    access_point_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: The carrier's number of the circuit.
    circuit_code: str = ""
    #: 802.1Q tag, unique on the line; 0 for untagged packets.
    vlan: int
    #: Its address on the line, with the length of the transfer network.
    local_gateway: IPv4Interface
    #: The customer's address there.
    peer_gateway: IPv4Address
    #: The same for IPv6; None without it.
    local_gateway6: IPv6Interface | None = None
    #: The customer's IPv6 address there.
    peer_gateway6: IPv6Address | None = None
    #: Id of its route table.
    route_table_id: str
    #: Where the data plane finds the line: the line's port with the VLAN, or a port of its own.
    port: Port
    #: Where it is in its life.
    state: VbrState = VbrState.CREATING
    #: Since when it is in that state.
    state_since: datetime
    #: Counts changes of what the data plane must do.
    generation: int = 1
    #: Generation the data plane has reached.
    observed_generation: int = 0

    @property
    def transfer_networks(self) -> tuple[Prefix, ...]:
        """The networks between it and the customer's router, IPv4 first."""
        return tuple(gateway.network for gateway in (self.local_gateway, self.local_gateway6) if gateway)


@dataclass(frozen=True, slots=True)
class AccessPoints:
    """The installation's access points, in the order of the list."""

    #: By id.
    by_id: Mapping[str, AccessPoint]

    def __iter__(self) -> Iterator[AccessPoint]:
        return iter(self.by_id.values())

    def require(self, id: object, field: str = "access_point_id") -> AccessPoint:
        """The access point, or `InvalidInput` naming the field."""
        point = self.by_id.get(id) if isinstance(id, str) else None
        if point is None:
            raise InvalidInput(field, "is not a known access point", id)
        return point


#: Highest 802.1Q tag that a border router may have, as the cloud's API has it; 0 is for untagged packets.
HIGHEST_VLAN: Final = 2999
