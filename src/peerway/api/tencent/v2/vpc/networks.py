"""VPCs and subnets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import Wanted, all_of, window_of
from peerway.api.tencent.regions import name_of_zone, zone_of
from peerway.api.tencent.shapes import time_text
from peerway.api.tencent.v2.vpc.product import PRODUCT, window_of_request
from peerway.app.store import Where, where
from peerway.app.usecases.links import live_peerings
from peerway.app.usecases.vpcs import CreateVpc, create_vpc, get_vpc
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    create_vswitch,
    delete_vswitch,
    get_vswitch,
)
from peerway.domain.errors import NotFound
from peerway.domain.gateway import NatGateway
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteTable
from peerway.domain.vpc import Instance, Vpc, VSwitch

#: What there are lists of.
R = TypeVar("R", Vpc, VSwitch, RouteTable)

#: What a zone's place in its region is added to for its number.
ZONES_FROM: Final = 100_000

#: Addresses of a subnet that nobody gets: its first and its last three.
KEPT: Final = 4


@PRODUCT.writes("CreateVpc")
def create_vpc_with_subnets(call: WriteCall, given: Given) -> Answer:
    """Make a VPC in the request's region, with subnets if any are asked for."""
    vpc = call.use(
        create_vpc,
        CreateVpc(region_id=call.region_id or "", name=given["vpcName"], cidr=given["cidrBlock"]),
    )
    subnets = _add_subnets(call, vpc, given.get("subnetSet", ()))
    table = {"routeTableId": vpc.system_table_id, "routeTableName": "default", "routeTableType": 1}
    return {
        "vpcId": vpc.id,
        "unVpcId": vpc.id,
        "uniqVpcId": vpc.id,
        "vpcName": vpc.name,
        "cidrBlock": str(vpc.cidr),
        "vpcCreateTime": time_text(vpc.created_at),
        "subnetSet": subnets,
        "routeTableSet": [table],
    }


@PRODUCT.reads("DescribeVpcEx")
def describe_vpc_ex(call: ReadCall, given: Given) -> Answer:
    """A window of the caller's VPCs in the request's region."""
    here = where("region_id", call.region_id)
    return listed(call, given, Vpc, here, names=("vpcId", "vpcName"), shape=_vpc)


@PRODUCT.writes("CreateSubnet")
def create_subnet(call: WriteCall, given: Given) -> Answer:
    """Make subnets: all of them or none."""
    return {"subnetSet": _add_subnets(call, call.use(get_vpc, given["vpcId"]), given["subnetSet"])}


@PRODUCT.reads("DescribeSubnetEx")
def describe_subnet_ex(call: ReadCall, given: Given) -> Answer:
    """A window of the caller's subnets in the request's region, or in one VPC."""
    inside = where("vpc_id", *vpcs_of(call, given))
    return listed(call, given, VSwitch, inside, names=("subnetId", "subnetName"), shape=_subnet)


@PRODUCT.writes("DeleteSubnet")
def delete_subnet(call: WriteCall, given: Given) -> Answer:
    """Delete a subnet of the VPC."""
    vswitch = subnet_in(call, given["vpcId"], given["subnetId"])
    call.use(delete_vswitch, DeleteVSwitch(id=vswitch.id))
    return None


def subnet_in(call: AnyCall, vpc_id: str, id: str) -> VSwitch:
    """A subnet of a VPC."""
    vpc, vswitch = call.use(get_vpc, vpc_id), call.use(get_vswitch, id)
    if vswitch.vpc_id != vpc.id:
        raise NotFound("vswitch", vswitch.id)
    return vswitch


def vpcs_of(call: AnyCall, given: Given) -> Sequence[str]:
    """The VPC that a request names, or all of the caller's in its region; an id that nothing has when there are none."""
    if "vpcId" in given:
        return [call.use(get_vpc, given["vpcId"]).id]
    mine = where("owner_uid", call.caller.uid)
    return [vpc.id for vpc in call.tx.select(Vpc, mine, where("region_id", call.region_id))] or [""]


def listed(
    call: ReadCall,
    given: Given,
    kind: type[R],
    scope: Where,
    *,
    names: tuple[str, str],
    shape: Callable[[AnyCall, R], dict[str, Any]],
) -> Answer:
    """The window of the caller's things of a kind that a request asks for, by their id and part of their name.

    The newest come first unless asked otherwise; `names` are what id and name are called.
    """
    id, name = names
    wanted = Wanted(kind, [where("owner_uid", call.caller.uid), scope])
    if id in given:
        wanted.add(where("id", given[id]))
    if name in given:
        wanted.add(lambda one: given[name] in one.name)
    page, total = _part_of(call, wanted, given, name)
    return {"totalCount": total, "data": [shape(call, one) for one in page]}


def zone_number(call: AnyCall, region_id: str, zone: str) -> int:
    """The number of a zone."""
    return ZONES_FROM + 1 + call.world.regions.require(region_id).zones.index(zone)


def _part_of(call: ReadCall, wanted: Wanted[R], given: Given, name: str) -> tuple[list[R], int]:
    window = window_of_request(given)
    downwards = given.get("orderDirection", "desc") == "desc"
    if given.get("orderField") != name:
        return window_of(call.tx, wanted, window, newest_first=downwards)
    rows = sorted(all_of(call.tx, wanted), key=lambda row: str(row.name), reverse=downwards)
    return window.cut(rows), len(rows)


def _add_subnets(call: WriteCall, vpc: Vpc, asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    made = [
        call.use(
            create_vswitch,
            CreateVSwitch(
                vpc_id=vpc.id,
                zone_id=_zone(call, vpc.region_id, one["zoneId"]),
                cidr=one["cidrBlock"],
                name=one["subnetName"],
            ),
        )
        for one in asked
    ]
    return [
        {
            "subnetId": vswitch.id,
            "unSubnetId": vswitch.id,
            "subnetName": vswitch.name,
            "cidrBlock": str(vswitch.cidr),
            "zoneId": zone_number(call, vpc.region_id, vswitch.zone_id),
            "zone": name_of_zone(call.world, vswitch.zone_id),
            "routeTableId": vswitch.route_table_id,
        }
        for vswitch in made
    ]


def _zone(call: AnyCall, region_id: str, text: str) -> str:
    """A zone by its number or its name."""
    zones = call.world.regions.require(region_id).zones
    numbers = {str(ZONES_FROM + place): zone for place, zone in enumerate(zones, 1)}
    return numbers.get(text) or zone_of(call.world, region_id, text, "zoneId")


def _vpc(call: AnyCall, vpc: Vpc) -> dict[str, Any]:
    def count(kind: type[Resource]) -> int:
        found: int = call.tx.count(kind, where("vpc_id", vpc.id))
        return found

    return {
        "vpcId": vpc.id,
        "unVpcId": vpc.id,
        "vpcName": vpc.name,
        "cidrBlock": str(vpc.cidr),
        "createTime": time_text(vpc.created_at),
        "isDefault": False,
        "isMulticast": False,
        "subnetNum": count(VSwitch),
        "routeTableNum": count(RouteTable),
        "vpcDeviceNum": count(Instance),
        "natNum": count(NatGateway),
        "vpcPeerNum": len(live_peerings(call.tx, vpc.id)),
        "classicLinkNum": 0,
        "vpgNum": 0,
        "vpnGwNum": 0,
    }


def _subnet(call: AnyCall, vswitch: VSwitch) -> dict[str, Any]:
    vpc = call.use(get_vpc, vswitch.vpc_id)
    table = call.tx.get(RouteTable, vswitch.route_table_id)
    devices = call.tx.count(Instance, where("vswitch_id", vswitch.id))
    total = vswitch.cidr.num_addresses - KEPT
    return {
        "vpcId": vpc.id,
        "unVpcId": vpc.id,
        "vpcName": vpc.name,
        "vpcCidrBlock": str(vpc.cidr),
        "subnetId": vswitch.id,
        "unSubnetId": vswitch.id,
        "subnetName": vswitch.name,
        "cidrBlock": str(vswitch.cidr),
        "subnetCreateTime": time_text(vswitch.created_at),
        "zoneId": zone_number(call, vpc.region_id, vswitch.zone_id),
        "zone": name_of_zone(call.world, vswitch.zone_id),
        "routeTableId": vswitch.route_table_id,
        "unRouteTableId": vswitch.route_table_id,
        "routeTableName": table.name if table else "",
        "rtbNum": 1,
        "networkAclId": vswitch.network_acl_id or "",
        "totalIPNum": total,
        "availableIPNum": total - devices,
        "vpcDevices": devices,
        "broadcast": False,
        "isDefault": False,
    }
