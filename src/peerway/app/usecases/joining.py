"""Whether two router interfaces may be joined (EC-3, EC-7): the checks of a connect, in the order in which a user hears of them.

Reads only. A refused request has changed nothing. Nothing is told of another account's interface that does not name this one.
"""

from __future__ import annotations

from peerway.app.store import Reader, where
from peerway.app.usecases.access import existing
from peerway.app.world import World
from peerway.domain.account import Account
from peerway.domain.errors import AlreadyExists, Conflict
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE, InterfaceEvent
from peerway.domain.peering import check_accounts
from peerway.domain.router_interface import InterfaceRole, RouterInterface, joined
from peerway.domain.vpc import Vpc

#: States in which an interface is joined, or being joined.
LIVE = tuple(state for state, info in ROUTER_INTERFACE.states.items() if info.live)


def check_may_join(tx: Reader, world: World, initiator: RouterInterface) -> RouterInterface:
    """The other side of an interface that may be joined with it now, or the error of the first rule that is broken."""
    if initiator.role is not InterfaceRole.INITIATOR:
        raise Conflict("only the initiator connects", code="not_initiator", id=initiator.id)
    opposite = _opposite(tx, initiator)
    ROUTER_INTERFACE.fire(initiator.id, initiator.state, InterfaceEvent.CONNECT)
    ROUTER_INTERFACE.fire(opposite.id, opposite.state, InterfaceEvent.BE_CONNECTED)
    if initiator.router_id == opposite.router_id:
        raise Conflict(
            "two interfaces of one router can't be joined", code="same_router", id=initiator.router_id
        )
    _check_kinds(tx, initiator, opposite)
    _check_accounts(tx, world, initiator, opposite)
    _check_not_joined(tx, initiator, opposite)
    return opposite


def _opposite(tx: Reader, initiator: RouterInterface) -> RouterInterface:
    """The acceptor that the initiator names, once it names the initiator, too."""
    told = (initiator.opposite_interface_id, initiator.opposite_router_id, initiator.opposite_owner_uid)
    if initiator.opposite_interface_id is None or None in told:
        text = "interface, router and account of the other side must be set first"
        raise Conflict(text, code="opposite_not_set", id=initiator.id)
    opposite = tx.get(RouterInterface, initiator.opposite_interface_id)
    if opposite is None or not joined(initiator, opposite):
        text = f"{initiator.opposite_interface_id} is not there as described, or does not name {initiator.id} in turn"
        raise Conflict(text, code="opposite_mismatch", id=initiator.id)
    if opposite.role is not InterfaceRole.ACCEPTOR:
        raise Conflict("the other side must be an acceptor", code="opposite_not_acceptor", id=opposite.id)
    regions = (initiator.region_id, initiator.opposite_region_id)
    if regions != (opposite.opposite_region_id, opposite.region_id):
        text = "the two sides must name each other's regions"
        raise Conflict(text, code="opposite_mismatch", id=initiator.id)
    return opposite


def _check_kinds(tx: Reader, initiator: RouterInterface, opposite: RouterInterface) -> None:
    """VPCs of virtual machines and of bare-metal hosts are never joined (NET-3)."""
    kinds = {vpc.kind for side in (initiator, opposite) if (vpc := tx.get(Vpc, side.vpc_id)) is not None}
    if len(kinds) > 1:
        raise Conflict("VPCs of different kinds can't be joined", code="kinds_differ", id=initiator.id)


def _check_accounts(tx: Reader, world: World, initiator: RouterInterface, opposite: RouterInterface) -> None:
    """Accounts of different sites are never joined; who joins across the border has a real-name registration (PEER-11)."""
    sites = initiator.owner_uid != opposite.owner_uid
    border = world.regions.crosses_border(initiator.region_id, opposite.region_id)
    if sites or border:
        owner, other = existing(tx, Account, initiator.owner_uid), existing(tx, Account, opposite.owner_uid)
        fields = ("opposite_owner_uid", "opposite_region_id")
        check_accounts(owner, other, same_site=sites, real_name=border, fields=fields)


def _check_not_joined(tx: Reader, initiator: RouterInterface, opposite: RouterInterface) -> None:
    """One joined pair between two routers (EC-7); the store's unique rule holds for whoever comes by at the same time."""
    ends = (initiator.router_id, opposite.router_id)
    for present in tx.select(RouterInterface, where("router_id", *ends), where("state", *LIVE)):
        if not present.opposite_deleted and present.opposite_router_id in ends:
            text = f"the two routers are joined by {present.link_id} already"
            raise AlreadyExists(text, code="routers_joined", id=present.link_id)
