"""Peer connections at Alibaba Cloud's door: every action of VpcPeer, its words for states, and what is refused with which code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.support.api import Account, Site
from tests.support.terraform import PEER, Provider

from peerway.app.usecases.peerings import due_expiries, expire_peering
from peerway.app.usecases.settling import SETTLINGS, settle_with
from peerway.domain.peering import Peering

HERE, THERE = "cn-hangzhou", "cn-beijing"


@dataclass
class Side:
    """One account with a VPC, and its way to the door."""

    account: Account
    cloud: Provider
    vpc: dict[str, Any]

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request; the answer."""
        return self.cloud.call(action, PEER, **parameters)

    def code(self, action: str, **parameters: Any) -> str:
        """One request that is refused; the code."""
        return self.cloud.code(self.cloud.call, action, version=PEER, **parameters)

    def get(self, id: str) -> dict[str, Any]:
        """A connection as this side sees it."""
        return self.call("GetVpcPeerConnectionAttribute", InstanceId=id)


@dataclass
class Cloud:
    """Makes sides, and does the data plane's part."""

    site: Site
    sides: list[Side]

    def side(self, cidr: str = "10.1.0.0/16", region: str = HERE, account: Account | None = None) -> Side:
        """An account, new unless one is named, with a VPC."""
        owner = account or self.site.account(real_name=True)
        endpoint = str(self.site.client.base_url).removeprefix("http://").rstrip("/")
        cloud = Provider(endpoint, owner.key_id, owner.secret, region)
        self.sides.append(Side(owner, cloud, owner.vpc(cidr, region)))
        return self.sides[-1]

    def settle(self) -> None:
        """What the reconciler does once the data plane has reached everything."""
        for found in self.site.store.read(lambda tx: tx.select(Peering)):
            if SETTLINGS[Peering].waits(found):
                self.site.store.write(settle_with(self.site.services.world, found))

    def expire(self) -> None:
        """Let a week pass, and do what the reconciler does then."""
        self.site.clock.advance(timedelta(days=7))
        store, world = self.site.store, self.site.services.world
        for due in store.read(lambda tx: due_expiries(tx, self.site.clock.now(), 100)):
            store.write(lambda tx, id=due.id: expire_peering(tx, world, id))


@pytest.fixture
def cloud(site: Site) -> Iterator[Cloud]:
    """A way to make sides."""
    made = Cloud(site, [])
    yield made
    for side in made.sides:
        side.cloud.close()


def asked(one: Side, other: Side, **fields: Any) -> dict[str, Any]:
    """What a new connection between two sides is asked for with."""
    return {
        "VpcId": one.vpc["id"],
        "AcceptingAliUid": other.account.uid,
        "AcceptingRegionId": other.vpc["region_id"],
        "AcceptingVpcId": other.vpc["id"],
        **fields,
    }


def connect(one: Side, other: Side, **fields: Any) -> str:
    """A new connection; its id."""
    return str(one.call("CreateVpcPeerConnection", **asked(one, other, **fields))["InstanceId"])


def test_one_accounts_connection_needs_no_yes(cloud: Cloud) -> None:
    """API-1, PEER-1, PEER-2: `Creating` until the data plane has it, then `Activated`; uncapped in one region."""
    one = cloud.side()
    other = cloud.side("10.2.0.0/16", account=one.account)
    id = connect(one, other, Name="here-there", Description="a b", Bandwidth=-1)
    assert id.startswith("pcc-")
    shown = one.get(id)
    assert shown["Status"] == "Creating"
    cloud.settle()
    shown = one.get(id)
    assert (shown["Status"], shown["BizStatus"], shown["Bandwidth"]) == ("Activated", "Normal", -1)
    assert (shown["LinkType"], shown["ManagedService"], shown["GmtExpired"]) == ("", "", None)
    assert (shown["Name"], shown["Description"]) == ("here-there", "a b")
    assert (shown["OwnerId"], shown["AcceptingOwnerUid"]) == (int(one.account.uid),) * 2
    assert shown["Vpc"] == {"VpcId": one.vpc["id"], "Ipv4Cidrs": ["10.1.0.0/16"], "Ipv6Cidrs": []}
    assert shown["AcceptingVpc"]["Ipv4Cidrs"] == ["10.2.0.0/16"]
    assert (shown["RegionId"], shown["AcceptingRegionId"]) == (HERE, HERE)
    assert shown["Tags"] == []
    assert shown["ResourceGroupId"].startswith("rg-")
    assert one.code("AcceptVpcPeerConnection", InstanceId=id) == "IncorrectStatus.VpcPeer"
    # What Terraform sends with every change: the -1 that it was shown.
    one.call("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=-1, Name="n")
    assert one.get(id)["Name"] == "n"
    code = one.code("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=100)
    assert code == "OperationFailed.BandwidthCannotBeChangedInSameRegion"


def test_another_account_accepts_across_regions_and_either_side_changes_and_deletes(cloud: Cloud) -> None:
    """API-1, PEER-1, PEER-4, PEER-9, PEER-13: the whole life of a connection, as both sides see it."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16", THERE)
    id = connect(one, other)
    for side in (one, other):
        shown = side.get(id)
        assert (shown["Status"], shown["Bandwidth"], shown["LinkType"]) == ("Accepting", 1024, "Gold")
        assert shown["GmtExpired"] > shown["GmtCreate"]
    assert one.code("AcceptVpcPeerConnection", InstanceId=id) == "Forbidden.NoPermission"
    other.call("AcceptVpcPeerConnection", InstanceId=id, ClientToken="once")
    other.call("AcceptVpcPeerConnection", InstanceId=id, ClientToken="once")
    assert one.get(id)["Status"] == "Updating"
    assert one.get(id)["GmtExpired"] is None
    assert other.code("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=10) == "IncorrectStatus.VpcPeer"
    cloud.settle()
    other.call("ModifyVpcPeerConnection", InstanceId=id, Bandwidth=10, LinkType="Platinum", Description="d")
    assert one.get(id)["Status"] == "Updating"
    cloud.settle()
    shown = one.get(id)
    assert (shown["Status"], shown["Bandwidth"], shown["LinkType"]) == ("Activated", 10, "Platinum")
    other.call("DeleteVpcPeerConnection", InstanceId=id)
    assert one.get(id)["Status"] == "Deleting"
    assert one.code("DeleteVpcPeerConnection", InstanceId=id) == "IncorrectStatus.VpcPeer"
    cloud.settle()
    for action in ("GetVpcPeerConnectionAttribute", "DeleteVpcPeerConnection", "AcceptVpcPeerConnection"):
        assert one.code(action, InstanceId=id) == "ResourceNotFound.InstanceId"


def test_a_rejected_and_an_expired_request_stay_to_be_seen(cloud: Cloud) -> None:
    """PEER-3, PEER-5: both sides see them, only deleting is left, and when it expired is shown."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16")
    rejected = connect(one, other)
    other.call("RejectVpcPeerConnection", InstanceId=rejected)
    expired = connect(one, other)
    cloud.expire()
    for id, state in ((rejected, "Rejected"), (expired, "Expired")):
        for side in (one, other):
            assert side.get(id)["Status"] == state
            assert (side.get(id)["GmtExpired"] is None) == (state == "Rejected")
        for action in ("AcceptVpcPeerConnection", "RejectVpcPeerConnection"):
            assert other.code(action, InstanceId=id) == "IncorrectStatus.VpcPeer"
        one.call("DeleteVpcPeerConnection", InstanceId=id)
        assert other.code("GetVpcPeerConnectionAttribute", InstanceId=id) == "ResourceNotFound.InstanceId"


def test_routes_keep_a_connection_unless_it_is_forced(cloud: Cloud) -> None:
    """PEER-4, PEER-8: `OperationDenied.RouteEntryExist`, and Force takes the entries along."""
    one = cloud.side()
    other = cloud.side("10.2.0.0/16", account=one.account)
    id = connect(one, other)
    cloud.settle()
    table = one.vpc["system_table_id"]
    entry = {"destination": "10.2.0.0/16", "next_hop": "peering", "next_hop_id": id}
    one.account.ok("POST", f"/route-tables/{table}/entries", entry)
    assert one.code("DeleteVpcPeerConnection", InstanceId=id) == "OperationDenied.RouteEntryExist"
    assert one.code("DeleteVpcPeerConnection", InstanceId=id, Force=True, DryRun=True) == "DryRunOperation"
    one.call("DeleteVpcPeerConnection", InstanceId=id, Force=True)
    cloud.settle()
    assert one.code("GetVpcPeerConnectionAttribute", InstanceId=id) == "ResourceNotFound.InstanceId"


def test_a_client_token_makes_repeats_harmless(cloud: Cloud) -> None:
    """API-1: the same request again has the same answer, another one is refused, tags are not put on again."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16")
    fields = {"ClientToken": "TF-1", "Tag": [{"Key": "k", "Value": "v"}]}
    id = connect(one, other, **fields)
    assert connect(one, other, **fields) == id
    code = one.code("CreateVpcPeerConnection", **asked(one, other, **fields, Name="other"))
    assert code == "IdempotentParameterMismatch"
    code = one.code("CreateVpcPeerConnection", **asked(one, other, ClientToken="x" * 65))
    assert code == "IllegalParam.ClientToken"


def _elsewhere(one: Side, _: Side) -> dict[str, Any]:
    return {"AcceptingRegionId": "cn-shanghai"}


REFUSED: list[tuple[str, Callable[[Side, Side], dict[str, Any]]]] = [
    ("MissingParam.VpcId", lambda *_: {"VpcId": None}),
    ("MissingParam.AcceptingVpcId", lambda *_: {"AcceptingVpcId": None}),
    ("MissingParam.AcceptingAliUid", lambda *_: {"AcceptingAliUid": None}),
    ("MissingParam.RegionId", lambda *_: {"RegionId": None}),
    ("IllegalParam.AcceptingAliUid", lambda *_: {"AcceptingAliUid": "me"}),
    ("IllegalParam.Bandwidth", lambda *_: {"Bandwidth": 0}),
    ("IllegalParam.Bandwidth", lambda *_: {"Bandwidth": "much"}),
    ("IllegalParam.Bandwidth", lambda *_: {"Bandwidth": -1}),
    ("IllegalParam.LinkType", lambda *_: {"LinkType": "Silver"}),
    ("IllegalParam.Name", lambda *_: {"Name": "n"}),
    ("IllegalParam.Name", lambda *_: {"Name": "n" * 129}),
    ("IllegalParam.Name", lambda *_: {"Name": "http://n"}),
    ("IllegalParam.Description", lambda *_: {"Description": "d"}),
    ("IllegalParam.DryRun", lambda *_: {"DryRun": "maybe"}),
    ("IllegalParam.AcceptingVpcId", lambda one, _: {
        "AcceptingVpcId": one.vpc["id"], "AcceptingAliUid": one.account.uid, "AcceptingRegionId": HERE,
    }),
    ("IllegalParam.TagKey", lambda *_: {"Tag": [{"Key": "acs:k", "Value": "v"}]}),
    ("IllegalParam.TagKey", lambda *_: {"Tag": [{"Value": "v"}]}),
    ("IllegalParam.TagValue", lambda *_: {"Tag": [{"Key": "k", "Value": "v" * 129}]}),
    ("Forbidden.TagKey.Duplicated", lambda *_: {"Tag": [{"Key": "k"}, {"Key": "k"}]}),
    ("NumberExceed.Tags", lambda *_: {"Tag": [{"Key": f"k{n}"} for n in range(21)]}),
    ("OperationFailed.NotExist.ResourceGroup", lambda *_: {"ResourceGroupId": "rg-none"}),
    ("ResourceNotFound.Vpc", lambda *_: {"VpcId": "vpc-none"}),
    ("ResourceNotFound.Vpc", lambda _, other: {"VpcId": other.vpc["id"]}),
    ("ResourceNotFound.AcceptingVpc", lambda *_: {"AcceptingVpcId": "vpc-none"}),
    ("ResourceNotFound.AcceptingVpc", lambda one, _: {"AcceptingAliUid": one.account.uid}),
    ("ResourceNotFound.AcceptingVpc", _elsewhere),
    ("UnsupportedRegion", lambda *_: {"RegionId": "mars-1"}),
    ("UnsupportedRegion", lambda *_: {"AcceptingRegionId": "mars-1"}),
    ("QuotaExceeded.Bandwidth", lambda *_: {"Bandwidth": 1025}),
    ("DryRunOperation", lambda *_: {"DryRun": True}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "fields"), REFUSED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(REFUSED)]
)
def test_what_can_not_be_created_is_refused_in_the_products_words(
    cloud: Cloud, code: str, fields: Callable[[Side, Side], dict[str, Any]]
) -> None:
    """API-1: each rule of a new connection has its code, and nothing is made."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16", THERE)
    assert one.code("CreateVpcPeerConnection", **asked(one, other, **fields(one, other))) == code
    assert one.call("ListVpcPeerConnections")["TotalCount"] == 0


def test_a_pair_of_vpcs_has_one_connection_and_a_vpc_that_goes_has_none(cloud: Cloud) -> None:
    """PEER-1: `ResourceAlreadyExist.VpcPeer`, `IncorrectStatus.Vpc` and `IncorrectStatus.AcceptingVpc`."""
    one = cloud.side()
    other = cloud.side("10.2.0.0/16", account=one.account)
    connect(one, other)
    assert one.code("CreateVpcPeerConnection", **asked(other, one)) == "ResourceAlreadyExist.VpcPeer"
    leaving = cloud.side("10.3.0.0/16", account=one.account)
    leaving.account.ok("DELETE", f"/vpcs/{leaving.vpc['id']}")
    assert one.code("CreateVpcPeerConnection", **asked(leaving, one)) == "IncorrectStatus.Vpc"
    assert one.code("CreateVpcPeerConnection", **asked(one, leaving)) == "IncorrectStatus.AcceptingVpc"


@pytest.mark.parametrize(
    ("quota", "region", "code"),
    [
        ("vpc_quota_peer_num", HERE, "QuotaExceeded.VpcPeerCountPerUserPerRegion"),
        ("vpc_quota_intra_region_peer_num_per_vpc", HERE, "QuotaExceeded.IntraRegionVpcPeerCountPerVpc"),
        ("vpc_quota_cross_region_peer_num_per_vpc", THERE, "QuotaExceeded.CrossRegionVpcPeerCountPerVpc"),
    ],
)
def test_quotas_have_codes_of_their_own(cloud: Cloud, quota: str, region: str, code: str) -> None:
    """PEER-12: what is full is told by the code."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16", region)
    cloud.site.operator.ok("PUT", f"/quotas/{quota}", {"uid": one.account.uid, "limit": 0})
    assert one.code("CreateVpcPeerConnection", **asked(one, other)) == code


def test_cross_border_needs_a_registration_and_sites_stay_apart(cloud: Cloud) -> None:
    """PEER-11: `OperationFailed.ViolativeVpcPeer`."""
    one = cloud.side(account=cloud.site.account())
    abroad = cloud.side("10.2.0.0/16", "ap-southeast-1", account=one.account)
    code = one.code("CreateVpcPeerConnection", **asked(one, abroad))
    assert code == "OperationFailed.ViolativeVpcPeer"
    foreign = cloud.side("10.3.0.0/16", account=cloud.site.account(site="international"))
    code = one.code("CreateVpcPeerConnection", **asked(one, foreign))
    assert code == "OperationFailed.ViolativeVpcPeer"


def test_lists_narrow_and_page(cloud: Cloud) -> None:
    """API-1: by region of the own side, by VPCs of either side, by name, id, tags and group; tokens lead on."""
    hub = cloud.side()
    spokes = [cloud.side(f"10.{n}.0.0/16", account=hub.account) for n in range(2, 5)]
    far = cloud.side("10.9.0.0/16", THERE)
    ids = [connect(hub, spoke, Name=f"spoke-{n}") for n, spoke in enumerate(spokes)]
    ids.append(connect(hub, far, Tag=[{"Key": "kind", "Value": "far"}]))

    def listed(side: Side = hub, **wanted: Any) -> list[str]:
        answer = side.call("ListVpcPeerConnections", **wanted)
        assert answer["TotalCount"] == len(answer["VpcPeerConnects"])
        return [one["InstanceId"] for one in answer["VpcPeerConnects"]]

    assert listed() == ids
    assert listed(RegionId=THERE) == []
    assert listed(far) == ids[3:]
    assert listed(far, RegionId=None) == ids[3:]
    assert listed(VpcId=f"{spokes[0].vpc['id']}, {far.vpc['id']}") == [ids[0], ids[3]]
    assert listed(Name="spoke-1") == ids[1:2]
    assert listed(InstanceId=ids[2]) == ids[2:3]
    assert listed(Tags=[{"Key": "kind", "Value": "far"}]) == ids[3:]
    assert listed(Tags=[{"Key": "kind"}]) == ids[3:]
    assert listed(Tags=[{"Key": "kind", "Value": "near"}]) == []
    assert listed(far, Tags=[{"Key": "kind"}]) == [], "the accepter's tags are its own"
    group = hub.get(ids[0])["ResourceGroupId"]
    assert listed(ResourceGroupId=group) == ids
    assert listed(ResourceGroupId="rg-none") == []
    first = hub.call("ListVpcPeerConnections", MaxResults=3)
    assert (len(first["VpcPeerConnects"]), first["TotalCount"], first["MaxResults"]) == (3, 4, 3)
    rest = hub.call("ListVpcPeerConnections", MaxResults=3, NextToken=first["NextToken"])
    assert [one["InstanceId"] for one in rest["VpcPeerConnects"]] == ids[3:]
    assert rest["NextToken"] == ""
    assert hub.code("ListVpcPeerConnections", MaxResults=0) == "IllegalParam.MaxResults"
    assert hub.code("ListVpcPeerConnections", MaxResults=101) == "IllegalParam.MaxResults"
    assert hub.code("ListVpcPeerConnections", NextToken="!") == "IllegalParam.NextToken"
    assert hub.code("ListVpcPeerConnections", RegionId="mars-1") == "UnsupportedRegion"


def test_each_side_has_tags_and_a_group_of_its_own(cloud: Cloud) -> None:
    """API-1: tags at creation and acceptance, the tag actions, moving between groups; all of it gone with the connection."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16")
    id = connect(one, other, Tag=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    other.call("AcceptVpcPeerConnection", InstanceId=id, Tag=[{"Key": "mine", "Value": "x"}])
    assert one.get(id)["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    assert other.get(id)["Tags"] == [{"Key": "mine", "Value": "x"}]
    about = {"ResourceType": "PeerConnection", "ResourceId": [id]}
    assert one.call("TagResources", **about, Tag=[{"Key": "a", "Value": "2"}])["Success"] is True
    answer = one.call("ListTagResources", **about, MaxResults=1)
    line = {
        "RegionNo": HERE,
        "ResourceId": id,
        "ResourceType": "PeerConnection",
        "TagKey": "a",
        "TagValue": "2",
    }
    assert (answer["TagResources"], answer["MaxResults"]) == ([line], 1)
    rest = one.call("ListTagResources", **about, NextToken=answer["NextToken"])
    assert [(tag["TagKey"], tag["TagValue"]) for tag in rest["TagResources"]] == [("b", "")]
    assert rest["NextToken"] == ""
    found = one.call("ListTagResources", ResourceType="PeerConnection", Tag=[{"Key": "b"}])
    assert {tag["ResourceId"] for tag in found["TagResources"]} == {id}
    one.call("UnTagResources", **about, TagKey=["a", "none"])
    assert [tag["Key"] for tag in one.get(id)["Tags"]] == ["b"]
    one.call("UnTagResources", **about, All=True)
    assert one.get(id)["Tags"] == []
    assert other.get(id)["Tags"] == [{"Key": "mine", "Value": "x"}]
    group = one.cloud.call("CreateResourceGroup", "2020-03-31", Name="group", DisplayName="Group")
    group_id = group["ResourceGroup"]["Id"]
    move = {"ResourceType": "PeerConnection", "NewResourceGroupId": group_id}
    assert one.call("MoveResourceGroup", ResourceId=id, **move)["Success"] is True
    assert one.get(id)["ResourceGroupId"] == group_id
    assert one.call("ListVpcPeerConnections", ResourceGroupId=group_id)["TotalCount"] == 1
    assert other.get(id)["ResourceGroupId"] != group_id
    deletion = ("DeleteResourceGroup", "2020-03-31")
    code = one.cloud.code(one.cloud.call, deletion[0], version=deletion[1], ResourceGroupId=group_id)
    assert code == "DeleteConflict.ResourceGroup.Resource"
    cloud.settle()
    one.call("DeleteVpcPeerConnection", InstanceId=id)
    cloud.settle()
    one.cloud.call(*deletion, ResourceGroupId=group_id)
    assert (
        one.call("ListTagResources", ResourceType="PeerConnection", Tag=[{"Key": "b"}])["TagResources"] == []
    )


def test_what_can_not_be_tagged_is_refused_in_the_products_words(cloud: Cloud) -> None:
    """API-1: the codes of the tag actions and of moving between groups."""
    one, other = cloud.side(), cloud.side("10.2.0.0/16")
    id = connect(one, other)
    kind, tag = {"ResourceType": "PeerConnection"}, [{"Key": "k", "Value": "v"}]
    cases = [
        ("InvalidTagKey", {**kind, "ResourceId": [id], "Tag": [{"Key": "aliyun", "Value": "v"}]}),
        ("NumberExceed.Tags", {**kind, "ResourceId": [id], "Tag": [{"Key": f"k{n}"} for n in range(21)]}),
        ("NumberExceed.ResourceIds", {**kind, "ResourceId": [id] * 51, "Tag": tag}),
        ("InvalidInstanceIds.NotFound", {**kind, "ResourceId": ["pcc-none"], "Tag": tag}),
        ("InvalidInstanceType.NotFound", {"ResourceType": "Vpc", "ResourceId": [id], "Tag": tag}),
        ("MissingParam.Tag", {**kind, "ResourceId": [id]}),
    ]
    for code, fields in cases:
        assert one.code("TagResources", **fields) == code
    assert one.code("UnTagResources", **kind, ResourceId=["pcc-none"]) == "InvalidInstanceIds.NotFound"
    assert one.code("ListTagResources", **kind) == "BothEmpty.TagsAndResources"
    assert one.code("ListTagResources", **kind, ResourceId=[id], NextToken="!") == "IllegalParam.NextToken"
    move = {**kind, "NewResourceGroupId": "rg-none"}
    assert one.code("MoveResourceGroup", ResourceId=id, **move) == "OperationFailed.NotExist.ResourceGroup"
    assert one.code("MoveResourceGroup", ResourceId="pcc-none", **move) == "ResourceNotFound.VpcPeer"


def test_strangers_see_nothing_and_readers_change_nothing(cloud: Cloud) -> None:
    """NET-1: a foreign connection is like a missing one; a reader may look and gets the cloud's refusal for the rest."""
    one, other, stranger = cloud.side(), cloud.side("10.2.0.0/16"), cloud.side("10.3.0.0/16")
    id = connect(one, other)
    for action in (
        "GetVpcPeerConnectionAttribute",
        "AcceptVpcPeerConnection",
        "RejectVpcPeerConnection",
        "ModifyVpcPeerConnection",
        "DeleteVpcPeerConnection",
    ):
        assert stranger.code(action, InstanceId=id) == "ResourceNotFound.InstanceId"
    made = one.account.ok("POST", f"/accounts/{one.account.uid}/credentials", {"role": "reader"})
    keys = (made["access_key_id"], made["access_key_secret"])
    reader = Side(one.account, Provider(one.cloud.endpoint, *keys), one.vpc)
    cloud.sides.append(reader)
    assert reader.get(id)["Status"] == "Accepting"
    for action in ("ModifyVpcPeerConnection", "DeleteVpcPeerConnection"):
        assert reader.code(action, InstanceId=id, Name="nn") == "Forbidden.NoPermission"
    tagging = {"ResourceType": "PeerConnection", "ResourceId": [id], "Tag": [{"Key": "k"}]}
    assert reader.code("TagResources", **tagging) == "Forbidden.NoPermission"
