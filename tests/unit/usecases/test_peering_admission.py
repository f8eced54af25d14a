"""Who may connect what: the checks a new connection has to pass."""

import pytest

from peerway.app.usecases.accounts import UpdateAccount, update_account
from peerway.app.usecases.peerings import (
    AcceptPeering,
    CreatePeering,
    DeletePeering,
    UpdatePeering,
    accept_peering,
    create_peering,
    delete_peering,
    update_peering,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota, list_quotas
from peerway.app.usecases.vpcs import AddSecondaryCidr, DeleteVpc, add_secondary_cidr, delete_vpc
from peerway.domain.errors import (
    AlreadyExists,
    Forbidden,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.peering import LinkType, Peering
from peerway.domain.route_table import RouteEntry


@pytest.fixture
def pair(estate, alice, bob):
    """A VPC of each account, in two regions."""
    return estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16", "cn-beijing")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"profile": "aws"}, "profile"),
        ({"peer_region_id": "cn-atlantis"}, "peer_region_id"),
        ({"bandwidth_mbps": 0}, "bandwidth_mbps"),
        ({"bandwidth_mbps": -1}, "bandwidth_mbps"),
        ({"bandwidth_mbps": "fast"}, "bandwidth_mbps"),
        ({"bandwidth_mbps": True}, "bandwidth_mbps"),
        ({"link_type": "silver"}, "link_type"),
        ({"link_type": 7}, "link_type"),
        ({"auto_routes": "yes"}, "auto_routes"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": None}, "name"),
        ({"description": "x" * 257}, "description"),
        ({"client_token": "x" * 65}, "client_token"),
        ({"client_token": ""}, "client_token"),
        ({"client_token": "ä"}, "client_token"),
    ],
)
def test_bad_field_is_named(estate, alice, pair, fields, field):
    """PEER-9, PEER-10: each wrong value is a problem with its field and rule, and nothing changes."""
    vpc, peer = pair
    request = CreatePeering(
        **{
            "vpc_id": vpc.id,
            "peer_vpc_id": peer.id,
            "peer_uid": peer.owner_uid,
            "peer_region_id": peer.region_id,
            **fields,
        }
    )
    error = estate.refused(InvalidInput, create_peering, alice, request)
    assert error.field == field
    assert error.rule


def test_foreign_vpc_is_not_found(estate, alice, pair):
    """NET-1: one can't ask in another account's name."""
    vpc, peer = pair
    request = estate.request(peer, vpc)
    assert estate.refused(NotFound, create_peering, alice, request).data["field"] == "vpc_id"


@pytest.mark.parametrize("wrong", ["peer_uid", "peer_region_id", "peer_vpc_id"])
def test_wrong_account_region_or_id_of_the_peer_answer_alike(estate, alice, carol, pair, wrong):
    """NET-1: the answer does not tell which part was wrong, so nobody learns what others have."""
    vpc, peer = pair
    values = {"peer_uid": carol.uid, "peer_region_id": "cn-shanghai", "peer_vpc_id": "vpc-none"}
    fields = {"peer_uid": peer.owner_uid, "peer_region_id": peer.region_id, "peer_vpc_id": peer.id}
    request = CreatePeering(vpc_id=vpc.id, **{**fields, wrong: values[wrong]})
    error = estate.refused(NotFound, create_peering, alice, request)
    assert error.data == {"resource": "vpc", "id": request.peer_vpc_id, "field": "peer_vpc_id"}


def test_vpc_does_not_peer_with_itself(estate, alice):
    """PEER-1: a pair is two VPCs."""
    vpc = estate.vpc(alice)
    error = estate.refused(InvalidInput, create_peering, alice, estate.request(vpc, vpc))
    assert (error.field, error.code) == ("peer_vpc_id", "self_peering")


@pytest.mark.parametrize("turned", [False, True])
def test_pair_has_one_live_connection(estate, alice, bob, pair, turned):
    """PEER-1: a second connection of the pair is refused in either direction, whatever the product."""
    vpc, peer = pair
    first = estate.ask_for(alice, vpc, peer)
    caller, request = (
        (bob, estate.request(peer, vpc, profile="alibaba")) if turned else (alice, estate.request(vpc, peer))
    )
    error = estate.refused(AlreadyExists, create_peering, caller, request)
    assert (error.code, error.data["id"]) == ("peering_exists", first.id) if not turned else error.code


def test_kinds_do_not_mix(estate, alice):
    """NET-3: CPS peers only with CPS."""
    request = estate.request(estate.vpc(alice, kind="ecs"), estate.vpc(alice, "10.1.0.0/16", kind="cps"))
    assert estate.refused(InvalidInput, create_peering, alice, request).code == "kinds_differ"


@pytest.mark.parametrize(("profile", "kind"), [("alibaba", "cps"), ("tencent", "cps"), ("jdcloud", "ecs")])
def test_product_peers_its_own_kinds(estate, alice, profile, kind):
    """NET-3: JD's product is for bare metal, the others for virtual machines."""
    one, other = estate.vpc(alice, kind=kind), estate.vpc(alice, "10.1.0.0/16", kind=kind)
    error = estate.refused(InvalidInput, create_peering, alice, estate.request(one, other, profile=profile))
    assert error.code == "kind_not_peered"


def test_vpc_being_deleted_is_no_side(estate, alice, bob, pair):
    """PEER-1: what is on its way out can't be connected."""
    vpc, peer = pair
    estate.do(delete_vpc, bob, DeleteVpc(id=peer.id))
    estate.refused(IllegalState, create_peering, alice, estate.request(vpc, peer))


def test_accounts_of_different_sites_do_not_peer(estate, alice):
    """PEER-11: a China account and an international one."""
    dave = estate.tenant("dave", site="international")
    request = estate.request(estate.vpc(alice), estate.vpc(dave, "10.1.0.0/16"))
    assert estate.refused(Forbidden, create_peering, alice, request).code == "sites_differ"


def test_cross_border_needs_the_requesters_real_name(estate, bob):
    """PEER-11: mainland to elsewhere needs an enterprise registration; elsewhere to elsewhere does not."""
    inside, outside = estate.vpc(bob), estate.vpc(bob, "10.1.0.0/16", "ap-southeast-1")
    request = estate.request(inside, outside)
    assert estate.refused(Forbidden, create_peering, bob, request).code == "real_name_required"
    far = estate.vpc(bob, "10.2.0.0/16", "us-west-1")
    estate.ask_for(bob, outside, far)
    estate.do(update_account, estate.operator, UpdateAccount(uid=bob.uid, real_name=True))
    assert estate.ask_for(bob, inside, outside).bandwidth_mbps == 1024


@pytest.mark.parametrize(
    ("profile", "kind", "refused"),
    [("tencent", "ecs", True), ("jdcloud", "cps", True), ("alibaba", "ecs", False), ("native", "ecs", False)],
)
def test_overlap_of_the_pair_is_up_to_the_product(estate, alice, profile, kind, refused):
    """PEER-6: TA, TB and JD refuse overlapping ranges; AP lets it be made."""
    one = estate.vpc(alice, "10.0.0.0/16", kind=kind)
    other = estate.vpc(alice, "172.16.0.0/16", secondary_cidrs=("10.0.128.0/20",), kind=kind)
    request = estate.request(one, other, profile=profile)
    if refused:
        error = estate.refused(InvalidInput, create_peering, alice, request)
        assert (error.field, error.code) == ("peer_vpc_id", "overlap")
    else:
        estate.do(create_peering, alice, request)


@pytest.mark.parametrize(
    ("profile", "kind", "region", "refused"),
    [
        ("tencent", "ecs", "cn-beijing", True),
        ("tencent", "ecs", "cn-hangzhou", False),
        ("jdcloud", "cps", "cn-beijing", False),
        ("jdcloud", "cps", "cn-hangzhou", True),
        ("alibaba", "ecs", "cn-beijing", False),
        ("native", "ecs", "cn-hangzhou", False),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_overlap_among_peers_is_up_to_the_product(estate, alice, profile, kind, region, refused, turned):
    """PEER-6: TA/TB refuse it cross region, JD in one region; from whichever side the hub is asked."""
    hub = estate.vpc(alice, "10.0.0.0/16", kind=kind)
    spokes = [estate.vpc(alice, "10.1.0.0/16", region, kind=kind) for _ in range(2)]
    estate.ask_for(alice, hub, spokes[0], profile=profile)
    one, other = (spokes[1], hub) if turned else (hub, spokes[1])
    request = estate.request(one, other, profile=profile)
    if refused:
        assert estate.refused(InvalidInput, create_peering, alice, request).code == "overlap"
    else:
        estate.do(create_peering, alice, request)


def test_new_range_must_not_break_what_was_checked(estate, alice):
    """PEER-6: a secondary range may not bring the overlap that creation refused."""
    hub, spoke, beside = (
        estate.vpc(alice, f"10.{n}.0.0/16", r)
        for n, r in enumerate(["cn-hangzhou", "cn-beijing", "cn-beijing"])
    )
    estate.ask_for(alice, hub, spoke, profile="tencent")
    estate.ask_for(alice, hub, beside, profile="tencent")
    for vpc, cidr in ((spoke, "10.0.8.0/24"), (spoke, "10.2.8.0/24")):
        error = estate.refused(
            InvalidInput, add_secondary_cidr, alice, AddSecondaryCidr(id=vpc.id, cidr=cidr)
        )
        assert (error.field, error.code) == ("cidr", "overlap")
    estate.do(add_secondary_cidr, alice, AddSecondaryCidr(id=spoke.id, cidr="10.9.0.0/24"))


def test_new_range_is_told_to_the_other_side(estate, alice):
    """PEER-8: where the system writes the routes it does so for later ranges, too."""
    one, other = estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16")
    estate.ask_for(alice, one, other, auto_routes=True)
    added = estate.do(add_secondary_cidr, alice, AddSecondaryCidr(id=one.id, cidr="10.9.0.0/24"))
    routes = {e.destination for e in estate.all(RouteEntry) if e.vpc_id == other.id}
    assert routes == {one.cidr, *added.secondary_cidrs}


@pytest.mark.parametrize("field", ["bandwidth_mbps", "link_type"])
def test_same_region_takes_no_cross_region_setting(estate, alice, field):
    """PEER-9, PEER-10: neither cap nor link type inside one region."""
    value = {"bandwidth_mbps": 100, "link_type": "gold"}[field]
    request = estate.request(estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16"), **{field: value})
    assert estate.refused(InvalidInput, create_peering, alice, request).field == field


def test_link_type_is_chosen(estate, alice, pair):
    """PEER-10: platinum when asked; products without link types refuse one and have none."""
    vpc, peer = pair
    error = estate.refused(
        InvalidInput, create_peering, alice, estate.request(vpc, peer, profile="tencent", link_type="gold")
    )
    assert error.field == "link_type"
    assert estate.ask_for(alice, vpc, peer, link_type="platinum").link_type is LinkType.PLATINUM


@pytest.mark.parametrize(
    ("profile", "same_account", "asked", "outcome"),
    [
        ("native", False, None, False),
        ("native", False, True, True),
        ("alibaba", True, True, True),
        ("alibaba", True, None, False),
        ("alibaba", False, True, "refused"),
        ("tencent", True, True, "refused"),
        ("tencent", False, False, False),
        ("jdcloud", False, None, True),
        ("jdcloud", True, False, "refused"),
    ],
)
def test_who_writes_routes_is_up_to_the_product(estate, alice, bob, profile, same_account, asked, outcome):
    """PEER-8: AP on request for one account, TA/TB never, JD always."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    other = alice if same_account else bob
    pair = estate.vpc(alice, kind=kind), estate.vpc(other, "10.1.0.0/16", kind=kind)
    request = estate.request(*pair, profile=profile, auto_routes=asked)
    if outcome == "refused":
        assert estate.refused(InvalidInput, create_peering, alice, request).field == "auto_routes"
    else:
        assert estate.do(create_peering, alice, request).auto_routes is outcome


@pytest.mark.parametrize(
    ("profile", "region", "limit"),
    [
        ("alibaba", "cn-beijing", 20),
        ("alibaba", "cn-hangzhou", 10),
        ("tencent", "cn-beijing", 10),
        ("tencent", "cn-hangzhou", 10),
    ],
)
def test_vpc_quota_holds_exactly(estate, alice, profile, region, limit):
    """PEER-12: AP 20 cross region and 10 same region a VPC, TA/TB 10 a VPC; not one more."""
    for name in ("vpc_quota_peer_num",):
        estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=100))
    hub = estate.vpc(alice, "172.16.0.0/16")
    spokes = [estate.vpc(alice, f"10.{n}.0.0/16", region) for n in range(limit + 1)]
    for spoke in spokes[:-1]:
        estate.ask_for(alice, hub, spoke, profile=profile)
    for request in (
        estate.request(hub, spokes[-1], profile=profile),
        estate.request(spokes[-1], hub, profile=profile),
    ):
        error = estate.refused(QuotaExceeded, create_peering, alice, request)
        assert (error.data["limit"], error.data["used"]) == (limit, limit)


def test_full_vpc_of_another_account_keeps_its_figures(estate, alice, bob):
    """NET-1, PEER-12: who is refused because of the other side's quota learns neither its limit nor its use."""
    estate.do(grant_quota, estate.operator, GrantQuota(uid=bob.uid, name="peerings_per_vpc", limit=0))
    request = estate.request(estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    error = estate.refused(QuotaExceeded, create_peering, alice, request)
    scope = f"VPC {request.peer_vpc_id}"
    assert error.data == {"quota": "peerings_per_vpc", "scope": scope, "field": "peer_vpc_id"}
    assert error.text == f"quota peerings_per_vpc of {scope} is reached"


@pytest.mark.parametrize(("profile", "limit"), [("alibaba", 20), ("jdcloud", 50)])
def test_account_and_region_quota_holds_exactly(estate, alice, profile, limit):
    """PEER-12: AP 20 and JD 50 an account and region; a raised limit lets one more pass."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    quota = {"alibaba": "vpc_quota_peer_num", "jdcloud": "jdcloud_peerings_per_account_and_region"}[profile]
    firsts = [estate.vpc(alice, f"10.{n}.0.0/16", kind=kind) for n in range(limit + 1)]
    others = [estate.vpc(alice, f"10.{n + 100}.0.0/16", "cn-beijing", kind=kind) for n in range(limit + 1)]
    for one, other in zip(firsts[:-1], others[:-1], strict=True):
        estate.ask_for(alice, one, other, profile=profile)
    request = estate.request(firsts[-1], others[-1], profile=profile)
    assert estate.refused(QuotaExceeded, create_peering, alice, request).data["quota"] == quota
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=quota, limit=limit + 1))
    estate.do(create_peering, alice, request)
    (status,) = [s for s in estate.ask(list_quotas, alice, profile=profile) if s.name == quota]
    assert (status.default, status.limit, status.used) == (limit, limit + 1, limit + 1)


def test_deleted_connection_frees_its_quota(estate, alice):
    """PEER-12: only live connections count."""
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name="peerings_per_vpc", limit=1))
    hub, one, other = (estate.vpc(alice, f"10.{n}.0.0/16") for n in range(3))
    first = estate.ask_for(alice, hub, one)
    request = estate.request(hub, other)
    estate.refused(QuotaExceeded, create_peering, alice, request)
    estate.do(delete_peering, alice, DeletePeering(id=first.id))
    estate.settle()
    estate.do(create_peering, alice, request)


def test_accepters_own_quota_counts_at_acceptance(estate, alice, bob):
    """PEER-12: the region's quota of the accepter is asked when it accepts."""
    name = "peerings_per_account_and_region"
    estate.do(grant_quota, estate.operator, GrantQuota(uid=bob.uid, name=name, limit=1))
    asked = [
        estate.ask_for(alice, estate.vpc(alice, f"10.{n}.0.0/16"), estate.vpc(bob, f"10.{n + 9}.0.0/16"))
        for n in range(2)
    ]
    for peering in asked:
        error = estate.refused(QuotaExceeded, accept_peering, bob, AcceptPeering(id=peering.id))
        assert error.data["quota"] == name
    estate.do(delete_peering, bob, DeletePeering(id=asked[0].id))
    estate.settle()
    estate.do(accept_peering, bob, AcceptPeering(id=asked[1].id))


@pytest.mark.parametrize(
    ("region", "quota"),
    [
        ("cn-beijing", "vpc_quota_peer_cross_region_bandwidth"),
        ("ap-southeast-1", "vpc_quota_peer_cross_border_bandwidth"),
    ],
)
def test_cap_is_bounded_by_quota(estate, alice, region, quota):
    """PEER-9: cross region and cross border at most 1024 Mbit/s, unless raised; at creation and later."""
    one, other = estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16", region)
    request = estate.request(one, other, profile="alibaba", bandwidth_mbps=1025)
    error = estate.refused(QuotaExceeded, create_peering, alice, request)
    assert error.data["limit"] == 1024
    peering = estate.ask_for(alice, one, other, profile="alibaba", bandwidth_mbps=1024)
    estate.settle()
    wider = UpdatePeering(id=peering.id, bandwidth_mbps=1025)
    estate.refused(QuotaExceeded, update_peering, alice, wider)
    for name in ("vpc_quota_peer_cross_region_bandwidth", quota):
        estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=2000))
    assert estate.do(update_peering, alice, wider).bandwidth_mbps == 1025


def test_default_cap_fits_a_small_quota(estate, alice, pair):
    """PEER-9: the product's default gives way to the quota."""
    name = "bandwidth_mbps_cross_region"
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=10))
    assert estate.ask_for(alice, *pair).bandwidth_mbps == 10


def test_only_an_operator_grants(estate, alice):
    """PEER-12: a quota is raised by the installation's operator, by name, for an account that is there."""
    name = "peerings_per_vpc"
    estate.refused(Forbidden, grant_quota, alice, GrantQuota(uid=alice.uid, name=name, limit=1))
    estate.refused(InvalidInput, grant_quota, estate.operator, GrantQuota(uid=alice.uid, name="x", limit=1))
    estate.refused(InvalidInput, grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=-1))
    estate.refused(NotFound, grant_quota, estate.operator, GrantQuota(uid="9" * 16, name=name, limit=1))


def test_vpc_with_a_live_connection_stays(estate, alice, bob, pair):
    """PEER-1: neither side's VPC can be deleted under a connection."""
    peering = estate.ask_for(alice, *pair)
    for caller, vpc in ((alice, pair[0]), (bob, pair[1])):
        error = estate.refused(InUse, delete_vpc, caller, DeleteVpc(id=vpc.id))
        assert error.data["by_id"] == peering.id
    assert estate.get(Peering, peering.id) == peering


def test_refusal_tells_nothing_of_a_third_account(estate, alice, bob, carol):
    """NET-1, PEER-6: who is refused because of another peer of the other side does not learn that peer's ranges."""
    hub = estate.vpc(bob, "10.0.0.0/16")
    estate.ask_for(bob, hub, estate.vpc(carol, "172.16.0.0/12", "cn-beijing"), profile="tencent")
    request = estate.request(estate.vpc(alice, "172.20.0.0/16", "cn-beijing"), hub, profile="tencent")
    error = estate.refused(InvalidInput, create_peering, alice, request)
    assert error.code == "overlap"
    assert "172.16." not in f"{error.text} {error.data}"
