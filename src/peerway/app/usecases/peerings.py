"""Peer connections (PEER-1 ... PEER-15): asked for, answered, changed, ended.

Each verb loads, lets the profile and the lifecycle decide, stores, and sees to the effects the lifecycle names.
Whether a new connection is allowed is `admission`; what is shown beside one is `peering_views`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import SYSTEM, existing, require_member, require_operator
from peerway.app.usecases.admission import (
    Pair,
    Plan,
    admit,
    admit_again,
    choose_bandwidth,
    load_pair,
    load_sides,
)
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given, required
from peerway.app.usecases.links import halves_of, of_vpc, remove_routes, routes_over, write_routes
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.peering_views import is_visible, peering_routes, peering_warnings, visible_peering
from peerway.app.usecases.quotas import check_peering_quotas
from peerway.app.usecases.storing import idempotent, insert, remove_labels, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict
from peerway.domain.lifecycle.peering import PeeringEffect, PeeringEvent, is_overdue, move
from peerway.domain.offer import OfferState
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.route_table import EntryOrigin
from peerway.domain.text import check_description, check_flag, check_name
from peerway.profiles.model import Profile
from peerway.profiles.rules import (
    check_can_change,
    check_may_raise,
    choose_link_type,
    shown_states,
)

#: A connection after an event, and the effects to see to.
Moved = tuple[Peering, tuple[PeeringEffect, ...]]

#: Pending requests looked at in one go.
SCAN = 500


class Side(StrEnum):
    """Which side of its connections a caller lists."""

    #: Those it asked for.
    REQUESTER = "requester"
    #: Those it was asked for.
    ACCEPTER = "accepter"
    #: All.
    EITHER = "either"


#: Fields that hold the caller's uid.
SIDES: Mapping[Side, tuple[str, ...]] = {
    Side.REQUESTER: ("requester.uid",),
    Side.ACCEPTER: ("accepter.uid",),
    Side.EITHER: ("requester.uid", "accepter.uid"),
}


__all__ = [
    "AcceptPeering",
    "CreatePeering",
    "DeletePeering",
    "EnablePeering",
    "RejectPeering",
    "UpdatePeering",
    "accept_peering",
    "create_peering",
    "delete_peering",
    "due_expiries",
    "enable_peering",
    "expire_peering",
    "get_peering",
    "list_peerings",
    "peering_routes",
    "peering_warnings",
    "reject_peering",
    "update_peering",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePeering:
    """Ask for a connection between two VPCs."""

    #: Own VPC.
    vpc_id: str
    #: VPC to connect to.
    peer_vpc_id: str
    #: Account of that VPC; None for the caller's own.
    peer_uid: str | None = None
    #: Region of that VPC; None for the own VPC's.
    peer_region_id: str | None = None
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Product whose rules hold.
    profile: str = "native"
    #: Cap each way; cross region only, None for the product's default.
    bandwidth_mbps: int | None = None
    #: `gold` or `platinum`; cross region only.
    link_type: str | None = None
    #: Whether the system writes both sides' routes; None for the product's default.
    auto_routes: bool | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPeering:
    """Say yes to a request."""

    #: The connection.
    id: str
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectPeering:
    """Say no to a request."""

    #: The connection.
    id: str
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePeering:
    """Ask again with an expired request."""

    #: The connection.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePeering:
    """Change texts, cap or link type."""

    #: The connection.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: New cap each way, Mbit/s; cross region only.
    bandwidth_mbps: int | Unset = UNSET
    #: New link type; cross region only.
    link_type: str | Unset = UNSET
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePeering:
    """End a connection."""

    #: The connection.
    id: str
    #: Whether to remove custom routes that lead to it where the product asks.
    force: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


def create_peering(tx: Writer, world: World, caller: Caller, request: CreatePeering) -> Peering:
    """Ask for a connection: one account's two VPCs are joined at once, another account has to accept."""
    require_member(caller)

    def run() -> Peering:
        pair = _expire_present(tx, world, load_pair(tx, world, caller, request))
        plan = admit(tx, world, pair, request)
        stored = insert(tx, caller, _new_peering(tx, world, request, plan))
        write_routes(tx, world, stored)
        return stored

    return idempotent(tx, caller, request.client_token, "create_peering", request, run, Peering)


def get_peering(tx: Reader, world: World, caller: Caller, id: str) -> Peering:
    """A connection that the caller sees; operators see what one of its sides does."""
    return visible_peering(tx, world, caller, id)


def list_peerings(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    state: str | None = None,
    vpc_id: str | None = None,
    side: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Peering]:
    """Connections the caller sees; of one state, one VPC, or those where it is the `requester` or `accepter`."""
    shown = shown_states(world.profiles.values())
    conditions = [where("state", *(shown if state is None else [choose(PeeringState, state, "state")]))]
    if vpc_id is not None:
        conditions.append(of_vpc(vpc_id))
    if all_accounts:
        require_operator(caller)
    else:
        conditions.append(where(SIDES[choose(Side, side or Side.EITHER, "side")], caller.uid))
    return page(
        tx,
        Peering,
        *conditions,
        after=after,
        limit=limit,
        keep=lambda peering: is_visible(world, peering, caller),
    )


def accept_peering(tx: Writer, world: World, caller: Caller, request: AcceptPeering) -> Peering:
    """Say yes; only the accepter's account may, only before the deadline, and only within its own quotas."""

    def run() -> Peering:
        before, profile = _load(tx, world, caller, request.id, PeeringEvent.ACCEPT)
        _check_in_time(before, tx.now)
        after = _fire(tx, before, PeeringEvent.ACCEPT)
        check_peering_quotas(
            tx, profile, before.accepter, same_region=before.same_region, adding=0, own=True, field="id"
        )
        return _store(tx, world, caller, before, after, "accept")

    return idempotent(tx, caller, request.client_token, "accept_peering", request, run, Peering)


def reject_peering(tx: Writer, world: World, caller: Caller, request: RejectPeering) -> Peering:
    """Say no; only the accepter's account may, and only before the deadline."""

    def run() -> Peering:
        before, _ = _load(tx, world, caller, request.id, PeeringEvent.REJECT)
        _check_in_time(before, tx.now)
        return _store(tx, world, caller, before, _fire(tx, before, PeeringEvent.REJECT), "reject")

    return idempotent(tx, caller, request.client_token, "reject_peering", request, run, Peering)


def enable_peering(tx: Writer, world: World, caller: Caller, request: EnablePeering) -> Peering:
    """Ask again with an expired request; only the requester may, and all checks of a new one are made."""
    found, profile = _load(tx, world, caller, request.id, PeeringEvent.ENABLE)
    expired = expire_peering(tx, world, found.id) or found
    asked, effects = _fire(tx, expired, PeeringEvent.ENABLE)
    admit_again(tx, world, _expire_present(tx, world, load_sides(tx, world, expired)))
    asked = replace(asked, expires_at=tx.now + profile.expiry)
    return _store(tx, world, caller, expired, (asked, effects), "enable")


def update_peering(tx: Writer, world: World, caller: Caller, request: UpdatePeering) -> Peering:
    """Change texts at any time, cap and link type while active (PEER-9, PEER-10); a change to the same value is none."""

    def run() -> Peering:
        before, profile = _load(tx, world, caller, request.id, PeeringEvent.MODIFY)
        check_can_change(before)
        after = replace(before, **given(request, **TEXTS))
        if request.bandwidth_mbps is not UNSET:
            asked = required(request.bandwidth_mbps, "bandwidth_mbps")
            cap = choose_bandwidth(tx, world, profile, before.requester, before.accepter, asked)
            after = replace(after, bandwidth_mbps=cap)
        if request.link_type is not UNSET:
            wanted = required(request.link_type, "link_type")
            after = replace(
                after, link_type=choose_link_type(profile, wanted, same_region=before.same_region)
            )
        if (after.bandwidth_mbps, after.link_type) != (before.bandwidth_mbps, before.link_type):
            after, _ = move(after, PeeringEvent.MODIFY, tx.now)
        return replace_stored(tx, caller, before, after)

    return idempotent(tx, caller, request.client_token, "update_peering", request, run, Peering)


def delete_peering(tx: Writer, world: World, caller: Caller, request: DeletePeering) -> Peering:
    """End a connection; either side may at any time (PEER-4). Every route that leads to it goes with it."""

    def run() -> Peering:
        before, profile = _load(tx, world, caller, request.id, PeeringEvent.DELETE)
        moved = _fire(tx, before, PeeringEvent.DELETE)
        if profile.delete_needs_force and not check_flag(request.force, "force"):
            _check_no_custom_routes(tx, before)
        return _store(tx, world, caller, before, moved, "delete")

    return idempotent(tx, caller, request.client_token, "delete_peering", request, run, Peering)


def due_expiries(tx: Reader, now: datetime, limit: int) -> list[Peering]:
    """Requests whose deadline has passed, at most `limit`."""
    due: list[Peering] = []
    after: str | None = None
    while len(due) < limit:
        batch = tx.select(Peering, where("state", PeeringState.PENDING), after=after, limit=SCAN)
        due += (peering for peering in batch if is_overdue(peering, now))
        if len(batch) < SCAN:
            break
        after = tx.cursor(batch[-1])
    return due[:limit]


def expire_peering(tx: Writer, world: World, id: str) -> Peering | None:
    """The request expired when its deadline has passed (PEER-3), else as it is; None when there is none."""
    before = tx.get(Peering, id)
    if before is None or before.state is not PeeringState.PENDING or not is_overdue(before, tx.now):
        return before
    return _store(tx, world, SYSTEM, before, _fire(tx, before, PeeringEvent.EXPIRE), "expire")


def _new_peering(tx: Writer, world: World, request: CreatePeering, plan: Plan) -> Peering:
    same_account = plan.requester.uid == plan.accepter.uid
    return Peering(
        id=world.entropy.new_id(plan.profile.id_prefix),
        owner_uid=plan.requester.uid,
        created_at=tx.now,
        name=check_name(request.name),
        description=check_description(request.description),
        profile=plan.profile.name,
        requester=plan.requester,
        accepter=plan.accepter,
        state=PeeringState.CREATING if same_account else PeeringState.PENDING,
        state_since=tx.now,
        expires_at=None if same_account else tx.now + plan.profile.expiry,
        bandwidth_mbps=plan.bandwidth_mbps,
        link_type=plan.link_type,
        auto_routes=plan.auto_routes,
    )


def _expire_present(tx: Writer, world: World, pair: Pair) -> Pair:
    """The pair once its connection, when that is a request whose deadline has passed, no longer stands in the way.

    Whoever calls and whatever comes of it: the deadline reconciler would do the same a moment later.
    """
    if pair.present is None or not is_overdue(pair.present, tx.now):
        return pair
    expire_peering(tx, world, pair.present.id)
    return replace(pair, present=None)


def _load(tx: Writer, world: World, caller: Caller, id: str, event: PeeringEvent) -> tuple[Peering, Profile]:
    """The connection and its profile, once the caller is known to be one that may raise the event."""
    require_member(caller)
    peering = existing(tx, Peering, id)
    profile = world.require_profile(peering.profile)
    check_may_raise(profile, peering, event, caller.uid)
    return peering, profile


def _fire(tx: Writer, peering: Peering, event: PeeringEvent) -> Moved:
    return move(peering, event, tx.now)


def _store(tx: Writer, world: World, caller: Caller, before: Peering, moved: Moved, verb: str) -> Peering:
    """Store the moved connection and see to the effects."""
    after, effects = moved
    stored = replace_stored(tx, caller, before, after, verb)
    if PeeringEffect.WRITE_ROUTES in effects:
        write_routes(tx, world, stored)
    if PeeringEffect.REMOVE_ROUTES in effects:
        remove_routes(tx, stored)
        for half in halves_of(tx, stored.id):
            parted = replace(half, state=OfferState.DISCONNECTED, peering_id=None)
            replace_stored(tx, caller, half, parted, "disconnect")
    if stored.state is PeeringState.DELETED:
        remove_labels(tx, stored.id)
    return stored


def _check_in_time(peering: Peering, now: datetime) -> None:
    """The deadline counts even when nobody has raised its event yet (PEER-3)."""
    if peering.state is PeeringState.EXPIRED or is_overdue(peering, now):
        raise Conflict(f"request {peering.id} has expired", code="expired", id=peering.id)


def _check_no_custom_routes(tx: Reader, peering: Peering) -> None:
    for entry in routes_over(tx, peering.id):
        if entry.origin is EntryOrigin.CUSTOM:
            text = f"routes lead to connection {peering.id}; remove them or use force"
            raise Conflict(text, code="routes_exist", id=peering.id, field="force")
