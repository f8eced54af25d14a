"""Alibaba Cloud's Vpc by its own SDKs, the present one (V3) and the old one (RPC v1), with real packets."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpcpeer20220101 import models as peer_models
from alibabacloud_vpcpeer20220101.client import Client as PeerClient
from tests.support.alibaba_sdks import Old, Present, Sdk
from tests.support.guests import python_in, running_in
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.outsides import ASK, PORT, SERVER, TELLER, world_outside
from tests.support.sites import Oracles, Site

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"
#: A region that the test of NAT connects to an outside network.
SEASIDE = "cn-shenzhen"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


def build(sdk: Sdk, cidr: str, vswitch_cidr: str) -> Site:
    """A VPC and a VSwitch by the SDK, waited for as clients do it, and an instance by our own API."""
    made = sdk.call("CreateVpc", CidrBlock=cidr, VpcName="net", ClientToken=f"vpc-{sdk.tenant.uid}")
    vpc_id = made["VpcId"]
    available("VPC", lambda: sdk.call("DescribeVpcAttribute", VpcId=vpc_id)["Status"])
    zone = sdk.call("DescribeZones")["Zones"]["Zone"][0]["ZoneId"]
    vswitch_id = sdk.call("CreateVSwitch", VpcId=vpc_id, ZoneId=zone, CidrBlock=vswitch_cidr)["VSwitchId"]
    available("VSwitch", lambda: sdk.call("DescribeVSwitchAttributes", VSwitchId=vswitch_id)["Status"])
    instance = sdk.tenant.post("/instances", vswitch_id=vswitch_id)
    instance = sdk.tenant.settled(f"/instances/{instance['id']}", "available")
    tenant = sdk.tenant
    return Site(
        tenant, sdk.region, tenant.get(f"/vpcs/{vpc_id}"), tenant.get(f"/vswitches/{vswitch_id}"), instance
    )


def available(what: str, state: Any) -> None:
    """Wait until a state is Available."""
    eventually(f"the {what} is available", lambda: state() == "Available")


def peer_client(tenant: Tenant, region: str) -> PeerClient:
    """The SDK of peer connections."""
    return PeerClient(
        Config(
            access_key_id=tenant.key_id,
            access_key_secret=tenant.secret,
            region_id=region,
            endpoint=tenant.endpoint,
            protocol="http",
        )
    )


def peered(here: Site, there: Site) -> str:
    """A connection of two accounts' VPCs, asked for by one and accepted by the other."""
    ours, theirs = (peer_client(site.tenant, site.region_id) for site in (here, there))
    asked = peer_models.CreateVpcPeerConnectionRequest(
        region_id=here.region_id,
        vpc_id=here.vpc_id,
        accepting_ali_uid=int(there.tenant.uid),
        accepting_region_id=there.region_id,
        accepting_vpc_id=there.vpc_id,
    )
    id = str(ours.create_vpc_peer_connection(asked).body.instance_id)
    read = peer_models.GetVpcPeerConnectionAttributeRequest(instance_id=id)

    def state() -> str:
        return str(ours.get_vpc_peer_connection_attribute(read).body.status)

    eventually("the other side is asked", lambda: state() == "Accepting")
    theirs.accept_vpc_peer_connection(peer_models.AcceptVpcPeerConnectionRequest(instance_id=id))
    eventually("the connection is activated", lambda: state() == "Activated")
    return id


def routed(sdk: Sdk, site: Site, cidr: str, peering: str) -> str:
    """An entry over the connection, waited for as Terraform does it; its id."""
    made = sdk.call(
        "CreateRouteEntry",
        RouteTableId=site.table_id,
        DestinationCidrBlock=cidr,
        NextHopType="VpcPeer",
        NextHopId=peering,
        RouteEntryName="to-the-other",
    )

    def there() -> bool:
        answer = sdk.call("DescribeRouteTables", RouteTableId=site.table_id)
        (table,) = answer["RouteTables"]["RouteTable"]
        return any(
            entry["DestinationCidrBlock"] == cidr
            and (entry["NextHopType"], entry["InstanceId"], entry["Status"])
            == ("VpcPeer", peering, "Available")
            for entry in table["RouteEntrys"]["RouteEntry"]
        )

    eventually("the entry is there", there)
    return str(made["RouteEntryId"])


def gone(sdk: Sdk, site: Site) -> None:
    """Take a site down, waiting for each thing as Terraform does it."""
    site.tenant.delete(f"/instances/{site.instance['id']}")
    site.tenant.gone(f"/instances/{site.instance['id']}")
    vswitch_id = site.vswitch["id"]
    assert sdk.error("DeleteVpc", VpcId=site.vpc_id) == ("DependencyViolation.VSwitch", 400)
    sdk.call("DeleteVSwitch", VSwitchId=vswitch_id)
    eventually(
        "the VSwitch is gone",
        lambda: not sdk.call("DescribeVSwitchAttributes", VSwitchId=vswitch_id).get("VSwitchId"),
    )
    sdk.call("DeleteVpc", VpcId=site.vpc_id)
    eventually("the VPC is gone", lambda: sdk.call("DescribeVpcs", VpcId=site.vpc_id)["TotalCount"] == 0)
    assert sdk.error("DescribeVpcAttribute", VpcId=site.vpc_id) == ("InvalidVpcId.NotFound", 404)


@pytest.mark.parametrize(("near", "far"), [(Present, Old), (Old, Present)], ids=["v3-v1", "v1-v3"])
def test_two_accounts_peer(
    cloud: Cloud, oracles: Oracles, near: type[Present | Old], far: type[Present | Old]
) -> None:
    """API-1, PEER-1, NET-5, NET-7: the seed's steps by two SDKs; packets cross, an ACL stops them, and so does a missing route."""
    one, other = (cloud.tenant(f"vpc-{near.__name__}-{number}", real_name=True) for number in (1, 2))
    ours, theirs = near(one, HERE), far(other, THERE)
    here = build(ours, "10.1.0.0/16", "10.1.1.0/24")
    there = build(theirs, "10.2.0.0/16", "10.2.1.0/24")
    peering = peered(here, there)
    assert oracles.both(here, there) == (False, False), "there are no routes yet"
    own = routed(ours, here, "10.2.0.0/16", peering)
    routed(theirs, there, "10.1.0.0/16", peering)
    assert oracles.both(here, there) == (True, True)

    acl = theirs.call("CreateNetworkAcl", VpcId=there.vpc_id, NetworkAclName="gate")["NetworkAclId"]
    resource = [{"ResourceId": there.vswitch["id"], "ResourceType": "VSwitch"}]
    theirs.call("AssociateNetworkAcl", NetworkAclId=acl, Resource=resource)
    assert oracles.both(here, there) == (True, True), "a new ACL accepts everything"
    drop = {"SourceCidrIp": "10.1.0.0/16", "Policy": "drop", "Protocol": "icmp", "Port": "-1/-1"}
    theirs.call(
        "UpdateNetworkAclEntries", NetworkAclId=acl, UpdateIngressAclEntries=True, IngressAclEntries=[drop]
    )
    assert oracles.both(here, there) == (False, False), "it has no state: answers are dropped too"
    theirs.call("UnassociateNetworkAcl", NetworkAclId=acl, Resource=resource)
    theirs.call("DeleteNetworkAcl", NetworkAclId=acl)
    assert oracles.both(here, there) == (True, True)

    named = {"RouteTableId": here.table_id, "DestinationCidrBlock": "10.2.0.0/16"}
    ours.call("DeleteRouteEntry", RouteEntryId=own)
    assert oracles.both(here, there) == (False, False)
    assert ours.error("DeleteRouteEntry", **named) == ("InvalidRouteEntry.NotFound", 400)
    routed(ours, here, "10.2.0.0/16", peering)
    assert oracles.both(here, there) == (True, True)
    for sdk, site, cidr in ((ours, here, "10.2.0.0/16"), (theirs, there, "10.1.0.0/16")):
        sdk.call(
            "DeleteRouteEntry",
            RouteTableId=site.table_id,
            DestinationCidrBlock=cidr,
            NextHopId=peering,
        )
    client = peer_client(other, THERE)
    client.delete_vpc_peer_connection(peer_models.DeleteVpcPeerConnectionRequest(instance_id=peering))
    one.gone(f"/peerings/{peering}")
    gone(ours, here)
    gone(theirs, there)


def test_a_custom_table_decides_for_its_vswitches(cloud: Cloud, oracles: Oracles) -> None:
    """NET-5: packets follow the table that a VSwitch is bound to, and a modified entry's new next hop."""
    one, other = (cloud.tenant(f"table-{number}", real_name=True) for number in (1, 2))
    sdk, far = Present(one, HERE), Present(other, THERE)
    here, there = build(sdk, "10.1.0.0/16", "10.1.1.0/24"), build(far, "10.2.0.0/16", "10.2.1.0/24")
    peering = peered(here, there)
    routed(far, there, "10.1.0.0/16", peering)
    table = sdk.call("CreateRouteTable", VpcId=here.vpc_id, RouteTableName="own")["RouteTableId"]
    batch = [
        {"RouteTableId": table, "DstCidrBlock": cidr, "NextHopType": kind, "NextHop": hop}
        for cidr, kind, hop in (
            ("10.2.0.0/16", "Instance", here.instance["id"]),
            ("10.1.1.0/24", "VpcPeer", peering),
        )
    ]
    answer = sdk.call("CreateRouteEntries", RouteEntries=batch)
    assert [one["FailedCode"] for one in answer["FailedRouteEntries"]] == ["InvalidCidrBlock"]
    (entry,) = answer["RouteEntryIds"]
    sdk.call("AssociateRouteTable", RouteTableId=table, VSwitchId=here.vswitch["id"])
    assert oracles.both(here, there) == (False, False), "the entry leads to the instance itself"
    sdk.call("ModifyRouteEntry", RouteEntryId=entry, NewNextHopType="VpcPeer", NewNextHopId=peering)
    assert oracles.both(here, there) == (True, True)
    sdk.call("UnassociateRouteTable", RouteTableId=table, VSwitchId=here.vswitch["id"])
    assert oracles.both(here, there) == (False, False), "the system table has no entry"


def asked(site: Site) -> str:
    """Whom the server outside sees when the site's instance asks; empty when nobody answers."""
    return python_in(site.tenant, site.instance["id"], ASK, SERVER, str(PORT), "0.7").strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the outside is a namespace that the test makes")
@pytest.mark.parametrize("kind", [Present, Old], ids=["v3", "v1"])
def test_a_nat_gateway_lets_out_and_in(cloud: Cloud, kind: type[Present | Old]) -> None:
    """NET-8, API-1: an SNAT entry lets a VSwitch out as the public address, a forward entry leads a port of it in."""
    region = SEASIDE if kind is Present else "cn-qingdao"
    with world_outside() as world:
        pool = "203.0.113.0/25" if kind is Present else "203.0.113.128/25"
        network = cloud.operator.post("/external-networks", region_id=region, port=world.port, pools=[pool])
        sdk = kind(cloud.tenant(f"nat-{kind.__name__}"), region)
        site = build(sdk, "10.1.0.0/16", "10.1.1.0/24")
        made = sdk.call("CreateNatGateway", VpcId=site.vpc_id, Name="out")
        gateway, (snat,), (forward,) = (
            made["NatGatewayId"],
            made["SnatTableIds"]["SnatTableId"],
            made["ForwardTableIds"]["ForwardTableId"],
        )

        def status() -> str:
            answer = sdk.call("DescribeNatGateways", NatGatewayId=gateway)
            return str(answer["NatGateways"]["NatGateway"][0]["Status"])

        available("NAT gateway", status)
        eip = sdk.call("AllocateEipAddress", Name="public")
        sdk.call(
            "AssociateEipAddress", AllocationId=eip["AllocationId"], InstanceId=gateway, InstanceType="Nat"
        )
        everywhere = {"RouteTableId": site.table_id, "DestinationCidrBlock": "0.0.0.0/0"}
        sdk.call("CreateRouteEntry", **everywhere, NextHopType="NatGateway", NextHopId=gateway)
        cloud.synced()
        assert asked(site) == "", "no entry lets it out yet"
        sdk.call(
            "CreateSnatEntry",
            SnatTableId=snat,
            SnatIp=eip["EipAddress"],
            SourceVSwitchId=site.vswitch["id"],
        )
        cloud.synced()
        assert asked(site) == eip["EipAddress"]
        with running_in(site.tenant, site.instance["id"], TELLER, "8080"):
            sdk.call(
                "CreateForwardEntry",
                ForwardTableId=forward,
                ExternalIp=eip["EipAddress"],
                ExternalPort="80",
                InternalIp=site.address,
                InternalPort="8080",
                IpProtocol="TCP",
            )
            cloud.synced()
            assert world.ask(eip["EipAddress"], 80) == SERVER
        sdk.call("DeleteRouteEntry", **everywhere, NextHopId=gateway)
        sdk.call("DeleteNatGateway", NatGatewayId=gateway, Force=True)
        eventually(
            "the gateway is gone",
            lambda: sdk.call("DescribeNatGateways", NatGatewayId=gateway)["TotalCount"] == 0,
        )
        sdk.call("ReleaseEipAddress", AllocationId=eip["AllocationId"])
        cloud.operator.delete(f"/external-networks/{network['id']}")
        cloud.synced()
