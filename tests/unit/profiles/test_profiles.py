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


#: Seed AP's list, by Chinese name; Hong Kong is not in the mainland.
MAINLAND = 14
ELSEWHERE = {
    "cn-hongkong",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "eu-central-1",
    "eu-west-1",
    "us-west-1",
    "us-east-1",
    "me-east-1",
    "me-central-1",
}


def test_every_region_of_the_seed_is_there():
    """NET-2: fourteen mainland regions and those elsewhere, each with zones and two names."""
    assert sum(region.mainland for region in REGIONS) == MAINLAND
    assert {region.id for region in REGIONS if not region.mainland} >= ELSEWHERE
    for region in REGIONS:
        assert region.name_zh
        assert region.name_en
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
