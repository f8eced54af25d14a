"""Virtual private clouds and their secondary ranges."""

from __future__ import annotations

from collections.abc import Mapping
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
    reads_as,
    starts_with,
    window_of,
)
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.shapes import asked_tags, tag_set, time_text
from peerway.app.store import where
from peerway.app.usecases.labels import labels_by_resource, labels_of, put_tags
from peerway.app.usecases.vpcs import (
    AddSecondaryCidr,
    CreateVpc,
    RemoveSecondaryCidr,
    add_secondary_cidr,
    create_vpc,
    get_vpc,
    remove_secondary_cidr,
)
from peerway.domain.labels import Labels
from peerway.domain.resource import Provisioning
from peerway.domain.vpc import Vpc

#: Things that lists show: what is being deleted is gone, as far as this cloud goes.
THERE: Final = where("state", Provisioning.CREATING, Provisioning.AVAILABLE)

FILTERS: Final[Mapping[str, Pick]] = {
    "vpc-id": field_is("id"),
    "vpc-name": contains_text(lambda vpc: vpc.name),
    "is-default": reads_as(lambda _: False),
    "cidr-block": starts_with(lambda vpc: str(vpc.cidr)),
    "ipv6-cidr-block": reads_as(lambda vpc: str(vpc.ipv6_cidr or "")),
}


@PRODUCT.writes("CreateVpc")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a VPC; its default route table comes with it."""
    request = CreateVpc(
        region_id=call.region_id or "",
        name=given["VpcName"],
        cidr=given["CidrBlock"],
        ipv6_cidr=given.get("Ipv6CidrBlock") or None,
    )
    vpc = call.use(create_vpc, request)
    put_tags(call.tx, call.caller, vpc, asked_tags(given), "Tags")
    return {"Vpc": shape(vpc, labels_of(call.tx, call.caller, vpc))}


@PRODUCT.reads("DescribeVpcs")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's VPCs."""
    wanted = ask(call, given, _of_region(call), "VpcIds", FILTERS, "vpc")
    page, total = window_of(call.tx, wanted, Window.of(given))
    labels = labels_by_resource(call.tx, call.caller, [vpc.id for vpc in page])
    return {"TotalCount": total, "VpcSet": [shape(vpc, labels.get(vpc.id)) for vpc in page]}


@PRODUCT.writes("CreateAssistantCidr")
def create_assistant_cidr(call: WriteCall, given: Given) -> Answer:
    """Give a VPC more ranges."""
    for cidr in given["CidrBlocks"]:
        call.use(add_secondary_cidr, AddSecondaryCidr(id=given["VpcId"], cidr=cidr))
    return {"AssistantCidrSet": [_assistant(given["VpcId"], cidr) for cidr in given["CidrBlocks"]]}


@PRODUCT.writes("DeleteAssistantCidr")
def delete_assistant_cidr(call: WriteCall, given: Given) -> Answer:
    """Take ranges from a VPC."""
    for cidr in given["CidrBlocks"]:
        call.use(remove_secondary_cidr, RemoveSecondaryCidr(id=given["VpcId"], cidr=cidr))
    return None


@PRODUCT.writes("ModifyAssistantCidr")
def modify_assistant_cidr(call: WriteCall, given: Given) -> Answer:
    """Take ranges from a VPC and give it others, in one step."""
    for cidr in given.get("OldCidrBlocks", ()):
        call.use(remove_secondary_cidr, RemoveSecondaryCidr(id=given["VpcId"], cidr=cidr))
    for cidr in given.get("NewCidrBlocks", ()):
        call.use(add_secondary_cidr, AddSecondaryCidr(id=given["VpcId"], cidr=cidr))
    return {"AssistantCidrSet": _assistants(call.use(get_vpc, given["VpcId"]))}


@PRODUCT.reads("DescribeAssistantCidr")
def describe_assistant_cidr(call: ReadCall, given: Given) -> Answer:
    """A window of the secondary ranges of the region's VPCs."""
    wanted = ask(call, given, _of_region(call), "VpcIds", {"vpc-id": field_is("id")}, "vpc")
    found = [one for vpc in all_of(call.tx, wanted) for one in _assistants(vpc)]
    return {"TotalCount": len(found), "AssistantCidrSet": Window.of(given).cut(found)}


def shape(vpc: Vpc, labels: Labels | None) -> Mapping[str, Any]:
    """A VPC as answers have it."""
    ipv6 = str(vpc.ipv6_cidr or "")
    return {
        "VpcId": vpc.id,
        "VpcName": vpc.name,
        "CidrBlock": str(vpc.cidr),
        "Ipv6CidrBlock": ipv6,
        "Ipv6CidrBlockSet": [{"IPv6CidrBlock": ipv6, "ISPType": "BGP", "AddressType": "ULA"}] if ipv6 else [],
        "IsDefault": False,
        "EnableMulticast": False,
        "EnableDhcp": True,
        "EnableRouteVpcPublish": False,
        "EnableRouteVpcPublishIpv6": False,
        "DhcpOptionsId": "",
        "DnsServerSet": [],
        "DomainName": "",
        "StackType": "Dual" if ipv6 else "IPv4",
        "CreatedTime": time_text(vpc.created_at),
        "AssistantCidrSet": _assistants(vpc),
        "TagSet": tag_set(labels),
    }


def _of_region(call: AnyCall) -> Wanted[Vpc]:
    return Wanted(Vpc, [where("owner_uid", call.caller.uid), where("region_id", call.region_id), THERE])


def _assistants(vpc: Vpc) -> list[Mapping[str, Any]]:
    return [_assistant(vpc.id, str(cidr)) for cidr in vpc.secondary_cidrs]


def _assistant(vpc_id: str, cidr: str) -> Mapping[str, Any]:
    return {"VpcId": vpc_id, "CidrBlock": cidr, "AssistantType": 0, "SubnetSet": []}
