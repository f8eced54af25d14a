"""Tencent Cloud's API 3.0 by its own SDK, signed and sent in every way it knows, and by its command line; with real packets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.sites import Oracles, Site
from tests.support.tencent import filters
from tests.support.tencent_sdk import STYLES, Sdk

pytestmark = pytest.mark.kernel

SOUTH, NORTH = "ap-guangzhou", "ap-beijing"
OURS = {SOUTH: "cn-guangzhou", NORTH: "cn-beijing"}
#: Styles of the two sides of a connection.
PAIRS = [("tc3-post", "tc3-get"), ("sha1-post", "sha256-get"), ("tc3-get", "sha1-post")]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


@pytest.fixture
def tenants(cloud: Cloud, request: pytest.FixtureRequest) -> tuple[Tenant, Tenant]:
    """Two accounts of the test's own."""
    return cloud.tenant(f"{request.node.name}-1"), cloud.tenant(f"{request.node.name}-2")


def site_of(sdk: Sdk, cidr: str) -> Site:
    """A VPC with a subnet by the SDK, and an instance in it."""
    made = sdk.call("CreateVpc", VpcName="net", CidrBlock=cidr)["Vpc"]
    zone, range_ = f"{sdk.region}-1", cidr.replace("0.0/16", "1.0/24")
    made = sdk.call("CreateSubnet", VpcId=made["VpcId"], SubnetName="sub", CidrBlock=range_, Zone=zone)
    subnet, tenant = made["Subnet"], sdk.tenant
    instance = tenant.post("/instances", vswitch_id=subnet["SubnetId"], name="host")
    instance = tenant.settled(f"/instances/{instance['id']}", "available")
    vpc, vswitch = tenant.get(f"/vpcs/{subnet['VpcId']}"), tenant.get(f"/vswitches/{subnet['SubnetId']}")
    return Site(tenant, OURS[sdk.region], vpc, vswitch, instance)


def ask_for(sdk: Sdk, near: Site, far: Site, **fields: Any) -> str:
    """The id of a new connection between two sites."""
    regions = {ours: theirs for theirs, ours in OURS.items()}
    made = sdk.call(
        "CreateVpcPeeringConnection",
        SourceVpcId=near.vpc_id,
        PeeringConnectionName="研发 测试&a=b",
        DestinationVpcId=far.vpc_id,
        DestinationUin=far.tenant.uid,
        DestinationRegion=regions[far.region_id],
        **fields,
    )
    id: str = made["PeeringConnectionId"]
    return id


def route(sdk: Sdk, site: Site, destination: str, peering_id: str) -> dict[str, Any]:
    """A new route over a connection."""
    asked = {"DestinationCidrBlock": destination, "GatewayType": "PEERCONNECTION", "GatewayId": peering_id}
    made = sdk.call("CreateRoutes", RouteTableId=site.table_id, Routes=[asked])
    ((one,),) = (table["RouteSet"] for table in made["RouteTableSet"])
    return dict(one)


@pytest.mark.parametrize(("near", "far"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_two_accounts_in_two_regions(
    oracles: Oracles, tenants: tuple[Tenant, Tenant], near: str, far: str
) -> None:
    """API-1, PEER-1 ... PEER-5: asked for, accepted, routed, switched, resized and deleted; packets go when routes say so."""
    ours, theirs = Sdk(tenants[0], SOUTH, near), Sdk(tenants[1], NORTH, far)
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    id = ask_for(ours, here, there, Bandwidth=100, QosLevel="AU", Tags=[{"Key": "k", "Value": "v"}])
    asked = ours.in_state(id, "PENDING")
    assert asked == {
        **asked,
        "PeeringConnectionName": "研发 测试&a=b",
        "SourceVpcId": here.vpc_id,
        "PeerVpcId": there.vpc_id,
        "DestinationVpcId": there.vpc_id,
        "SourceRegion": "gz",
        "DestinationRegion": "bj",
        "SourceUin": int(tenants[0].uid),
        "DestinationUin": int(tenants[1].uid),
        "Bandwidth": 100,
        "Type": "VPC_PEER",
        "ChargeType": "POSTPAID_BY_DAY_MAX",
        "QosLevel": "AU",
        "TagSet": [{"Key": "k", "Value": "v"}],
    }
    # The request is there for both; each account has tags of its own.
    (seen,) = theirs.call("DescribeVpcPeeringConnections", Filters=filters(state="PENDING"))[
        "PeerConnectionSet"
    ]
    assert seen == {**asked, "TagSet": []}
    assert ours.code("AcceptVpcPeeringConnection", PeeringConnectionId=id) == (
        "UnsupportedOperation.VpcPeerPurviewError"
    )
    theirs.call("AcceptVpcPeeringConnection", PeeringConnectionId=id)
    theirs.in_state(id, "ACTIVE")
    assert theirs.code("AcceptVpcPeeringConnection", PeeringConnectionId=id) == (
        "UnsupportedOperation.VpcPeerInvalidStateChange"
    )
    assert oracles.both(here, there) == (False, False), "there are no routes yet"
    forth = route(ours, here, "10.2.0.0/16", id)
    route(theirs, there, "10.1.0.0/16", id)
    assert oracles.both(here, there) == (True, True)
    ours.call("DisableRoutes", RouteTableId=here.table_id, RouteIds=[forth["RouteId"]])
    assert oracles.both(here, there) == (False, False)
    ours.call("EnableRoutes", RouteTableId=here.table_id, RouteItemIds=[forth["RouteItemId"]])
    assert oracles.both(here, there) == (True, True)
    ours.call("ModifyVpcPeeringConnection", PeeringConnectionId=id, PeeringConnectionName="new", Bandwidth=20)
    changed = ours.in_state(id, "ACTIVE")
    assert (changed["PeeringConnectionName"], changed["Bandwidth"]) == ("new", 20)
    assert theirs.code("ModifyVpcPeeringConnection", PeeringConnectionId=id, Bandwidth=10) == (
        "UnsupportedOperation"
    )
    assert ours.code("DeleteVpc", VpcId=here.vpc_id) == "ResourceInUse"
    theirs.call("DeleteVpcPeeringConnection", PeeringConnectionId=id)
    assert (ours.peering(id), theirs.peering(id)) == (None, None)
    eventually("nothing passes", lambda: oracles.both(here, there) == (False, False))
    (table,) = ours.call("DescribeRouteTables", RouteTableIds=[here.table_id])["RouteTableSet"]
    assert table["RouteSet"] == [], "routes go with the connection"
    for action in ("Accept", "Reject", "Delete", "Modify"):
        assert ours.code(f"{action}VpcPeeringConnection", PeeringConnectionId=id) in {
            "ResourceNotFound",
            "UnsupportedOperation.VpcPeerInvalidStateChange",
        }


@pytest.mark.parametrize("style", STYLES)
def test_one_account_is_connected_at_once(
    oracles: Oracles, tenants: tuple[Tenant, Tenant], style: str
) -> None:
    """API-1, PEER-1: in one region, without a cap; routes may lead to the other VPC's ranges only."""
    sdk = Sdk(tenants[0], SOUTH, style)
    here, there = site_of(sdk, "10.1.0.0/16"), site_of(sdk, "10.2.0.0/16")
    id = ask_for(sdk, here, there)
    made = sdk.in_state(id, "ACTIVE")
    assert (made["Bandwidth"], made["QosLevel"], made["SourceRegion"]) == (0, "", "gz")
    outside = {"DestinationCidrBlock": "10.3.0.0/16", "GatewayType": "PEERCONNECTION", "GatewayId": id}
    refused = sdk.code("CreateRoutes", RouteTableId=here.table_id, Routes=[outside])
    assert refused == "InvalidParameterValue.CidrNotInPeerVpc"
    forth = route(sdk, here, "10.2.0.0/16", id)
    route(sdk, there, "10.1.1.0/24", id)
    assert oracles.both(here, there) == (True, True)
    narrow = {"RouteId": forth["RouteId"], "DestinationCidrBlock": "10.2.9.0/24"}
    wide = {**narrow, "GatewayType": "PEERCONNECTION", "GatewayId": id}
    sdk.call("ReplaceRoutes", RouteTableId=here.table_id, Routes=[wide])
    assert oracles.both(here, there) == (False, False)
    sdk.call("DeleteRoutes", RouteTableId=here.table_id, Routes=[{"RouteId": forth["RouteId"]}])
    assert sdk.call("DescribeRoutes", Filters=filters(route_table_id=here.table_id))["TotalCount"] == 0
    sdk.call("DeleteVpcPeeringConnection", PeeringConnectionId=id)
    assert sdk.peering(id) is None


def test_a_request_that_is_turned_away(tenants: tuple[Tenant, Tenant]) -> None:
    """PEER-5: the requester's list keeps it, the other's does not."""
    ours, theirs = Sdk(tenants[0], SOUTH), Sdk(tenants[1], SOUTH, unsigned=True)
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    id = ask_for(ours, here, there)
    assert ours.code("RejectVpcPeeringConnection", PeeringConnectionId=id) == (
        "UnsupportedOperation.VpcPeerPurviewError"
    )
    theirs.call("RejectVpcPeeringConnection", PeeringConnectionId=id)
    ours.in_state(id, "REJECTED")
    assert theirs.peering(id) is None
    assert (
        theirs.call("DescribeVpcPeeringConnections", Filters=filters(vpc_id=there.vpc_id))["TotalCount"] == 0
    )
    assert theirs.code("AcceptVpcPeeringConnection", PeeringConnectionId=id) == "ResourceNotFound"
    ours.call("DeleteVpcPeeringConnection", PeeringConnectionId=id)
    assert ours.peering(id) is None


def test_codes_of_connections(cloud: Cloud, tenants: tuple[Tenant, Tenant]) -> None:
    """API-4, PEER-6, PEER-12: every error of the facts that the actions can end in."""
    ours, theirs = Sdk(tenants[0], SOUTH), Sdk(tenants[1], SOUTH)
    mine = [
        ours.call("CreateVpc", VpcName="n", CidrBlock=cidr)["Vpc"]["VpcId"]
        for cidr in ("10.1.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
    ]
    foreign = theirs.call("CreateVpc", VpcName="n", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    def code(**changes: Any) -> str:
        asked = {
            "SourceVpcId": mine[0],
            "PeeringConnectionName": "p",
            "DestinationVpcId": mine[2],
            "DestinationUin": ours.tenant.uid,
            "DestinationRegion": SOUTH,
        }
        parameters = {name: value for name, value in (asked | changes).items() if value is not None}
        return ours.code("CreateVpcPeeringConnection", **parameters)

    assert code(DestinationVpcId=mine[1]) == "UnauthorizedOperation.VpcPeerCidrConflict"
    assert code(DestinationVpcId=mine[0]) == "InvalidParameterValue.Combination"
    assert code(DestinationVpcId="vpc-12345678") == "ResourceNotFound"
    assert code(DestinationVpcId=foreign) == "ResourceNotFound", "it is another account's"
    assert code(DestinationRegion=NORTH) == "ResourceNotFound", "it is in another region"
    assert code(SourceVpcId=foreign) == "ResourceNotFound"
    assert code(SourceVpcId="somewhere") == "InvalidParameterValue.Malformed"
    assert code(DestinationUin="me") == "InvalidParameterValue.Malformed"
    assert code(DestinationUin=None) == "MissingParameter"
    assert code(PeeringConnectionName="n" * 61) == "InvalidParameterValue.TooLong"
    assert code(DestinationRegion="ap-atlantis") == "InvalidParameterValue"
    assert code(Type="VPC_BM_PEER") == "InvalidParameterValue"
    assert code(ChargeType="PREPAID") == "InvalidParameterValue"
    assert code(QosLevel="PT") == "InvalidParameterValue"
    assert code(Bandwidth=10) == "InvalidParameterValue", "no cap inside a region"
    made = ours.call(
        "CreateVpcPeeringConnection",
        SourceVpcId=mine[0],
        PeeringConnectionName="p",
        DestinationVpcId=foreign,
        DestinationUin=theirs.tenant.uid,
        DestinationRegion=SOUTH,
    )
    again = {"DestinationVpcId": foreign, "DestinationUin": theirs.tenant.uid}
    assert code(**again) == "UnsupportedOperation.VpcPeerAlreadyExist"
    quota = "/quotas/tencent_peering_connections_per_vpc"
    cloud.operator.call("PUT", quota, uid=ours.tenant.uid, limit=1)
    assert code() == "LimitExceeded.VpcPeerTotalLimitExceeded"
    known = {"PeeringConnectionIds": [made["PeeringConnectionId"]]}
    both = {**known, "Filters": filters(state="PENDING")}
    describe = "DescribeVpcPeeringConnections"
    assert ours.code(describe, **both) == "InvalidParameter.Coexist"
    assert ours.code(describe, PeeringConnectionIds=["nonsense"]) == "InvalidParameterValue.Malformed"
    assert ours.code(describe, Limit=1000) == "InvalidParameterValue.Range"
    assert ours.code(describe, Filters=filters(colour="red")) == "InvalidParameter.FilterInvalidKey"
    assert ours.code(describe, Filters=filters(state="WAITING")) == "InvalidParameterValue"
    assert ours.call(describe, PeeringConnectionIds=["pcx-12345678"])["TotalCount"] == 0
    for action in ("Accept", "Reject", "Delete", "Modify"):
        name = f"{action}VpcPeeringConnection"
        assert ours.code(name, PeeringConnectionId="pcx-12345678") == "ResourceNotFound"
        assert ours.code(name, PeeringConnectionId="pcx 1") == "InvalidParameterValue.Malformed"
        assert ours.code(name) == "MissingParameter"


def test_a_list_can_be_filtered_ordered_and_paged(tenants: tuple[Tenant, Tenant]) -> None:
    """API-3."""
    sdk = Sdk(tenants[0], SOUTH, "tc3-get")
    hub, *ends = [
        sdk.call("CreateVpc", VpcName="n", CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(4)
    ]
    for name, end in zip("bca", ends, strict=True):
        asked = {"SourceVpcId": hub, "DestinationVpcId": end, "PeeringConnectionName": name}
        sdk.call(
            "CreateVpcPeeringConnection", **asked, DestinationUin=tenants[0].uid, DestinationRegion=SOUTH
        )

    def names(**query: Any) -> list[str]:
        found = sdk.call("DescribeVpcPeeringConnections", **query)
        return [one["PeeringConnectionName"] for one in found["PeerConnectionSet"]]

    assert names() == ["b", "c", "a"]
    assert names(OrderField="CreatedTime", OrderDirection="DESC") == ["a", "c", "b"]
    assert names(OrderField="CreatedTime", OrderDirection="DESC", Offset=1, Limit=1) == ["c"]
    assert names(OrderField="PeeringConnectionName", OrderDirection="ASC", Offset=1) == ["b", "c"]
    assert names(Filters=filters(peering_connection_name=["a", "b"])) == ["b", "a"]
    assert names(Filters=filters(vpc_id=ends[0])) == ["b"]
    eventually("all are active", lambda: len(names(Filters=filters(state="ACTIVE"))) == 3)
    assert names(Filters=filters(state=["EXPIRED", "REJECTED"])) == []


def test_filters_hold_packets_back(oracles: Oracles, tenants: tuple[Tenant, Tenant]) -> None:
    """NET-7: policies of a group and entries of an ACL decide about real packets."""
    sdk = Sdk(tenants[0], SOUTH)
    here, there = site_of(sdk, "10.1.0.0/16"), site_of(sdk, "10.2.0.0/16")
    id = ask_for(sdk, here, there)
    sdk.in_state(id, "ACTIVE")
    route(sdk, here, "10.2.0.0/16", id)
    route(sdk, there, "10.1.0.0/16", id)
    tags = [{"Key": "vpc-id", "Value": there.vpc_id}]
    group = sdk.call("CreateSecurityGroup", GroupName="g", GroupDescription="d", Tags=tags)["SecurityGroup"]
    group_id = group["SecurityGroupId"]
    there.tenant.call("PATCH", f"/instances/{there.instance['id']}", security_group_ids=[group_id])
    assert oracles.both(here, there) == (False, False)
    allow = {"Protocol": "ICMP", "CidrBlock": "10.1.0.0/16", "Action": "ACCEPT"}
    asked = {"SecurityGroupId": group_id, "SecurityGroupPolicySet": {"Ingress": [allow]}}
    sdk.call("CreateSecurityGroupPolicies", **asked)
    assert oracles.both(here, there) == (True, False)
    asked = {"SecurityGroupId": group_id, "SecurityGroupPolicySet": {"Egress": [allow]}}
    sdk.call("CreateSecurityGroupPolicies", **asked)
    assert oracles.both(here, there) == (True, True)
    told = sdk.call("DescribeSecurityGroupPolicies", SecurityGroupId=group_id)["SecurityGroupPolicySet"]
    assert (len(told["Ingress"]), len(told["Egress"])) == (1, 1)
    acl = sdk.call("CreateNetworkAcl", VpcId=here.vpc_id, NetworkAclName="a")["NetworkAcl"]["NetworkAclId"]
    sdk.call("AssociateNetworkAclSubnets", NetworkAclId=acl, SubnetIds=[here.vswitch["id"]])
    assert oracles.both(here, there) == (False, False)
    every = {"Protocol": "ALL", "CidrBlock": "0.0.0.0/0", "Action": "Accept"}
    entries = {"Ingress": [every], "Egress": [every]}
    sdk.call("ModifyNetworkAclEntries", NetworkAclId=acl, NetworkAclEntrySet=entries)
    assert oracles.both(here, there) == (True, True)


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_secret_is_told_as_such(tenants: tuple[Tenant, Tenant], style: str) -> None:
    """API-2, API-4: the SDK reads the code out of the answer, whichever way it signs."""
    tenant = tenants[0]
    forger = Tenant(f"http://{tenant.endpoint}", tenant.uid, "", tenant.key_id, "wrong")
    stranger = Tenant(f"http://{tenant.endpoint}", tenant.uid, "", "nobody", tenant.secret)
    assert Sdk(forger, SOUTH, style).code("DescribeVpcs") == "AuthFailure.SignatureFailure"
    assert Sdk(stranger, SOUTH, style).code("DescribeVpcs") == "AuthFailure.SecretIdNotFound"
    assert Sdk(tenant, "ap-atlantis", style).code("DescribeVpcs") == "UnsupportedRegion"
    for one in (forger, stranger):
        one.close()


def test_the_command_line_connects_two_vpcs(tenants: tuple[Tenant, Tenant], tccli: Any) -> None:
    """API-1: tccli, which writes the scheme into its Host header."""
    ours, theirs = tenants

    def run(tenant: Tenant, action: str, *arguments: str) -> Any:
        keys = ("--secretId", tenant.key_id, "--secretKey", tenant.secret)
        place = ("--region", SOUTH, "--endpoint", f"http://{tenant.endpoint}")
        done = tccli("vpc", action, *arguments, *place, *keys)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    ids = [
        run(tenant, "CreateVpc", "--VpcName", "net", "--CidrBlock", cidr)["Vpc"]["VpcId"]
        for tenant, cidr in ((ours, "10.1.0.0/16"), (theirs, "10.2.0.0/16"))
    ]
    made = run(
        ours,
        "CreateVpcPeeringConnection",
        *("--SourceVpcId", ids[0], "--DestinationVpcId", ids[1], "--PeeringConnectionName", "p"),
        *("--DestinationUin", theirs.uid, "--DestinationRegion", SOUTH),
    )
    id = made["PeeringConnectionId"]
    run(theirs, "AcceptVpcPeeringConnection", "--PeeringConnectionId", id)
    Sdk(ours, SOUTH).in_state(id, "ACTIVE")
    told = run(ours, "DescribeVpcPeeringConnections", "--PeeringConnectionIds", json.dumps([id]))
    assert [one["State"] for one in told["PeerConnectionSet"]] == ["ACTIVE"]
    run(ours, "DeleteVpcPeeringConnection", "--PeeringConnectionId", id)
    keys = ("--secretId", ours.key_id, "--secretKey", ours.secret)
    place = ("--region", SOUTH, "--endpoint", f"http://{ours.endpoint}")
    refused = tccli(
        "vpc", "AcceptVpcPeeringConnection", "--PeeringConnectionId", "pcx-12345678", *place, *keys
    )
    assert refused.returncode != 0
    assert "ResourceNotFound" in refused.stderr + refused.stdout
