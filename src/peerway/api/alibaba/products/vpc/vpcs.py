"""VPCs, their ranges, and their VRouters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peerway.api.alibaba.labels import IN_VPC, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    account,
    by,
    here,
    ids,
    listed,
    named,
    paged,
    vpcs_here,
    wanted,
)
from peerway.api.alibaba.products.vpc.product import PRODUCT, extra, word
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import vpcs
from peerway.domain.errors import InvalidInput
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteTable
from peerway.domain.security import SecurityGroup
from peerway.domain.vpc import Vpc, VSwitch

#: Fields that the answer about one VPC does not have.
LISTED_ONLY = frozenset({"RouterTableIds", "NatGatewayIds", "CenStatus"})


@PRODUCT.writes("CreateVpc")
def create_vpc(call: WriteCall, given: Given) -> Answer:
    """Make a VPC; its VRouter and its system table are there at once."""
    fields = {"cidr": extra("defaults")["cidr"], **named("CreateVpc", given)}
    if given.get("EnableIpv6"):
        fields.setdefault("ipv6_cidr", "auto")
    vpc = call.use(vpcs.create_vpc, vpcs.CreateVpc(**fields))
    label_new(call, given, vpc)
    labels = labels_for(call, (vpc,)).get(vpc.id)
    group = shown_labels(call, IN_VPC, labels)["ResourceGroupId"]
    return {
        "VpcId": vpc.id,
        "VRouterId": vpc.router_id,
        "RouteTableId": vpc.system_table_id,
        "ResourceGroupId": group,
    }


@PRODUCT.reads("DescribeVpcs")
def describe_vpcs(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's VPCs."""
    conditions = [*vpcs_here(call, given), *wanted(given, id="VpcId", name="VpcName")]
    keep = []
    if given.get("IsDefault") or given.get("DhcpOptionsSetId"):
        keep.append(lambda _: False)
    if "VpcOwnerId" in given:
        keep.append(lambda vpc: account(vpc.owner_uid) == given["VpcOwnerId"])
    if "EnableIpv6" in given:
        keep.append(lambda vpc: (vpc.ipv6_cidr is not None) == given["EnableIpv6"])
    page = listed(call, given, Vpc, *conditions, keep=keep)
    return {**paged(page), "Vpcs": {"Vpc": _shown(call, page.items)}}


@PRODUCT.reads("DescribeVpcAttribute")
def describe_vpc_attribute(call: ReadCall, given: Given) -> Answer:
    """One VPC, with its IPv4 gateway and how much is in it."""
    vpc = call.use(vpcs.get_vpc, here(call, Vpc, given["VpcId"], "VpcId"))
    inside = where("vpc_id", vpc.id)
    (shown,) = _shown(call, [vpc])
    counted: tuple[tuple[str, type[Resource]], ...] = (
        ("VSwitch", VSwitch),
        ("RouteTable", RouteTable),
        ("SecurityGroup", SecurityGroup),
        ("NatGateway", NatGateway),
    )
    counts = [{"ResourceType": name, "ResourceCount": call.tx.count(kind, inside)} for name, kind in counted]
    return {
        **{name: value for name, value in shown.items() if name not in LISTED_ONLY},
        "ClassicLinkEnabled": False,
        "SupportIpv4Gateway": True,
        "Ipv4GatewayId": "".join(ids(call.tx.select(Ipv4Gateway, inside))),
        "AssociatedCens": {"AssociatedCen": []},
        "AssociatedPropagationSources": {"AssociatedPropagationSources": []},
        "CloudResources": {
            "CloudResourceSetType": [{"ResourceType": "VRouter", "ResourceCount": 1}, *counts]
        },
    }


@PRODUCT.writes("AssociateVpcCidrBlock")
def associate_vpc_cidr_block(call: WriteCall, given: Given) -> Answer:
    """Give a VPC one more range."""
    if given.get("IpVersion", "IPV4").upper() != "IPV4":
        raise InvalidInput("IpVersion", "must be IPV4: an IPv6 range is given when the VPC is made")
    fields = named("AssociateVpcCidrBlock", _with_range(call, given))
    call.use(vpcs.add_secondary_cidr, vpcs.AddSecondaryCidr(**fields))
    return {"CidrBlock": fields["cidr"], "IpVersion": "IPV4"}


@PRODUCT.writes("UnassociateVpcCidrBlock")
def unassociate_vpc_cidr_block(call: WriteCall, given: Given) -> Answer:
    """Take a secondary range from a VPC."""
    fields = named("UnassociateVpcCidrBlock", _with_range(call, given))
    call.use(vpcs.remove_secondary_cidr, vpcs.RemoveSecondaryCidr(**fields))
    return None


@PRODUCT.reads("DescribeVRouters")
def describe_vrouters(call: ReadCall, given: Given) -> Answer:
    """A page of the routers of the caller's VPCs."""
    page = listed(call, given, Vpc, *vpcs_here(call, given), *wanted(given, router_id="VRouterId"))
    tables = by(call.tx.select(RouteTable, where("vpc_id", *ids(page.items))), "vpc_id")
    routers = [
        {
            "VRouterId": vpc.router_id,
            "VRouterName": "",
            "Description": "",
            "VpcId": vpc.id,
            "RegionId": vpc.region_id,
            "CreationTime": time_text(vpc.created_at),
            "RouteTableIds": {"RouteTableId": ids(tables.get(vpc.id))},
        }
        for vpc in page.items
    ]
    return {**paged(page), "VRouters": {"VRouter": routers}}


def _with_range(call: AnyCall, given: Given) -> Given:
    """The parameters, once there is a range among them."""
    here(call, Vpc, given["VpcId"], "VpcId")
    if "SecondaryCidrBlock" not in given:
        raise InvalidInput("SecondaryCidrBlock", "is required", code="missing")
    return given


def _shown(call: AnyCall, found: Sequence[Vpc]) -> list[dict[str, Any]]:
    """VPCs as lists show them; a few look-ups for all of them."""
    inside, labels = where("vpc_id", *ids(found)), labels_for(call, found)
    vswitches = by(call.tx.select(VSwitch, inside), "vpc_id")
    tables = by(call.tx.select(RouteTable, inside), "vpc_id")
    gateways = by(call.tx.select(NatGateway, inside), "vpc_id")
    return [
        {
            "VpcId": vpc.id,
            "VpcName": vpc.name,
            "Description": vpc.description,
            "Status": word("vpc_states", vpc.state),
            "RegionId": vpc.region_id,
            "OwnerId": account(vpc.owner_uid),
            "CreationTime": time_text(vpc.created_at),
            "IsDefault": False,
            "CidrBlock": str(vpc.cidr),
            "SecondaryCidrBlocks": {"SecondaryCidrBlock": [str(cidr) for cidr in vpc.secondary_cidrs]},
            "UserCidrs": {"UserCidr": []},
            **_ipv6(vpc),
            "VRouterId": vpc.router_id,
            "RouterTableIds": {"RouterTableIds": ids(tables.get(vpc.id))},
            "VSwitchIds": {"VSwitchId": ids(vswitches.get(vpc.id))},
            "NatGatewayIds": {"NatGatewayIds": ids(gateways.get(vpc.id))},
            "CenStatus": "Detached",
            "DhcpOptionsSetId": "",
            "DhcpOptionsSetStatus": "",
            "DnsHostnameStatus": "DISABLED",
            **shown_labels(call, IN_VPC, labels.get(vpc.id)),
        }
        for vpc in found
    ]


def _ipv6(vpc: Vpc) -> dict[str, Any]:
    cidr = str(vpc.ipv6_cidr or "")
    blocks = [{"Ipv6CidrBlock": cidr, "Ipv6Isp": "BGP"}] if cidr else []
    return {
        "EnabledIpv6": bool(cidr),
        "Ipv6CidrBlock": cidr,
        "Ipv6CidrBlocks": {"Ipv6CidrBlock": blocks},
    }
