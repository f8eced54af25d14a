"""VSwitches."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Network
from typing import Any

from peerway.api.alibaba.labels import IN_VPC, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    account,
    conditions_here,
    here,
    is_here,
    listed,
    named,
    paged,
    region_of,
    wanted,
)
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import vpcs, vswitches
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.route_table import RouteTable, TableKind
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch, reserved_addresses

#: What has an address in a VSwitch.
ADDRESSED = (Instance, LoadBalancer, Database)


@PRODUCT.writes("CreateVSwitch")
def create_vswitch(call: WriteCall, given: Given) -> Answer:
    """Make a VSwitch."""
    here(call, Vpc, given["VpcId"], "VpcId")
    if "CidrBlock" not in given:
        raise InvalidInput("CidrBlock", "is required", code="missing")
    fields = named("CreateVSwitch", given)
    if "ipv6_cidr" in fields:
        vpc = call.use(vpcs.get_vpc, given["VpcId"])
        fields["ipv6_cidr"] = _ipv6_range(vpc.ipv6_cidr, fields["ipv6_cidr"])
    vswitch = call.use(vswitches.create_vswitch, vswitches.CreateVSwitch(**fields))
    label_new(call, given, vswitch)
    return {"VSwitchId": vswitch.id}


@PRODUCT.reads("DescribeVSwitches")
def describe_vswitches(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's VSwitches."""
    region = region_of(call)
    zones = () if region is None else call.world.regions.require(region).zones
    conditions = conditions_here(call, VSwitch, "zone_id", *zones) if zones else []
    conditions += wanted(
        given,
        vpc_id="VpcId",
        id="VSwitchId",
        name="VSwitchName",
        route_table_id="RouteTableId",
        zone_id="ZoneId",
    )
    keep = []
    if given.get("IsDefault"):
        keep.append(lambda _: False)
    if "VSwitchOwnerId" in given:
        keep.append(lambda vswitch: account(vswitch.owner_uid) == given["VSwitchOwnerId"])
    if "EnableIpv6" in given:
        keep.append(lambda vswitch: (vswitch.ipv6_cidr is not None) == given["EnableIpv6"])
    page = listed(call, given, VSwitch, *conditions, keep=keep)
    return {**paged(page), "VSwitches": {"VSwitch": _shown(call, page.items)}}


@PRODUCT.reads("DescribeVSwitchAttributes")
def describe_vswitch_attributes(call: ReadCall, given: Given) -> Answer:
    """One VSwitch; empty fields for one that is not there, which is how clients learn that it is gone."""
    try:
        vswitch = call.use(vswitches.get_vswitch, given["VSwitchId"])
    except NotFound:
        return NOTHING
    return _shown(call, [vswitch])[0] if is_here(call, vswitch) else NOTHING


def _ipv6_range(whole: IPv6Network | None, number: int) -> str:
    """The /64 of that number in a VPC's range; clients give its last 8 bits."""
    if whole is None:
        raise InvalidInput("ipv6_cidr", "needs a VPC with an IPv6 range", number)
    if not 0 <= number <= 255:
        raise InvalidInput("ipv6_cidr", "must be from 0 to 255", number)
    return str(IPv6Network((int(whole.network_address) + (number << 64), 64)))


def _shown(call: AnyCall, found: Sequence[VSwitch]) -> list[dict[str, Any]]:
    labels = labels_for(call, found)
    tables = {
        table.id: table
        for table in call.tx.select(RouteTable, where("vpc_id", *{one.vpc_id for one in found}))
    }
    return [
        {
            "VSwitchId": vswitch.id,
            "VSwitchName": vswitch.name,
            "Description": vswitch.description,
            "VpcId": vswitch.vpc_id,
            "ZoneId": vswitch.zone_id,
            "Status": word("vpc_states", vswitch.state),
            "CidrBlock": str(vswitch.cidr),
            "Ipv6CidrBlock": str(vswitch.ipv6_cidr or ""),
            "EnabledIpv6": vswitch.ipv6_cidr is not None,
            "AvailableIpAddressCount": _free(call, vswitch),
            "CreationTime": time_text(vswitch.created_at),
            "IsDefault": False,
            "NetworkAclId": vswitch.network_acl_id or "",
            "OwnerId": account(vswitch.owner_uid),
            "ShareType": "" if vswitch.owner_uid == call.caller.uid else "Sharing",
            "RouteTable": _bound(tables.get(vswitch.route_table_id)),
            **shown_labels(call, IN_VPC, labels.get(vswitch.id)),
        }
        for vswitch in found
    ]


def _bound(table: RouteTable | None) -> dict[str, str]:
    kind = TableKind.SYSTEM if table is None else table.kind
    return {"RouteTableId": table.id if table else "", "RouteTableType": word("table_types", kind)}


def _free(call: AnyCall, vswitch: VSwitch) -> int:
    """Addresses that nothing has."""
    inside = where("vswitch_id", vswitch.id)
    used: int = sum(call.tx.count(kind, inside) for kind in ADDRESSED)
    return vswitch.cidr.num_addresses - len(reserved_addresses(vswitch.cidr)) - used


#: The answer about a VSwitch that is not there.
NOTHING: dict[str, Any] = {
    **dict.fromkeys(
        (
            "VSwitchId",
            "VSwitchName",
            "Description",
            "VpcId",
            "ZoneId",
            "Status",
            "CidrBlock",
            "Ipv6CidrBlock",
            "CreationTime",
            "NetworkAclId",
            "ShareType",
            "ResourceGroupId",
        ),
        "",
    ),
    "EnabledIpv6": False,
    "AvailableIpAddressCount": 0,
    "IsDefault": False,
    "OwnerId": 0,
    "RouteTable": {"RouteTableId": "", "RouteTableType": ""},
    "Tags": {"Tag": []},
}
