"""Peer connections and joined pairs of router interfaces to links (PEER-2, EC-2, EC-4, EC-6).

Owns when there is a link, when it is up, what it carries at most, what it lets the two sides know of each other, and how its health
is checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.router_interface import (
    CHECK_INTERVAL_MS,
    CHECK_THRESHOLD,
    SPECS,
    InterfaceHealth,
    InterfaceRole,
    RouterInterface,
    joined,
)
from peerway.fabric.model import Link, LinkCheck, LinkEnd
from peerway.fabric.site import DOWN_STATES
from peerway.fabric.snapshot import Snapshot


def compile_link(id: str, snapshot: Snapshot) -> Link | None:
    """The link of a peer connection or of the pair that an initiator's interface is in; None when there is none."""
    peering = snapshot.peerings.get(id)
    if peering is not None:
        return _compile_peering(peering, snapshot)
    initiator = snapshot.interface(id)
    acceptor = snapshot.interface(initiator.opposite_interface_id) if initiator else None
    if initiator is None or acceptor is None:
        return None
    return _compile_pair(initiator, acceptor, snapshot)


def group_givers(id: str, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The VPCs that let this one's security rules name their groups: (link id, VPC id). The link counts only while it is up."""
    site = snapshot.site(id)
    for peering in site.peerings.values():
        other = peering.opposite_of(id)
        if other.groups:
            yield peering.id, other.vpc_id
    for interface in site.interfaces.values():
        opposite = snapshot.interface(interface.opposite_interface_id)
        if opposite is not None and opposite.groups and interface.link_id is not None:
            yield interface.link_id, opposite.vpc_id


def _compile_peering(peering: Peering, snapshot: Snapshot) -> Link | None:
    """A peer connection is a link in states that carry, and one that is down in some others."""
    carries = PEERING.states[peering.state].carries
    if not carries and peering.state not in DOWN_STATES:
        return None
    if not _whole(snapshot, *(side.vpc_id for side in peering.sides)):
        return None
    requester, accepter = (LinkEnd(side.vpc_id, side.region_id, side.names) for side in peering.sides)
    return Link(peering.id, (requester, accepter), up=carries, cap_mbps=peering.bandwidth_mbps)


def _compile_pair(one: RouterInterface, other: RouterInterface, snapshot: Snapshot) -> Link | None:
    """Two interfaces are a link while they name each other and both lives say so; it is up while both carry (EC-4)."""
    states = [ROUTER_INTERFACE.states[side.state] for side in (one, other)]
    roles = one.role is InterfaceRole.INITIATOR and other.role is InterfaceRole.ACCEPTOR
    if not (roles and joined(one, other) and all(state.live for state in states)):
        return None
    if not _whole(snapshot, one.vpc_id, other.vpc_id):
        return None
    return Link(
        one.id,
        (_end(one), _end(other)),
        up=all(state.carries for state in states),
        cap_mbps=SPECS.get(one.spec),
        check=_check(one, other, snapshot) or _check(other, one, snapshot),
        healthy=InterfaceHealth.ABNORMAL not in {one.health, other.health},
    )


def _whole(snapshot: Snapshot, one: str, other: str) -> bool:
    """Whether a link between these two has two routers to join."""
    return one != other and None not in {snapshot.site(one).router, snapshot.site(other).router}


def _end(side: RouterInterface) -> LinkEnd:
    return LinkEnd(side.vpc_id, side.region_id, side.names)


def _check(near: RouterInterface, far: RouterInterface, snapshot: Snapshot) -> LinkCheck | None:
    """How the link is checked when `near` is at the border router, or nobody is and `near` says from where to where.

    With a border router, requests go to the customer's gateway unless another target is set: from the border router's own address
    over its line, or, when another source is set, from the other side's router over the link. Of the two sides, the one that
    differs from the defaults decides; when both do, the one that is not at the border router.
    """
    vbr = snapshot.site(near.vpc_id).router
    if not isinstance(vbr, VirtualBorderRouter):
        return _check_by_addresses(near, far, snapshot)
    decides = far if _is_set(far) or not _is_set(near) else near
    target = decides.check_target or vbr.peer_gateway
    own = decides.check_source in {None, vbr.local_gateway.ip}
    link_id = near.link_id or far.id
    return LinkCheck(
        vbr.id if own else far.vpc_id,
        vbr.id if own else link_id,
        decides.check_source or vbr.local_gateway.ip,
        target,
        decides.check_interval_ms,
        decides.check_threshold,
    )


def _check_by_addresses(near: RouterInterface, far: RouterInterface, snapshot: Snapshot) -> LinkCheck | None:
    """Between two VPCs a link is checked only where a side names source and target."""
    if isinstance(snapshot.site(far.vpc_id).router, VirtualBorderRouter):
        return None
    if near.check_source is None or near.check_target is None:
        return None
    return LinkCheck(
        near.vpc_id,
        near.link_id or far.id,
        near.check_source,
        near.check_target,
        near.check_interval_ms,
        near.check_threshold,
    )


def _is_set(side: RouterInterface) -> bool:
    """Whether the side's owner chose anything about the check."""
    pace = side.check_interval_ms, side.check_threshold
    return (
        side.check_source is not None
        or side.check_target is not None
        or pace != (CHECK_INTERVAL_MS, CHECK_THRESHOLD)
    )
