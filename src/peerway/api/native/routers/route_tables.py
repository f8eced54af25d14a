"""Route tables and their entries."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, ListParameters, slice_of
from peerway.api.native.schemas.network import CreateInVpcBody, CreateRouteEntryBody, UpdateRouteEntryBody
from peerway.api.native.schemas.vpcs import UpdateTextsBody, VpcItemList
from peerway.app.usecases import route_entries, route_tables
from peerway.domain.route_table import RouteEntry, RouteTable, TableEntry


async def create_route_table(call: Call, body: CreateInVpcBody) -> Response:
    """Make a custom route table."""
    request = route_tables.CreateRouteTable(**body.given(), client_token=call.token)
    return await call.run(route_tables.create_route_table, request, 201)


async def list_route_tables(call: Call, query: Annotated[VpcItemList, Query()]) -> Response:
    """List route tables."""
    return await call.list_by(route_tables.list_route_tables, **query.given())


async def get_route_table(call: Call, id: Id) -> Response:
    """Show a route table."""
    return await call.find(route_tables.get_route_table, id)


async def update_route_table(call: Call, id: Id, body: UpdateTextsBody) -> Response:
    """Change name and description."""
    request = route_tables.UpdateRouteTable(id=id, **body.given())
    return await call.run(route_tables.update_route_table, request)


async def delete_route_table(call: Call, id: Id) -> Response:
    """Delete a custom route table that no VSwitch is bound to, with its entries."""
    request = route_tables.DeleteRouteTable(id=id)
    return await call.run(route_tables.delete_route_table, request)


async def list_route_entries(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List a table's entries, computed and stored."""
    return await call.read(
        lambda tx: slice_of(route_entries.list_entries(tx, call.world, call.caller, id), query)
    )


async def create_route_entry(call: Call, id: Id, body: CreateRouteEntryBody) -> Response:
    """Write a custom entry."""
    request = route_entries.CreateRouteEntry(route_table_id=id, **body.given(), client_token=call.token)
    return await call.run(route_entries.create_route_entry, request, 201)


async def get_route_entry(call: Call, id: Id) -> Response:
    """Show a stored entry."""
    return await call.find(route_entries.get_route_entry, id)


async def update_route_entry(call: Call, id: Id, body: UpdateRouteEntryBody) -> Response:
    """Change name and description, and switch an entry on or off."""
    request = route_entries.UpdateRouteEntry(id=id, **body.given())
    return await call.run(route_entries.update_route_entry, request)


async def delete_route_entry(call: Call, id: Id) -> Response:
    """Remove a stored entry."""
    request = route_entries.DeleteRouteEntry(id=id)
    return await call.run(route_entries.delete_route_entry, request)


OPERATIONS: Final = (
    Operation("POST", "/route-tables", create_route_table, RouteTable, 201),
    Operation("GET", "/route-tables", list_route_tables, ListOf[RouteTable]),
    Operation("GET", "/route-tables/{id}", get_route_table, RouteTable),
    Operation("PATCH", "/route-tables/{id}", update_route_table, RouteTable),
    Operation("DELETE", "/route-tables/{id}", delete_route_table, RouteTable),
    Operation("GET", "/route-tables/{id}/entries", list_route_entries, ListOf[TableEntry]),
    Operation("POST", "/route-tables/{id}/entries", create_route_entry, RouteEntry, 201),
    Operation("GET", "/route-entries/{id}", get_route_entry, RouteEntry),
    Operation("PATCH", "/route-entries/{id}", update_route_entry, RouteEntry),
    Operation("DELETE", "/route-entries/{id}", delete_route_entry, RouteEntry),
)
