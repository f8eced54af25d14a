"""What one side of a link lets the other side use of its own: the names of its instances, and its security groups in rules.

Each side decides for itself, at any time, whichever side asked for the link. Router interfaces carry the same two flags and are
changed by `router_interfaces`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import require_member
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.links import live_between
from peerway.app.usecases.storing import replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import IllegalState, NotFound
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.peering import Peering, PeeringSide
from peerway.domain.router_interface import RouterInterface, joined
from peerway.domain.text import check_flag


@dataclass(frozen=True, slots=True, kw_only=True)
class LendPeering:
    """Change what the other side of a connection may use. Of an account that has both sides, both change."""

    #: The connection.
    id: str
    #: Whether its resolver answers for the names here.
    names: bool | Unset = UNSET
    #: Whether its security rules may name groups here.
    groups: bool | Unset = UNSET


def lend_peering(tx: Writer, world: World, caller: Caller, request: LendPeering) -> Peering:
    """Let the other side use the caller's names or groups, or end that; rules that name a group then match nothing."""
    require_member(caller)
    before = tx.get(Peering, request.id)
    if before is None or caller.uid not in {side.uid for side in before.sides}:
        raise NotFound("peering", request.id[:64])
    if not PEERING.states[before.state].live:
        raise IllegalState("peering", before.id, before.state.value, "lend")
    requester, accepter = (_lend(side, caller.uid, request) for side in before.sides)
    return replace_stored(tx, caller, before, replace(before, requester=requester, accepter=accepter), "lend")


def lends_groups(tx: Reader, from_vpc_id: str, to_vpc_id: str) -> bool:
    """Whether rules in one VPC may name groups of the other: a link joins them, and that side of it lends its groups."""
    peering = live_between(tx, from_vpc_id, to_vpc_id)
    peered = peering is not None and peering.opposite_of(to_vpc_id).groups
    return peered or any(
        interface.groups and _leads_to(tx, interface, to_vpc_id)
        for interface in tx.select(RouterInterface, where("vpc_id", from_vpc_id))
    )


def _lend(side: PeeringSide, uid: str, request: LendPeering) -> PeeringSide:
    if side.uid != uid:
        return side
    names = side.names if request.names is UNSET else check_flag(request.names, "names")
    groups = side.groups if request.groups is UNSET else check_flag(request.groups, "groups")
    return replace(side, names=names, groups=groups)


def _leads_to(tx: Reader, interface: RouterInterface, vpc_id: str) -> bool:
    opposite = tx.get(RouterInterface, interface.opposite_interface_id or "")
    live = ROUTER_INTERFACE.states[interface.state].live
    return live and joined(interface, opposite) and opposite is not None and opposite.vpc_id == vpc_id
