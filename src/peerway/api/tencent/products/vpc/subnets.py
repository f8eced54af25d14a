"""Subnets."""

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
    ask,
    contains_text,
    field_is,
    reads_as,
    starts_with,
    window_of,
)
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.products.vpc.vpcs import THERE
from peerway.api.tencent.regions import name_of_zone, zone_of
from peerway.api.tencent.shapes import asked_tags, tag_set, time_text
from peerway.app.store import Where, where
from peerway.app.usecases.addresses import count_addresses
from peerway.app.usecases.labels import labels_by_resource, labels_of, put_tags
from peerway.app.usecases.vpcs import get_vpc
from peerway.app.usecases.vswitches import CreateVSwitch, create_vswitch
from peerway.domain.errors import InvalidInput
from peerway.domain.labels import Labels
from peerway.domain.vpc import VSwitch


def _in_zones(call: AnyCall, names: Sequence[str]) -> Where:
    return where("zone_id", *(zone_of(call.world, call.region_id or "", name, "Filters") for name in names))


FILTERS: Final[Mapping[str, Pick]] = {
    "subnet-id": field_is("id"),
    "vpc-id": field_is("vpc_id"),
    "cidr-block": starts_with(lambda subnet: str(subnet.cidr)),
    "ipv6-cidr-block": reads_as(lambda subnet: str(subnet.ipv6_cidr or "")),
    "is-default": reads_as(lambda _: False),
    "is-remote-vpc-snat": reads_as(lambda _: False),
    "is-cdc-subnet": reads_as(lambda _: 0),
    "cdc-id": reads_as(lambda _: ""),
    "subnet-name": contains_text(lambda subnet: subnet.name),
    "zone": _in_zones,
}


@PRODUCT.writes("CreateSubnet")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a subnet, bound to the VPC's default route table."""
    return {"Subnet": _create(call, given["VpcId"], given, given)}


@PRODUCT.writes("CreateSubnets")
def create_several(call: WriteCall, given: Given) -> Answer:
    """Make several subnets, all or none."""
    made = [_create(call, given["VpcId"], one, given) for one in given["Subnets"]]
    return {"SubnetSet": made}


@PRODUCT.reads("DescribeSubnets")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's subnets."""
    zones = call.world.regions.require(call.region_id or "").zones
    start = Wanted(VSwitch, [where("owner_uid", call.caller.uid), where("zone_id", *zones), THERE])
    wanted = ask(call, given, start, "SubnetIds", FILTERS, "vswitch")
    window = Window.of(given)
    page, total = window_of(call.tx, wanted, window)
    return {"TotalCount": total, "SubnetSet": shapes(call, page), "NextToken": window.token_after(total)}


def shapes(call: AnyCall, subnets: Sequence[VSwitch]) -> list[Mapping[str, Any]]:
    """Subnets as answers have them."""
    labels = labels_by_resource(call.tx, call.caller, [subnet.id for subnet in subnets])
    return [shape(call, subnet, labels.get(subnet.id)) for subnet in subnets]


def shape(call: AnyCall, subnet: VSwitch, labels: Labels | None) -> Mapping[str, Any]:
    """A subnet as answers have it."""
    free, usable = count_addresses(call.tx, subnet)
    return {
        "VpcId": subnet.vpc_id,
        "SubnetId": subnet.id,
        "SubnetName": subnet.name,
        "CidrBlock": str(subnet.cidr),
        "Ipv6CidrBlock": str(subnet.ipv6_cidr or ""),
        "IsDefault": False,
        # There is no broadcast. The Terraform provider asks for it unless told otherwise, and then for as long as it reads false.
        "EnableBroadcast": True,
        "IsRemoteVpcSnat": False,
        "Zone": name_of_zone(call.world, subnet.zone_id),
        "RouteTableId": subnet.route_table_id,
        "NetworkAclId": subnet.network_acl_id or "",
        "CreatedTime": time_text(subnet.created_at),
        "AvailableIpAddressCount": free,
        "TotalIpAddressCount": usable,
        "CdcId": "",
        "IsCdcSubnet": 0,
        "StackType": "Dual" if subnet.ipv6_cidr else "IPv4",
        "TagSet": tag_set(labels),
    }


def _create(call: WriteCall, vpc_id: str, one: Given, tagged: Given) -> Mapping[str, Any]:
    vpc = call.use(get_vpc, vpc_id)
    zone = zone_of(call.world, vpc.region_id, one["Zone"])
    if not one["CidrBlock"]:
        raise InvalidInput("CidrBlock", "is required", code="missing")
    request = CreateVSwitch(
        vpc_id=vpc.id,
        zone_id=zone,
        name=one["SubnetName"],
        cidr=one["CidrBlock"],
        ipv6_cidr=one.get("Ipv6CidrBlock") or None,
        route_table_id=one.get("RouteTableId") or None,
    )
    subnet = call.use(create_vswitch, request)
    put_tags(call.tx, call.caller, subnet, asked_tags(tagged), "Tags")
    return shape(call, subnet, labels_of(call.tx, call.caller, subnet))
