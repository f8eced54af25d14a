"""Virtual border routers: made, confirmed, changed, switched off and on, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, page_of
from peerway.api.native.schemas.vbrs import (
    CreateVbrBody,
    MoveVbrBody,
    UpdateVbrBody,
    VbrAnswer,
    VbrList,
    vbr_answer,
)
from peerway.app.store import Reader, Writer
from peerway.app.usecases import vbrs
from peerway.domain.line import VirtualBorderRouter


async def create_vbr(call: Call, body: CreateVbrBody) -> Response:
    """Make a border router on an own line.

    One for another account (partner access) waits until that account confirms it.
    """
    request = vbrs.CreateVbr(**body.given(), client_token=call.token)
    return await _write(call, vbrs.create_vbr, request, 201)


async def list_vbrs(call: Call, query: Annotated[VbrList, Query()]) -> Response:
    """List the caller's border routers and those on its lines."""

    def work(tx: Reader) -> object:
        page = vbrs.list_vbrs(tx, call.world, call.caller, **query.given())
        return page_of(page, lambda vbr: vbr_answer(call.caller, vbr))

    return await call.read(work)


async def get_vbr(call: Call, id: Id) -> Response:
    """Show a border router, and what the caller may do now."""
    return await call.point(lambda tx: vbr_answer(call.caller, vbrs.get_vbr(tx, call.world, call.caller, id)))


async def update_vbr(call: Call, id: Id, body: UpdateVbrBody) -> Response:
    """Change texts, gateways, VLAN or circuit code."""
    request = vbrs.UpdateVbr(id=id, **body.given())
    return await _write(call, vbrs.update_vbr, request)


async def move_vbr(call: Call, id: Id, body: MoveVbrBody) -> Response:
    """Give a border router a port of its own, or take it back; operators only."""
    request = vbrs.MoveVbr(id=id, port=body.port)
    return await _write(call, vbrs.move_vbr, request)


async def confirm_vbr(call: Call, id: Id) -> Response:
    """Take a border router that a partner made."""
    request = vbrs.VbrRequest(id=id)
    return await _write(call, vbrs.confirm_vbr, request)


async def terminate_vbr(call: Call, id: Id) -> Response:
    """Switch the way to the line off; interfaces and routes stay."""
    request = vbrs.VbrRequest(id=id)
    return await _write(call, vbrs.terminate_vbr, request)


async def recover_vbr(call: Call, id: Id) -> Response:
    """Switch the way to the line on again."""
    request = vbrs.VbrRequest(id=id)
    return await _write(call, vbrs.recover_vbr, request)


async def delete_vbr(call: Call, id: Id) -> Response:
    """Start the removal of a border router without interfaces, with its table and routes."""
    request = vbrs.VbrRequest(id=id)
    return await _write(call, vbrs.delete_vbr, request, 202)


async def _write(
    call: Call, verb: Callable[..., VirtualBorderRouter], request: object, status: int = 200
) -> Response:
    def work(tx: Writer) -> object:
        return vbr_answer(call.caller, verb(tx, call.world, call.caller, request))

    return await call.write(work, status)


OPERATIONS: Final = (
    Operation("POST", "/vbrs", create_vbr, VbrAnswer, 201),
    Operation("GET", "/vbrs", list_vbrs, ListOf[VbrAnswer]),
    Operation("GET", "/vbrs/{id}", get_vbr, VbrAnswer),
    Operation("PATCH", "/vbrs/{id}", update_vbr, VbrAnswer),
    Operation("DELETE", "/vbrs/{id}", delete_vbr, VbrAnswer, 202),
    Operation("PUT", "/vbrs/{id}/port", move_vbr, VbrAnswer),
    Operation("POST", "/vbrs/{id}/confirm", confirm_vbr, VbrAnswer),
    Operation("POST", "/vbrs/{id}/terminate", terminate_vbr, VbrAnswer),
    Operation("POST", "/vbrs/{id}/recover", recover_vbr, VbrAnswer),
)
