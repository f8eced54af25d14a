"""Halves of connections (JD Cloud's VPC peering): each account makes its own, and two that meet are a peer connection.

Nobody asks and nobody accepts: who makes a half has said yes, so the half that meets another one makes the connection and accepts
it at once, for both accounts. Taking a half away ends the connection and leaves the other half disconnected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, require_member
from peerway.app.usecases.fields import UNSET, Unset, given
from peerway.app.usecases.limits import limit_of
from peerway.app.usecases.links import live_between
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.peerings import (
    AcceptPeering,
    CreatePeering,
    DeletePeering,
    accept_peering,
    create_peering,
    delete_peering,
)
from peerway.app.usecases.storing import insert, remove, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import AlreadyExists, Conflict, IllegalState, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.offer import OfferState, PeeringOffer, check_offer_name
from peerway.domain.peering import Peering, PeeringState, check_pair
from peerway.domain.prefixes import first_overlap
from peerway.domain.text import check_description
from peerway.domain.vpc import Vpc
from peerway.profiles.model import Profile, QuotaScope

#: The product whose rules hold.
PROFILE: Final = "jdcloud_vpc"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOffer:
    """Make a half."""

    #: Own VPC.
    vpc_id: str
    #: VPC that it leads to, in the same region; the own account's or another's.
    remote_vpc_id: str
    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOffer:
    """Change a half's texts."""

    #: The half.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOffer:
    """Take a half away."""

    #: The half.
    id: str


def create_offer(tx: Writer, world: World, caller: Caller, request: CreateOffer) -> PeeringOffer:
    """Make a half; when the other one is there, the two are connected in the same breath."""
    require_member(caller)
    vpc, remote = _decide_ends(tx, world, caller, request)
    offer = PeeringOffer(
        id=world.entropy.new_id("vpcpr"),
        owner_uid=caller.uid,
        created_at=tx.now,
        name=check_offer_name(request.name),
        description=check_description(request.description),
        region_id=vpc.region_id,
        vpc_id=vpc.id,
        remote_vpc_id=remote.id,
    )
    stored = insert(tx, caller, offer)
    other = half_between(tx, remote.id, vpc.id)
    return stored if other is None else _connect(tx, world, caller, stored, other)


def get_offer(tx: Reader, world: World, caller: Caller, id: str) -> PeeringOffer:
    """A half of the caller's."""
    return own(tx, caller, PeeringOffer, id)


def list_offers(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> Page[PeeringOffer]:
    """The caller's halves, those from one VPC when it is named."""
    return own_page(tx, caller, PeeringOffer, all_accounts=False, after=after, limit=limit, vpc_id=vpc_id)


def update_offer(tx: Writer, world: World, caller: Caller, request: UpdateOffer) -> PeeringOffer:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, PeeringOffer, request.id)
    changes = given(request, name=check_offer_name, description=check_description)
    return replace_stored(tx, caller, before, replace(before, **changes))


def delete_offer(tx: Writer, world: World, caller: Caller, request: DeleteOffer) -> PeeringOffer:
    """Take a half away; a connection that it was half of ends, with all routes over it."""
    require_member(caller)
    offer = own(tx, caller, PeeringOffer, request.id)
    if offer.peering_id is not None:
        delete_peering(tx, world, caller, DeletePeering(id=offer.peering_id))
    # Ending the connection has noted on both halves that they are parted.
    parted = own(tx, caller, PeeringOffer, offer.id)
    remove(tx, caller, parted)
    return parted


def connection_of(tx: Reader, world: World, caller: Caller, id: str) -> Peering:
    """The connection that a half of the caller's stands for; `Conflict` while the other half is not there."""
    offer = own(tx, caller, PeeringOffer, id, "next_hop_id")
    peering = tx.get(Peering, offer.peering_id or "")
    if peering is None:
        text = f"{offer.id} is {offer.state.value}: a route can't lead to it"
        raise Conflict(
            text, code="next_hop_not_active", resource="peering_offer", id=offer.id, state=offer.state.value
        )
    return peering


def half_between(tx: Reader, vpc_id: str, remote_vpc_id: str) -> PeeringOffer | None:
    """The half from one VPC to another; there is at most one."""
    found = tx.select(PeeringOffer, where("vpc_id", vpc_id), where("remote_vpc_id", remote_vpc_id), limit=1)
    return found[0] if found else None


def half_of(tx: Reader, peering_id: str, vpc_id: str) -> PeeringOffer | None:
    """The half of a connection that leads away from one of its VPCs."""
    found = tx.select(PeeringOffer, where("peering_id", peering_id), where("vpc_id", vpc_id), limit=1)
    return found[0] if found else None


def halves_limit(tx: Reader, world: World, uid: str) -> int:
    """How many halves the account may have from one VPC."""
    quota = _quota(world.require_profile(PROFILE))
    return limit_of(tx, quota[0], uid, quota[1])


def _decide_ends(tx: Writer, world: World, caller: Caller, request: CreateOffer) -> tuple[Vpc, Vpc]:
    """The two VPCs of a new half; the error of the first rule that it breaks."""
    profile = world.require_profile(PROFILE)
    vpc = usable_vpc(tx, caller, request.vpc_id)
    if vpc.kind not in profile.vpc_kinds:
        raise NotFound("vpc", vpc.id, field="vpc_id")
    _check_remote(vpc, request.remote_vpc_id)
    remote = tx.get(Vpc, request.remote_vpc_id)
    # Of a stranger's VPC no more is told than that its region and kind fit, and that to who knows its id, which can't be guessed.
    if remote is None or (remote.region_id, remote.kind) != (vpc.region_id, vpc.kind):
        raise NotFound("vpc", request.remote_vpc_id[:64], field="remote_vpc_id")
    if remote.owner_uid == caller.uid and first_overlap(vpc.prefixes, remote.prefixes):
        rule = f"can't be joined with {vpc.id}: their ranges overlap"
        raise InvalidInput("remote_vpc_id", rule, remote.id, code="overlap")
    present = half_between(tx, vpc.id, remote.id)
    if present is not None:
        text = f"there is {present.id} between the two VPCs already"
        raise AlreadyExists(text, code="offer_exists", id=present.id, field="remote_vpc_id")
    used, limit = tx.count(PeeringOffer, where("vpc_id", vpc.id)), halves_limit(tx, world, caller.uid)
    if used >= limit:
        raise QuotaExceeded(_quota(profile)[0], limit, used, scope=f"VPC {vpc.id}", field="vpc_id")
    return vpc, remote


def _check_remote(vpc: Vpc, remote_vpc_id: str) -> None:
    try:
        check_pair(vpc.id, remote_vpc_id)
    except InvalidInput as error:
        raise InvalidInput("remote_vpc_id", error.rule, remote_vpc_id, code=error.code) from None


def _connect(
    tx: Writer, world: World, caller: Caller, offer: PeeringOffer, other: PeeringOffer
) -> PeeringOffer:
    """Join two halves that meet: both accounts have said so, so the system asks for one and accepts for the other."""
    _check_let_go(tx, offer)
    request = CreatePeering(
        vpc_id=offer.vpc_id,
        peer_vpc_id=other.vpc_id,
        peer_uid=other.owner_uid,
        name=offer.name,
        profile=PROFILE,
    )
    peering = create_peering(tx, world, caller, request)
    if peering.state is PeeringState.PENDING:
        answerer = Caller(other.owner_uid, Role.MEMBER, key_id="system", request_id=caller.request_id)
        peering = accept_peering(tx, world, answerer, AcceptPeering(id=peering.id))
    joined = [
        replace_stored(
            tx, caller, half, replace(half, state=OfferState.CONNECTED, peering_id=peering.id), "connect"
        )
        for half in (other, offer)
    ]
    return joined[-1]


def _check_let_go(tx: Reader, offer: PeeringOffer) -> None:
    """`IllegalState` while the data plane has not let go of an earlier connection of the two."""
    present = live_between(tx, offer.vpc_id, offer.remote_vpc_id)
    if present is not None and present.state is PeeringState.DELETING:
        raise IllegalState("peering", present.id, present.state.value, "connecting again")


def _quota(profile: Profile) -> tuple[str, int]:
    """Name and default of the limit of halves from one VPC."""
    return next((q.name, q.default) for q in profile.quotas if q.scope is QuotaScope.VPC)
