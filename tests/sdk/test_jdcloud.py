"""JD Cloud's own SDKs, the present one and an old one, against a running cloud with real packets."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jdcloud_sdk.services.common.models.Filter import Filter
from jdcloud_sdk.services.cps.models.SubnetSpec import SubnetSpec
from jdcloud_sdk.services.cps.models.VpcSpec import VpcSpec
from jdcloud_sdk.services.vpc.models.AddNetworkAclRuleSpec import AddNetworkAclRuleSpec
from jdcloud_sdk.services.vpc.models.AddRouteTableRules import AddRouteTableRules
from jdcloud_sdk.services.vpc.models.AddSecurityGroupRules import AddSecurityGroupRules
from tests.support.jdcloud_sdks import Old, Present, Refused, Sdk
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.sites import Oracles, Site

pytestmark = pytest.mark.kernel

#: JD Cloud's names of regions, and this installation's.
NORTH, EAST = "cn-north-1", "cn-east-2"
OURS = {NORTH: "cn-beijing", EAST: "cn-shanghai"}
PEERINGS = "/regions/{regionId}/vpcPeerings"
PEERING = f"{PEERINGS}/{{vpcPeeringId}}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture(scope="module")
def _names() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def tenant(cloud: Cloud, _names: Iterator[int]) -> Callable[[], Tenant]:
    """Makes accounts."""
    return lambda: cloud.tenant(f"tenant-{next(_names)}")


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


def refused(sdk: Sdk, action: str, **fields: Any) -> tuple[int, str]:
    """Code and status of an action that is refused."""
    with pytest.raises(Refused) as caught:
        sdk.call(action, **fields)
    return caught.value.code, caught.value.status


def hosted(sdk: Sdk, vpc_id: str, subnet_id: str) -> Site:
    """A network that the SDK made, with an instance in it; JD Cloud makes those by another service."""
    made = sdk.tenant.post("/instances", vswitch_id=subnet_id, name="host")
    instance = sdk.tenant.settled(f"/instances/{made['id']}", "available")
    vpc, subnet = sdk.tenant.get(f"/vpcs/{vpc_id}"), sdk.tenant.get(f"/vswitches/{subnet_id}")
    return Site(sdk.tenant, OURS[sdk.region], vpc, subnet, instance)


def site_of(sdk: Sdk, cidr: str, subnet: str) -> Site:
    """A VPC of the service `vpc` with a subnet and an instance."""
    vpc_id = sdk.call("createVpc", vpcName="net", addressPrefix=cidr)["vpcId"]
    made = sdk.call("createSubnet", vpcId=vpc_id, subnetName="subnet", addressPrefix=subnet)
    return hosted(sdk, vpc_id, made["subnetId"])


def metal_of(sdk: Present, cidr: str, subnet: str) -> Site:
    """A VPC of the service `cps` with a subnet and a host."""
    vpc_id = sdk.call("createVpc", vpcSpec=VpcSpec(cidr, "net", "desc"))["vpcId"]
    spec = SubnetSpec(f"{sdk.region}a", vpc_id, subnet, "subnet", "desc")
    return hosted(sdk, vpc_id, sdk.call("createSubnet", subnetSpec=spec)["subnetId"])


def half(sdk: Sdk, near: Site, far: Site) -> str:
    """A half between two sites; asked again while the data plane lets go of an earlier connection."""

    def ask() -> Any:
        try:
            return sdk.call(
                *("createVpcPeering",),
                vpcPeeringName=f"to_{far.vpc_id[-8:]}",
                vpcId=near.vpc_id,
                remoteVpcId=far.vpc_id,
                description="d e&f",
            )
        except Refused as error:
            if error.status != "FAILED_PRECONDITION":
                raise
            return None

    return str(eventually("the half is made", ask)["vpcPeering"]["vpcPeeringId"])


def state(sdk: Sdk, id: str) -> str:
    """State of a half."""
    return str(sdk.call("describeVpcPeering", vpcPeeringId=id)["vpcPeering"]["vpcPeeringState"])


def route(sdk: Present, site: Site, prefix: str, id: str) -> None:
    """A rule to a half."""
    rule = AddRouteTableRules("vpc_peering", id, prefix, priority=100, description="to the other side")
    sdk.call("addRouteTableRules", routeTableId=site.table_id, routeTableRuleSpecs=[rule])


def test_two_accounts_join_their_vpcs_half_by_half(
    tenant: Callable[[], Tenant],
    oracles: Oracles,
    apart: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """API-1, API-3: one account by the present SDK, the other's halves by the old one; packets flow while both want it."""
    here = Present(tenant(), "vpc", NORTH)
    there = Present(tenant(), "vpc", NORTH)
    old = Old(there.tenant, "vpc", NORTH, apart)
    one, other = site_of(here, "10.0.0.0/16", "10.0.1.0/24"), site_of(there, "10.1.0.0/16", "10.1.1.0/24")

    first = half(here, one, other)
    assert state(here, first) == "Initiated"
    assert refused(old, "describeVpcPeering", vpcPeeringId=first) == (404, "NOT_FOUND")
    second = half(old, other, one)
    assert (state(here, first), state(old, second)) == ("Connected", "Connected")
    route(here, one, "10.1.0.0/16", first)
    assert oracles.both(one, other) == (False, False)
    rule = AddRouteTableRules("vpc_peering", second, "10.0.0.0/16").__dict__
    old.call("addRouteTableRules", routeTableId=other.table_id, routeTableRuleSpecs=[rule])
    assert oracles.both(one, other) == (True, True)

    named = Filter("vpcPeeringIds", [second])
    listed = old.call("describeVpcPeerings", pageNumber=1, pageSize=10, filters=[named.__dict__])
    assert [each["vpcPeeringId"] for each in listed["vpcPeerings"]] == [second]

    assert old.call("deleteVpcPeering", vpcPeeringId=second) is None
    assert state(here, first) == "Disconnected"
    assert oracles.both(one, other) == (False, False)
    table = here.call("describeRouteTable", routeTableId=one.table_id)["routeTable"]
    assert [rule["nextHopType"] for rule in table["routeTableRules"]] == ["local"]

    third = half(old, other, one)
    assert (state(here, first), state(there, third)) == ("Connected", "Connected")
    route(here, one, "10.1.0.0/16", first)
    route(there, other, "10.0.0.0/16", third)
    assert oracles.both(one, other) == (True, True)
    assert here.call("deleteVpcPeering", vpcPeeringId=first) is None
    assert oracles.both(one, other) == (False, False)
    assert state(there, third) == "Disconnected"


def test_the_sdk_hears_of_each_error(tenant: Callable[[], Tenant]) -> None:
    """API-1, API-3: 400, 401, 404, 409 and 429 reach the caller with their status; nothing looks like a success."""
    account = tenant()
    sdk = Present(account, "vpc", NORTH)
    hub = sdk.call("createVpc", vpcName="hub", addressPrefix="10.0.0.0/16")["vpcId"]
    spokes = [
        sdk.call("createVpc", vpcName=f"spoke_{n}", addressPrefix=f"10.{n}.0.0/16")["vpcId"]
        for n in range(1, 12)
    ]

    def told(name: str, remote: str, vpc: str = hub) -> tuple[int, str]:
        return refused(sdk, "createVpcPeering", vpcPeeringName=name, vpcId=vpc, remoteVpcId=remote)

    for number, spoke in enumerate(spokes[:10]):
        sdk.call("createVpcPeering", vpcPeeringName=f"half_{number}", vpcId=hub, remoteVpcId=spoke)
    assert told("half_10", spokes[10]) == (429, "QUOTA_EXCEEDED")
    assert told("other", spokes[0]) == (409, "ALREADY_EXISTS")
    assert told("half_0", hub, spokes[10]) == (409, "ALREADY_EXISTS")
    assert told("no name", hub, spokes[10]) == (400, "INVALID_ARGUMENT")
    assert told("other", "vpc-nobody", spokes[10]) == (404, "NOT_FOUND")
    assert refused(sdk, "deleteVpcPeering", vpcPeeringId="vpcpr-nobody") == (404, "NOT_FOUND")
    assert refused(sdk, "deleteVpc", vpcId=hub) == (400, "FAILED_PRECONDITION")
    assert sdk.call("describeQuota", type="vpcpeering", parentResourceId=hub)["quota"]["count"] == 10
    stranger = Tenant(f"http://{account.endpoint}", account.uid, "", account.key_id, "wrong")
    assert refused(Present(stranger, "vpc", NORTH), "describeVpcs") == (401, "UNAUTHENTICATED")
    nobody = Tenant(f"http://{account.endpoint}", account.uid, "", "nobody", "wrong")
    assert refused(Present(nobody, "vpc", NORTH), "describeVpcs") == (401, "UNAUTHENTICATED")
    for stray in (stranger, nobody):
        stray.close()


def test_filters_of_the_sdk_decide_over_packets(tenant: Callable[[], Tenant], oracles: Oracles) -> None:
    """API-3: an ACL and a security group that the SDK wrote stop and let pass what they say."""
    sdk = Present(tenant(), "vpc", NORTH)
    one, other = site_of(sdk, "10.0.0.0/16", "10.0.1.0/24"), site_of(sdk, "10.1.0.0/16", "10.1.1.0/24")
    first, second = half(sdk, one, other), half(sdk, other, one)
    route(sdk, one, "10.1.0.0/16", first)
    route(sdk, other, "10.0.0.0/16", second)
    assert oracles.both(one, other) == (True, True)

    acl = sdk.call("createNetworkAcl", vpcId=one.vpc_id, networkAclName="acl")["networkAclId"]
    deny = AddNetworkAclRuleSpec("All", "ingress", "10.1.0.0/16", "deny", 10)
    sdk.call("addNetworkAclRules", networkAclId=acl, networkAclRuleSpecs=[deny])
    sdk.call("associateNetworkAcl", networkAclId=acl, subnetIds=[one.vswitch["id"]])
    assert oracles.both(one, other) == (False, False)
    sdk.call("disassociateNetworkAcl", networkAclId=acl, subnetId=one.vswitch["id"])
    assert oracles.both(one, other) == (True, True)

    made = sdk.call("createNetworkSecurityGroup", vpcId=one.vpc_id, networkSecurityGroupName="group")
    group = made["networkSecurityGroupId"]
    sdk.tenant.call("PATCH", f"/instances/{one.instance['id']}", security_group_ids=[group])
    assert oracles.both(one, other) == (True, False)
    ping = AddSecurityGroupRules(1, 0, "10.1.0.0/16", "ALLOW", 10)
    rules = sdk.call(
        "addNetworkSecurityGroupRules", networkSecurityGroupId=group, networkSecurityGroupRuleSpecs=[ping]
    )["securityGroupRules"]
    assert oracles.both(one, other) == (True, True)
    ids = [rule["ruleId"] for rule in rules]
    sdk.call("removeNetworkSecurityGroupRules", networkSecurityGroupId=group, ruleIds=ids)
    assert oracles.both(one, other) == (True, False)


def test_bare_metal_across_accounts_and_regions(tenant: Callable[[], Tenant], oracles: Oracles) -> None:
    """API-3, seed 004: asked for, accepted, routes by the system, real packets, another cap, and a request that is rejected."""
    here, there = Present(tenant(), "cps", NORTH), Present(tenant(), "cps", EAST)
    one, other = metal_of(here, "10.0.0.0/16", "10.0.1.0/24"), metal_of(there, "10.1.0.0/16", "10.1.1.0/24")
    spec = {
        "name": "link",
        "vpcId": one.vpc_id,
        "remoteVpcId": other.vpc_id,
        "remoteRegionId": EAST,
        "peerAccount": there.tenant.uid,
        "bandwidth": 50,
    }

    def seen(sdk: Present, id: str) -> dict[str, Any]:
        found: dict[str, Any] = sdk.extension("GET", PEERING, vpcPeeringId=id)["vpcPeering"]
        return found

    rejected = here.extension("PUT", PEERINGS, vpcPeeringSpec=spec)["vpcPeeringId"]
    assert there.extension("GET", PEERINGS)["vpcPeerings"][0]["state"] == "pending-acceptance"
    assert there.extension("POST", f"{PEERING}:reject", vpcPeeringId=rejected) is None
    assert seen(here, rejected)["state"] == "peer-rejected"
    assert there.extension("GET", PEERINGS)["totalCount"] == 0
    assert here.extension("DELETE", PEERING, vpcPeeringId=rejected) is None

    made = here.extension("PUT", PEERINGS, vpcPeeringSpec=spec)["vpcPeeringId"]
    assert oracles.both(one, other) == (False, False)
    assert there.extension("POST", f"{PEERING}:accept", vpcPeeringId=made) is None
    eventually("the connection is active", lambda: seen(here, made)["state"] == "active")
    for sdk, site, far in ((here, one, "10.1.0.0/16"), (there, other, "10.0.0.0/16")):
        (table,) = sdk.call("describeRouteTables", vpcId=site.vpc_id)["routeTables"]
        assert {
            "destinationCidr": far,
            "nextHopType": "vpcPeering",
            "nextHop": made,
        } in table["routes"]
    assert oracles.both(one, other) == (True, True)

    changed = here.extension("POST", PEERING, vpcPeeringId=made, bandwidth=200)["vpcPeering"]
    assert changed["bandwidth"] == 200
    eventually("the cap is changed", lambda: seen(there, made)["state"] == "active")
    assert seen(there, made)["bandwidth"] == 200
    assert oracles.both(one, other) == (True, True)
    with pytest.raises(Refused) as refusal:
        there.extension("POST", PEERING, vpcPeeringId=made, bandwidth=100)
    assert (refusal.value.code, refusal.value.status) == (403, "PERMISSION_DENIED")
    with pytest.raises(Refused) as refusal:
        here.extension("PUT", PEERINGS, vpcPeeringSpec={**spec, "peerAccount": "1234567890123456"})
    assert (refusal.value.code, refusal.value.status) == (404, "NOT_FOUND")

    assert there.extension("DELETE", PEERING, vpcPeeringId=made) is None
    assert oracles.both(one, other) == (False, False)
    eventually("it is in no list", lambda: here.extension("GET", PEERINGS)["totalCount"] == 0)


def test_bare_metal_of_one_account_and_region_is_joined_at_once(
    tenant: Callable[[], Tenant], oracles: Oracles
) -> None:
    """API-3, seed 004: no answer and no route by hand."""
    sdk = Present(tenant(), "cps", NORTH)
    one, other = metal_of(sdk, "10.0.0.0/16", "10.0.1.0/24"), metal_of(sdk, "10.1.0.0/16", "10.1.1.0/24")
    spec = {"name": "link", "vpcId": one.vpc_id, "remoteVpcId": other.vpc_id}
    made = sdk.extension("PUT", PEERINGS, vpcPeeringSpec=spec)["vpcPeeringId"]
    eventually(
        "it is active",
        lambda: sdk.extension("GET", PEERING, vpcPeeringId=made)["vpcPeering"]["state"] == "active",
    )
    assert oracles.both(one, other) == (True, True)
    assert [each["region"] for each in sdk.call("describeRegiones")["regions"]].count(NORTH) == 1
