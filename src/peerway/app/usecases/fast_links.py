"""Whole Express-Connect links in one step, where both sides are one account's: made and joined, or removed.

Composed of the verbs of `router_interfaces`, whose rules all hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from peerway.app.store import Writer
from peerway.app.usecases.access import own, require_member
from peerway.app.usecases.links import routes_by
from peerway.app.usecases.route_entries import DeleteRouteEntry, delete_route_entry
from peerway.app.usecases.router_interfaces import (
    ConnectRouterInterface,
    CreateRouterInterface,
    DeleteRouterInterface,
    UpdateRouterInterface,
    connect_router_interface,
    create_router_interface,
    delete_router_interface,
    update_router_interface,
)
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput
from peerway.domain.router_interface import InterfaceRole, RouterInterface, joined


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLink:
    """Remove an interface, and the one that it is joined with when that is the caller's, too."""

    #: Either interface.
    id: str
    #: Remove the route entries that lead to them first.
    force: bool = False


def create_fast_link(
    tx: Writer, world: World, caller: Caller, request: CreateRouterInterface
) -> RouterInterface:
    """Make an initiator and, on the own router that it names as its opposite, the acceptor; begin to join them.

    What is asked of the initiator holds for it alone. A repeat with the same client token changes nothing more.
    """
    if request.opposite_router_id is None:
        raise InvalidInput("opposite_router_id", "is required to make both sides")
    near = create_router_interface(tx, world, caller, request)
    if near.opposite_interface_id is not None:
        return near
    acceptor = CreateRouterInterface(
        router_id=request.opposite_router_id,
        role=InterfaceRole.ACCEPTOR,
        opposite_region_id=near.region_id,
        opposite_interface_id=near.id,
    )
    far = create_router_interface(tx, world, caller, acceptor)
    told = UpdateRouterInterface(
        id=near.id,
        opposite_interface_id=far.id,
        opposite_router_id=far.router_id,
        opposite_owner_uid=caller.uid,
    )
    update_router_interface(tx, world, caller, told)
    return connect_router_interface(tx, world, caller, ConnectRouterInterface(id=near.id))


def delete_link(tx: Writer, world: World, caller: Caller, request: DeleteLink) -> RouterInterface:
    """Begin to remove both sides; each has to be idle or inactive."""
    require_member(caller)
    near = own(tx, caller, RouterInterface, request.id)
    sides = [near]
    far = tx.get(RouterInterface, near.opposite_interface_id or "")
    if far is not None and far.owner_uid == caller.uid and joined(near, far):
        sides.append(far)
    for side in sides:
        for entry in routes_by(tx, side) if request.force else ():
            delete_route_entry(tx, world, caller, DeleteRouteEntry(id=entry.id))
        delete_router_interface(tx, world, caller, DeleteRouterInterface(id=side.id))
    return near
