"""Peering connections: each verb twice, for those inside one region and for those across."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import NOTHING, Wanted, all_of, window_of
from peerway.api.tencent.products.vpc.peerings import PROFILE, SHOWN, visible
from peerway.api.tencent.regions import region_of, short_of
from peerway.api.tencent.shapes import app_id, time_text
from peerway.api.tencent.v2.vpc.product import PRODUCT, window_of_request
from peerway.app.store import where
from peerway.app.usecases.peerings import (
    AcceptPeering,
    CreatePeering,
    DeletePeering,
    EnablePeering,
    RejectPeering,
    UpdatePeering,
    accept_peering,
    create_peering,
    delete_peering,
    enable_peering,
    get_peering,
    reject_peering,
    update_peering,
)
from peerway.app.usecases.tasks import OpenTask, open_task
from peerway.app.usecases.vpcs import get_vpc
from peerway.domain.errors import NotFound
from peerway.domain.peering import Peering

#: Numbers of states.
STATES: Final[Mapping[str, int]] = PRODUCT.extra["states"]

#: Verbs that take nothing but an id: use case, its request, and the word of the audit log.
VERBS: Final[Mapping[str, tuple[Any, Any, str]]] = {
    "Accept": (accept_peering, AcceptPeering, "peering.accept"),
    "Reject": (reject_peering, RejectPeering, "peering.reject"),
    "Enable": (enable_peering, EnablePeering, "peering.enable"),
    "Delete": (delete_peering, DeletePeering, "peering.delete"),
}


@PRODUCT.writes("CreateVpcPeeringConnection")
def create_vpc_peering_connection(call: WriteCall, given: Given) -> Answer:
    """Ask for a connection to a VPC of the same region."""
    request = CreatePeering(
        vpc_id=given["vpcId"],
        name=given["peeringConnectionName"],
        peer_vpc_id=given["peerVpcId"],
        peer_uid=given["peerUin"],
        profile=PROFILE,
    )
    return {"peeringConnectionId": call.use(create_peering, request).id}


@PRODUCT.writes("CreateVpcPeeringConnectionEx")
def create_vpc_peering_connection_ex(call: WriteCall, given: Given) -> Answer:
    """Ask for a connection to a VPC of another region; a bandwidth, which it has to have, is refused inside one."""
    request = CreatePeering(
        vpc_id=given["vpcId"],
        name=given["peeringConnectionName"],
        peer_vpc_id=given["peerVpcId"],
        peer_uid=given["peerUin"],
        peer_region_id=region_of(given["peerRegion"]),
        bandwidth_mbps=given["bandwidth"],
        profile=PROFILE,
    )
    return _ticket(call, "peering.create", call.use(create_peering, request))


def _declare(verb: str) -> None:
    use_case, request, action = VERBS[verb]

    @PRODUCT.writes(f"{verb}VpcPeeringConnection")
    def inside(call: WriteCall, given: Given) -> Answer:
        call.use(use_case, request(id=_found(call, given, across=False).id))
        return None

    @PRODUCT.writes(f"{verb}VpcPeeringConnectionEx")
    def across(call: WriteCall, given: Given) -> Answer:
        moved = call.use(use_case, request(id=_found(call, given, across=True).id))
        return _ticket(call, action, moved)


for _verb in VERBS:
    _declare(_verb)


@PRODUCT.writes("ModifyVpcPeeringConnection")
def modify_vpc_peering_connection(call: WriteCall, given: Given) -> Answer:
    """Change the name."""
    call.use(update_peering, _changes(_found(call, given, across=False), given))
    return None


@PRODUCT.writes("ModifyVpcPeeringConnectionEx")
def modify_vpc_peering_connection_ex(call: WriteCall, given: Given) -> Answer:
    """Change name or cap."""
    changed = call.use(update_peering, _changes(_found(call, given, across=True), given))
    return _ticket(call, "peering.update", changed)


@PRODUCT.reads("DescribeVpcPeeringConnections", few="peeringConnectionId")
def describe_vpc_peering_connections(call: ReadCall, given: Given) -> Answer:
    """A window of the caller's connections, the newest first."""
    wanted = _wanted(call, given)
    window = window_of_request(given)
    downwards = given.get("orderDirection", "desc") == "desc"
    if given.get("orderField", "").lower() == "peeringconnectionname":
        rows = sorted(all_of(call.tx, wanted), key=lambda one: one.name, reverse=downwards)
        page, total = window.cut(rows), len(rows)
    else:
        page, total = window_of(call.tx, wanted, window, newest_first=downwards)
    return {"totalCount": total, "data": [_shape(peering) for peering in page]}


def _wanted(call: ReadCall, given: Given) -> Wanted[Peering]:
    wanted = visible(call, given.get("peeringConnectionId"))
    if "vpcId" in given:
        vpc_id = call.use(get_vpc, given["vpcId"]).id
        wanted.add(where(("requester.vpc_id", "accepter.vpc_id"), vpc_id))
    if "peeringConnectionId" in given:
        wanted.add(where("id", given["peeringConnectionId"]))
    if "state" in given:
        states = [state for state in SHOWN if STATES[state] == given["state"]]
        wanted.add(where("state", *states) if states else NOTHING)
    if "peeringConnectionName" in given:
        wanted.add(lambda peering: peering.name == given["peeringConnectionName"])
    return wanted


def _found(call: AnyCall, given: Given, *, across: bool) -> Peering:
    """The connection, when the action is one for its kind."""
    peering = call.use(get_peering, given["peeringConnectionId"])
    if peering.same_region is across:
        raise NotFound("peering", peering.id)
    return peering


def _changes(peering: Peering, given: Given) -> UpdatePeering:
    fields = {"peeringConnectionName": "name", "bandwidth": "bandwidth_mbps"}
    return UpdatePeering(
        id=peering.id, **{fields[name]: given[name] for name in fields.keys() & given.keys()}
    )


def _ticket(call: WriteCall, action: str, peering: Peering) -> Answer:
    task = call.use(open_task, OpenTask(action=action, resource_id=peering.id))
    return {"taskId": int(task.id)}


def _shape(peering: Peering) -> Mapping[str, Any]:
    """A connection as answers have it, from its requester's side; VPCs by their one id in both fields for it."""
    source, destination = peering.sides
    return {
        "vpcId": source.vpc_id,
        "unVpcId": source.vpc_id,
        "uniqVpcId": source.vpc_id,
        "peerVpcId": destination.vpc_id,
        "unPeerVpcId": destination.vpc_id,
        "uniqPeerVpcId": destination.vpc_id,
        "appId": str(app_id(source.uid)),
        "peeringConnectionId": peering.id,
        "peeringConnectionName": peering.name,
        "state": STATES[peering.state],
        "createTime": time_text(peering.created_at),
        "uin": int(source.uid),
        "peerUin": int(destination.uid),
        "region": short_of(source.region_id),
        "peerRegion": short_of(destination.region_id),
    }
