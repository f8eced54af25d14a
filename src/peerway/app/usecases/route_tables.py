"""Route tables of VPCs and VBRs (NET-5, EC-9). What is in them is `route_entries`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, InUse
from peerway.domain.route_table import (
    RouteEntry,
    RouteTable,
    TableKind,
)
from peerway.domain.text import check_description, check_name
from peerway.domain.vpc import VSwitch


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


def create_route_table(tx: Writer, world: World, caller: Caller, request: CreateRouteTable) -> RouteTable:
    """Make a custom table; VSwitches are bound to it by `update_vswitch`."""
    require_member(caller)

    def run() -> RouteTable:
        vpc = usable_vpc(tx, caller, request.vpc_id)
        used = tx.count(RouteTable, where("vpc_id", vpc.id)) - 1
        check_limit(tx, world, "custom_tables_per_vpc", vpc.owner_uid, used, scope=vpc.id, field="vpc_id")
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
    return own_page(
        tx, caller, RouteTable, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_route_table(tx: Writer, world: World, caller: Caller, request: UpdateRouteTable) -> RouteTable:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, RouteTable, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def delete_route_table(tx: Writer, world: World, caller: Caller, request: DeleteRouteTable) -> RouteTable:
    """Remove a custom table and its entries; `InUse` while a VSwitch is bound to it."""
    require_member(caller)
    table = own(tx, caller, RouteTable, request.id)
    if table.kind is TableKind.SYSTEM:
        raise Conflict("a system table goes with its VPC", code="system_table", id=table.id)
    for vswitch in tx.select(VSwitch, where("route_table_id", table.id), limit=1):
        raise InUse("route_table", table.id, "vswitch", vswitch.id)
    for entry in tx.select(RouteEntry, where("route_table_id", table.id)):
        tx.delete(entry)
    remove(tx, caller, table)
    return table
