"""Tencent Cloud's VPCs, subnets, route tables and routes, at the door."""

import re

import pytest
from tests.support.tencent import client_of, filters, subnet_of, vpc_of

from peerway.app.store import where
from peerway.domain.route_table import RouteEntry


@pytest.fixture
def account(site):
    """An account of the test's own."""
    return site.account()


@pytest.fixture
def cloud(account):
    """Its client."""
    return client_of(account)


def table_of(cloud, vpc_id):
    """The VPC's default route table."""
    found = cloud.call("DescribeRouteTables", Filters=filters(vpc_id=vpc_id, **{"association.main": "true"}))
    return found["RouteTableSet"][0]


def test_a_vpc_is_told_whole(cloud):
    """API-3, NET-3: every field has its type, none is null, times are Shanghai's."""
    made = cloud.call(
        "CreateVpc", VpcName="net", CidrBlock="10.0.0.0/16", Tags=[{"Key": "env", "Value": "t"}]
    )
    vpc = made["Vpc"]
    assert vpc == {
        **vpc,
        "VpcName": "net",
        "CidrBlock": "10.0.0.0/16",
        "IsDefault": False,
        "EnableMulticast": False,
        "DnsServerSet": [],
        "AssistantCidrSet": [],
        "TagSet": [{"Key": "env", "Value": "t"}],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", vpc["CreatedTime"])
    assert None not in vpc.values()
    assert cloud.call("DescribeVpcs", VpcIds=[vpc["VpcId"]]) == {"TotalCount": 1, "VpcSet": [vpc]}
    cloud.call("ModifyVpcAttribute", VpcId=vpc["VpcId"], VpcName="other")
    assert cloud.call("DescribeVpcs", VpcIds=[vpc["VpcId"]])["VpcSet"][0]["VpcName"] == "other"


def test_a_vpc_comes_with_a_default_route_table(cloud):
    """NET-5: the one that is `Main`."""
    table = table_of(cloud, vpc_of(cloud))
    assert (table["Main"], table["RouteSet"], table["AssociationSet"]) == (True, [], [])
    assert None not in table.values()


def test_lists_are_of_the_region_that_is_asked(account, cloud):
    """NET-2: long codes in the request, and the same account elsewhere."""
    north = client_of(account, region="ap-beijing")
    here, there = vpc_of(cloud), vpc_of(north)
    subnet_of(cloud, here)
    for action, ids in (
        ("DescribeVpcs", "VpcSet"),
        ("DescribeSubnets", "SubnetSet"),
        ("DescribeRouteTables", "RouteTableSet"),
    ):
        assert {one["VpcId"] for one in cloud.call(action)[ids]} == {here}
    assert {one["VpcId"] for one in north.call("DescribeVpcs")["VpcSet"]} == {there}
    assert north.call("DescribeSubnets")["TotalCount"] == 0
    assert {one["VpcId"] for one in north.call("DescribeRouteTables")["RouteTableSet"]} == {there}


def test_filters_and_pages_of_vpcs(cloud):
    """API-3: offset and limit are texts; several filters are joined by and, several values by or."""
    ids = [vpc_of(cloud, f"10.{n}.0.0/16", Tags=[{"Key": "n", "Value": str(n)}]) for n in range(5)]
    page = cloud.call("DescribeVpcs", Offset="2", Limit="2")
    assert (page["TotalCount"], [vpc["VpcId"] for vpc in page["VpcSet"]]) == (5, ids[2:4])
    assert cloud.call("DescribeVpcs", Offset="9")["VpcSet"] == []

    def found(**by):
        return [vpc["VpcId"] for vpc in cloud.call("DescribeVpcs", Filters=filters(**by))["VpcSet"]]

    assert found(vpc_id=ids[:2]) == ids[:2]
    assert found(cidr_block="10.3.0.0/16") == [ids[3]]
    assert found(cidr_block=["10.3.", "10.4."], vpc_name="ne") == ids[3:]
    assert found(tag_key="n", is_default="false") == ids
    assert found(**{"tag:n": ["1", "4"]}) == [ids[1], ids[4]]
    assert found(**{"tag:n": "9"}) == []
    assert cloud.code("DescribeVpcs", Limit="many") == "InvalidParameterValue"
    assert cloud.code("DescribeVpcs", Limit=5) == "InvalidParameter"
    assert cloud.code("DescribeVpcs", Limit="101") == "InvalidParameterValue.Range"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("CreateVpc", {"VpcName": "n"}, "MissingParameter"),
        ("CreateVpc", {"VpcName": "n", "CidrBlock": "10.0.0.0/99"}, "InvalidParameterValue.Malformed"),
        ("CreateVpc", {"VpcName": "n" * 61, "CidrBlock": "10.0.0.0/16"}, "InvalidParameterValue.TooLong"),
        ("DeleteVpc", {"VpcId": "net"}, "InvalidParameterValue.Malformed"),
        ("DeleteVpc", {"VpcId": "vpc-12345678"}, "ResourceNotFound"),
        ("DeleteSubnet", {"SubnetId": "subnet-12345678"}, "ResourceNotFound"),
        ("DeleteRouteTable", {"RouteTableId": "rtb-12345678"}, "ResourceNotFound"),
        ("DescribeVpcs", {"VpcIds": ["x"]}, "InvalidParameterValue.Malformed"),
        ("DescribeVpcLimits", {"LimitTypes": ["vpc-max-wishes"]}, "InvalidParameterValue"),
        ("DescribeVpcTaskResult", {"TaskId": "7"}, "InvalidParameterValue.Malformed"),
    ],
)
def test_codes_of_networks(cloud, action, parameters, code):
    """API-4."""
    assert cloud.code(action, **parameters) == code


def test_a_subnet_is_told_whole(account, cloud):
    """API-3, NET-4: with how many addresses are free; zones have this cloud's names."""
    vpc_id = vpc_of(cloud)
    made = cloud.call(
        "CreateSubnet", VpcId=vpc_id, SubnetName="sub", CidrBlock="10.0.1.0/24", Zone="ap-guangzhou-2"
    )
    subnet = made["Subnet"]
    assert subnet == {
        **subnet,
        "VpcId": vpc_id,
        "CidrBlock": "10.0.1.0/24",
        "Zone": "ap-guangzhou-2",
        "RouteTableId": table_of(cloud, vpc_id)["RouteTableId"],
        "AvailableIpAddressCount": 252,
        "TotalIpAddressCount": 252,
        "CdcId": "",
        "NetworkAclId": "",
    }
    assert None not in subnet.values()
    account.instance({"id": subnet["SubnetId"]})
    found = cloud.call("DescribeSubnets", Filters=filters(vpc_id=vpc_id, zone="ap-guangzhou-2"))
    assert found["SubnetSet"] == [{**subnet, "AvailableIpAddressCount": 251}]
    assert cloud.call("DescribeSubnets", Filters=filters(zone="ap-guangzhou-1"))["TotalCount"] == 0
    assert cloud.code("DeleteSubnet", SubnetId=subnet["SubnetId"]) == "ResourceInUse"
    assert cloud.code("DeleteVpc", VpcId=vpc_id) == "ResourceInUse"
    cloud.call("ModifySubnetAttribute", SubnetId=subnet["SubnetId"], SubnetName="new")
    assert (
        cloud.call("DescribeSubnets", SubnetIds=[subnet["SubnetId"]])["SubnetSet"][0]["SubnetName"] == "new"
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"CidrBlock": "10.9.1.0/24"}, "InvalidParameterValue.SubnetRange"),
        ({"CidrBlock": "10.0.1.0/30"}, "InvalidParameterValue.SubnetRange"),
        ({"CidrBlock": "10.0.1.128/25"}, "InvalidParameterValue.SubnetConflict"),
        ({"Zone": "ap-guangzhou-99"}, "InvalidParameterValue"),
        ({"Zone": "ap-beijing-1"}, "InvalidParameterValue"),
        ({"CdcId": "cluster-1"}, "InvalidParameterValue"),
        ({"VpcId": "vpc-12345678"}, "ResourceNotFound"),
    ],
)
def test_codes_of_subnets(cloud, fields, code):
    """API-4."""
    vpc_id = vpc_of(cloud)
    subnet_of(cloud, vpc_id)
    base = {"VpcId": vpc_id, "SubnetName": "s", "CidrBlock": "10.0.2.0/24", "Zone": "ap-guangzhou-1"}
    assert cloud.code("CreateSubnet", **base | fields) == code


def test_several_subnets_are_made_or_none(cloud):
    """API-3."""
    vpc_id = vpc_of(cloud)
    good = {"SubnetName": "a", "CidrBlock": "10.0.1.0/24", "Zone": "ap-guangzhou-1"}
    bad = {**good, "SubnetName": "b"}
    assert (
        cloud.code("CreateSubnets", VpcId=vpc_id, Subnets=[good, bad])
        == "InvalidParameterValue.SubnetConflict"
    )
    assert cloud.call("DescribeSubnets", Filters=filters(vpc_id=vpc_id))["TotalCount"] == 0
    made = cloud.call("CreateSubnets", VpcId=vpc_id, Subnets=[good, {**bad, "CidrBlock": "10.0.2.0/24"}])
    assert [one["SubnetName"] for one in made["SubnetSet"]] == ["a", "b"]


def test_subnets_may_be_paged_by_token(cloud):
    """API-3."""
    vpc_id = vpc_of(cloud)
    ids = [subnet_of(cloud, vpc_id, f"10.0.{n}.0/24") for n in range(3)]
    first = cloud.call("DescribeSubnets", MaxResults=2)
    second = cloud.call("DescribeSubnets", MaxResults=2, NextToken=first["NextToken"])
    assert [one["SubnetId"] for one in (*first["SubnetSet"], *second["SubnetSet"])] == ids
    assert (first["TotalCount"], second["NextToken"]) == (3, "")


def test_secondary_ranges_come_and_go(cloud):
    """NET-3: `AssistantCidr`."""
    vpc_id = vpc_of(cloud)
    made = cloud.call("CreateAssistantCidr", VpcId=vpc_id, CidrBlocks=["10.8.0.0/16", "10.9.0.0/16"])
    assert [one["CidrBlock"] for one in made["AssistantCidrSet"]] == ["10.8.0.0/16", "10.9.0.0/16"]
    code = cloud.code("CreateAssistantCidr", VpcId=vpc_id, CidrBlocks=["10.8.0.0/24"])
    assert code == "InvalidParameterValue.SubnetOverlap"
    changed = cloud.call(
        "ModifyAssistantCidr", VpcId=vpc_id, NewCidrBlocks=["10.7.0.0/16"], OldCidrBlocks=["10.9.0.0/16"]
    )
    assert [one["CidrBlock"] for one in changed["AssistantCidrSet"]] == ["10.8.0.0/16", "10.7.0.0/16"]
    cloud.call("DeleteAssistantCidr", VpcId=vpc_id, CidrBlocks=["10.8.0.0/16"])
    found = cloud.call("DescribeAssistantCidr", VpcIds=[vpc_id], Limit=10)
    assert (found["TotalCount"], found["AssistantCidrSet"][0]["CidrBlock"]) == (1, "10.7.0.0/16")


def test_tables_are_made_bound_and_deleted(cloud):
    """NET-5."""
    vpc_id = vpc_of(cloud)
    subnet_id = subnet_of(cloud, vpc_id)
    table = cloud.call("CreateRouteTable", VpcId=vpc_id, RouteTableName="t")["RouteTable"]
    assert (table["Main"], table["RouteTableName"]) == (False, "t")
    table_id = table["RouteTableId"]
    cloud.call("ReplaceRouteTableAssociation", SubnetId=subnet_id, RouteTableId=table_id)
    found = cloud.call("DescribeRouteTables", RouteTableIds=[table_id])["RouteTableSet"][0]
    assert found["AssociationSet"] == [{"SubnetId": subnet_id, "RouteTableId": table_id}]
    assert cloud.code("DeleteRouteTable", RouteTableId=table_id) == "ResourceInUse"
    main = table_of(cloud, vpc_id)["RouteTableId"]
    cloud.call("ReplaceRouteTableAssociation", SubnetId=subnet_id, RouteTableId=main)
    cloud.call("ModifyRouteTableAttribute", RouteTableId=table_id, RouteTableName="u")
    assert cloud.call("DescribeRouteTables", Filters=filters(route_table_name="u"))["TotalCount"] == 1
    cloud.call("DeleteRouteTable", RouteTableId=table_id)
    assert cloud.call("DescribeRouteTables")["TotalCount"] == 1
    assert cloud.code("DeleteRouteTable", RouteTableId=main) == "UnsupportedOperation"


@pytest.fixture
def routed(account, cloud):
    """A client, its default table, and the addresses of two instances that routes may lead to."""
    vpc_id = vpc_of(cloud)
    subnet_id = subnet_of(cloud, vpc_id)
    instances = [account.instance({"id": subnet_id}) for _ in range(2)]
    return cloud, table_of(cloud, vpc_id)["RouteTableId"], [one["ipv4"] for one in instances]


def route(destination, gateway, **fields):
    """A route to an instance, as a request has it."""
    return {"DestinationCidrBlock": destination, "GatewayType": "NORMAL_CVM", "GatewayId": gateway, **fields}


def test_made_routes_are_the_answer(routed):
    """API-3: the one table, with the routes just made and no others; an instance goes by its address."""
    cloud, table_id, (near, _) = routed
    first = cloud.call("CreateRoutes", RouteTableId=table_id, Routes=[route("172.16.0.0/24", near)])
    second = cloud.call(
        "CreateRoutes",
        RouteTableId=table_id,
        Routes=[route("172.16.1.0/24", near, RouteDescription="way", Enabled=False)],
    )
    assert (first["TotalCount"], len(first["RouteTableSet"])) == (1, 1)
    (made,) = second["RouteTableSet"][0]["RouteSet"]
    assert made == {
        **made,
        "DestinationCidrBlock": "172.16.1.0/24",
        "DestinationIpv6CidrBlock": "",
        "GatewayType": "NORMAL_CVM",
        "GatewayId": near,
        "RouteDescription": "way",
        "Enabled": False,
        "RouteType": "USER",
        "RouteTableId": table_id,
    }
    assert isinstance(made["RouteId"], int)
    assert 0 < made["RouteId"] < 1 << 53
    assert None not in made.values()
    (table,) = cloud.call("DescribeRouteTables", RouteTableIds=[table_id])["RouteTableSet"]
    assert len(table["RouteSet"]) == 2
    found = cloud.call("DescribeRoutes", Filters=filters(dest_cidr="172.16.1."), Limit=10)
    assert (found["TotalCount"], found["RouteSet"]) == (1, [made])


def test_routes_are_switched(site, routed):
    """NET-5: off and on again, by number and by id."""
    cloud, table_id, (near, _) = routed
    made = cloud.call("CreateRoutes", RouteTableId=table_id, Routes=[route("172.16.0.0/24", near)])
    (one,) = made["RouteTableSet"][0]["RouteSet"]

    def enabled():
        (entry,) = site.store.read(lambda tx: tx.select(RouteEntry, where("route_table_id", table_id)))
        return entry.enabled

    cloud.call("DisableRoutes", RouteTableId=table_id, RouteIds=[one["RouteId"]])
    assert not enabled()
    cloud.call("EnableRoutes", RouteTableId=table_id, RouteItemIds=[one["RouteItemId"]])
    assert enabled()
    assert cloud.code("EnableRoutes", RouteTableId=table_id, RouteIds=[7]) == "ResourceNotFound"
    assert cloud.code("EnableRoutes", RouteTableId=table_id) == "MissingParameter"


def test_replaced_routes_stay_who_they_are(routed):
    """NET-5: destination, next hop, text and switch; the numbers stay."""
    cloud, table_id, (near, far) = routed
    made = cloud.call("CreateRoutes", RouteTableId=table_id, Routes=[route("172.16.0.0/24", near)])
    (one,) = made["RouteTableSet"][0]["RouteSet"]
    change = route("172.17.0.0/24", far, RouteId=one["RouteId"], RouteDescription="new", Enabled=False)
    done = cloud.call("ReplaceRoutes", RouteTableId=table_id, Routes=[change])
    assert done["OldRouteSet"] == [one]
    (new,) = done["NewRouteSet"]
    assert new == {
        **one,
        "DestinationCidrBlock": "172.17.0.0/24",
        "GatewayId": far,
        "RouteDescription": "new",
        "Enabled": False,
    }
    gone = cloud.call("DeleteRoutes", RouteTableId=table_id, Routes=[{"RouteId": one["RouteId"]}])
    assert gone["RouteSet"] == [new]
    assert cloud.call("DescribeRoutes")["TotalCount"] == 0


def test_codes_of_routes(routed):
    """API-4."""
    cloud, table_id, (near, _) = routed
    cloud.call("CreateRoutes", RouteTableId=table_id, Routes=[route("172.16.0.0/24", near)])
    cases = [
        (route("172.16.0.0/24", near), "InvalidParameterValue.Duplicate"),
        (route("10.0.1.0/25", near), "InvalidParameterValue.VpcCidrConflict"),
        (route("nonsense", near), "InvalidParameterValue.Malformed"),
        (route("172.18.0.0/24", "10.0.1.200"), "ResourceNotFound"),
        (route("172.18.0.0/24", near) | {"GatewayType": "VPN"}, "InvalidParameterValue.RouteNextHopInvalid"),
        (
            {**route("172.18.0.0/24", "pcx-12345678"), "GatewayType": "PEERCONNECTION"},
            "ResourceNotFound",
        ),
        ({"GatewayType": "NORMAL_CVM", "GatewayId": near}, "MissingParameter"),
        (route("172.18.0.0/24", near, Colour="red"), "UnknownParameter"),
    ]
    for asked, code in cases:
        assert cloud.code("CreateRoutes", RouteTableId=table_id, Routes=[asked]) == code, asked
    good, bad = route("172.20.0.0/24", near), route("172.16.0.0/24", near)
    cloud.code("CreateRoutes", RouteTableId=table_id, Routes=[good, bad])
    assert cloud.call("DescribeRoutes")["TotalCount"] == 1, "all are made or none"
    missing = [{"RouteId": 5}]
    assert cloud.code("DeleteRoutes", RouteTableId=table_id, Routes=missing) == "ResourceNotFound"
    second = cloud.call("CreateRoutes", RouteTableId=table_id, Routes=[route("172.21.0.0/24", near)])
    number = second["RouteTableSet"][0]["RouteSet"][0]["RouteId"]
    change = [route("172.16.0.0/24", near, RouteId=number)]
    assert (
        cloud.code("ReplaceRoutes", RouteTableId=table_id, Routes=change) == "InvalidParameterValue.Duplicate"
    )


def test_foreign_things_are_as_good_as_missing(site, routed):
    """NET-1, API-4."""
    cloud, table_id, _ = routed
    vpc_id = cloud.call("DescribeVpcs")["VpcSet"][0]["VpcId"]
    stranger = client_of(site.account())
    assert stranger.call("DescribeVpcs", VpcIds=[vpc_id]) == {"TotalCount": 0, "VpcSet": []}
    assert stranger.code("DeleteVpc", VpcId=vpc_id) == "ResourceNotFound"
    assert stranger.code("ModifyVpcAttribute", VpcId=vpc_id, VpcName="x") == "ResourceNotFound"
    assert stranger.code("DeleteRoutes", RouteTableId=table_id, Routes=[{"RouteId": 1}]) == "ResourceNotFound"


def test_a_reader_changes_nothing(site, account):
    """NET-1, API-4."""
    made = account.ok("POST", f"/accounts/{account.uid}/credentials", {"role": "reader"})
    reader = client_of(account)
    reader.key_id, reader.secret = made["access_key_id"], made["access_key_secret"]
    assert reader.code("CreateVpc", VpcName="n", CidrBlock="10.0.0.0/16") == "UnauthorizedOperation"
    assert reader.call("DescribeVpcs")["TotalCount"] == 0


def test_what_an_account_may_have(cloud):
    """NET-8: limits by this cloud's names; every request is done once it is answered."""
    wanted = ["vpc-max-subnets", "vpc-max-vpcpeers", "appid-max-vpcs", "network-acl-max-inbound-policies"]
    found = cloud.call("DescribeVpcLimits", LimitTypes=wanted)["VpcLimitSet"]
    assert [one["LimitType"] for one in found] == wanted
    assert [one["LimitValue"] for one in found] == [150, 10, 2_147_483_647, 2000]
    attributes = cloud.call("DescribeAccountAttributes")["AccountAttributeSet"]
    assert attributes == [{"AttributeName": "supported-platforms", "AttributeValues": ["VPC"]}]
    task = "5f93b8a0-7a5b-4a4b-9c09-3a3d0f3a3f10"
    assert cloud.call("DescribeVpcTaskResult", TaskId=task) == {
        "Status": "SUCCESS",
        "Output": "",
        "Result": [],
    }
