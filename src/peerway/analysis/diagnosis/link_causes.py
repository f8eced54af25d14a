"""What makes a link carry packets that does not (PEER-3, PEER-5, EC-4), and what stands in for one that is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from peerway.analysis.diagnosis.assumptions import Assumption, carry
from peerway.analysis.diagnosis.cases import Case, Cause
from peerway.analysis.diagnosis.report import FindingCode
from peerway.analysis.remedies import (
    NEW_PEERING,
    AcceptPeering,
    ActivateInterface,
    ConnectInterface,
    CreatePeering,
    EnablePeering,
    Remedy,
)
from peerway.analysis.telling.links import AnyLink, InterfaceLink, PeeringLink
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.router_interface import InterfaceState, joined
from peerway.domain.vpc import Vpc

#: Products whose users may ask again with a request that expired (`events` in their profiles).
REVIVING: Final = frozenset({"native", "tencent"})

_WHY: Final = {
    PeeringState.PENDING: "waits for {accepter} to accept it",
    PeeringState.EXPIRED: "expired: {accepter} did not answer in time",
    PeeringState.REJECTED: "was rejected by {accepter}",
    PeeringState.SUSPENDED: "is suspended for unpaid bills of {requester}",
}


def link_cause(case: Case, link: AnyLink) -> Cause:
    """A link does not carry packets."""
    assume = carry(link.id) if link.id in case.network.fabric.links else None
    if isinstance(link, PeeringLink):
        return _peering_cause(case, link.peering, assume)
    return _interface_cause(link, assume)


def no_link_cause(case: Case, to_router_id: str) -> Cause:
    """Nothing joins the two routers: a peer connection would, between two VPCs."""
    one = case.network.snapshot.site(case.origin.id).router
    other = case.network.snapshot.site(to_router_id).router
    cause = Cause(
        code=FindingCode.NO_LINK,
        text=f"no peer connection and no pair of router interfaces joins {case.origin.id} and {to_router_id}",
        owner_uid=case.owner_of(case.origin.id),
        subjects=(case.origin.id, to_router_id),
    )
    if not isinstance(one, Vpc) or not isinstance(other, Vpc):
        return replace(
            cause, why_none="a border router is joined by router interfaces, whose spec is to be chosen"
        )
    if one.kind is not other.kind:
        return replace(cause, why_none="VPCs of different kinds can't be joined")
    return replace(cause, remedy=_new_peering(one, other))


def _new_peering(one: Vpc, other: Vpc) -> CreatePeering:
    """A connection that `one`'s account asks for."""
    return CreatePeering(
        owner_uid=one.owner_uid,
        vpc_id=one.id,
        peer_vpc_id=other.id,
        peer_uid=other.owner_uid,
        peer_region_id=other.region_id,
    )


def _peering_cause(case: Case, peering: Peering, assume: Assumption | None) -> Cause:
    requester, accepter = (f"account {side.uid}" for side in peering.sides)
    why = _WHY.get(peering.state, f"is {peering.state.value}").format(requester=requester, accepter=accepter)
    remedy = _peering_remedy(case, peering)
    named = "the new peer connection" if peering.id == NEW_PEERING else f"peer connection {peering.id}"
    return Cause(
        code=FindingCode.LINK_STATE,
        text=f"{named} {why}",
        owner_uid=remedy.owner_uid if remedy else peering.requester.uid,
        subjects=(peering.id,),
        remedy=remedy,
        why_none="" if remedy else f"it carries packets again once the bills of {requester} are paid",
        assume=assume,
    )


def _peering_remedy(case: Case, peering: Peering) -> Remedy | None:
    requester, accepter = (side.uid for side in peering.sides)
    match peering.state:
        case PeeringState.PENDING:
            return AcceptPeering(owner_uid=accepter, peering_id=peering.id)
        case PeeringState.EXPIRED if peering.profile in REVIVING:
            return EnablePeering(owner_uid=requester, peering_id=peering.id)
        case PeeringState.EXPIRED | PeeringState.REJECTED:
            one, other = (case.network.snapshot.site(side.vpc_id).router for side in peering.sides)
            return _new_peering(one, other) if isinstance(one, Vpc) and isinstance(other, Vpc) else None
    return None


def _interface_cause(link: InterfaceLink, assume: Assumption | None) -> Cause:
    sides = (link.initiator, link.acceptor)
    off = [side for side in sides if side.state is InterfaceState.INACTIVE]
    remedy: Remedy | None = None
    why_none = ""
    if not joined(*sides):
        why_none = "each of the two has to name the other's interface, router and account first"
    elif all(side.state is InterfaceState.IDLE for side in sides):
        remedy = ConnectInterface(owner_uid=link.initiator.owner_uid, interface_id=link.initiator.id)
    elif off:
        remedy = ActivateInterface(owner_uid=off[0].owner_uid, interface_id=off[0].id)
    else:
        why_none = "it has to come out of its passing state by itself first"
    states = " and ".join(f"{side.id} is {side.state.value}" for side in sides)
    return Cause(
        code=FindingCode.LINK_STATE,
        text=f"router interface {states}: the link carries nothing",
        owner_uid=remedy.owner_uid if remedy else link.initiator.owner_uid,
        subjects=tuple(side.id for side in sides),
        remedy=remedy,
        why_none=why_none,
        assume=assume,
    )
