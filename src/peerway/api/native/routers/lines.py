"""Access points and leased lines: applied for, approved, built, used, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, page_of, slice_of
from peerway.api.native.schemas.lines import (
    AccessPointList,
    ApplyForLineBody,
    ApproveLineBody,
    LineAnswer,
    LineList,
    LoaBody,
    PortBody,
    RejectLineBody,
    UpdateLineBody,
    line_answer,
)
from peerway.app.store import Reader, Writer
from peerway.app.usecases import access_points, line_steps, lines
from peerway.domain.line import AccessPoint, PhysicalConnection


async def list_access_points(call: Call, query: Annotated[AccessPointList, Query()]) -> Response:
    """List the places where leased lines come in."""

    def work(tx: Reader) -> object:
        points = access_points.list_access_points(tx, call.world, call.caller, region_id=query.region_id)
        return slice_of(points, query)

    return await call.point(work)


async def apply_for_physical_connection(call: Call, body: ApplyForLineBody) -> Response:
    """Apply for a leased line; an operator approves it."""
    request = lines.ApplyForLine(**body.given(), client_token=call.token)
    return await _write(call, lines.apply_for_line, request, 201)


async def list_physical_connections(call: Call, query: Annotated[LineList, Query()]) -> Response:
    """List leased lines."""

    def work(tx: Reader) -> object:
        page = lines.list_lines(tx, call.world, call.caller, **query.given())
        return page_of(page, lambda line: line_answer(call.caller, line))

    return await call.read(work)


async def get_physical_connection(call: Call, id: Id) -> Response:
    """Show a leased line, and what the caller may do now."""
    return await call.point(
        lambda tx: line_answer(call.caller, lines.get_line(tx, call.world, call.caller, id))
    )


async def update_physical_connection(call: Call, id: Id, body: UpdateLineBody) -> Response:
    """Change texts."""
    request = lines.UpdateLine(id=id, **body.given())
    return await _write(call, lines.update_line, request)


async def approve_physical_connection(call: Call, id: Id, body: ApproveLineBody) -> Response:
    """Take an application on; operators only."""
    request = line_steps.ApproveLine(id=id, **body.given())
    return await _write(call, line_steps.approve_line, request)


async def reject_physical_connection(call: Call, id: Id, body: RejectLineBody) -> Response:
    """Turn an application down; operators only."""
    request = line_steps.RejectLine(id=id, **body.given())
    return await _write(call, line_steps.reject_line, request)


async def allocate_physical_connection(call: Call, id: Id, body: PortBody) -> Response:
    """Assign a port of the access point; operators only."""
    request = line_steps.AllocateLine(id=id, port=body.port)
    return await _write(call, line_steps.allocate_line, request)


async def apply_for_loa(call: Call, id: Id, body: LoaBody) -> Response:
    """Apply for the letter of authorization: name who will come to build."""
    request = line_steps.ApplyForLoa(id=id, loa=body.loa)
    return await _write(call, line_steps.apply_for_loa, request)


async def confirm_physical_connection(call: Call, id: Id) -> Response:
    """Say that the line is built."""
    request = line_steps.LineRequest(id=id)
    return await _write(call, line_steps.confirm_line, request)


async def enable_physical_connection(call: Call, id: Id) -> Response:
    """Put a confirmed line into use; operators only."""
    request = line_steps.LineRequest(id=id)
    return await _write(call, line_steps.enable_line, request)


async def cancel_physical_connection(call: Call, id: Id) -> Response:
    """Withdraw before the line is in use."""
    request = line_steps.LineRequest(id=id)
    return await _write(call, line_steps.cancel_line, request)


async def terminate_physical_connection(call: Call, id: Id) -> Response:
    """End a line that was in use and has no border router any more."""
    request = line_steps.LineRequest(id=id)
    return await _write(call, line_steps.terminate_line, request)


async def delete_physical_connection(call: Call, id: Id) -> Response:
    """Remove a line that has ended."""
    request = line_steps.LineRequest(id=id)
    return await _write(call, line_steps.delete_line, request)


async def _write(
    call: Call, verb: Callable[..., PhysicalConnection], request: object, status: int = 200
) -> Response:
    def work(tx: Writer) -> object:
        return line_answer(call.caller, verb(tx, call.world, call.caller, request))

    return await call.write(work, status)


PATH: Final = "/physical-connections"

OPERATIONS: Final = (
    Operation("GET", "/access-points", list_access_points, ListOf[AccessPoint]),
    Operation("POST", PATH, apply_for_physical_connection, LineAnswer, 201),
    Operation("GET", PATH, list_physical_connections, ListOf[LineAnswer]),
    Operation("GET", f"{PATH}/{{id}}", get_physical_connection, LineAnswer),
    Operation("PATCH", f"{PATH}/{{id}}", update_physical_connection, LineAnswer),
    Operation("DELETE", f"{PATH}/{{id}}", delete_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/approve", approve_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/reject", reject_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/allocate", allocate_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/loa", apply_for_loa, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/confirm", confirm_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/enable", enable_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/cancel", cancel_physical_connection, LineAnswer),
    Operation("POST", f"{PATH}/{{id}}/terminate", terminate_physical_connection, LineAnswer),
)
