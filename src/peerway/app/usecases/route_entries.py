"""Entries of route tables, computed and stored (NET-5, EC-9). Where an entry may lead is `next_hops`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, own, readable, require_member
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.next_hops import choose_hop, is_available
from peerway.app.usecases.routers import border_router, local_prefixes, require_usable_router
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, NotFound
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Prefix, parse_prefix
from peerway.domain.route_table import (
    EntryKind,
    EntryOrigin,
    NextHop,
    RouteEntry,
    RoutePath,
    RouteTable,
    TableEntry,
    check_destination,
    line_entries,
    system_entries,
)
from peerway.domain.text import check_description, check_flag, check_name
from peerway.domain.vpc import VSwitch
from peerway.profiles.model import AutoRoutes


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRouteEntry:
    """Write a custom entry."""

    #: Table it goes into.
    route_table_id: str
    #: Destination range.
    destination: str
    #: Kind of next hop, a member of `NextHop`.
    next_hop: str
    #: Id of the next hop; None for a blackhole and with `paths`, and optional for `line`.
    next_hop_id: str | None = None
    #: Several router interfaces, to share the connections or to stand by.
    paths: tuple[RoutePath, ...] = ()
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRouteEntry:
    """Change a stored entry's texts, destination, where it leads, and whether it is switched on."""

    #: The entry.
    id: str
    #: New destination range.
    destination: str | Unset = UNSET
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: Kind of the new next hop; the old one's when only its id is given.
    next_hop: str | Unset = UNSET
    #: Id of the new next hop; None for a blackhole and with `paths`.
    next_hop_id: str | Unset | None = UNSET
    #: Several router interfaces instead.
    paths: tuple[RoutePath, ...] | Unset = UNSET
    #: Whether it takes packets.
    enabled: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRouteEntry:
    """Remove a stored entry."""

    #: The entry.
    id: str


def list_entries(tx: Reader, world: World, caller: Caller, route_table_id: str) -> list[TableEntry]:
    """All entries of a table, computed ones first; at most some hundred, so there are no pages."""
    table = readable(tx, caller, RouteTable, route_table_id)
    stored = tx.select(RouteEntry, where("route_table_id", table.id))
    return [*_computed(tx, table), *(_shown(tx, entry) for entry in stored)]


def get_route_entry(tx: Reader, world: World, caller: Caller, id: str) -> RouteEntry:
    """A stored entry of the caller's."""
    return readable(tx, caller, RouteEntry, id)


def find_route_entry(tx: Reader, world: World, caller: Caller, table_id: str, destination: str) -> RouteEntry:
    """The stored entry of a table to a destination; `Conflict` for one that the table has by itself."""
    table = readable(tx, caller, RouteTable, table_id, "route_table_id")
    wanted = parse_prefix(destination, "destination")
    for entry in tx.select(RouteEntry, where("route_table_id", table.id)):
        if entry.destination == wanted:
            return entry
    if any(entry.destination == wanted for entry in _computed(tx, table)):
        text = f"the entry to {wanted} belongs to the table"
        raise Conflict(text, code="system_entry", field="destination", id=table.id)
    raise NotFound("route_entry", str(wanted), field="destination")


def create_route_entry(tx: Writer, world: World, caller: Caller, request: CreateRouteEntry) -> RouteEntry:
    """Write a custom entry; the next hop must be there and, when it is a connection, carry packets."""
    require_member(caller)

    def run() -> RouteEntry:
        return insert(tx, caller, _decide_entry(tx, world, caller, request))

    return idempotent(tx, caller, request.client_token, "create_route_entry", request, run, RouteEntry)


def update_route_entry(tx: Writer, world: World, caller: Caller, request: UpdateRouteEntry) -> RouteEntry:
    """Change texts, next hop and switch; one that the system wrote is the user's from its new next hop on."""
    require_member(caller)
    before = _users_own(tx, world, own(tx, caller, RouteEntry, request.id))
    after = replace(before, **given(request, **TEXTS, enabled=check_flag))
    if request.destination is not UNSET:
        after = _with_destination(tx, after, request.destination)
    moved = {request.next_hop, request.next_hop_id, request.paths} != {UNSET}
    if moved or after.destination != before.destination:
        after = _led_elsewhere(tx, world, after, request)
    return replace_stored(tx, caller, before, after)


def delete_route_entry(tx: Writer, world: World, caller: Caller, request: DeleteRouteEntry) -> RouteEntry:
    """Remove a stored entry; one that the product always writes (JD) goes with its connection only."""
    require_member(caller)
    entry = _users_own(tx, world, own(tx, caller, RouteEntry, request.id))
    remove(tx, caller, entry)
    return entry


def _users_own(tx: Reader, world: World, entry: RouteEntry) -> RouteEntry:
    """The entry when users may change it: not one that the product always writes."""
    if entry.origin is EntryOrigin.AUTO and entry.next_hop_id is not None:
        peering = tx.get(Peering, entry.next_hop_id)
        profile = world.require_profile(peering.profile) if peering else None
        if profile and profile.auto_routes is AutoRoutes.ALWAYS:
            text = f"the entry belongs to connection {entry.next_hop_id} and goes with it"
            raise Conflict(text, code="managed_entry", id=entry.id)
    return entry


def _computed(tx: Reader, table: RouteTable) -> list[TableEntry]:
    """What the table has by itself."""
    vbr = border_router(tx, table)
    if vbr is not None:
        return line_entries(table.id, vbr.id, vbr.transfer_networks)
    return system_entries(table.id, tx.select(VSwitch, where("vpc_id", table.vpc_id)))


def _decide_entry(tx: Writer, world: World, caller: Caller, request: CreateRouteEntry) -> RouteEntry:
    table = own(tx, caller, RouteTable, request.route_table_id, "route_table_id")
    require_usable_router(tx, table)
    destination = check_destination(request.destination, local_prefixes(tx, table))
    stored = tx.select(RouteEntry, where("route_table_id", table.id))
    if any(entry.destination == destination for entry in stored):
        raise _taken(destination)
    custom = sum(entry.origin is EntryOrigin.CUSTOM for entry in stored)
    check_limit(
        tx, world, "custom_entries_per_table", table.owner_uid, custom, scope=table.id, field="route_table_id"
    )
    next_hop = choose(NextHop, request.next_hop, "next_hop")
    hop = choose_hop(tx, world, table, next_hop, request.next_hop_id, request.paths, destination)
    return RouteEntry(
        id=world.entropy.new_id("rte"),
        owner_uid=table.owner_uid,
        created_at=tx.now,
        vpc_id=table.vpc_id,
        route_table_id=table.id,
        name=check_name(request.name),
        description=check_description(request.description),
        destination=destination,
        next_hop=next_hop,
        next_hop_id=hop.id,
        paths=hop.paths,
    )


def _with_destination(tx: Reader, entry: RouteEntry, text: str) -> RouteEntry:
    """The entry with another destination, under the rules of a new one."""
    table = existing(tx, RouteTable, entry.route_table_id)
    destination = check_destination(text, local_prefixes(tx, table))
    stored = tx.select(RouteEntry, where("route_table_id", table.id))
    if any(other.destination == destination and other.id != entry.id for other in stored):
        raise _taken(destination)
    return replace(entry, destination=destination, origin=EntryOrigin.CUSTOM)


def _taken(destination: Prefix) -> AlreadyExists:
    text = f"the table has an entry to {destination}"
    return AlreadyExists(text, code="route_exists", field="destination")


def _led_elsewhere(tx: Reader, world: World, entry: RouteEntry, request: UpdateRouteEntry) -> RouteEntry:
    """The entry with the request's next hop, or its own when there is none, under the rules of a new one."""
    table = existing(tx, RouteTable, entry.route_table_id)
    require_usable_router(tx, table)
    next_hop = entry.next_hop if request.next_hop is UNSET else choose(NextHop, request.next_hop, "next_hop")
    id = None if request.next_hop_id is UNSET else request.next_hop_id
    paths = () if request.paths is UNSET else request.paths
    if {request.next_hop, request.next_hop_id, request.paths} == {UNSET}:
        id, paths = entry.next_hop_id, entry.paths
    hop = choose_hop(tx, world, table, next_hop, id, paths, entry.destination)
    if (next_hop, hop.id, hop.paths) == (entry.next_hop, entry.next_hop_id, entry.paths):
        return entry
    return replace(entry, next_hop=next_hop, next_hop_id=hop.id, paths=hop.paths, origin=EntryOrigin.CUSTOM)


def _shown(tx: Reader, entry: RouteEntry) -> TableEntry:
    return TableEntry(
        id=entry.id,
        route_table_id=entry.route_table_id,
        kind=EntryKind(entry.origin.value),
        destination=entry.destination,
        next_hop=entry.next_hop.value,
        next_hop_id=entry.next_hop_id,
        paths=entry.paths,
        name=entry.name,
        description=entry.description,
        available=entry.enabled and is_available(tx, entry),
        enabled=entry.enabled,
    )
