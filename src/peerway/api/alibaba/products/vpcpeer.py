"""VpcPeer 2022-01-01: peer connections.

All of an account's are seen, whichever product's rules they follow; new ones follow `alibaba`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.alibaba.labels import BARE, label, label_filter, label_new, labels_for, shown_labels
from peerway.api.alibaba.tagging import LabelledKind, serve_labels
from peerway.api.alibaba.texts import check_lengths, time_text
from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.peering_search import PeeringSearch, search_peerings
from peerway.app.usecases.peerings import (
    AcceptPeering,
    CreatePeering,
    UpdatePeering,
    accept_peering,
    create_peering,
    get_peering,
    update_peering,
)
from peerway.domain.errors import NotFound
from peerway.domain.labels import Labels
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.domain.text import check_number
from peerway.domain.vpc import Vpc

PRODUCT = load_product(__package__, "vpcpeer.toml")

PROFILE: Final = "alibaba"
LINK_TYPES: Final[Mapping[str, str]] = PRODUCT.extra["link_types"]
OWN_LINK_TYPES: Final = {shown: own for own, shown in LINK_TYPES.items()}
BIZ_STATUS: Final[Mapping[str, str]] = PRODUCT.extra["biz_status"]
LENGTHS: Final[Mapping[str, Any]] = PRODUCT.extra["lengths"]

#: Bandwidth of a connection without a cap.
UNCAPPED: Final = -1
#: Connections in a page unless the caller asks for another number, and the most it may ask for.
PAGE_SIZE, PAGE_LIMIT = 20, 100

serve_labels(PRODUCT, {"PeerConnection": LabelledKind("peering", get_peering)}, bare=True)


@PRODUCT.writes("CreateVpcPeerConnection")
def create_vpc_peer_connection(call: WriteCall, given: Given) -> Answer:
    """Ask for a connection; one between two VPCs of one account needs no yes."""
    check_lengths(given, LENGTHS["Create"])
    call.world.regions.require(given["RegionId"], "RegionId")
    vpc = call.tx.get(Vpc, given["VpcId"])
    if vpc is not None and vpc.region_id != given["RegionId"]:
        raise NotFound("vpc", given["VpcId"][:64], field="vpc_id")
    settings = _settings(given)
    if given["RegionId"] == given["AcceptingRegionId"] and given.get("Bandwidth") == UNCAPPED:
        del settings["bandwidth_mbps"]
    request = CreatePeering(
        vpc_id=given["VpcId"],
        peer_vpc_id=given["AcceptingVpcId"],
        peer_uid=str(given["AcceptingAliUid"]),
        peer_region_id=given["AcceptingRegionId"],
        profile=PROFILE,
        client_token=given.get("ClientToken"),
        **settings,
    )
    peering = call.use(create_peering, request)
    label_new(call, given, peering)
    return {"InstanceId": peering.id}


@PRODUCT.writes("AcceptVpcPeerConnection")
def accept_vpc_peer_connection(call: WriteCall, given: Given) -> Answer:
    """Say yes; the tags and the group are the accepter's own."""
    request = AcceptPeering(id=given["InstanceId"], client_token=given.get("ClientToken"))
    label(call, given, call.use(accept_peering, request))
    return None


@PRODUCT.writes("ModifyVpcPeerConnection")
def modify_vpc_peer_connection(call: WriteCall, given: Given) -> Answer:
    """Change texts, cap or link type; what is as it is shown already is no change."""
    check_lengths(given, LENGTHS["Modify"])
    settings = _settings(given)
    if given.get("Bandwidth") == UNCAPPED == _bandwidth(call.use(get_peering, given["InstanceId"])):
        del settings["bandwidth_mbps"]
    token = given.get("ClientToken")
    call.use(update_peering, UpdatePeering(id=given["InstanceId"], client_token=token, **settings))
    return None


@PRODUCT.finds("GetVpcPeerConnectionAttribute")
def get_vpc_peer_connection_attribute(call: ReadCall, given: Given) -> Answer:
    """One connection, for either side."""
    peering = call.use(get_peering, given["InstanceId"])
    return _shown(call, peering, labels_for(call, [peering]).get(peering.id))


@PRODUCT.reads("ListVpcPeerConnections")
def list_vpc_peer_connections(call: ReadCall, given: Given) -> Answer:
    """Connections of the account's, by their own side's region; a VPC may be on either side."""
    size = check_number(given.get("MaxResults", PAGE_SIZE), "limit", 1, PAGE_LIMIT)
    if "RegionId" in given:
        call.world.regions.require(given["RegionId"], "RegionId")
    search = PeeringSearch(
        ids=tuple(given.get("InstanceId", "").split()),
        vpc_ids=tuple(given.get("VpcId", ())),
        region_id=given.get("RegionId"),
        name=given.get("Name"),
        keep=label_filter(call, given, "peering"),
    )
    found, total = call.list(search_peerings, search, after=given.get("NextToken"), limit=size)
    labels = labels_for(call, found.items)
    return {
        "VpcPeerConnects": [_shown(call, peering, labels.get(peering.id)) for peering in found.items],
        "MaxResults": size,
        "NextToken": found.next or "",
        "TotalCount": total,
    }


def _settings(given: Given) -> dict[str, Any]:
    """Fields that a new connection and a changed one share; those that are not given are not there."""
    link_type = given.get("LinkType")
    settings = {
        "name": given.get("Name"),
        "description": given.get("Description"),
        "bandwidth_mbps": given.get("Bandwidth"),
        "link_type": None if link_type is None else OWN_LINK_TYPES.get(link_type, link_type),
    }
    return {field: value for field, value in settings.items() if value is not None}


def _shown(call: AnyCall, peering: Peering, labels: Labels | None) -> dict[str, Any]:
    requester, accepter = peering.sides
    return {
        "InstanceId": peering.id,
        "Name": peering.name,
        "Description": peering.description,
        "Status": call.world.require_profile(PROFILE).state_names[peering.state],
        "BizStatus": BIZ_STATUS.get(peering.state.value, "Normal"),
        "GmtCreate": time_text(peering.created_at),
        "GmtModified": time_text(peering.state_since),
        "GmtExpired": _expiry(peering),
        "Bandwidth": _bandwidth(peering),
        "LinkType": LINK_TYPES[peering.link_type.value] if peering.link_type else "",
        "ManagedService": "",
        "OwnerId": int(requester.uid),
        "RegionId": requester.region_id,
        "Vpc": _vpc(call, requester),
        "AcceptingOwnerUid": int(accepter.uid),
        "AcceptingRegionId": accepter.region_id,
        "AcceptingVpc": _vpc(call, accepter),
        **shown_labels(call, BARE, labels),
    }


def _expiry(peering: Peering) -> str | None:
    """When a request expires or did; null for whatever is no open or expired request."""
    ended = peering.state_since if peering.state is PeeringState.EXPIRED else peering.expires_at
    return None if ended is None else time_text(ended)


def _bandwidth(peering: Peering) -> int:
    return UNCAPPED if peering.bandwidth_mbps is None else peering.bandwidth_mbps


def _vpc(call: AnyCall, side: PeeringSide) -> dict[str, Any]:
    """A side's VPC with its ranges, which both sides may know; none once it is gone."""
    vpc = call.tx.get(Vpc, side.vpc_id)
    return {
        "VpcId": side.vpc_id,
        "Ipv4Cidrs": [str(prefix) for prefix in vpc.ipv4_prefixes] if vpc else [],
        "Ipv6Cidrs": [str(vpc.ipv6_cidr)] if vpc and vpc.ipv6_cidr else [],
    }
