"""VPC peerings: the caller's halves of connections."""

from __future__ import annotations

from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.services.places import region_of_call, vpc_here
from peerway.api.jdcloud.services.shaping import (
    changed_texts,
    filters_of,
    labelled_page,
    labels_shown,
    put_labels,
    time_of,
)
from peerway.api.jdcloud.services.vpc.product import KIND, PRODUCT
from peerway.app.store import where
from peerway.app.usecases.offers import (
    CreateOffer,
    DeleteOffer,
    UpdateOffer,
    create_offer,
    delete_offer,
    get_offer,
    update_offer,
)
from peerway.domain.errors import NotFound
from peerway.domain.offer import OfferState, PeeringOffer
from peerway.domain.vpc import Vpc


@PRODUCT.writes("createVpcPeering")
def create_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Make a half."""
    vpc_here(call, KIND, given["vpcId"])
    request = CreateOffer(
        vpc_id=given["vpcId"],
        remote_vpc_id=given["remoteVpcId"],
        name=given["vpcPeeringName"],
        description=given.get("description", ""),
    )
    offer = call.use(create_offer, request)
    put_labels(call, offer, given)
    call.wakes_worker = offer.peering_id is not None
    return _one(call, offer)


@PRODUCT.finds("describeVpcPeering")
def describe_vpc_peering(call: ReadCall, given: Given) -> Answer:
    """One half."""
    return _one(call, _here(call, given))


@PRODUCT.reads("describeVpcPeerings")
def describe_vpc_peerings(call: ReadCall, given: Given) -> Answer:
    """The caller's halves in the region."""
    filters = filters_of(PRODUCT, "describeVpcPeerings", given)
    conditions = [where("region_id", region_of_call(call)), *filters.conditions]
    return labelled_page(call, given, PeeringOffer, *conditions, field="vpcPeerings", shape=_shape)


@PRODUCT.writes("modifyVpcPeering")
def modify_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Change a half's texts."""
    request = UpdateOffer(
        id=_here(call, given).id,
        **changed_texts(given, "vpcPeeringName"),
    )
    return _one(call, call.use(update_offer, request))


@PRODUCT.writes("deleteVpcPeering")
def delete_vpc_peering(call: WriteCall, given: Given) -> Answer:
    """Take a half away."""
    call.use(delete_offer, DeleteOffer(id=_here(call, given).id))
    call.wakes_worker = True
    return None


def _here(call: AnyCall, given: Given) -> PeeringOffer:
    offer = call.use(get_offer, given["vpcPeeringId"])
    if offer.region_id != region_of_call(call):
        raise NotFound("peering_offer", offer.id, field="vpcPeeringId")
    return offer


def _one(call: AnyCall, offer: PeeringOffer) -> Answer:
    return {"vpcPeering": _shape(call, offer, labels_shown(call, offer))}


def _shape(call: AnyCall, offer: PeeringOffer, labels: dict[str, Any]) -> dict[str, Any]:
    return {
        "vpcPeeringId": offer.id,
        "vpcPeeringName": offer.name,
        "vpcPeeringState": PRODUCT.extra["states"][offer.state.value],
        "description": offer.description,
        "vpcInfo": _end(call, offer, offer.vpc_id),
        "remoteVpcInfo": _end(call, offer, offer.remote_vpc_id),
        "createdTime": time_of(offer.created_at),
        **labels,
    }


def _end(call: AnyCall, offer: PeeringOffer, vpc_id: str) -> dict[str, Any]:
    """One end; another account's shows its name and ranges once it has made its half, and only as long as it has."""
    vpc = call.tx.get(Vpc, vpc_id)
    agreed = offer.state is OfferState.CONNECTED
    if vpc is None or not (agreed or vpc.owner_uid == offer.owner_uid):
        return {"vpcId": vpc_id, "vpcName": "", "addressPrefix": []}
    return {"vpcId": vpc_id, "vpcName": vpc.name, "addressPrefix": [str(p) for p in vpc.prefixes]}
