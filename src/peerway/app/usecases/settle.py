"""What the data plane has done, brought to the store: creating becomes available, deleting becomes gone.

Called by reconcilers only, again and again: a settling that has nothing left to do does nothing. `seen` is the state the
data plane acted on; when the resource has moved on since, its newer state has still to be reached and nothing is settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from peerway.app.store import Writer, where
from peerway.app.usecases.access import SYSTEM
from peerway.app.usecases.storing import remove, remove_labels, replace_stored
from peerway.app.world import World
from peerway.domain.lifecycle import router_interface as interfaces
from peerway.domain.lifecycle import vbr as vbrs
from peerway.domain.lifecycle.peering import PEERING, PeeringEvent, move
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE, InterfaceEffect, InterfaceEvent
from peerway.domain.lifecycle.vbr import VBR, VbrEffect, VbrEvent, is_behind
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioned, Provisioning
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import InterfaceHealth, RouterInterface, joined
from peerway.domain.vpc import Vpc

Made = TypeVar("Made", bound=Provisioned)


def settle_vpc(tx: Writer, world: World, id: str, seen: Provisioning | None = None) -> Vpc | None:
    """The VPC made available, or removed together with its tables and what the system wrote into them (then None)."""
    return _settle(tx, Vpc, id, seen, lambda vpc: _remove_tables(tx, vpc.id))


def settle_made(tx: Writer, kind: type[Made], id: str, seen: Provisioning | None = None) -> Made | None:
    """What has nothing of its own to go with it made available, or removed (then None)."""
    return _settle(tx, kind, id, seen, lambda _: None)


def settle_router_interface(tx: Writer, world: World, id: str, generation: int) -> RouterInterface | None:
    """The interface moved on, when the data plane has reached its present generation; None when there is none.

    Two that are being joined become active together, once both are reached, and get one time of connection (EC-2).
    """
    before = tx.get(RouterInterface, id)
    if before is None or before.generation != generation or ROUTER_INTERFACE.states[before.state].stable:
        return before
    after, effects = interfaces.move(before, InterfaceEvent.PROGRAMMED, tx.now)
    opposite = tx.get(RouterInterface, before.opposite_interface_id or "")
    if InterfaceEffect.REMOVE in effects:
        remove(tx, SYSTEM, before)
        if joined(before, opposite) and opposite is not None:
            _lose_opposite(tx, opposite)
        return None
    after = replace(after, observed_generation=generation)
    if InterfaceEffect.STAMP in effects and joined(before, opposite) and opposite is not None:
        return _settle_pair(tx, before, after, opposite)
    return replace_stored(tx, SYSTEM, before, after, "settle")


def _settle_pair(
    tx: Writer, before: RouterInterface, after: RouterInterface, opposite: RouterInterface
) -> RouterInterface:
    """Note that one of two that are being joined is reached; with the second of them both become active."""
    if opposite.observed_generation != opposite.generation:
        return replace_stored(
            tx, SYSTEM, before, replace(before, observed_generation=before.generation), "reach"
        )
    beyond, _ = interfaces.move(opposite, InterfaceEvent.PROGRAMMED, tx.now)
    replace_stored(tx, SYSTEM, opposite, replace(beyond, connected_at=tx.now), "settle")
    return replace_stored(tx, SYSTEM, before, replace(after, connected_at=tx.now), "settle")


def _lose_opposite(tx: Writer, left: RouterInterface) -> None:
    """Note on the side that is left that the other one is gone, if the two had been joined."""
    if left.connected_at is not None:
        after = replace(left, opposite_deleted=True, health=InterfaceHealth.UNKNOWN)
        replace_stored(tx, SYSTEM, left, after, "lose_opposite")


def settle_vbr(tx: Writer, world: World, id: str, generation: int) -> VirtualBorderRouter | None:
    """The border router moved on, when the data plane has reached its present generation; None when there is none."""
    before = tx.get(VirtualBorderRouter, id)
    if before is None or before.generation != generation or not is_behind(before):
        return before
    after = before
    if not VBR.states[before.state].stable:
        after, effects = vbrs.move(before, VbrEvent.PROGRAMMED, tx.now)
        if VbrEffect.REMOVE in effects:
            _remove_tables(tx, before.id)
            remove(tx, SYSTEM, before)
            return None
    return replace_stored(tx, SYSTEM, before, replace(after, observed_generation=generation), "settle")


def settle_peering(tx: Writer, world: World, id: str, generation: int) -> Peering | None:
    """The connection moved on, when the data plane has reached its present generation; None when there is none."""
    before = tx.get(Peering, id)
    if before is None or before.generation != generation or PEERING.states[before.state].stable:
        return before
    after, _ = move(before, PeeringEvent.PROGRAMMED, tx.now)
    if after.state is PeeringState.DELETED:
        remove_labels(tx, id)
    return replace_stored(tx, SYSTEM, before, replace(after, observed_generation=generation), "settle")


def _settle(
    tx: Writer, kind: type[Made], id: str, seen: Provisioning | None, clean: Callable[[Made], None]
) -> Made | None:
    found = tx.get(kind, id)
    if found is None or seen not in {None, found.state}:
        return found
    if found.state is Provisioning.CREATING:
        return replace_stored(tx, SYSTEM, found, replace(found, state=Provisioning.AVAILABLE), "settle")
    if found.state is Provisioning.DELETING:
        clean(found)
        remove(tx, SYSTEM, found)
        return None
    return found


def _remove_tables(tx: Writer, vpc_id: str) -> None:
    for entry in tx.select(RouteEntry, where("vpc_id", vpc_id)):
        tx.delete(entry)
    for table in tx.select(RouteTable, where("vpc_id", vpc_id)):
        tx.delete(table)
