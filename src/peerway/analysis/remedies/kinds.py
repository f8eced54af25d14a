"""What would lift a blocker: typed changes, each as narrow as what was asked (PATH-3).

Owns the closed set of changes and whose they are to make. What one does to the network is `effects`; how it is asked of
the API, and whether it may be, is the use cases' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from peerway.domain.prefixes import Prefix
from peerway.domain.route_table import NextHop
from peerway.domain.security import Direction, Protocol

#: What stands for the id of a peer connection that a remedy would make, in the remedies that need it.
NEW_PEERING: Final = "pcc-new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What all remedies have in common."""

    #: Account that has to make the change.
    owner_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePeering(Owned):
    """Ask for a peer connection; `NEW_PEERING` stands for it in later remedies."""

    #: VPC that asks, of `owner_uid`.
    vpc_id: str
    #: VPC that is asked.
    peer_vpc_id: str
    #: Account of that VPC.
    peer_uid: str
    #: Region of that VPC.
    peer_region_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePeering(Owned):
    """Ask once more for a peer connection that expired."""

    #: The connection.
    peering_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPeering(Owned):
    """Accept a peer connection."""

    #: The connection.
    peering_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectInterface(Owned):
    """Join a router interface with the one that it names."""

    #: The initiator.
    interface_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateInterface(Owned):
    """Switch a router interface on."""

    #: The interface.
    interface_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverVbr(Owned):
    """Switch a border router that was terminated on again."""

    #: The border router.
    vbr_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRoute(Owned):
    """Remove a route entry that takes exactly these packets elsewhere."""

    #: The entry.
    entry_id: str
    #: Table it is in.
    table_id: str
    #: Its range.
    destination: Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRoute(Owned):
    """Write a route entry."""

    #: VPC or VBR of the table.
    router_id: str
    #: Table it goes into.
    table_id: str
    #: Its range.
    destination: Prefix
    #: Kind of next hop.
    next_hop: NextHop
    #: Id of the next hop; `NEW_PEERING` for one that another remedy makes.
    next_hop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowInGroup(Owned):
    """Write a rule into a security group that protects nobody but the one that is asked about."""

    #: The group.
    group_id: str
    #: Which way.
    direction: Direction
    #: Protocol.
    protocol: Protocol
    #: First port.
    port_low: int
    #: Last port.
    port_high: int
    #: The far side.
    remote: Prefix
    #: Comes before the rule that drops.
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowByNewGroup(Owned):
    """Put an instance into one more security group, made for it alone, that has the one rule.

    For instances whose groups protect others, too: a rule there would open those as well.
    """

    #: The instance.
    instance_id: str
    #: Its VPC.
    vpc_id: str
    #: Which way.
    direction: Direction
    #: Protocol.
    protocol: Protocol
    #: First port.
    port_low: int
    #: Last port.
    port_high: int
    #: The far side.
    remote: Prefix
    #: Comes before the rule that drops.
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertAclEntry(Owned):
    """Write an entry into a network ACL, before the one that drops."""

    #: The ACL.
    acl_id: str
    #: Which way.
    direction: Direction
    #: Place it gets; counts from 1.
    position: int
    #: Protocol.
    protocol: Protocol
    #: First port.
    port_low: int
    #: Last port.
    port_high: int
    #: The far side.
    remote: Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToWhitelist(Owned):
    """Add a range to those that may connect to a database."""

    #: The database.
    database_id: str
    #: The range.
    remote: Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class LetForward(Owned):
    """Turn an instance's check of source and destination addresses off: it is a gateway."""

    #: The instance.
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableIpv4Gateway(Owned):
    """Have the route tables decide about public ranges (NET-10); made first when the VPC has no gateway."""

    #: The VPC.
    vpc_id: str
    #: Its gateway; None when it has to be made.
    gateway_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSourceNat(Owned):
    """Write a source entry into a NAT gateway."""

    #: The gateway.
    gateway_id: str
    #: Sources.
    source: IPv4Network
    #: One of the gateway's addresses.
    public: IPv4Address


Remedy = (
    CreatePeering
    | EnablePeering
    | AcceptPeering
    | ConnectInterface
    | ActivateInterface
    | RecoverVbr
    | RemoveRoute
    | AddRoute
    | AllowInGroup
    | AllowByNewGroup
    | InsertAclEntry
    | AddToWhitelist
    | LetForward
    | EnableIpv4Gateway
    | AddSourceNat
)
