"""The calls that Tencent Cloud's Terraform provider makes, one after the other, and what it takes from the answers.

The provider is not run: its requests are sent as it would sign and order them. Where it would follow a null it falls over, so
every field that it takes is looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.support.live import Cloud, eventually, running_cloud
from tests.support.tencent import Tencent, filters

pytestmark = pytest.mark.kernel

SOUTH = "ap-guangzhou"
#: The tag service's version.
TAG_VERSION = "2018-08-13"
#: The provider's table of regions, as far as these tests go.
LONG = {"gz": "ap-guangzhou", "bj": "ap-beijing"}

VPC = ("CidrBlock", "CreatedTime", "IsDefault", "EnableMulticast", "VpcName", "VpcId")
SUBNET = (
    *("CidrBlock", "CreatedTime", "VpcId", "SubnetId", "RouteTableId", "CdcId", "SubnetName", "IsDefault"),
    *("EnableBroadcast", "Zone", "AvailableIpAddressCount"),
)
TABLE = ("CreatedTime", "Main", "RouteTableName", "RouteTableId", "VpcId")
ROUTE = (
    *("DestinationCidrBlock", "GatewayId", "GatewayType", "RouteDescription", "RouteId", "RouteType"),
    *("Enabled", "RouteItemId"),
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def provider(cloud: Cloud, request: pytest.FixtureRequest) -> Tencent:
    """The provider with an account of its own."""
    return provider_of(cloud, request.node.name)


def provider_of(cloud: Cloud, name: str, region: str = SOUTH) -> Tencent:
    """The provider with a new account."""
    tenant = cloud.tenant(name)
    return Tencent(tenant.endpoint, tenant.key_id, tenant.secret, region=region)


def taken(thing: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields that the provider follows without a look."""
    found = {name: thing[name] for name in fields}
    assert None not in found.values(), found
    return found


def pages(provider: Tencent, action: str, set_: str, id_: str, **by: Any) -> list[dict[str, Any]]:
    """A whole list as the provider reads it: by pages of a hundred, until one is empty or all were there."""
    found: list[dict[str, Any]] = []
    offset, total = 0, -1
    while total < 0 or offset < total:
        query = {"Limit": "100", "Offset": str(offset), "Filters": filters(**by)}
        answer = provider.call(action, **query)
        total = answer["TotalCount"] if total < 0 else total
        if not answer[set_]:
            break
        offset += 100
        found += answer[set_]
    ids = [one[id_] for one in found]
    assert len(ids) == len(set(ids)), "the provider fails when one comes twice"
    return found


def read_vpc(provider: Tencent, vpc_id: str) -> tuple[dict[str, Any], str]:
    """`tencentcloud_vpc`'s read: the VPC and its default table's id."""
    (vpc,) = pages(provider, "DescribeVpcs", "VpcSet", "VpcId", vpc_id=vpc_id)
    main = {"association.main": "true"}
    tables = pages(provider, "DescribeRouteTables", "RouteTableSet", "RouteTableId", vpc_id=vpc_id, **main)
    (default,) = [taken(table, TABLE)["RouteTableId"] for table in tables if table["Main"]]
    return taken(vpc, VPC), default


def create_vpc(provider: Tencent, cidr: str) -> str:
    """`tencentcloud_vpc`'s create."""
    made = provider.call(
        "CreateVpc",
        VpcName="net",
        CidrBlock=cidr,
        EnableMulticast="false",
        EnableRouteVpcPublish=False,
        EnableRouteVpcPublishIpv6=False,
    )["Vpc"]
    id: str = taken(made, ("VpcId", "IsDefault"))["VpcId"]
    return id


def read_tags(provider: Tencent, prefix: str, id: str, service: str = "vpc") -> dict[str, str]:
    """The tag service's answer, which belongs to the read of subnets, tables, groups and ACLs, tagged or not."""
    answer = replace(provider, version=TAG_VERSION).call(
        "DescribeResourceTagsByResourceIds",
        ServiceType=service,
        ResourcePrefix=prefix,
        ResourceRegion=provider.region,
        ResourceIds=[id],
        Offset=0,
        Limit=400,
    )
    return {one["TagKey"]: one["TagValue"] for one in answer["Tags"] if one["ResourceId"] == id}


def write_tags(provider: Tencent, name: str, new: dict[str, str], gone: tuple[str, ...] = ()) -> None:
    """What the provider does to tags: after a create that has some, and in updates."""
    asked = {
        "Resource": f"qcs::{name.format(region=provider.region)}",
        "ReplaceTags": [{"TagKey": key, "TagValue": value} for key, value in new.items()],
        "DeleteTags": [{"TagKey": key} for key in gone],
    }
    replace(provider, version=TAG_VERSION).call(
        "ModifyResourceTags", **{field: value for field, value in asked.items() if value}
    )


def until_gone(provider: Tencent, action: str, **parameters: Any) -> None:
    """A delete, asked again for as long as the provider would."""

    def attempt() -> bool:
        code = provider.code_or_none(action, **parameters)
        assert code in {None, "ResourceInUse", "ResourceNotFound"}, code
        return code != "ResourceInUse"

    eventually(f"{action} is done", attempt)


def test_vpc_subnet_and_table(provider: Tencent) -> None:
    """API-1, API-3: create, read, update and destroy in the order of their references."""
    vpc_id = create_vpc(provider, "10.1.0.0/16")
    vpc, default = read_vpc(provider, vpc_id)
    assert (vpc["VpcName"], vpc["CidrBlock"], vpc["IsDefault"]) == ("net", "10.1.0.0/16", False)
    change = {"VpcName": "net2", "EnableMulticast": "false", "EnableRouteVpcPublish": False}
    provider.call("ModifyVpcAttribute", VpcId=vpc_id, **change)
    assert read_vpc(provider, vpc_id)[0]["VpcName"] == "net2"
    made = provider.call("CreateRouteTable", VpcId=vpc_id, RouteTableName="t")["RouteTable"]
    table_id = made["RouteTableId"]
    place = {"Zone": f"{SOUTH}-1", "CidrBlock": "10.1.1.0/24"}
    subnet_id = provider.call("CreateSubnet", VpcId=vpc_id, SubnetName="s", **place)["Subnet"]["SubnetId"]
    provider.call("ModifySubnetAttribute", SubnetId=subnet_id, SubnetName="s", EnableBroadcast="true")
    provider.call("ReplaceRouteTableAssociation", SubnetId=subnet_id, RouteTableId=table_id)
    (subnet,) = pages(provider, "DescribeSubnets", "SubnetSet", "SubnetId", subnet_id=subnet_id)
    told = taken(subnet, SUBNET)
    assert (told["RouteTableId"], told["Zone"], told["CdcId"]) == (table_id, place["Zone"], "")
    # What the provider asks for by default is what it reads.
    assert told["EnableBroadcast"] is True
    assert (read_tags(provider, "subnet", subnet_id), read_tags(provider, "rtb", table_id)) == ({}, {})
    write_tags(provider, f"vpc:{{region}}:uin/:subnet/{subnet_id}", {"env": "t", "by": "us"})
    assert read_tags(provider, "subnet", subnet_id) == {"env": "t", "by": "us"}
    write_tags(provider, f"vpc:{{region}}:uin/:subnet/{subnet_id}", {"env": "u"}, ("by",))
    assert read_tags(provider, "subnet", subnet_id) == {"env": "u"}
    query = {"route_table_id": table_id}
    (table,) = pages(provider, "DescribeRouteTables", "RouteTableSet", "RouteTableId", **query)
    assert [one["SubnetId"] for one in table["AssociationSet"]] == [subnet_id]
    # A destroy of what others refer to waits for them: the provider asks again on ResourceInUse.
    assert provider.code("DeleteVpc", VpcId=vpc_id) == "ResourceInUse"
    assert provider.code("DeleteRouteTable", RouteTableId=table_id) == "ResourceInUse"
    until_gone(provider, "DeleteSubnet", SubnetId=subnet_id)
    until_gone(provider, "DeleteRouteTable", RouteTableId=table_id)
    until_gone(provider, "DeleteVpc", VpcId=vpc_id)
    assert pages(provider, "DescribeVpcs", "VpcSet", "VpcId", vpc_id=vpc_id) == []
    assert default


def read_peering(provider: Tencent, id: str) -> dict[str, Any] | None:
    """`tencentcloud_vpc_peer_connect_manager`'s read: what it writes down, or None for gone."""
    found = provider.call("DescribeVpcPeeringConnections", PeeringConnectionIds=[id])["PeerConnectionSet"]
    if not found:
        return None
    fields = ("SourceVpcId", "PeeringConnectionName", "DestinationUin", "DestinationRegion", "Bandwidth")
    told = taken(found[0], (*fields, "Type", "ChargeType", "QosLevel"))
    return {**told, "DestinationRegion": LONG[told["DestinationRegion"]]}


@pytest.mark.parametrize(("region", "bandwidth"), [(SOUTH, None), ("ap-beijing", None), ("ap-beijing", 50)])
def test_a_connection_and_its_routes(
    cloud: Cloud, provider: Tencent, request: pytest.FixtureRequest, region: str, bandwidth: int | None
) -> None:
    """API-1, API-3: what was asked for is what is read back, so that a plan after an apply is empty."""
    other = provider_of(cloud, f"{request.node.name}-far", region)
    uin = cloud.tenants[-1].uid
    near, far = create_vpc(provider, "10.1.0.0/16"), create_vpc(other, "10.2.0.0/16")
    asked = {
        "SourceVpcId": near,
        "PeeringConnectionName": "p",
        "DestinationVpcId": far,
        "DestinationUin": uin,
        "DestinationRegion": region,
        "Type": "VPC_PEER",
        "ChargeType": "POSTPAID_BY_DAY_MAX",
    }
    asked |= {} if bandwidth is None else {"Bandwidth": bandwidth}
    id = provider.call("CreateVpcPeeringConnection", **asked)["PeeringConnectionId"]
    told = read_peering(provider, id)
    assert told is not None
    kept = {name: value for name, value in asked.items() if name != "DestinationVpcId"}
    assert told == told | kept | {"DestinationUin": int(uin), "Bandwidth": bandwidth or 0}
    other.call("AcceptVpcPeeringConnection", PeeringConnectionId=id)

    def carries() -> bool:
        found = provider.call("DescribeVpcPeeringConnections", PeeringConnectionIds=[id])
        return bool(found["PeerConnectionSet"][0]["State"] == "ACTIVE")

    eventually("the connection is active", carries)
    provider.call("ModifyVpcPeeringConnection", PeeringConnectionId=id, PeeringConnectionName="q")
    assert (read_peering(provider, id) or {})["PeeringConnectionName"] == "q"
    replay_routes(provider, read_vpc(provider, near)[1], id)
    provider.call("DeleteVpcPeeringConnection", PeeringConnectionId=id)
    assert read_peering(provider, id) is None
    until_gone(provider, "DeleteVpc", VpcId=near)
    until_gone(other, "DeleteVpc", VpcId=far)


def replay_routes(provider: Tencent, table_id: str, peering_id: str) -> None:
    """`tencentcloud_route_table_entry`: create, read twice, switch off and on, delete."""
    route = {"DestinationCidrBlock": "10.2.0.0/16", "GatewayType": "PEERCONNECTION", "GatewayId": peering_id}
    route |= {"RouteDescription": "", "Enabled": True}
    made = provider.call("CreateRoutes", RouteTableId=table_id, Routes=[route])
    assert (len(made["RouteTableSet"]), len(made["RouteTableSet"][0]["RouteSet"])) == (1, 1)
    number = made["RouteTableSet"][0]["RouteSet"][0]["RouteId"]

    def read() -> dict[str, Any] | None:
        (first,) = pages(
            provider, "DescribeRouteTables", "RouteTableSet", "RouteTableId", route_table_id=table_id
        )
        query = {"route_table_id": table_id, "vpc_id": taken(first, TABLE)["VpcId"]}
        (second,) = pages(provider, "DescribeRouteTables", "RouteTableSet", "RouteTableId", **query)
        told = [taken(one, ROUTE) for one in second["RouteSet"]]
        return next((one for one in told if one["RouteId"] == number), None)

    assert read() == (read() or {}) | route
    provider.call("DisableRoutes", RouteTableId=table_id, RouteIds=[number])
    assert (read() or {})["Enabled"] is False
    provider.call("EnableRoutes", RouteTableId=table_id, RouteIds=[number])
    assert (read() or {})["Enabled"] is True
    provider.call("DeleteRoutes", RouteTableId=table_id, Routes=[{"RouteId": number}])
    assert read() is None


def test_a_domain_of_ones_own(provider: Tencent) -> None:
    """API-1: the provider asks at `vpc.DOMAIN`, a name that the service does not know."""
    answer = provider.raw("DescribeVpcs", host="vpc.peerway.test:8520").json()["Response"]
    assert answer["VpcSet"] == []


def test_what_is_gone_is_read_as_gone(provider: Tencent) -> None:
    """API-3: an empty set, never an error."""
    assert read_peering(provider, "pcx-12345678") is None
    assert pages(provider, "DescribeVpcs", "VpcSet", "VpcId", vpc_id="vpc-12345678") == []
    query = {"route_table_id": "rtb-12345678"}
    assert pages(provider, "DescribeRouteTables", "RouteTableSet", "RouteTableId", **query) == []


def test_a_security_group_and_its_rules(provider: Tencent) -> None:
    """API-3: `tencentcloud_security_group` with a rule set that is written as a whole."""
    create_vpc(provider, "10.1.0.0/16")
    group = {"GroupName": "g", "GroupDescription": "d", "ProjectId": "0"}
    id = provider.call("CreateSecurityGroup", **group)["SecurityGroup"]["SecurityGroupId"]
    rule = {"Action": "ACCEPT", "CidrBlock": "10.0.0.0/8", "Port": "80", "Protocol": "TCP"}
    asked = {"Ingress": [rule, {**rule, "Port": "443,8443"}], "Egress": [rule]}
    provider.call("ModifySecurityGroupPolicies", SecurityGroupId=id, SecurityGroupPolicySet=asked)
    told = provider.call("DescribeSecurityGroupPolicies", SecurityGroupId=id)["SecurityGroupPolicySet"]
    read = [{name: one[name] for name in rule} for one in told["Ingress"]]
    assert read == asked["Ingress"]
    assert read_tags(provider, "sg", id, "cvm") == {}
    empty = {"Version": "0"}
    provider.call("ModifySecurityGroupPolicies", SecurityGroupId=id, SecurityGroupPolicySet=empty)
    provider.call("DeleteSecurityGroup", SecurityGroupId=id)
    found = provider.call("DescribeSecurityGroups", SecurityGroupIds=[id])
    assert found == {"TotalCount": 0, "SecurityGroupSet": []}


def test_a_network_acl_and_its_rules(provider: Tencent) -> None:
    """API-3: `tencentcloud_vpc_acl`: rules read as they were written, but for case, and none of them as none."""
    vpc_id = create_vpc(provider, "10.1.0.0/16")
    made = provider.call("CreateNetworkAcl", VpcId=vpc_id, NetworkAclName="acl")["NetworkAcl"]
    id = made["NetworkAclId"]

    def write(*rules: str, way: str = "Ingress") -> None:
        entries = []
        for rule in rules:
            action, cidr, port, protocol = rule.split("#")
            entry = {"Action": action, "CidrBlock": cidr, "Protocol": protocol}
            # Of what is for all ports the provider sends none.
            entries.append(entry if port == "ALL" else {**entry, "Port": port})
        provider.call("ModifyNetworkAclEntries", NetworkAclId=id, NetworkAclEntrySet={way: entries})

    def read() -> list[str]:
        (acl,) = provider.call("DescribeNetworkAcls", NetworkAclIds=[id])["NetworkAclSet"]
        every = ("all", "0.0.0.0/0", "Drop")
        told = [
            f"{one['Action']}#{one['CidrBlock']}#{one['Port'] or 'ALL'}#{one['Protocol']}".upper()
            for one in acl["IngressEntries"]
            if (one["Protocol"], one["CidrBlock"], one["Action"]) != every
        ]
        assert read_tags(provider, "acl", id) == {}
        return told

    rules = ("ACCEPT#10.0.0.0/8#80#TCP", "ACCEPT#10.0.0.0/8#80-90#TCP", "DROP#10.9.0.0/16#ALL#ICMP")
    write(*rules)
    assert read() == list(rules)
    write("DROP#0.0.0.0/0#ALL#all")
    assert read() == []
    provider.call("DeleteNetworkAcl", NetworkAclId=id)
    assert provider.call("DescribeNetworkAcls", NetworkAclIds=[id])["NetworkAclSet"] == []
    until_gone(provider, "DeleteVpc", VpcId=vpc_id)
