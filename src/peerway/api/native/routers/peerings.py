"""Peer connections: asked for, answered, changed, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, ListParameters, page_of
from peerway.api.native.schemas.peerings import (
    CreatePeeringBody,
    DeletePeeringParameters,
    LendPeeringBody,
    PeeringAnswer,
    PeeringList,
    PeeringRouteAnswer,
    UpdatePeeringBody,
    peering_answer,
    route_answer,
)
from peerway.app.store import Reader, Writer
from peerway.app.usecases import lending, peering_views, peerings
from peerway.domain.peering import Peering


async def create_peering(call: Call, body: CreatePeeringBody) -> Response:
    """Ask for a connection between two VPCs.

    Two VPCs of one account are joined at once; another account has to accept before the request expires.
    """
    request = peerings.CreatePeering(**body.given(), client_token=call.token)
    return await _write(call, peerings.create_peering, request, 201)


async def list_peerings(call: Call, query: Annotated[PeeringList, Query()]) -> Response:
    """List the connections that the caller is a side of."""

    def work(tx: Reader) -> object:
        page = peerings.list_peerings(tx, call.world, call.caller, **query.given())
        return page_of(page, lambda peering: peering_answer(tx, call.world, call.caller, peering))

    return await call.read(work)


async def get_peering(call: Call, id: Id) -> Response:
    """Show a connection with both sides, its warnings and what the caller may do now."""

    def work(tx: Reader) -> object:
        peering = peerings.get_peering(tx, call.world, call.caller, id)
        return peering_answer(tx, call.world, call.caller, peering)

    return await call.point(work)


async def accept_peering(call: Call, id: Id) -> Response:
    """Accept another account's request."""
    request = peerings.AcceptPeering(id=id)
    return await _write(call, peerings.accept_peering, request)


async def reject_peering(call: Call, id: Id) -> Response:
    """Reject another account's request."""
    request = peerings.RejectPeering(id=id)
    return await _write(call, peerings.reject_peering, request)


async def enable_peering(call: Call, id: Id) -> Response:
    """Ask again with an expired request."""
    request = peerings.EnablePeering(id=id)
    return await _write(call, peerings.enable_peering, request)


async def update_peering(call: Call, id: Id, body: UpdatePeeringBody) -> Response:
    """Change texts, cap or link type."""
    request = peerings.UpdatePeering(id=id, **body.given())
    return await _write(call, peerings.update_peering, request)


async def lend_peering(call: Call, id: Id, body: LendPeeringBody) -> Response:
    """Let the other side use names or security groups of the caller's side, or end that."""
    request = lending.LendPeering(id=id, **body.given())
    return await _write(call, lending.lend_peering, request)


async def delete_peering(call: Call, id: Id, query: Annotated[DeletePeeringParameters, Query()]) -> Response:
    """End a connection; either side may, at any time."""
    request = peerings.DeletePeering(id=id, force=query.force)
    return await _write(call, peerings.delete_peering, request, 202)


async def list_peering_routes(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List the route entries that lead to the connection, on both sides, with the VSwitches that use them."""
    return await call.read(
        lambda tx: page_of(
            peering_views.peering_routes(tx, call.world, call.caller, id, **query.given()), route_answer
        )
    )


async def _write(call: Call, verb: Callable[..., Peering], request: object, status: int = 200) -> Response:
    def work(tx: Writer) -> object:
        return peering_answer(tx, call.world, call.caller, verb(tx, call.world, call.caller, request))

    return await call.write(work, status)


OPERATIONS: Final = (
    Operation("POST", "/peerings", create_peering, PeeringAnswer, 201),
    Operation("GET", "/peerings", list_peerings, ListOf[PeeringAnswer]),
    Operation("GET", "/peerings/{id}", get_peering, PeeringAnswer),
    Operation("PATCH", "/peerings/{id}", update_peering, PeeringAnswer),
    Operation("DELETE", "/peerings/{id}", delete_peering, PeeringAnswer, 202),
    Operation("POST", "/peerings/{id}/accept", accept_peering, PeeringAnswer),
    Operation("POST", "/peerings/{id}/reject", reject_peering, PeeringAnswer),
    Operation("POST", "/peerings/{id}/enable", enable_peering, PeeringAnswer),
    Operation("POST", "/peerings/{id}/lend", lend_peering, PeeringAnswer),
    Operation("GET", "/peerings/{id}/routes", list_peering_routes, ListOf[PeeringRouteAnswer]),
)
