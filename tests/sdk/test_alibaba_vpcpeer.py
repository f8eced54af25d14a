"""VPC peering by Alibaba Cloud's own SDKs, signing with V3 and with RPC v1, against a running Peerway with real packets."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.alibaba_clients import Client, Common, Tea, tea_v1
from tests.support.live import Cloud, eventually, running_cloud
from tests.support.sites import Oracles, Site, make_site

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"
Kind = Callable[..., Client]
KINDS: dict[str, Kind] = {"v3": Tea, "v1": tea_v1, "old": Common}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


def asked(one: Site, other: Site, **fields: Any) -> dict[str, Any]:
    """What a new connection is asked for with."""
    return {
        "RegionId": one.region_id,
        "VpcId": one.vpc_id,
        "AcceptingAliUid": int(other.tenant.uid),
        "AcceptingRegionId": other.region_id,
        "AcceptingVpcId": other.vpc_id,
        **fields,
    }


def shown(client: Client, id: str) -> dict[str, Any]:
    """A connection as the account sees it."""
    return client.call("GetVpcPeerConnectionAttribute", InstanceId=id)


def in_state(client: Client, id: str, state: str) -> dict[str, Any]:
    """The connection once it is in that state."""

    def look() -> dict[str, Any] | None:
        found = shown(client, id)
        return found if found["Status"] == state else None

    return dict(eventually(f"{id} is {state}", look))


def gone(client: Client, id: str) -> None:
    """Wait until the connection is not there any more."""
    get = "GetVpcPeerConnectionAttribute"

    def look() -> bool:
        try:
            assert client.call(get, InstanceId=id)["Status"] == "Deleting"
        except AssertionError:
            raise
        except Exception:  # noqa: BLE001 - each SDK has an error of its own; `code` tells it
            return client.code(get, InstanceId=id) == "ResourceNotFound.InstanceId"
        return False

    eventually(f"{id} is gone", look)


@pytest.mark.parametrize(("near", "far"), [("v3", "v1"), ("v1", "old"), ("old", "v3")])
def test_two_accounts_in_two_regions(cloud: Cloud, oracles: Oracles, near: str, far: str) -> None:
    """API-1, PEER-1 ... PEER-4, PEER-8, PEER-9: asked for, accepted, routed, resized and deleted, each account by another SDK."""
    one, other = (cloud.tenant(f"{near}-{far}-{n}") for n in (1, 2))
    here = make_site(one, HERE, "10.1.0.0/16", "10.1.1.0/24")
    there = make_site(other, THERE, "10.2.0.0/16", "10.2.1.0/24")
    ours, theirs = KINDS[near](one), KINDS[far](other)
    request = asked(
        here,
        there,
        Name="peer 测试~*+1",
        Description="d/é",
        Bandwidth=100,
        LinkType="Gold",
        ClientToken=f"once-{near}",
        Tag=[{"Key": "k1", "Value": "v 1"}, {"Key": "k2", "Value": ""}],
    )
    id = ours.call("CreateVpcPeerConnection", **request)["InstanceId"]
    assert ours.call("CreateVpcPeerConnection", **request)["InstanceId"] == id
    found = shown(ours, id)
    assert (found["Status"], found["Bandwidth"], found["LinkType"]) == ("Accepting", 100, "Gold")
    assert (found["Name"], found["Description"]) == ("peer 测试~*+1", "d/é")
    assert (found["OwnerId"], found["AcceptingOwnerUid"]) == (int(one.uid), int(other.uid))
    assert found["Vpc"]["Ipv4Cidrs"] == ["10.1.0.0/16"]
    assert found["Tags"] == [{"Key": "k1", "Value": "v 1"}, {"Key": "k2", "Value": ""}]
    assert found["GmtExpired"]
    theirs.call("AcceptVpcPeerConnection", InstanceId=id)
    assert in_state(theirs, id, "Activated").get("GmtExpired") is None
    assert oracles.both(here, there) == (False, False), "there are no routes yet"
    here.route("10.2.0.0/16", {"id": id})
    there.route("10.1.0.0/16", {"id": id})
    assert oracles.both(here, there) == (True, True)
    theirs.call("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=10, LinkType="Platinum", Name="slower")
    changed = in_state(ours, id, "Activated")
    assert (changed["Bandwidth"], changed["LinkType"], changed["Name"]) == (10, "Platinum", "slower")
    assert oracles.both(here, there) == (True, True)
    assert ours.code("DeleteVpcPeerConnection", InstanceId=id) == "OperationDenied.RouteEntryExist"
    assert ours.code("DeleteVpcPeerConnection", InstanceId=id, Force=True, DryRun=True) == "DryRunOperation"
    theirs.call("DeleteVpcPeerConnection", InstanceId=id, Force=True)
    gone(ours, id)
    assert oracles.both(here, there) == (False, False)
    assert ours.code("DeleteVpcPeerConnection", InstanceId=id) == "ResourceNotFound.InstanceId"


@pytest.mark.parametrize("kind", KINDS)
def test_one_account_in_one_region(cloud: Cloud, oracles: Oracles, kind: str) -> None:
    """API-1, PEER-1: nobody has to accept, nothing is capped, and deleting without routes needs no force."""
    tenant = cloud.tenant(f"alone-{kind}")
    here = make_site(tenant, HERE, "10.1.0.0/16", "10.1.1.0/24")
    there = make_site(tenant, HERE, "10.2.0.0/16", "10.2.1.0/24")
    client = KINDS[kind](tenant)
    id = client.call("CreateVpcPeerConnection", **asked(here, there, Name="near"))["InstanceId"]
    found = in_state(client, id, "Activated")
    assert (found["Bandwidth"], found["BizStatus"]) == (-1, "Normal")
    here.route("10.2.0.0/16", {"id": id})
    back = there.route("10.1.0.0/16", {"id": id})
    assert oracles.both(here, there) == (True, True)
    tenant.delete(f"/route-entries/{back['id']}")
    assert oracles.both(here, there) == (False, False)
    assert client.code("AcceptVpcPeerConnection", InstanceId=id) == "IncorrectStatus.VpcPeer"
    code = client.code("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=10)
    assert code == "OperationFailed.BandwidthCannotBeChangedInSameRegion"
    assert client.code("CreateVpcPeerConnection", **asked(there, here)) == "ResourceAlreadyExist.VpcPeer"
    assert client.code("DeleteVpcPeerConnection", InstanceId=id) == "OperationDenied.RouteEntryExist"
    client.call("DeleteVpcPeerConnection", InstanceId=id, Force=True)
    gone(client, id)


@pytest.mark.parametrize("kind", KINDS)
def test_tags_groups_and_lists(cloud: Cloud, kind: str) -> None:
    """API-1: what the SDKs' lists, tags and groups need; each side has its own."""
    one, other = cloud.tenant(f"tags-{kind}"), cloud.tenant(f"tags-{kind}-far")
    vpcs = [one.post("/vpcs", region_id=HERE, cidr=f"10.{n}.0.0/16", name="own") for n in range(3)]
    far = other.post("/vpcs", region_id=THERE, cidr="10.9.0.0/16", name="far")
    ours, theirs = KINDS[kind](one), KINDS[kind](other)

    def create(vpc: dict[str, Any], peer: dict[str, Any], **fields: Any) -> str:
        sides = {"VpcId": vpc["id"], "AcceptingVpcId": peer["id"], "AcceptingAliUid": int(peer["owner_uid"])}
        regions = {"RegionId": HERE, "AcceptingRegionId": peer["region_id"]}
        return str(ours.call("CreateVpcPeerConnection", **sides, **regions, **fields)["InstanceId"])

    ids = [create(vpcs[0], vpcs[1]), create(vpcs[1], vpcs[2]), create(vpcs[0], far, Name="far-one")]

    def listed(client: Client = ours, **wanted: Any) -> list[str]:
        answer = client.call("ListVpcPeerConnections", **wanted)
        return [one["InstanceId"] for one in answer.get("VpcPeerConnects", [])]

    assert listed(RegionId=HERE) == ids
    assert listed(theirs, RegionId=THERE) == ids[2:]
    assert listed(RegionId=HERE, Name="far-one") == ids[2:]
    both = [vpcs[2]["id"], far["id"]]
    assert listed(RegionId=HERE, VpcId=",".join(both) if kind == "old" else both) == ids[1:]
    first = ours.call("ListVpcPeerConnections", RegionId=HERE, MaxResults=2)
    assert (len(first["VpcPeerConnects"]), first["TotalCount"]) == (2, 3)
    assert listed(RegionId=HERE, MaxResults=2, NextToken=first["NextToken"]) == ids[2:]
    about = {"RegionId": HERE, "ResourceType": "PeerConnection"}
    assert ours.call("TagResources", **about, ResourceId=ids[:2], Tag=[{"Key": "a", "Value": "1"}])["Success"]
    theirs.call("TagResources", **about, ResourceId=ids[2:], Tag=[{"Key": "mine", "Value": ""}])
    found = ours.call("ListTagResources", **about, Tag=[{"Key": "a", "Value": "1"}])["TagResources"]
    assert sorted(tag["ResourceId"] for tag in found) == sorted(ids[:2])
    assert listed(RegionId=HERE, Tags=[{"Key": "a"}]) == ids[:2]
    assert not shown(ours, ids[2]).get("Tags")
    ours.call("UnTagResources", **about, ResourceId=ids[:1], TagKey=["a"])
    ours.call("UnTagResources", **about, ResourceId=ids[1:2], All=True)
    assert listed(RegionId=HERE, Tags=[{"Key": "a"}]) == []
    group = Common(one, "2020-03-31").call("CreateResourceGroup", Name="shop", DisplayName="Shop")
    group_id = group["ResourceGroup"]["Id"]
    assert ours.call("MoveResourceGroup", **about, ResourceId=ids[0], NewResourceGroupId=group_id)["Success"]
    assert shown(ours, ids[0])["ResourceGroupId"] == group_id
    assert listed(RegionId=HERE, ResourceGroupId=group_id) == ids[:1]
    theirs.call("RejectVpcPeerConnection", InstanceId=ids[2])
    assert shown(ours, ids[2])["Status"] == shown(theirs, ids[2])["Status"] == "Rejected"


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_has_the_code_of_the_documents(cloud: Cloud, kind: str) -> None:
    """API-1: what can be provoked of the codes of VpcPeer reaches each SDK as it looks for it."""
    one, other = cloud.tenant(f"codes-{kind}"), cloud.tenant(f"codes-{kind}-far")
    vpc = one.post("/vpcs", region_id=HERE, cidr="10.1.0.0/16", name="own")
    far = other.post("/vpcs", region_id=THERE, cidr="10.2.0.0/16", name="far")
    ours, theirs = KINDS[kind](one), KINDS[kind](other)
    good = {
        "RegionId": HERE,
        "VpcId": vpc["id"],
        "AcceptingAliUid": int(other.uid),
        "AcceptingRegionId": THERE,
        "AcceptingVpcId": far["id"],
    }
    create = "CreateVpcPeerConnection"
    for code, fields in {
        "MissingParam.VpcId": {"VpcId": ""},
        "IllegalParam.Bandwidth": {"Bandwidth": 0},
        "IllegalParam.LinkType": {"LinkType": "Silver"},
        "IllegalParam.Name": {"Name": "http://x"},
        "IllegalParam.TagKey": {"Tag": [{"Key": "aliyun", "Value": "v"}]},
        "ResourceNotFound.Vpc": {"VpcId": far["id"]},
        "ResourceNotFound.AcceptingVpc": {"AcceptingAliUid": int(one.uid)},
        "UnsupportedRegion": {"AcceptingRegionId": "mars-1"},
        "QuotaExceeded.Bandwidth": {"Bandwidth": 5000},
        "OperationFailed.NotExist.ResourceGroup": {"ResourceGroupId": "rg-none"},
        "DryRunOperation": {"DryRun": True},
    }.items():
        assert ours.code(create, **{**good, **fields}) == code
    cloud.operator.call("PUT", "/quotas/vpc_quota_peer_num", uid=one.uid, limit=1)
    id = ours.call(create, **good)["InstanceId"]
    assert ours.code(create, **good) == "ResourceAlreadyExist.VpcPeer"
    second = one.post("/vpcs", region_id=HERE, cidr="10.3.0.0/16", name="second")
    full = ours.code(create, **{**good, "VpcId": second["id"]})
    assert full == "QuotaExceeded.VpcPeerCountPerUserPerRegion"
    assert ours.code("AcceptVpcPeerConnection", InstanceId=id) == "Forbidden.NoPermission"
    assert ours.code("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=10) == "IncorrectStatus.VpcPeer"
    theirs.call("RejectVpcPeerConnection", InstanceId=id)
    assert theirs.code("AcceptVpcPeerConnection", InstanceId=id) == "IncorrectStatus.VpcPeer"
    about = {"RegionId": HERE, "ResourceType": "PeerConnection"}
    tag = [{"Key": "k", "Value": "v"}]
    assert (
        ours.code("TagResources", **about, ResourceId=["pcc-none"], Tag=tag) == "InvalidInstanceIds.NotFound"
    )
    assert ours.code("ListTagResources", **about) == "BothEmpty.TagsAndResources"
    moved = ours.code("MoveResourceGroup", **about, ResourceId="pcc-none", NewResourceGroupId="rg-none")
    assert moved == "ResourceNotFound.VpcPeer"
    ours.call("DeleteVpcPeerConnection", InstanceId=id)
    for action in ("Get{}Attribute", "Accept{}", "Reject{}", "Modify{}", "Delete{}"):
        name = action.format("VpcPeerConnection")
        assert ours.code(name, InstanceId=id) == "ResourceNotFound.InstanceId"
