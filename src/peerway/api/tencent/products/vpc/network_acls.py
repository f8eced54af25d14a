"""Network ACLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import (
    Pick,
    Wanted,
    Window,
    all_of,
    ask,
    contains_text,
    field_is,
    window_of,
)
from peerway.api.tencent.places import in_region
from peerway.api.tencent.products.vpc.policies import ANYWHERE, with_length
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.products.vpc.subnets import shapes as subnet_shapes
from peerway.api.tencent.products.vpc.vpcs import THERE
from peerway.api.tencent.shapes import asked_tags, tag_set, time_text
from peerway.app.store import where
from peerway.app.usecases.labels import labels_by_resource, labels_of, put_tags
from peerway.app.usecases.network_acls import (
    AclEntrySpec,
    CreateNetworkAcl,
    ReplaceAclEntries,
    create_network_acl,
    replace_acl_entries,
)
from peerway.app.usecases.vswitches import AssociateAcl, DisassociateAcl, associate_acl, disassociate_acl
from peerway.domain.errors import InvalidInput
from peerway.domain.labels import Labels
from peerway.domain.security import AclEntry, NetworkAcl
from peerway.domain.vpc import VSwitch

FILTERS: Final[Mapping[str, Pick]] = {
    "network-acl-id": field_is("id"),
    "vpc-id": field_is("vpc_id"),
    "network-acl-name": contains_text(lambda acl: acl.name),
}


@PRODUCT.writes("CreateNetworkAcl")
def create(call: WriteCall, given: Given) -> Answer:
    """Make an ACL, which lets nothing pass until it has entries."""
    request = CreateNetworkAcl(vpc_id=given["VpcId"], name=given["NetworkAclName"], ingress=(), egress=())
    acl = call.use(create_network_acl, request)
    put_tags(call.tx, call.caller, acl, asked_tags(given), "Tags")
    return {"NetworkAcl": shape(call, acl, labels_of(call.tx, call.caller, acl))}


@PRODUCT.reads("DescribeNetworkAcls")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's ACLs."""
    start = in_region(call, Wanted(NetworkAcl, [where("owner_uid", call.caller.uid)]))
    wanted = ask(call, given, start, "NetworkAclIds", FILTERS, "network_acl")
    window, downwards = Window.of(given), given.get("OrderDirection") == "DESC"
    if given.get("OrderField") == "NetworkAclName":
        rows = sorted(all_of(call.tx, wanted), key=lambda acl: acl.name, reverse=downwards)
        page, total = window.cut(rows), len(rows)
    else:
        page, total = window_of(call.tx, wanted, window, newest_first=downwards)
    labels = labels_by_resource(call.tx, call.caller, [acl.id for acl in page])
    return {"TotalCount": total, "NetworkAclSet": [shape(call, acl, labels.get(acl.id)) for acl in page]}


@PRODUCT.writes("ModifyNetworkAclEntries")
def modify_entries(call: WriteCall, given: Given) -> Answer:
    """Give an ACL other entries, each way that is named."""
    asked = given["NetworkAclEntrySet"]
    entries = {way.lower(): _specs(asked[way]) for way in ("Ingress", "Egress") if way in asked}
    call.use(replace_acl_entries, ReplaceAclEntries(id=given["NetworkAclId"], **entries))
    return None


@PRODUCT.writes("AssociateNetworkAclSubnets")
def associate(call: WriteCall, given: Given) -> Answer:
    """Bind subnets to an ACL."""
    for subnet_id in given["SubnetIds"]:
        call.use(associate_acl, AssociateAcl(vswitch_id=subnet_id, network_acl_id=given["NetworkAclId"]))
    return None


@PRODUCT.writes("DisassociateNetworkAclSubnets")
def disassociate(call: WriteCall, given: Given) -> Answer:
    """Free subnets of an ACL."""
    for subnet_id in given["SubnetIds"]:
        call.use(
            disassociate_acl, DisassociateAcl(vswitch_id=subnet_id, network_acl_id=given["NetworkAclId"])
        )
    return None


def shape(call: AnyCall, acl: NetworkAcl, labels: Labels | None) -> Mapping[str, Any]:
    """An ACL as answers have it."""
    subnets = call.tx.select(VSwitch, where("network_acl_id", acl.id), THERE)
    made = time_text(acl.created_at)
    return {
        "VpcId": acl.vpc_id,
        "NetworkAclId": acl.id,
        "NetworkAclName": acl.name,
        "NetworkAclType": "TRIPLE",
        "CreatedTime": made,
        "SubnetSet": subnet_shapes(call, subnets),
        "IngressEntries": [_entry(entry, place, made) for place, entry in enumerate(acl.ingress, 1)],
        "EgressEntries": [_entry(entry, place, made) for place, entry in enumerate(acl.egress, 1)],
        "TagSet": tag_set(labels),
    }


def _entry(entry: AclEntry, place: int, made: str) -> Mapping[str, Any]:
    all_ports = (entry.port_low, entry.port_high) == (0, 65535)
    one_port = entry.port_low == entry.port_high
    ports = f"{entry.port_low}" if one_port else f"{entry.port_low}-{entry.port_high}"
    ipv4 = entry.cidr.version == 4
    return {
        # `all` and `Drop`, as this cloud's samples write them: by these letters the Terraform provider knows the entries of
        # an ACL that has none of its own. Of others it takes any.
        "Protocol": entry.protocol.value,
        "Port": "ALL" if all_ports else ports,
        "CidrBlock": str(entry.cidr) if ipv4 else "",
        "Ipv6CidrBlock": "" if ipv4 else str(entry.cidr),
        "Action": entry.action.value.capitalize(),
        "Description": entry.description,
        "ModifyTime": made,
        "Priority": place,
        "NetworkAclIpv4EntryId": "",
        "NetworkAclIpv6EntryId": "",
    }


def _specs(entries: Sequence[Given]) -> tuple[AclEntrySpec, ...]:
    return tuple(_spec(entry) for entry in entries)


def _spec(entry: Given) -> AclEntrySpec:
    if entry.get("CidrBlock") and entry.get("Ipv6CidrBlock"):
        raise InvalidInput("CidrBlock", "must not be given beside Ipv6CidrBlock", code="coexist")
    port = entry.get("Port") or ""
    return AclEntrySpec(
        action=entry["Action"].lower(),
        protocol=entry["Protocol"].lower(),
        port_range=None if port.lower() in {"", "all"} else port,
        cidr=with_length(entry.get("CidrBlock") or entry.get("Ipv6CidrBlock") or ANYWHERE[0]),
        description=entry.get("Description", ""),
    )
