"""Peer connections (PEER-1 ... PEER-15): the value, its sides and what follows from them.

Its life is the table in `lifecycle.peering`; what differs between products is a `Profile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from peerway.domain.account import Account
from peerway.domain.errors import Forbidden, InvalidInput
from peerway.domain.resource import Resource


class PeeringState(StrEnum):
    """States of a peer connection; each product names them its own way (`Profile.state_names`)."""

    #: Same account: stored and being built, no acceptance needed.
    CREATING = "creating"
    #: Waits for the other account.
    PENDING = "pending"
    #: Accepted, or changed, and being brought to the data plane.
    UPDATING = "updating"
    #: Carries packets.
    ACTIVE = "active"
    #: The other account said no.
    REJECTED = "rejected"
    #: The other account said nothing in time.
    EXPIRED = "expired"
    #: Switched off for unpaid bills.
    SUSPENDED = "suspended"
    #: Being taken out of the data plane.
    DELETING = "deleting"
    #: Gone from the data plane; kept for bills and the audit.
    DELETED = "deleted"


class LinkType(StrEnum):
    """Quality classes of cross-region links (PEER-10)."""

    #: 99.995 % availability.
    PLATINUM = "platinum"
    #: 99.95 % availability.
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class PeeringSide:
    """One side of a peer connection."""

    #: Account.
    uid: str
    #: Region of the VPC.
    region_id: str
    #: VPC.
    vpc_id: str
    #: Whether it lets the other side's resolver answer for its names.
    names: bool = False
    #: Whether it lets the other side's security rules name its groups.
    groups: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering(Resource):
    """A peer connection between two VPCs. `owner_uid` is the requester's account."""

    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Product whose rules hold (`native`, `alibaba`, `tencent`, `jdcloud`, `jdcloud_vpc`).
    profile: str
    #: Who asked.
    requester: PeeringSide
    #: Who was asked.
    accepter: PeeringSide
    #: Where it is in its life.
    state: PeeringState
    #: Since when it is in that state.
    state_since: datetime
    #: When an unanswered request expires; None in states without a deadline.
    expires_at: datetime | None = None
    #: Cap each way, Mbit/s; None for uncapped (same region).
    bandwidth_mbps: int | None = None
    #: Quality class; None in one region.
    link_type: LinkType | None = None
    #: Whether the system writes both sides' routes when the connection is accepted (PEER-8).
    auto_routes: bool = False
    #: Counts changes of what the data plane must do.
    generation: int = 1
    #: Generation the data plane has reached.
    observed_generation: int = 0

    @property
    def same_account(self) -> bool:
        """Whether one account has both sides."""
        return self.requester.uid == self.accepter.uid

    @property
    def same_region(self) -> bool:
        """Whether both VPCs are in one region."""
        return self.requester.region_id == self.accepter.region_id

    @property
    def sides(self) -> tuple[PeeringSide, PeeringSide]:
        """Requester, accepter."""
        return self.requester, self.accepter

    def opposite_of(self, vpc_id: str) -> PeeringSide:
        """The other side, seen from that VPC."""
        return self.accepter if self.requester.vpc_id == vpc_id else self.requester


def pair_key(one_vpc_id: str, other_vpc_id: str) -> str:
    """The same text for a pair of VPCs in either order: one live connection a pair."""
    return "|".join(sorted((one_vpc_id, other_vpc_id)))


def check_pair(vpc_id: str, peer_vpc_id: object) -> None:
    """`InvalidInput` unless the two ids can be a pair."""
    if not isinstance(peer_vpc_id, str) or not peer_vpc_id:
        raise InvalidInput("peer_vpc_id", "must be the id of a VPC", peer_vpc_id)
    if vpc_id == peer_vpc_id:
        raise InvalidInput("peer_vpc_id", "must not be the VPC itself", peer_vpc_id, code="self_peering")


def check_accounts(
    requester: Account,
    accepter: Account,
    *,
    same_site: bool,
    real_name: bool,
    fields: tuple[str, str] = ("peer_uid", "peer_region_id"),
) -> None:
    """`Forbidden` when the two accounts may not have a connection (PEER-11): other sites, or no real-name registration.

    `fields` are the names of the other account and the other region in the request.
    """
    uid_field, region_field = fields
    if same_site and requester.site is not accepter.site:
        raise Forbidden("accounts of different sites can't be joined", code="sites_differ", field=uid_field)
    if real_name and not requester.real_name:
        text = "a cross-border connection needs an account with an enterprise real-name registration"
        raise Forbidden(text, code="real_name_required", field=region_field)


def account_region(uid: str, region_id: str) -> str:
    """The key that an account's live connections in a region are tallied under."""
    return f"{uid}/{region_id}"
