"""Databases, who may connect to them, and what runs in their guests."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.guests import probe_from, shell_of
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.probes import ProbeAnswer, ProbeBody, ShellAnswer
from peerway.api.native.schemas.services import CreateDatabaseBody, ServiceList, UpdateDatabaseBody
from peerway.app.usecases import databases
from peerway.domain.service import Database


async def create_database(call: Call, body: CreateDatabaseBody) -> Response:
    """Make a database's address and its guest; the engine itself is started in the guest."""
    given = body.given() | {"whitelist": tuple(body.whitelist)}
    request = databases.CreateDatabase(**given, client_token=call.token)
    return await call.run(databases.create_database, request, 201)


async def list_databases(call: Call, query: Annotated[ServiceList, Query()]) -> Response:
    """List databases."""
    return await call.list_by(databases.list_databases, **query.given())


async def get_database(call: Call, id: Id) -> Response:
    """Show a database."""
    return await call.find(databases.get_database, id)


async def update_database(call: Call, id: Id, body: UpdateDatabaseBody) -> Response:
    """Change texts and who may connect; connections from a range that is taken off end at once."""
    given = body.given()
    if "whitelist" in given:
        given["whitelist"] = tuple(body.whitelist)
    request = databases.UpdateDatabase(id=id, **given)
    return await call.run(databases.update_database, request)


async def delete_database(call: Call, id: Id) -> Response:
    """Start the deletion of a database."""
    request = databases.DeleteDatabase(id=id)
    return await call.run(databases.delete_database, request, 202)


async def probe_database(call: Call, id: Id, body: ProbeBody) -> Response:
    """Send probes from a database's guest and tell what came back, as from an instance."""
    return await probe_from(call, Database, id, body)


async def database_shell(call: Call, id: Id) -> Response:
    """Tell where local users run commands in the database's guest, to start the engine there."""
    return await shell_of(call, Database, id)


OPERATIONS: Final = (
    Operation("POST", "/databases", create_database, Database, 201),
    Operation("GET", "/databases", list_databases, ListOf[Database]),
    Operation("GET", "/databases/{id}", get_database, Database),
    Operation("PATCH", "/databases/{id}", update_database, Database),
    Operation("DELETE", "/databases/{id}", delete_database, Database, 202),
    Operation("POST", "/databases/{id}/probe", probe_database, ProbeAnswer, asks=True),
    Operation("GET", "/databases/{id}/shell", database_shell, ShellAnswer),
)
