"""NAT gateways, public addresses and IPv4 gateways at Alibaba Cloud's door."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.alibaba_vpc import THERE, VpcDoor
from tests.support.api import Site

from peerway.domain.gateway import Ipv4Gateway, NatGateway


@pytest.fixture(scope="module")
def outside(site: Site) -> None:
    """The region has an outside network."""
    body = {"region_id": "cn-hangzhou", "port": "netns:/run/netns/outside", "pools": ["203.0.113.0/24"]}
    site.operator.ok("POST", "/external-networks", body)


@pytest.fixture
def door(site: Site, outside: None) -> Iterator[VpcDoor]:
    """A new account's door."""
    made = VpcDoor(site, site.account())
    yield made
    made.close()


@pytest.fixture
def vpc(door: VpcDoor) -> dict[str, Any]:
    """A VPC."""
    return door.vpc()


def gateway_of(door: VpcDoor, vpc: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A NAT gateway with a public address."""
    made = door("CreateNatGateway", VpcId=vpc["VpcId"], Name="out", Description="way out", NatType="Enhanced")
    eip = door("AllocateEipAddress", Name="public")
    door.settle(NatGateway)
    door(
        "AssociateEipAddress",
        AllocationId=eip["AllocationId"],
        InstanceId=made["NatGatewayId"],
        InstanceType="Nat",
    )
    return made, eip


def test_a_nat_gateway_is_made_and_shown(door: VpcDoor, vpc: dict[str, Any]) -> None:
    """API-2, NET-8: it comes with its tables; list and attributes agree; a route leads to it."""
    made, eip = gateway_of(door, vpc)
    id = made["NatGatewayId"]
    (shown,) = door("DescribeNatGateways", VpcId=vpc["VpcId"], NatType="Enhanced")["NatGateways"][
        "NatGateway"
    ]
    assert [
        shown[name] for name in ("NatGatewayId", "Name", "Status", "SnatTableIds", "ForwardTableIds")
    ] == [
        id,
        "out",
        "Available",
        made["SnatTableIds"],
        made["ForwardTableIds"],
    ]
    assert [one["IpAddress"] for one in shown["IpLists"]["IpList"]] == [eip["EipAddress"]]
    one = door("GetNatGatewayAttribute", NatGatewayId=id)
    assert (one["VpcId"], one["SnatTable"]["SnatEntryCount"], one["Description"]) == (
        vpc["VpcId"],
        0,
        "way out",
    )
    door("ModifyNatGatewayAttribute", NatGatewayId=id, Name="renamed")
    assert door("DescribeNatGateways", Name="renamed")["TotalCount"] == 1
    assert door("DescribeNatGateways", Status="Creating")["TotalCount"] == 0
    assert door("DescribeNatGateways", NetworkType="intranet")["TotalCount"] == 0
    assert door("DescribeVpcs", VpcId=vpc["VpcId"])["Vpcs"]["Vpc"][0]["NatGatewayIds"] == {
        "NatGatewayIds": [id]
    }
    route = {"RouteTableId": vpc["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    door("CreateRouteEntry", **route, NextHopType="NatGateway", NextHopId=id)
    assert door.refused("DeleteNatGateway", NatGatewayId=id) == ("DependencyViolation.RouteEntry", 400)
    door("DeleteRouteEntry", **route)
    assert door.code("DeleteVpc", VpcId=vpc["VpcId"]) == "DependencyViolation.NatGateway"
    door("DeleteNatGateway", NatGatewayId=id)
    door.settle(NatGateway)
    assert door.refused("GetNatGatewayAttribute", NatGatewayId=id) == ("InvalidNatGatewayId.NotFound", 404)


def test_sources_are_let_out(door: VpcDoor, vpc: dict[str, Any]) -> None:
    """NET-8: SNAT entries for ranges and VSwitches, with their codes."""
    made, eip = gateway_of(door, vpc)
    (table,) = made["SnatTableIds"]["SnatTableId"]
    vswitch = door.vswitch(vpc)
    asked = {"SnatTableId": table, "SnatIp": eip["EipAddress"]}
    id = door("CreateSnatEntry", **asked, SourceVSwitchId=vswitch, SnatEntryName="web")["SnatEntryId"]
    door("CreateSnatEntry", **asked, SourceCIDR="10.0.0.0/16")
    (gateway,) = door("DescribeNatGateways", NatGatewayId=made["NatGatewayId"])["NatGateways"]["NatGateway"]
    assert [one["UsingStatus"] for one in gateway["IpLists"]["IpList"]] == ["UsedBySnatTable"]
    first, second = door("DescribeSnatTableEntries", SnatTableId=table)["SnatTableEntries"]["SnatTableEntry"]
    assert [
        first[name] for name in ("SnatEntryId", "SnatEntryName", "SnatIp", "SourceCIDR", "SourceVSwitchId")
    ] == [
        id,
        "web",
        eip["EipAddress"],
        "10.0.1.0/24",
        vswitch,
    ]
    assert (second["SourceCIDR"], second["SourceVSwitchId"], second["Status"]) == (
        "10.0.0.0/16",
        "",
        "Available",
    )
    for name, value, count in (
        ("SourceCIDR", "10.0.0.0/16", 1),
        ("SnatIp", "1.2.3.4", 0),
        ("SnatEntryId", id, 1),
    ):
        assert door("DescribeSnatTableEntries", SnatTableId=table, **{name: value})["TotalCount"] == count
    door("ModifySnatEntry", SnatTableId=table, SnatEntryId=id, SnatEntryName="web2", SnatIp=eip["EipAddress"])
    assert door("DescribeSnatTableEntries", SnatEntryName="web2")["TotalCount"] == 1
    assert door.code("CreateSnatEntry", **asked, SourceCIDR="10.0.0.0/16") == "InvalidSourceCIDR.Duplicate"
    wrong = {**asked, "SnatIp": "203.0.113.200"}
    assert door.refused("CreateSnatEntry", **wrong, SourceCIDR="10.0.2.0/24") == (
        "InvalidSnatIp.NotFound",
        404,
    )
    assert door.code("CreateSnatEntry", **asked) == "InvalidParameter"
    nowhere = {**asked, "SnatTableId": "stb-x"}
    assert door.refused("CreateSnatEntry", **nowhere, SourceCIDR="10.0.2.0/24") == (
        "InvalidSnatTableId.NotFound",
        404,
    )
    assert door.code("DeleteVSwitch", VSwitchId=vswitch) == "DependencyViolation.SnatEntry"
    assert (
        door.code("UnassociateEipAddress", AllocationId=eip["AllocationId"])
        == "DependencyViolation.SnatEntry"
    )
    assert door.code("DeleteNatGateway", NatGatewayId=made["NatGatewayId"]) == "DependencyViolation.SnatEntry"
    door("DeleteSnatEntry", SnatTableId=table, SnatEntryId=id)
    assert door.refused("DeleteSnatEntry", SnatTableId=table, SnatEntryId=id) == (
        "InvalidSnatEntryId.NotFound",
        404,
    )
    door("DeleteNatGateway", NatGatewayId=made["NatGatewayId"], Force=True)
    (free,) = door("DescribeEipAddresses", AllocationId=eip["AllocationId"])["EipAddresses"]["EipAddress"]
    assert (free["Status"], free["InstanceId"]) == ("Available", "")


def test_ports_lead_in(door: VpcDoor, vpc: dict[str, Any]) -> None:
    """NET-8: forward entries for one port or all, with their codes."""
    made, eip = gateway_of(door, vpc)
    (table,) = made["ForwardTableIds"]["ForwardTableId"]
    web = {"ExternalPort": "80", "InternalIp": "10.0.1.9", "InternalPort": "8080", "IpProtocol": "tcp"}
    asked = {"ForwardTableId": table, "ExternalIp": eip["EipAddress"], **web}
    id = door("CreateForwardEntry", **asked, ForwardEntryName="web")["ForwardEntryId"]
    (shown,) = door("DescribeForwardTableEntries", ForwardTableId=table)["ForwardTableEntries"][
        "ForwardTableEntry"
    ]
    assert {name: shown[name] for name in web} == {**web, "IpProtocol": "TCP"}
    assert (shown["ForwardEntryId"], shown["ForwardEntryName"], shown["ExternalIp"]) == (
        id,
        "web",
        eip["EipAddress"],
    )
    assert door("DescribeForwardTableEntries", InternalIp="10.0.1.9", IpProtocol="TCP")["TotalCount"] == 1
    assert door("DescribeForwardTableEntries", InternalIp="10.0.1.8")["TotalCount"] == 0
    every = {**asked, "ExternalPort": "any", "InternalPort": "any", "IpProtocol": "Any"}
    assert door.code("CreateForwardEntry", **every) == "InvalidExternalIp.Duplicate"
    named = {"ForwardTableId": table, "ForwardEntryId": id}
    door("ModifyForwardEntry", **named, ExternalPort="Any", InternalPort="Any", IpProtocol="Any")
    (shown,) = door("DescribeForwardTableEntries", ForwardEntryId=id)["ForwardTableEntries"][
        "ForwardTableEntry"
    ]
    assert [shown[name] for name in ("ExternalPort", "InternalPort", "IpProtocol")] == ["any", "any", "Any"]
    assert (
        door.code("CreateForwardEntry", **{**asked, "InternalIp": "10.9.0.1"}) == "InvalidInternalIp.NotFound"
    )
    assert (
        door.code("CreateForwardEntry", **{**asked, "ExternalIp": "203.0.113.99"})
        == "InvalidExternalIp.NotFound"
    )
    assert door.code("CreateForwardEntry", **{**asked, "ExternalPort": "80/90"}) == "InvalidParameter"
    assert (
        door.code("CreateForwardEntry", **{**asked, "ForwardTableId": "ftb-x"})
        == "InvalidForwardTableId.NotFound"
    )
    door("DeleteForwardEntry", **named)
    assert door.refused("DeleteForwardEntry", **named) == ("InvalidForwardEntryId.NotFound", 404)


def test_public_addresses(door: VpcDoor, vpc: dict[str, Any]) -> None:
    """NET-10: taken, named, associated, freed and given back, with their codes."""
    instance = door.account.ok("POST", "/instances", {"vswitch_id": door.vswitch(vpc)})["id"]
    made = door("AllocateEipAddress", Name="one", Bandwidth="5", InternetChargeType="PayByTraffic")
    id = made["AllocationId"]
    other = door("AllocateEipAddress")["AllocationId"]
    door("ModifyEipAddressAttribute", AllocationId=id, Name="renamed")
    door("AssociateEipAddress", AllocationId=id, InstanceId=instance)
    (shown,) = door("DescribeEipAddresses", EipAddress=made["EipAddress"])["EipAddresses"]["EipAddress"]
    assert [
        shown[name] for name in ("AllocationId", "Name", "Status", "InstanceId", "InstanceType", "VpcId")
    ] == [
        id,
        "renamed",
        "InUse",
        instance,
        "EcsInstance",
        vpc["VpcId"],
    ]
    for name, value, count in (
        ("AllocationId", f"{id},{other}", 2),
        ("AssociatedInstanceId", instance, 1),
        ("AssociatedInstanceType", "Nat", 0),
        ("Status", "Available", 1),
        ("EipName", "renamed", 1),
    ):
        assert door("DescribeEipAddresses", **{name: value})["TotalCount"] == count
    again = {"AllocationId": other, "InstanceId": instance}
    assert door.code("AssociateEipAddress", **again) == "InvalidAssociation.Duplicated"
    assert door.code("AssociateEipAddress", **{**again, "InstanceId": "i-x"}) == "InvalidInstanceId.NotFound"
    assert door.code("AssociateEipAddress", **again, InstanceType="Moon") == "InvalidParameter"
    assert door.code("ReleaseEipAddress", AllocationId=id) == "IncorrectEipStatus"
    assert door.code("UnassociateEipAddress", AllocationId=id, InstanceId="i-x") == "IncorrectEipStatus"
    door("UnassociateEipAddress", AllocationId=id, InstanceId=instance, InstanceType="EcsInstance")
    assert door.code("UnassociateEipAddress", AllocationId=id) == "IncorrectEipStatus"
    door("ReleaseEipAddress", AllocationId=id)
    assert door.refused("ReleaseEipAddress", AllocationId=id) == ("InvalidAllocationId.NotFound", 404)
    grant = {"uid": door.account.uid, "limit": 1}
    door.site.operator.ok("PUT", "/quotas/eips_per_account", grant)
    assert door.code("AllocateEipAddress") == "QuotaExceeded.Eip"
    assert door.code("AllocateEipAddress", RegionId=THERE)


def test_ipv4_gateways(door: VpcDoor, vpc: dict[str, Any]) -> None:
    """NET-10: one a VPC, enabled with an entry in the tables that are named, listed in pages by tokens."""
    asked = {"Ipv4GatewayName": "gate", "Ipv4GatewayDescription": "d", "Tag": [{"Key": "k", "Value": "v"}]}
    id = door("CreateIpv4Gateway", VpcId=vpc["VpcId"], **asked)["Ipv4GatewayId"]
    assert door.code("CreateIpv4Gateway", VpcId=vpc["VpcId"]) == "ResourceAlreadyExist.Ipv4Gateway"
    door.settle(Ipv4Gateway)
    shown = door("GetIpv4GatewayAttribute", Ipv4GatewayId=id)
    assert [shown[name] for name in ("Status", "Enabled", "Ipv4GatewayName", "VpcId", "Tags")] == [
        "Created",
        False,
        "gate",
        vpc["VpcId"],
        [{"Key": "k", "Value": "v"}],
    ]
    assert door("DescribeVpcAttribute", VpcId=vpc["VpcId"])["Ipv4GatewayId"] == id
    door("UpdateIpv4GatewayAttribute", Ipv4GatewayId=id, Ipv4GatewayName="renamed")
    door("EnableVpcIpv4Gateway", Ipv4GatewayId=id, RouteTableList=[vpc["RouteTableId"]])
    assert door("GetIpv4GatewayAttribute", Ipv4GatewayId=id)["Enabled"] is True
    entry = door.entries(vpc["RouteTableId"])["0.0.0.0/0"]
    assert (entry["NextHopType"], entry["InstanceId"]) == ("Ipv4Gateway", id)
    second = door("CreateIpv4Gateway", VpcId=door.vpc()["VpcId"])["Ipv4GatewayId"]
    first = door("ListIpv4Gateways", MaxResults=1)
    last = door("ListIpv4Gateways", MaxResults=1, NextToken=first["NextToken"])
    assert [first["TotalCount"], last["TotalCount"], last["NextToken"]] == ["2", "2", ""]
    found = [one["Ipv4GatewayId"] for answer in (first, last) for one in answer["Ipv4GatewayModels"]]
    assert found == [id, second]
    assert door("ListIpv4Gateways", Tags=[{"Key": "k", "Value": "v"}])["TotalCount"] == "1"
    assert door.code("DeleteIpv4Gateway", Ipv4GatewayId=id) == "DependencyViolation.RouteEntry"
    assert door.code("DeleteVpc", VpcId=vpc["VpcId"]) == "DependencyViolation.Ipv4Gateway"
    door("DeleteRouteEntry", RouteEntryId=entry["RouteEntryId"])
    door("DeleteIpv4Gateway", Ipv4GatewayId=id)
    door.settle(Ipv4Gateway)
    missing = ("ResourceNotFound.Ipv4Gateway", 404)
    assert door.refused("GetIpv4GatewayAttribute", Ipv4GatewayId=id) == missing
    assert door.refused("EnableVpcIpv4Gateway", Ipv4GatewayId=id) == missing


def test_a_region_without_an_outside(site: Site) -> None:
    """API-3: what needs a way to the internet is not available where there is none."""
    door = VpcDoor(site, site.account(), THERE)
    vpc = door.vpc()["VpcId"]
    assert door.refused("AllocateEipAddress") == ("ResourceNotAvailable", 400)
    assert door.refused("CreateNatGateway", VpcId=vpc) == ("ResourceNotAvailable", 400)
    assert door.refused("CreateIpv4Gateway", VpcId=vpc) == ("ResourceNotAvailable", 400)
    door.close()
