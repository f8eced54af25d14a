"""Networks and routes by Tencent Cloud's API of the second version."""

from dataclasses import replace

import pytest
from tests.integration.clouds.test_tencent_v2_peerings import BAD, NO_VPC, Party, settle

NO_SUBNET = (5000, "InvalidSubnet.NotFound")
NO_TABLE = (5000, "InvalidRouteTableId.NotFound")


@pytest.fixture
def party(site):
    """An account."""
    return Party(site)


def subnet(cidr, zone="100001", name="s"):
    """One subnet as requests have it."""
    return {"subnetName": name, "cidrBlock": cidr, "zoneId": zone}


def tables(party, **fields):
    """Route tables as a list shows them."""
    return party.cloud.call("DescribeRouteTable", **fields)["data"]


def test_a_vpc_comes_with_its_subnets_and_a_table(party):
    """API-3: both fields for an id have the one that there is."""
    made = party.cloud.call(
        "CreateVpc",
        vpcName="shop",
        cidrBlock="10.0.0.0/16",
        subnetSet=[subnet("10.0.1.0/24"), subnet("10.0.2.0/24", "ap-guangzhou-2", "t")],
    )
    vpc = made["vpcId"]
    assert vpc == made["uniqVpcId"]
    assert [one["zoneId"] for one in made["subnetSet"]] == [100001, 100002]
    listed = party.cloud.call("DescribeVpcEx", vpcId=vpc)
    assert listed["totalCount"] == 1
    row = listed["data"][0]
    counts = (row["subnetNum"], row["routeTableNum"], row["vpcPeerNum"], row["natNum"], row["vpcDeviceNum"])
    assert counts == (2, 1, 0, 0, 0)
    assert (row["unVpcId"], row["vpcName"], row["cidrBlock"]) == (vpc, "shop", "10.0.0.0/16")
    subnets = party.cloud.call("DescribeSubnetEx", vpcId=vpc, orderDirection="asc")["data"]
    assert [one["zone"] for one in subnets] == ["ap-guangzhou-1", "ap-guangzhou-2"]
    assert (subnets[0]["totalIPNum"], subnets[0]["availableIPNum"]) == (252, 252)
    table = made["routeTableSet"][0]["routeTableId"]
    assert {one["routeTableId"] for one in subnets} == {table}
    assert [(one["routeTableId"], one["routeTableType"], one["subnetNum"]) for one in tables(party)] == [
        (table, 1, 2)
    ]


def test_lists_keep_to_the_requests_region(party):
    """API-3."""
    party.vpc()
    far = replace(party.cloud, region="sh")
    for action in ("DescribeVpcEx", "DescribeSubnetEx", "DescribeRouteTable"):
        assert far.call(action) == {"totalCount": 0, "data": []}
    assert party.cloud.call("DescribeVpcEx", vpcName="v")["totalCount"] == 1
    assert party.cloud.call("DescribeVpcEx", vpcName="w")["totalCount"] == 0


def test_networks_that_break_rules_are_refused(site, party):
    """API-4: ranges, zones, ids that are not there."""
    vpc = party.vpc()
    refused = party.cloud.refused
    assert refused("CreateVpc", vpcName="v", cidrBlock="10.0.0.0/99") == (4000, "InvalidVpcCidr")
    assert refused("CreateVpc", vpcName="v") == BAD
    party.cloud.call("CreateSubnet", vpcId=vpc, subnetSet=[subnet("10.0.1.0/24")])
    for wrong in ("10.0.1.0/25", "10.9.0.0/24", "nonsense"):
        expected = (4000, "InvalidSubnetCidr")
        assert refused("CreateSubnet", vpcId=vpc, subnetSet=[subnet(wrong)]) == expected
    assert refused("CreateSubnet", vpcId=vpc, subnetSet=[subnet("10.0.2.0/24", "999")]) == BAD
    assert refused("CreateSubnet", vpcId=vpc) == BAD
    assert refused("CreateSubnet", vpcId="vpc-0", subnetSet=[subnet("10.0.2.0/24")]) == NO_VPC
    assert Party(site).cloud.refused("DeleteVpc", vpcId=vpc) == NO_VPC
    assert refused("DeleteVpc", vpcId=vpc) == (5100, "ResourceInUse")
    assert refused("DeleteSubnet", vpcId=vpc, subnetId="subnet-0") == NO_SUBNET
    assert refused("DescribeSubnetEx", vpcId="vpc-0") == NO_VPC


def test_all_subnets_of_a_request_are_made_or_none(party):
    """API-3."""
    vpc = party.vpc()
    asked = [subnet("10.0.1.0/24"), subnet("10.0.1.0/24")]
    assert party.cloud.refused("CreateSubnet", vpcId=vpc, subnetSet=asked) == (4000, "InvalidSubnetCidr")
    assert party.cloud.call("DescribeSubnetEx", vpcId=vpc)["totalCount"] == 0


def test_an_empty_vpc_is_deleted(party):
    """API-3."""
    vpc = party.vpc()
    party.cloud.call("DeleteVpc", vpcId=vpc)
    listed = party.cloud.call("DescribeVpcEx", vpcId=vpc)
    assert listed["totalCount"] == 1, "the data plane still has it"


def test_routes_lead_to_connections(site, party):
    """API-3, PEER-8: next hop of kind 4, and the documented words for what can't be."""
    vpc, peer = party.vpc(), party.vpc("10.1.0.0/16")
    id = party.connect(vpc, party, peer)
    settle(site, id)
    table = tables(party, vpcId=vpc)[0]["unRouteTableId"]
    own = {"vpcId": vpc, "routeTableId": table}

    def route(destination="10.1.0.0/16", hub=id, kind=4):
        return [{"destinationCidrBlock": destination, "nextType": kind, "nextHub": hub}]

    def refused(routes, **fields):
        return party.cloud.refused("CreateRoute", **own | {"routeSet": routes} | fields)

    assert refused(route(kind=3)) == (4000, "InvalidRouteNextType")
    assert refused(route(hub="pcx-0")) == (5000, "InvalidRouteNextHub.NotFound")
    assert refused(route("nonsense")) == (4000, "InvalidDestinationCidr")
    assert refused(route("10.0.0.0/16")) != (0, "Success")
    assert refused(route(), routeTableId="rtb-0") == NO_TABLE
    assert refused(route(), vpcId=peer) == NO_TABLE
    assert refused(route(), vpcId="vpc-0") == NO_VPC
    party.cloud.call("CreateRoute", **own, routeSet=route())
    assert refused(route()) == (5100, "RouteAlreadyExists")
    shown = tables(party, routeTableId=table)[0]["routeSet"]
    assert shown == [
        {
            "destinationCidrBlock": "10.1.0.0/16",
            "nextType": 4,
            "nextHub": id,
            "unNextHub": id,
            "description": "",
        }
    ]
    asked = party.asked(vpc, party, party.vpc("10.2.0.0/16"))
    waiting = party.cloud.call("CreateVpcPeeringConnection", **asked)["peeringConnectionId"]
    settle(site, waiting)
    party.cloud.call(
        "ModifyRouteTableAttribute", **own, routeTableName="main", routeSet=route("10.2.0.0/16", waiting)
    )
    changed = tables(party, routeTableName="main")[0]
    assert [(one["destinationCidrBlock"], one["nextHub"]) for one in changed["routeTableSet"]] == [
        ("10.2.0.0/16", waiting)
    ]
    party.do("Delete", waiting)
    assert tables(party, routeTableName="main")[0]["routeSet"] == []


def test_a_subnet_uses_another_table(party):
    """API-3."""
    vpc = party.vpc()
    made = party.cloud.call("CreateSubnet", vpcId=vpc, subnetSet=[subnet("10.0.1.0/24")])
    id = made["subnetSet"][0]["subnetId"]
    own = party.account.ok("POST", "/route-tables", {"vpc_id": vpc, "name": "mine"})["id"]
    party.cloud.call("AssociateRouteTable", vpcId=vpc, subnetId=id, routeTableId=own)
    row = party.cloud.call("DescribeSubnetEx", subnetId=id)["data"][0]
    assert (row["unRouteTableId"], row["routeTableName"]) == (own, "mine")
    other = tables(party, vpcId=party.vpc("10.1.0.0/16"))[0]["routeTableId"]
    for wrong in (other, "rtb-0"):
        refused = party.cloud.refused("AssociateRouteTable", vpcId=vpc, subnetId=id, routeTableId=wrong)
        assert refused == NO_TABLE
    party.cloud.call("DeleteSubnet", vpcId=vpc, subnetId=id)
