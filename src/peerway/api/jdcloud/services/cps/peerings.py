"""Peerings of bare-metal VPCs: asked for, accepted or rejected, across accounts and regions, with a cap; Peerway's own paths."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.regions import region_name, region_of
from peerway.api.jdcloud.services.cps.product import KIND, LEAST, PRODUCT, paged
from peerway.api.jdcloud.services.places import region_of_call, vpc_here
from peerway.api.jdcloud.services.shaping import changed_texts, filters_of, page_of, time_of
from peerway.app.store import where
from peerway.app.usecases.fields import UNSET
from peerway.app.usecases.links import of_vpc
from peerway.app.usecases.peerings import (
    SIDES,
    AcceptPeering,
    CreatePeering,
    DeletePeering,
    RejectPeering,
    Side,
    UpdatePeering,
    accept_peering,
    create_peering,
    delete_peering,
    get_peering,
    reject_peering,
    update_peering,
)
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.peering import Peering, PeeringSide
from peerway.profiles.rules import sees

#: The product whose rules hold.
PROFILE: Final = "jdcloud"


@PRODUCT.writes("createVpcPeering")
def create_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Ask for a connection; one account's two VPCs are joined at once."""
    spec = given["vpcPeeringSpec"]
    request = CreatePeering(
        vpc_id=vpc_here(call, KIND, spec["vpcId"]).id,
        peer_vpc_id=spec["remoteVpcId"],
        peer_uid=spec.get("peerAccount"),
        peer_region_id=region_of(spec["remoteRegionId"]) if "remoteRegionId" in spec else None,
        name=spec["name"],
        description=spec.get("description", ""),
        profile=PROFILE,
        bandwidth_mbps=spec.get("bandwidth"),
        client_token=given.get("clientToken"),
    )
    call.wakes_worker = True
    return {"vpcPeeringId": call.use(create_peering, request).id}


@PRODUCT.finds("describeVpcPeering")
def describe_vpc_peering(call: ReadCall, given: Given) -> Answer:
    """One connection."""
    return _one(call, _here(call, given))


@PRODUCT.reads("describeVpcPeerings")
def describe_vpc_peerings(call: ReadCall, given: Given) -> Answer:
    """The connections that the caller sees with a side of its own in the region."""
    filters = filters_of(PRODUCT, "describeVpcPeerings", given)
    vpc_id, name, state = (given.get(field) for field in ("vpcId", "name", "state"))
    profile = call.world.require_profile(PROFILE)

    def keep(peering: Peering) -> bool:
        shown = peering.profile == PROFILE and sees(profile, peering, call.caller.uid)
        wanted = name in {None, peering.name} and state in {None, profile.state_names[peering.state]}
        return shown and wanted and _side(call, peering) is not None

    page = page_of(
        call,
        given,
        Peering,
        where(SIDES[_role(given)], call.caller.uid),
        *(() if vpc_id is None else (of_vpc(vpc_id),)),
        *filters.conditions,
        keep=keep,
        least=LEAST,
    )
    return paged("vpcPeerings", [_shape(call, peering) for peering in page.items], page)


@PRODUCT.writes("modifyVpcPeering")
def modify_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Change texts and cap; the requester may."""
    request = UpdatePeering(
        id=_here(call, given).id,
        **changed_texts(given),
        bandwidth_mbps=given.get("bandwidth", UNSET),
    )
    call.wakes_worker = True
    return _one(call, call.use(update_peering, request))


@PRODUCT.writes("deleteVpcPeering")
def delete_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """End a connection; either side may."""
    call.use(delete_peering, DeletePeering(id=_here(call, given).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("acceptVpcPeering")
def accept_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Say yes to a request; the system writes both sides' routes."""
    call.use(accept_peering, AcceptPeering(id=_here(call, given).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("rejectVpcPeering")
def reject_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Say no; the request is gone for who says it, and its requester sees that."""
    call.use(reject_peering, RejectPeering(id=_here(call, given).id))
    return None


def _role(given: Given) -> Side:
    role = given.get("role", Side.EITHER)
    if role not in list(Side):
        raise InvalidInput("role", f"must be one of {', '.join(Side)}", role)
    return Side(role)


def _here(call: AnyCall, given: Given) -> Peering:
    """A connection of the product that the caller sees from the region."""
    peering = call.use(get_peering, given["vpcPeeringId"])
    if peering.profile != PROFILE or _side(call, peering) is None:
        raise NotFound("peering", peering.id, field="vpcPeeringId")
    return peering


def _side(call: AnyCall, peering: Peering) -> PeeringSide | None:
    """The caller's side in the region, the requester's first."""
    here = (call.caller.uid, region_of_call(call))
    return next((side for side in peering.sides if (side.uid, side.region_id) == here), None)


def _one(call: AnyCall, peering: Peering) -> Answer:
    return {"vpcPeering": _shape(call, peering)}


def _shape(call: AnyCall, peering: Peering) -> dict[str, Any]:
    """The connection as it looks from the caller's side in the region."""
    near = _side(call, peering) or peering.requester
    far = peering.opposite_of(near.vpc_id)
    profile = call.world.require_profile(peering.profile)
    return {
        "vpcPeeringId": peering.id,
        "name": peering.name,
        "description": peering.description,
        "state": profile.state_names[peering.state],
        "role": (Side.REQUESTER if near == peering.requester else Side.ACCEPTER).value,
        "region": region_name(near.region_id),
        "vpcId": near.vpc_id,
        "remoteRegion": region_name(far.region_id),
        "remoteVpcId": far.vpc_id,
        "peerAccount": far.uid,
        "bandwidth": peering.bandwidth_mbps or 0,
        "expireTime": time_of(peering.expires_at),
        "createTime": time_of(peering.created_at),
    }
