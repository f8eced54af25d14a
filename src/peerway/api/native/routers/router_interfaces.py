"""Router interfaces: made, told whom to join, joined, switched, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, page_of
from peerway.api.native.schemas.router_interfaces import (
    CreateRouterInterfaceBody,
    RouterInterfaceAnswer,
    RouterInterfaceList,
    UpdateRouterInterfaceBody,
    router_interface_answer,
)
from peerway.app.store import Reader, Writer
from peerway.app.usecases import router_interfaces
from peerway.app.usecases.router_interfaces import (
    ActivateRouterInterface,
    ConnectRouterInterface,
    CreateRouterInterface,
    DeactivateRouterInterface,
    DeleteRouterInterface,
    UpdateRouterInterface,
)
from peerway.domain.router_interface import RouterInterface


async def create_router_interface(call: Call, body: CreateRouterInterfaceBody) -> Response:
    """Make an interface on an own router.

    It is idle until an initiator and an acceptor that name each other are connected.
    """
    request = CreateRouterInterface(**body.given(), client_token=call.token)
    return await _write(call, router_interfaces.create_router_interface, request, 201)


async def list_router_interfaces(call: Call, query: Annotated[RouterInterfaceList, Query()]) -> Response:
    """List the caller's interfaces."""

    def work(tx: Reader) -> object:
        page = router_interfaces.list_router_interfaces(tx, call.world, call.caller, **query.given())
        return page_of(page, lambda found: router_interface_answer(tx, call.world, call.caller, found))

    return await call.read(work)


async def get_router_interface(call: Call, id: Id) -> Response:
    """Show an interface with its other side and what the caller may do now."""

    def work(tx: Reader) -> object:
        found = router_interfaces.get_router_interface(tx, call.world, call.caller, id)
        return router_interface_answer(tx, call.world, call.caller, found)

    return await call.point(work)


async def update_router_interface(call: Call, id: Id, body: UpdateRouterInterfaceBody) -> Response:
    """Change an interface.

    The other side while idle only; the spec by the initiator, also while packets flow; the rest in every state that lasts.
    """
    request = UpdateRouterInterface(id=id, **body.given())
    return await _write(call, router_interfaces.update_router_interface, request)


async def connect_router_interface(call: Call, id: Id) -> Response:
    """Join an initiator with the acceptor that it names and that names it."""
    request = ConnectRouterInterface(id=id)
    return await _write(call, router_interfaces.connect_router_interface, request)


async def activate_router_interface(call: Call, id: Id) -> Response:
    """Switch an interface on again; packets pass while both sides are on."""
    request = ActivateRouterInterface(id=id)
    return await _write(call, router_interfaces.activate_router_interface, request)


async def deactivate_router_interface(call: Call, id: Id) -> Response:
    """Switch an interface off; no packet passes the link any more."""
    request = DeactivateRouterInterface(id=id)
    return await _write(call, router_interfaces.deactivate_router_interface, request)


async def delete_router_interface(call: Call, id: Id) -> Response:
    """Remove an interface that is idle or inactive and that no route entry leads to."""
    request = DeleteRouterInterface(id=id)
    return await _write(call, router_interfaces.delete_router_interface, request, 202)


async def _write(
    call: Call, verb: Callable[..., RouterInterface], request: object, status: int = 200
) -> Response:
    def work(tx: Writer) -> object:
        stored = verb(tx, call.world, call.caller, request)
        return router_interface_answer(tx, call.world, call.caller, stored)

    return await call.write(work, status)


OPERATIONS: Final = (
    Operation("POST", "/router-interfaces", create_router_interface, RouterInterfaceAnswer, 201),
    Operation("GET", "/router-interfaces", list_router_interfaces, ListOf[RouterInterfaceAnswer]),
    Operation("GET", "/router-interfaces/{id}", get_router_interface, RouterInterfaceAnswer),
    Operation("PATCH", "/router-interfaces/{id}", update_router_interface, RouterInterfaceAnswer),
    Operation("DELETE", "/router-interfaces/{id}", delete_router_interface, RouterInterfaceAnswer, 202),
    Operation("POST", "/router-interfaces/{id}/connect", connect_router_interface, RouterInterfaceAnswer),
    Operation("POST", "/router-interfaces/{id}/activate", activate_router_interface, RouterInterfaceAnswer),
    Operation(
        "POST", "/router-interfaces/{id}/deactivate", deactivate_router_interface, RouterInterfaceAnswer
    ),
)
