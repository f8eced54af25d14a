"""The profiles say what the seeds say."""

from datetime import timedelta

import pytest

from peerway.domain.errors import InvalidInput
from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.peering import PeeringState
from peerway.domain.vpc import VpcKind
from peerway.profiles.model import (
    PROFILE_NAMES,
    AutoRoutes,
    Onlooker,
    OverlapRule,
    QuotaScope,
    load_profiles,
    load_regions,
)

PROFILES = load_profiles()
REGIONS = load_regions()


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_profile_is_total(name):
    """PEER-2: each state has a name, each quota that bounds a cap is there, what a user raises is one of the user's events."""
    profile = PROFILES[name]
    assert set(profile.state_names) == set(PeeringState)
    assert all(profile.state_names.values())
    assert QuotaScope.BANDWIDTH_CROSS_REGION in {quota.scope for quota in profile.quotas}
    system = {PeeringEvent.EXPIRE, PeeringEvent.PROGRAMMED, PeeringEvent.SUSPEND, PeeringEvent.RESUME}
    assert not profile.events & system
    assert {PeeringEvent.ACCEPT, PeeringEvent.REJECT, PeeringEvent.DELETE} <= profile.events


def test_quota_names_are_one_products_each():
    """PEER-12: a grant is by name, so a name means one quota."""
    names = [quota.name for profile in PROFILES.values() for quota in profile.quotas]
    assert len(names) == len(set(names))


def test_alibaba_is_as_its_seed_says():
    """AP: names of the eight states, seven days, force at deletion, quotas by name, same-account routes on request."""
    ap = PROFILES["alibaba"]
    shown = ["Creating", "Accepting", "Updating", "Activated", "Rejected", "Expired", "Deleting", "Deleted"]
    states = ["creating", "pending", "updating", "active", "rejected", "expired", "deleting", "deleted"]
    assert [ap.state_names[PeeringState(state)] for state in states] == shown
    assert ap.expiry == timedelta(days=7)
    assert (ap.auto_routes, ap.overlap, ap.link_types) == (AutoRoutes.SAME_ACCOUNT, OverlapRule.WARN, True)
    assert (ap.same_site_only, ap.cross_border_needs_real_name) == (True, True)
    assert (ap.rejected_seen_by, ap.expired_seen_by, ap.modified_by) == (Onlooker.BOTH,) * 3
    assert PeeringEvent.ENABLE not in ap.events
    assert {quota.name: (quota.scope.value, quota.default) for quota in ap.quotas} == {
        "vpc_quota_cross_region_peer_num_per_vpc": ("vpc_cross_region", 20),
        "vpc_quota_intra_region_peer_num_per_vpc": ("vpc_same_region", 10),
        "vpc_quota_peer_num": ("account_region", 20),
        "vpc_quota_peer_cross_border_bandwidth": ("bandwidth_cross_border", 1024),
        "vpc_quota_peer_cross_region_bandwidth": ("bandwidth_cross_region", 1024),
    }


def test_tencent_is_as_its_seeds_say():
    """TA, TB: seven days, enable, ten a VPC, no overlap of the pair nor among cross-region peers, routes by hand."""
    tencent = PROFILES["tencent"]
    assert tencent.expiry == timedelta(days=7)
    assert PeeringEvent.ENABLE in tencent.events
    assert tencent.overlap is OverlapRule.REFUSE
    assert tencent.overlap_among_cross_region_peers is OverlapRule.REFUSE
    assert tencent.overlap_among_same_region_peers is OverlapRule.IGNORE
    assert (tencent.auto_routes, tencent.delete_needs_force) == (AutoRoutes.NEVER, False)
    assert (tencent.rejected_seen_by, tencent.expired_seen_by) == (Onlooker.REQUESTER, Onlooker.BOTH)
    assert [q.default for q in tencent.quotas if q.scope is QuotaScope.VPC] == [10]


def test_jdcloud_is_as_its_seed_says():
    """JD: 24 hours, bare metal only, fifty an account and region, routes by the system, overlap in one region."""
    jd = PROFILES["jdcloud"]
    assert jd.expiry == timedelta(hours=24)
    assert jd.vpc_kinds == {VpcKind.CPS}
    assert jd.overlap is OverlapRule.REFUSE
    assert jd.overlap_among_same_region_peers is OverlapRule.REFUSE
    assert jd.overlap_among_cross_region_peers is OverlapRule.IGNORE
    assert (jd.auto_routes, jd.delete_needs_force) == (AutoRoutes.ALWAYS, False)
    assert (jd.rejected_seen_by, jd.state_names[PeeringState.REJECTED]) == (
        Onlooker.REQUESTER,
        "peer-rejected",
    )
    assert PeeringEvent.ENABLE not in jd.events
    assert [q.default for q in jd.quotas if q.scope is QuotaScope.ACCOUNT_REGION] == [50]


@pytest.mark.parametrize("name", PROFILES)
def test_deleted_connections_are_nobodys(name):
    """PEER-2, PEER-4: no seed shows a deleted connection to anyone; Alibaba Cloud's clients wait until it is not found."""
    assert PROFILES[name].deleted_seen_by is Onlooker.NOBODY


def test_jdcloud_vpc_is_as_its_documents_say():
    """API-3: one region only, ten a VPC, no overlap of the pair, routes by hand, no class of links and no change of caps."""
    halves = PROFILES["jdcloud_vpc"]
    assert halves.vpc_kinds == {VpcKind.ECS}
    assert (halves.overlap, halves.auto_routes) == (OverlapRule.REFUSE, AutoRoutes.NEVER)
    assert PeeringEvent.MODIFY not in halves.events
    limits = {quota.scope: quota.default for quota in halves.quotas}
    assert (limits[QuotaScope.VPC], limits[QuotaScope.VPC_CROSS_REGION]) == (10, 0)


def test_native_takes_the_best_of_all():
    """Native: enable, every kind, routes when asked for, overlap with a warning."""
    native = PROFILES["native"]
    assert native.events == {PeeringEvent(e) for e in ("accept", "reject", "enable", "modify", "delete")}
    assert native.vpc_kinds == set(VpcKind)
    assert (native.auto_routes, native.overlap) == (AutoRoutes.OPTIONAL, OverlapRule.WARN)


#: Seed AP's list in its order, in simplified characters and without what it says about regions that close.
MAINLAND = {
    "cn-hangzhou": "华东1（杭州）",
    "cn-shanghai": "华东2（上海）",
    "cn-nanjing": "华东5（南京-本地地域）",
    "cn-qingdao": "华北1（青岛）",
    "cn-beijing": "华北2（北京）",
    "cn-zhangjiakou": "华北3（张家口）",
    "cn-huhehaote": "华北5（呼和浩特）",
    "cn-wulanchabu": "华北6（乌兰察布）",
    "cn-shenzhen": "华南1（深圳）",
    "cn-heyuan": "华南2（河源）",
    "cn-guangzhou": "华南3（广州）",
    "cn-chengdu": "西南1（成都）",
    "cn-wuhan-lr": "华中1（武汉-本地地域）",
    "cn-fuzhou": "华东6（福州-本地地域）",
}
ELSEWHERE = {
    "cn-hongkong": "中国香港",
    "ap-northeast-1": "日本（东京）",
    "ap-northeast-2": "韩国（首尔）",
    "ap-southeast-1": "新加坡",
    "ap-southeast-3": "马来西亚（吉隆坡）",
    "ap-southeast-5": "印度尼西亚（雅加达）",
    "ap-southeast-6": "菲律宾（马尼拉）",
    "ap-southeast-7": "泰国（曼谷）",
    "eu-central-1": "德国（法兰克福）",
    "eu-west-1": "英国（伦敦）",
    "us-west-1": "美国（硅谷）",
    "us-east-1": "美国（弗吉尼亚）",
    "me-east-1": "阿联酋（迪拜）",
    "me-central-1": "沙特（利雅得）- 伙伴运营",
}


@pytest.mark.parametrize(("mainland", "seed"), [(True, MAINLAND), (False, ELSEWHERE)])
def test_every_region_of_the_seed_is_there(mainland, seed):
    """NET-2: the seed's regions by their Chinese names, and no other, in the mainland (fourteen) and elsewhere."""
    assert {region.id: region.name_zh for region in REGIONS if region.mainland is mainland} == seed


def test_every_region_has_an_english_name_of_its_own_and_zones():
    """NET-2: what is not in the seed; a zone's id begins with its region's."""
    assert len({region.name_en for region in REGIONS}) == len(list(REGIONS))
    for region in REGIONS:
        assert region.name_en.isascii()
        assert region.zones
        assert all(zone.startswith(f"{region.id}-") for zone in region.zones)


def test_border_lies_between_mainland_and_elsewhere():
    """PEER-11: exactly one side in the mainland."""
    assert REGIONS.crosses_border("cn-hangzhou", "cn-hongkong")
    assert REGIONS.crosses_border("ap-southeast-1", "cn-beijing")
    assert not REGIONS.crosses_border("cn-hangzhou", "cn-beijing")
    assert not REGIONS.crosses_border("us-east-1", "eu-central-1")


def test_unknown_region_and_zone_are_named():
    """NET-2: a problem names the field."""
    with pytest.raises(InvalidInput) as caught:
        REGIONS.require("mars", "peer_region_id")
    assert caught.value.field == "peer_region_id"
    with pytest.raises(InvalidInput) as caught:
        REGIONS.require_zone("cn-hangzhou", "cn-beijing-a")
    assert caught.value.field == "zone_id"
