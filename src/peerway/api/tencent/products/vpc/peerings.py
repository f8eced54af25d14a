"""Peering connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import NOTHING, Pick, Test, Wanted, Window, all_of, ask, reads_as, window_of
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.regions import region_of, short_of
from peerway.api.tencent.shapes import app_id, asked_tags, tag_set, time_text
from peerway.app.store import Where, where
from peerway.app.usecases.labels import labels_by_resource, put_tags
from peerway.app.usecases.peerings import CreatePeering, UpdatePeering, create_peering, update_peering
from peerway.domain.errors import InvalidInput
from peerway.domain.labels import Labels
from peerway.domain.peering import Peering, PeeringState
from peerway.profiles.rules import sees

#: Rules of the connections that are made here, and words for the states of all.
PROFILE: Final = "tencent"

#: States that lists show. What is being deleted is gone, as far as this cloud goes.
SHOWN: Final = tuple(
    state for state in PeeringState if state not in {PeeringState.DELETING, PeeringState.DELETED}
)
#: Those that the accepter may not see.
HIDDEN: Final = (PeeringState.REJECTED, PeeringState.EXPIRED)


@PRODUCT.writes("CreateVpcPeeringConnection")
def create_vpc_peering_connection(call: WriteCall, given: Given) -> Answer:
    """Ask for a connection."""
    uin = given["DestinationUin"]
    if not (uin.isascii() and uin.isdigit()):
        raise InvalidInput("DestinationUin", "must be a number", uin, code="malformed_id")
    request = CreatePeering(
        vpc_id=given["SourceVpcId"],
        name=given["PeeringConnectionName"],
        peer_vpc_id=given["DestinationVpcId"],
        peer_uid=uin,
        peer_region_id=region_of(given["DestinationRegion"]),
        bandwidth_mbps=given.get("Bandwidth") or None,
        profile=PROFILE,
    )
    peering = call.use(create_peering, request)
    put_tags(call.tx, call.caller, peering, asked_tags(given), "Tags")
    return {"PeeringConnectionId": peering.id}


@PRODUCT.writes("ModifyVpcPeeringConnection")
def modify_vpc_peering_connection(call: WriteCall, given: Given) -> Answer:
    """Change name or cap; a cap of 0 is the product's own."""
    changes: dict[str, Any] = {}
    if "PeeringConnectionName" in given:
        changes["name"] = given["PeeringConnectionName"]
    if given.get("Bandwidth"):
        changes["bandwidth_mbps"] = given["Bandwidth"]
    call.use(update_peering, UpdatePeering(id=given["PeeringConnectionId"], **changes))
    return None


def _in_states(call: AnyCall, names: Sequence[str]) -> Where:
    """Ours that go by one of these names; `InvalidInput` for a name that this cloud does not have."""
    for name in names:
        if name not in PRODUCT.extra["states"]:
            raise InvalidInput("Filters", f"must be one of {', '.join(PRODUCT.extra['states'])}", name)
    told = call.world.require_profile(PROFILE).state_names
    found = [state for state in SHOWN if told[state] in names]
    return where("state", *found) if found else NOTHING


FILTERS: Final[Mapping[str, Pick]] = {
    "vpc-id": lambda _, values: where(("requester.vpc_id", "accepter.vpc_id"), *values),
    "state": _in_states,
    "peering-connection-name": reads_as(lambda peering: peering.name),
}


@PRODUCT.reads("DescribeVpcPeeringConnections", few="PeeringConnectionIds")
def describe_vpc_peering_connections(call: ReadCall, given: Given) -> Answer:
    """A window of the caller's connections."""
    seen = visible(call, given.get("PeeringConnectionIds"))
    wanted = ask(call, given, seen, "PeeringConnectionIds", FILTERS, "peering")
    window, downwards = Window.of(given), given.get("OrderDirection") == "DESC"
    if given.get("OrderField") == "PeeringConnectionName":
        rows = sorted(all_of(call.tx, wanted), key=lambda one: one.name, reverse=downwards)
        page, total = window.cut(rows), len(rows)
    else:
        page, total = window_of(call.tx, wanted, window, newest_first=downwards)
    labels = labels_by_resource(call.tx, call.caller, [one.id for one in page])
    return {
        "TotalCount": total,
        "PeerConnectionSet": [shape(call, peering, labels.get(peering.id)) for peering in page],
    }


def visible(call: AnyCall, ids: object = None) -> Wanted[Peering]:
    """The connections that the caller sees. Most accounts turned none away: their lists need no second look.

    What `ids` narrow down gets its second look at once, which costs less than to find out whether it needs one.
    """
    uid = call.caller.uid
    if ids:
        mine = where(("requester.uid", "accepter.uid"), uid)
        return Wanted(Peering, [mine, where("state", *SHOWN)], [_seen_by(call, uid)])
    accepting = where("accepter.uid", uid)
    if not call.tx.count(Peering, accepting):
        return Wanted(Peering, [where("requester.uid", uid), where("state", *SHOWN)])
    wanted = Wanted(Peering, [where(("requester.uid", "accepter.uid"), uid), where("state", *SHOWN)])
    if call.tx.count(Peering, accepting, where("state", *HIDDEN)):
        wanted.add(_seen_by(call, uid))
    return wanted


def shape(call: AnyCall, peering: Peering, labels: Labels | None) -> Mapping[str, Any]:
    """A connection as answers have it; its source is who asked."""
    profile = call.world.require_profile(PROFILE)
    source, destination = peering.sides
    # What is the product's own cap was not asked for, and 0 where this cloud tells it.
    cap = peering.bandwidth_mbps or 0
    return {
        "PeeringConnectionId": peering.id,
        "PeeringConnectionName": peering.name,
        "SourceVpcId": source.vpc_id,
        "PeerVpcId": destination.vpc_id,
        "DestinationVpcId": destination.vpc_id,
        "State": profile.state_names[peering.state],
        "IsNgw": True,
        "Bandwidth": 0 if cap == profile.default_bandwidth_mbps else cap,
        "SourceRegion": short_of(source.region_id),
        "DestinationRegion": short_of(destination.region_id),
        "CreateTime": time_text(peering.created_at),
        "AppId": app_id(source.uid),
        "PeerAppId": app_id(destination.uid),
        "SourceUin": int(source.uid),
        "DestinationUin": int(destination.uid),
        "ChargeType": "POSTPAID_BY_DAY_MAX",
        "QosLevel": "" if peering.same_region else "AU",
        "Type": "VPC_PEER",
        "TagSet": tag_set(labels),
    }


def _seen_by(call: AnyCall, uid: str) -> Test:
    profiles = call.world.profiles
    return lambda peering: sees(profiles[peering.profile], peering, uid)
