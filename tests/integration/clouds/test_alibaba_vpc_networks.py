"""VPCs, VSwitches, VRouters and regions at Alibaba Cloud's door: shapes, lists, and what is refused with which code."""

from collections.abc import Callable, Iterator

import pytest
from tests.support.alibaba_vpc import HERE, THERE, VpcDoor
from tests.support.api import Site

from peerway.domain.vpc import Vpc, VSwitch


@pytest.fixture
def doors(site: Site) -> Iterator[Callable[..., VpcDoor]]:
    """Makes doors, each for an account of its own unless it is told another one's."""
    made: list[VpcDoor] = []

    def door(region: str = HERE, of: VpcDoor | None = None) -> VpcDoor:
        made.append(VpcDoor(site, of.account if of else site.account(), region))
        return made[-1]

    yield door
    for one in made:
        one.close()


@pytest.fixture
def door(doors: Callable[..., VpcDoor]) -> VpcDoor:
    """A new account's door."""
    return doors()


def test_a_vpc_comes_with_its_router_and_its_system_table(door: VpcDoor) -> None:
    """API-2, NET-3: all three ids are answered at once, and all lists have them."""
    made = door.vpc("10.0.0.0/8", VpcName="shop", Description="of the shop")
    shown = door("DescribeVpcAttribute", VpcId=made["VpcId"])
    assert (shown["VpcName"], shown["Description"], shown["CidrBlock"]) == (
        "shop",
        "of the shop",
        "10.0.0.0/8",
    )
    assert (shown["VRouterId"], shown["RegionId"], shown["OwnerId"]) == (
        made["VRouterId"],
        HERE,
        int(door.account.uid),
    )
    assert (shown["Tags"], shown["IsDefault"], shown["Status"]) == ({"Tag": []}, False, "Pending")
    (vpc,) = door("DescribeVpcs", VpcId=made["VpcId"])["Vpcs"]["Vpc"]
    assert vpc["RouterTableIds"] == {"RouterTableIds": [made["RouteTableId"]]}
    tables = door("DescribeRouteTableList", VpcId=made["VpcId"])["RouterTableList"]["RouterTableListType"]
    assert [(one["RouteTableId"], one["RouteTableType"], one["RouterId"]) for one in tables] == [
        (made["RouteTableId"], "System", made["VRouterId"])
    ]
    (router,) = door("DescribeVRouters", VRouterId=made["VRouterId"])["VRouters"]["VRouter"]
    assert (router["VpcId"], router["RouteTableIds"]) == (
        made["VpcId"],
        {"RouteTableId": [made["RouteTableId"]]},
    )
    door.settle(Vpc)
    assert door("DescribeVpcAttribute", VpcId=made["VpcId"])["Status"] == "Available"


def test_a_vpc_is_changed_and_deleted(door: VpcDoor) -> None:
    """NET-3: texts and ranges change; a deleted VPC answers 404 once it is gone, which is what Terraform waits for."""
    id = door.vpc()["VpcId"]
    door("ModifyVpcAttribute", VpcId=id, VpcName="renamed", Description="again")
    answer = door("AssociateVpcCidrBlock", VpcId=id, SecondaryCidrBlock="10.1.0.0/16")
    assert (answer["CidrBlock"], answer["IpVersion"]) == ("10.1.0.0/16", "IPV4")
    shown = door("DescribeVpcAttribute", VpcId=id)
    assert (shown["VpcName"], shown["SecondaryCidrBlocks"]) == (
        "renamed",
        {"SecondaryCidrBlock": ["10.1.0.0/16"]},
    )
    door("UnassociateVpcCidrBlock", VpcId=id, SecondaryCidrBlock="10.1.0.0/16")
    assert door("DescribeVpcAttribute", VpcId=id)["SecondaryCidrBlocks"] == {"SecondaryCidrBlock": []}
    door("DeleteVpc", VpcId=id)
    door.settle(Vpc)
    assert door.refused("DescribeVpcAttribute", VpcId=id) == ("InvalidVpcId.NotFound", 404)
    assert door("DescribeVpcs", VpcId=id)["TotalCount"] == 0


def test_repeats_with_a_token_make_one_vpc(door: VpcDoor) -> None:
    """API-2: the same token and parameters answer the same ids, other parameters are refused; a dry run makes nothing."""
    first = door.vpc(ClientToken="TF-CreateVpc-1", Tag=[{"Key": "team", "Value": "net"}])
    assert {
        **door.vpc(ClientToken="TF-CreateVpc-1", Tag=[{"Key": "team", "Value": "net"}]),
        "RequestId": "",
    } == {
        **first,
        "RequestId": "",
    }
    assert door.refused("CreateVpc", CidrBlock="10.9.0.0/16", ClientToken="TF-CreateVpc-1") == (
        "IdempotentParameterMismatch",
        400,
    )
    assert door.refused("CreateVpc", CidrBlock="10.9.0.0/16", DryRun=True) == ("DryRunOperation", 400)
    assert door("DescribeVpcs")["TotalCount"] == 1


def test_a_vpc_without_a_range_gets_the_default_one(door: VpcDoor) -> None:
    """API-2: 172.16.0.0/12, as the cloud has it."""
    made = door("CreateVpc")
    assert door("DescribeVpcAttribute", VpcId=made["VpcId"])["CidrBlock"] == "172.16.0.0/12"


def test_ipv6_ranges(door: VpcDoor) -> None:
    """NET-3, NET-4: a VPC gets a range when that is asked for; a VSwitch names its part of it by a number."""
    made = door.vpc(EnableIpv6=True)
    whole = door("DescribeVpcAttribute", VpcId=made["VpcId"])
    assert whole["EnabledIpv6"] is True
    assert whole["Ipv6CidrBlocks"]["Ipv6CidrBlock"][0]["Ipv6CidrBlock"] == whole["Ipv6CidrBlock"]
    vswitch = door("DescribeVSwitchAttributes", VSwitchId=door.vswitch(made, Ipv6CidrBlock=9))
    assert vswitch["Ipv6CidrBlock"] == whole["Ipv6CidrBlock"].replace("00::/56", "09::/64")
    assert door("DescribeVSwitches", EnableIpv6=True)["TotalCount"] == 1
    assert door("DescribeVpcs", EnableIpv6=False)["TotalCount"] == 0
    zone = {"ZoneId": f"{HERE}-h", "CidrBlock": "10.0.2.0/24"}
    assert door.code("CreateVSwitch", VpcId=made["VpcId"], Ipv6CidrBlock=256, **zone) == "InvalidParameter"
    plain = door.vpc()["VpcId"]
    assert door.code("CreateVSwitch", VpcId=plain, Ipv6CidrBlock=1, **zone) == "InvalidParameter"


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"CidrBlock": "10.0.0.1/16"}, ("InvalidParameter", 400)),
        ({"CidrBlock": "100.64.0.0/16"}, ("InvalidParameter", 400)),
        ({"VpcName": "https://shop"}, ("InvalidVpcName.Malformed", 400)),
        ({"VpcName": "n" * 129}, ("InvalidVpcName.Malformed", 400)),
        ({"Description": "http://shop"}, ("InvalidVpcDiscription.Malformed", 400)),
        ({"RegionId": "mars-1"}, ("InvalidRegionId.NotFound", 404)),
        ({"RegionId": None}, ("MissingParameter", 400)),
        ({"EnableIpv6": "maybe"}, ("InvalidParameter", 400)),
        ({"ResourceGroupId": "rg-nobody"}, ("InvalidResourceGroup.NotFound", 404)),
    ],
)
def test_a_vpc_that_can_not_be(door: VpcDoor, parameters: dict[str, str], error: tuple[str, int]) -> None:
    """API-3: CreateVpc's codes, misspelt as the cloud's are."""
    assert door.refused("CreateVpc", **parameters) == error


def test_vpcs_of_others_and_of_other_regions_are_not_found(
    door: VpcDoor, doors: Callable[..., VpcDoor]
) -> None:
    """API-3: every action on a VPC that is missing, another tenant's, or in another region, says the same."""
    theirs, far = doors().vpc()["VpcId"], doors(THERE, of=door).vpc()["VpcId"]
    missing = ("InvalidVpcId.NotFound", 404)
    for id in ("vpc-0123456789abcdefghij", theirs, far):
        assert door.refused("DescribeVpcAttribute", VpcId=id) == missing
        assert door.refused("ModifyVpcAttribute", VpcId=id, VpcName="x") == missing
        assert door.refused("DeleteVpc", VpcId=id) == missing
        assert door.refused("AssociateVpcCidrBlock", VpcId=id, SecondaryCidrBlock="10.7.0.0/16") == missing
        assert door.refused("CreateVSwitch", VpcId=id, ZoneId=f"{HERE}-h", CidrBlock="10.0.0.0/24") == missing
        assert door.refused("CreateRouteTable", VpcId=id) == missing
        assert door.refused("CreateNetworkAcl", VpcId=id) == missing
        assert door.refused("CreateNatGateway", VpcId=id) == missing
        assert door.refused("CreateIpv4Gateway", VpcId=id) == missing
        assert door("DescribeVpcs", VpcId=id)["TotalCount"] == 0
        assert door("DescribeRouteTableList", VpcId=id)["TotalCount"] == 0


def test_what_is_left_keeps_a_vpc(door: VpcDoor, site: Site) -> None:
    """API-3: DeleteVpc says what is left in it, kind by kind; Terraform retries two of these."""
    made = door.vpc()
    id = made["VpcId"]
    group = door.account.ok("POST", "/security-groups", {"vpc_id": id})
    acl = door("CreateNetworkAcl", VpcId=id)["NetworkAclId"]
    table = door("CreateRouteTable", VpcId=id)["RouteTableId"]
    vswitch = door.vswitch(made)
    assert door.refused("DeleteVpc", VpcId=id) == ("DependencyViolation.VSwitch", 400)
    door("DeleteVSwitch", VSwitchId=vswitch)
    assert door("DescribeVSwitchAttributes", VSwitchId=vswitch)["Status"] == "Pending"
    door.settle(VSwitch)
    assert door("DescribeVSwitchAttributes", VSwitchId=vswitch)["VSwitchId"] == ""
    assert door.refused("DeleteVpc", VpcId=id) == ("DependencyViolation.SecurityGroup", 400)
    door.account.ok("DELETE", f"/security-groups/{group['id']}")
    assert door.code("DeleteVpc", VpcId=id) == "DependencyViolation.NetworkAcl"
    door("DeleteNetworkAcl", NetworkAclId=acl)
    assert door.code("DeleteVpc", VpcId=id) == "DependencyViolation.RouteTable"
    door("DeleteRouteTable", RouteTableId=table)
    door("DeleteVpc", VpcId=id)
    assert door.refused("CreateVSwitch", VpcId=id, ZoneId=f"{HERE}-h", CidrBlock="10.0.1.0/24") == (
        "IncorrectVpcStatus",
        400,
    )


def test_a_vswitch_lives(door: VpcDoor) -> None:
    """NET-4: it is shown by both reads, renamed, and counts its free addresses."""
    made = door.vpc()
    id = door.vswitch(made, VSwitchName="web", Description="front", Tag=[{"Key": "tier", "Value": "1"}])
    shown = door("DescribeVSwitchAttributes", VSwitchId=id)
    assert (shown["VSwitchName"], shown["CidrBlock"], shown["ZoneId"]) == ("web", "10.0.1.0/24", f"{HERE}-h")
    assert shown["RouteTable"] == {"RouteTableId": made["RouteTableId"], "RouteTableType": "System"}
    assert (shown["AvailableIpAddressCount"], shown["Tags"]) == (
        252,
        {"Tag": [{"Key": "tier", "Value": "1"}]},
    )
    door.account.ok("POST", "/instances", {"vswitch_id": id})
    door("ModifyVSwitchAttribute", VSwitchId=id, VSwitchName="web2")
    (listed,) = door("DescribeVSwitches", VpcId=made["VpcId"], ZoneId=f"{HERE}-h")["VSwitches"]["VSwitch"]
    assert (listed["VSwitchName"], listed["AvailableIpAddressCount"]) == ("web2", 251)
    assert door.refused("DeleteVSwitch", VSwitchId=id) == ("DependencyViolation.Instance", 400)


def test_vswitches_that_can_not_be(door: VpcDoor) -> None:
    """API-3: CreateVSwitch's codes, misspelt as the cloud's are."""
    made = door.vpc()
    door.vswitch(made)

    def code(cidr: str = "10.0.2.0/24", **fields: str) -> str:
        asked = {"VpcId": made["VpcId"], "ZoneId": f"{HERE}-h", "CidrBlock": cidr, **fields}
        return door.code("CreateVSwitch", **asked)

    assert code("10.0.1.128/25") == "InvalidCidrBlock.Overlapped"
    assert code("10.0.2.0/30") == "InvalidCirdrBlock.MaskLength"
    assert code("10.1.0.0/24") == "InvalidParameter"
    assert code(ZoneId=f"{THERE}-h") == "InvalidZoneId.NotFound"
    assert code(VSwitchName="http://x") == "InvalidVSwitchName.Malformed"
    assert door.code("CreateVSwitch", VpcId=made["VpcId"], ZoneId=f"{HERE}-h") == "MissingParameter"
    instance = door.account.ok("POST", "/instances", {"vswitch_id": door.vswitch(made, "10.0.3.0/24")})
    door(
        "CreateRouteEntry",
        RouteTableId=made["RouteTableId"],
        DestinationCidrBlock="10.0.4.0/24",
        NextHopId=instance["id"],
    )
    assert code("10.0.4.0/23") == "InvalidCidrBlock.Overlapped"


def test_a_missing_vswitch_is_an_empty_answer(door: VpcDoor, doors: Callable[..., VpcDoor]) -> None:
    """API-2: the attributes of one that is not there are empty, with HTTP 200; that ends Terraform's wait. Others say 404."""
    other = doors()
    theirs = other.vswitch(other.vpc())
    for id in ("vsw-0123456789abcdefghij", theirs):
        answer = door("DescribeVSwitchAttributes", VSwitchId=id)
        assert (answer["VSwitchId"], answer["Status"], answer["Tags"]) == ("", "", {"Tag": []})
        assert door.refused("DeleteVSwitch", VSwitchId=id) == ("InvalidVSwitchId.NotFound", 404)
        assert door.code("ModifyVSwitchAttribute", VSwitchId=id) == "InvalidVSwitchId.NotFound"
        assert door("DescribeVSwitches", VSwitchId=id)["VSwitches"] == {"VSwitch": []}


def test_quotas_have_codes(door: VpcDoor, site: Site) -> None:
    """API-3: VSwitches and tables of a VPC are counted."""
    made = door.vpc()
    for name in ("vswitches_per_vpc", "custom_tables_per_vpc", "secondary_cidrs_per_vpc"):
        site.operator.ok("PUT", f"/quotas/{name}", {"uid": door.account.uid, "limit": 0})
    zone = {"ZoneId": f"{HERE}-h", "CidrBlock": "10.0.1.0/24"}
    assert door.code("CreateVSwitch", VpcId=made["VpcId"], **zone) == "QuotaExceeded.VSwitch"
    assert door.code("CreateRouteTable", VpcId=made["VpcId"]) == "QuotaExceeded.RouteTable"
    asked = {"VpcId": made["VpcId"], "SecondaryCidrBlock": "10.1.0.0/16"}
    assert door.code("AssociateVpcCidrBlock", **asked) == "QuotaExceeded.SecondaryCidrBlock"


def test_pages_and_filters(door: VpcDoor, doors: Callable[..., VpcDoor]) -> None:
    """API-2: pages by number from 1, at most 50 a page; several ids with commas, names, tags, groups; only this region's."""
    ids = [door.vpc(VpcName=f"vpc-{place % 2}")["VpcId"] for place in range(12)]
    doors(THERE, of=door).vpc()
    door("TagResources", ResourceType="VPC", ResourceId=ids[:2], Tag=[{"Key": "env", "Value": "test"}])

    def found(**parameters: object) -> list[str]:
        return [one["VpcId"] for one in door("DescribeVpcs", **parameters)["Vpcs"]["Vpc"]]

    assert (found(), found(PageNumber=2)) == (ids[:10], ids[10:])
    answer = door("DescribeVpcs", PageNumber=3, PageSize=5)
    assert [answer[name] for name in ("TotalCount", "PageNumber", "PageSize")] == [12, 3, 5]
    assert found(PageNumber=9) == []
    assert found(VpcId=f"{ids[3]},{ids[5]}") == [ids[3], ids[5]]
    assert found(VpcName="vpc-1") == ids[1::2]
    assert found(Tag=[{"Key": "env", "Value": "test"}]) == ids[:2]
    assert found(Tag=[{"Key": "env", "Value": "prod"}]) == []
    assert found(IsDefault=True) == []
    assert found(VpcOwnerId=1) == []
    tables = door("DescribeRouteTableList", PageSize=50)
    assert tables["TotalCount"] == 12
    for wrong in ({"PageSize": 51}, {"PageSize": 0}, {"PageNumber": 0}, {"PageNumber": "one"}):
        assert door.code("DescribeVpcs", **wrong) == "InvalidParameter"


def test_tags_and_groups(door: VpcDoor) -> None:
    """API-2: what the product has takes tags; unknown types are refused."""
    made = door.vpc()
    vswitch = door.vswitch(made)
    kinds = {"VPC": made["VpcId"], "VSWITCH": vswitch, "ROUTETABLE": made["RouteTableId"]}
    for kind, id in kinds.items():
        door("TagResources", ResourceType=kind, ResourceId=[id], Tag=[{"Key": "k", "Value": kind}])
        tags = door("ListTagResources", ResourceType=kind, ResourceId=[id])["TagResources"]["TagResource"]
        assert [(one["ResourceId"], one["TagKey"], one["TagValue"]) for one in tags] == [(id, "k", kind)]
        door("UnTagResources", ResourceType=kind, ResourceId=[id], TagKey=["k"])
    assert door("DescribeVpcAttribute", VpcId=made["VpcId"])["Tags"] == {"Tag": []}
    assert door.code("TagResources", ResourceType="MOON", ResourceId=["x"], Tag=[{"Key": "k", "Value": ""}])


def test_regions_and_zones(door: VpcDoor) -> None:
    """API-2: all regions are listed, in Chinese unless another language is asked for, with their zones."""
    regions = {
        one["RegionId"]: one for one in door("DescribeRegions", AcceptLanguage="en-US")["Regions"]["Region"]
    }
    assert regions[HERE]["LocalName"] == "China (Hangzhou)"
    assert THERE in regions
    assert "杭州" in door("DescribeRegions")["Regions"]["Region"][0]["LocalName"]
    zones = door("DescribeZones", AcceptLanguage="en-US")["Zones"]["Zone"]
    assert {"ZoneId": f"{HERE}-h", "LocalName": "China (Hangzhou) H", "ZoneType": "AvailabilityZone"} in zones
    assert door.refused("DescribeZones", RegionId="mars-1") == ("InvalidRegionId.NotFound", 404)
