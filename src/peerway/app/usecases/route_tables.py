"""Route tables and their entries (NET-5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.common import (
    UNSET,
    Page,
    Unset,
    choose,
    every,
    idempotent,
    insert,
    own,
    page,
    readable,
    remove,
    replace_stored,
    require_member,
    seen_by,
)
from peerway.app.usecases.links import vswitch_prefixes
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, InUse, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.peering import Peering
from peerway.domain.quota import CUSTOM_ENTRIES_PER_TABLE, CUSTOM_TABLES_PER_VPC
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import (
    EntryKind,
    EntryOrigin,
    NextHop,
    RouteEntry,
    RouteTable,
    TableEntry,
    TableKind,
    check_destination,
    system_entries,
)
from peerway.domain.text import check_description, check_name
from peerway.domain.vpc import Instance, VSwitch
from peerway.profiles.model import AutoRoutes
from peerway.profiles.rules import sees


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRouteTable:
    """Make a custom route table."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRouteTable:
    """Change a table's texts."""

    #: The table.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRouteTable:
    """Delete a custom table that no VSwitch is bound to, with its entries."""

    #: The table.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRouteEntry:
    """Write a custom entry."""

    #: Table it goes into.
    route_table_id: str
    #: Destination range.
    destination: str
    #: `instance`, `peering` or `blackhole`.
    next_hop: str
    #: Id of the next hop; None for a blackhole.
    next_hop_id: str | None = None
    #: Display name.
    name: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRouteEntry:
    """Remove a stored entry."""

    #: The entry.
    id: str


def create_route_table(tx: Writer, world: World, caller: Caller, request: CreateRouteTable) -> RouteTable:
    """Make a custom table; VSwitches are bound to it by `update_vswitch`."""
    require_member(caller)

    def run() -> RouteTable:
        vpc = usable_vpc(tx, caller, request.vpc_id)
        used = tx.count(RouteTable, where("vpc_id", vpc.id)) - 1
        if used >= CUSTOM_TABLES_PER_VPC:
            raise QuotaExceeded("custom_tables_per_vpc", CUSTOM_TABLES_PER_VPC, used, scope=vpc.id)
        table = RouteTable(
            id=world.entropy.new_id("vtb"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            name=check_name(request.name),
            description=check_description(request.description),
            kind=TableKind.CUSTOM,
        )
        return insert(tx, caller, table)

    return idempotent(tx, caller, request.client_token, "create_route_table", request, run, RouteTable)


def get_route_table(tx: Reader, world: World, caller: Caller, id: str) -> RouteTable:
    """A table of the caller's."""
    return readable(tx, caller, RouteTable, id)


def list_route_tables(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[RouteTable]:
    """The caller's tables, of one VPC when it is named."""
    conditions = list(seen_by(caller, all_accounts=all_accounts))
    if vpc_id is not None:
        conditions.append(where("vpc_id", vpc_id))
    return page(tx, RouteTable, *conditions, after=after, limit=limit)


def update_route_table(tx: Writer, world: World, caller: Caller, request: UpdateRouteTable) -> RouteTable:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, RouteTable, request.id)
    name = before.name if request.name is UNSET else check_name(request.name)
    description = (
        before.description if request.description is UNSET else check_description(request.description)
    )
    return replace_stored(tx, caller, before, replace(before, name=name, description=description))


def delete_route_table(tx: Writer, world: World, caller: Caller, request: DeleteRouteTable) -> RouteTable:
    """Remove a custom table and its entries; `InUse` while a VSwitch is bound to it."""
    require_member(caller)
    table = own(tx, caller, RouteTable, request.id)
    if table.kind is TableKind.SYSTEM:
        raise Conflict("a system table goes with its VPC", code="system_table", id=table.id)
    for vswitch in tx.select(VSwitch, where("route_table_id", table.id), limit=1):
        raise InUse("route_table", table.id, "vswitch", vswitch.id)
    for entry in every(tx, RouteEntry, where("route_table_id", table.id)):
        tx.delete(entry)
    remove(tx, caller, table)
    return table


def list_entries(tx: Reader, world: World, caller: Caller, route_table_id: str) -> list[TableEntry]:
    """All entries of a table, computed ones first; at most some hundred, so there are no pages."""
    table = readable(tx, caller, RouteTable, route_table_id)
    vswitches = every(tx, VSwitch, where("vpc_id", table.vpc_id))
    stored = every(tx, RouteEntry, where("route_table_id", table.id))
    return [*system_entries(table.id, vswitches), *(_shown(tx, entry) for entry in stored)]


def get_route_entry(tx: Reader, world: World, caller: Caller, id: str) -> RouteEntry:
    """A stored entry of the caller's."""
    return readable(tx, caller, RouteEntry, id)


def create_route_entry(tx: Writer, world: World, caller: Caller, request: CreateRouteEntry) -> RouteEntry:
    """Write a custom entry; the next hop must be there and, when it is a connection, carry packets."""
    require_member(caller)

    def run() -> RouteEntry:
        return insert(tx, caller, _decide_entry(tx, world, caller, request))

    return idempotent(tx, caller, request.client_token, "create_route_entry", request, run, RouteEntry)


def delete_route_entry(tx: Writer, world: World, caller: Caller, request: DeleteRouteEntry) -> RouteEntry:
    """Remove a stored entry; one that the product always writes (JD) goes with its connection only."""
    require_member(caller)
    entry = own(tx, caller, RouteEntry, request.id)
    if entry.origin is EntryOrigin.AUTO and entry.next_hop_id is not None:
        peering = tx.get(Peering, entry.next_hop_id)
        profile = world.require_profile(peering.profile) if peering else None
        if profile and profile.auto_routes is AutoRoutes.ALWAYS:
            text = f"the entry belongs to connection {entry.next_hop_id} and goes with it"
            raise Conflict(text, code="managed_entry", id=entry.id)
    remove(tx, caller, entry)
    return entry


def _decide_entry(tx: Writer, world: World, caller: Caller, request: CreateRouteEntry) -> RouteEntry:
    table = own(tx, caller, RouteTable, request.route_table_id, "route_table_id")
    usable_vpc(tx, caller, table.vpc_id, "route_table_id")
    destination = check_destination(request.destination, vswitch_prefixes(tx, table.vpc_id))
    stored = every(tx, RouteEntry, where("route_table_id", table.id))
    if any(entry.destination == destination for entry in stored):
        raise AlreadyExists(
            f"the table has an entry to {destination}", code="route_exists", field="destination"
        )
    custom = sum(entry.origin is EntryOrigin.CUSTOM for entry in stored)
    if custom >= CUSTOM_ENTRIES_PER_TABLE:
        raise QuotaExceeded("custom_entries_per_table", CUSTOM_ENTRIES_PER_TABLE, custom, scope=table.id)
    next_hop = choose(NextHop, request.next_hop, "next_hop")
    return RouteEntry(
        id=world.entropy.new_id("rte"),
        owner_uid=table.owner_uid,
        created_at=tx.now,
        vpc_id=table.vpc_id,
        route_table_id=table.id,
        name=check_name(request.name),
        destination=destination,
        next_hop=next_hop,
        next_hop_id=HOP_CHECKS[next_hop](tx, world, table, request.next_hop_id),
    )


def _instance_hop(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    instance = tx.get(Instance, _given(id))
    if instance is None or instance.vpc_id != table.vpc_id:
        raise NotFound("instance", _given(id), field="next_hop_id")
    if instance.state is Provisioning.DELETING:
        raise _inactive("instance", instance.id, instance.state.value)
    return instance.id


def _peering_hop(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    peering = tx.get(Peering, _given(id))
    joins = peering is not None and table.vpc_id in {side.vpc_id for side in peering.sides}
    if (
        peering is None
        or not joins
        or not sees(world.require_profile(peering.profile), peering, table.owner_uid)
    ):
        raise NotFound("peering", _given(id), field="next_hop_id")
    if not PEERING.states[peering.state].carries:
        raise _inactive("peering", peering.id, peering.state.value)
    return peering.id


def _no_hop(tx: Reader, world: World, table: RouteTable, id: str | None) -> None:
    if id is not None:
        raise InvalidInput("next_hop_id", "must not be given for a blackhole", id)


#: For each kind of next hop: the check of its id.
HOP_CHECKS: Mapping[NextHop, Callable[[Reader, World, RouteTable, str | None], str | None]] = {
    NextHop.INSTANCE: _instance_hop,
    NextHop.PEERING: _peering_hop,
    NextHop.BLACKHOLE: _no_hop,
}


def _given(id: str | None) -> str:
    if not isinstance(id, str) or not id:
        raise InvalidInput("next_hop_id", "must be given for this kind of next hop", id)
    return id


def _inactive(word: str, id: str, state: str) -> Conflict:
    text = f"{word} {id} is {state}: a route can't lead to it"
    return Conflict(text, code="next_hop_not_active", field="next_hop_id", id=id, state=state)


def _shown(tx: Reader, entry: RouteEntry) -> TableEntry:
    return TableEntry(
        id=entry.id,
        route_table_id=entry.route_table_id,
        kind=EntryKind(entry.origin.value),
        destination=entry.destination,
        next_hop=entry.next_hop.value,
        next_hop_id=entry.next_hop_id,
        name=entry.name,
        available=_available(tx, entry),
    )


def _available(tx: Reader, entry: RouteEntry) -> bool:
    if entry.next_hop_id is None:
        return True
    if entry.next_hop is NextHop.PEERING:
        peering = tx.get(Peering, entry.next_hop_id)
        return peering is not None and PEERING.states[peering.state].carries
    instance = tx.get(Instance, entry.next_hop_id)
    return instance is not None and instance.state is Provisioning.AVAILABLE
