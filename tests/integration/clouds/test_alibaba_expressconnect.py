"""Router interfaces at Alibaba Cloud's door: their states, what each side is shown, and what is refused with which word."""

from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.api import VBR, Account, enabled_line
from tests.support.express import HERE, THERE, interface, name_opposite, provider, settle, shown
from tests.support.terraform import Provider, filters


@dataclass
class Side:
    """One account with a VPC, and its way to the door."""

    account: Account
    cloud: Provider
    vpc: dict[str, Any]


@pytest.fixture
def sides(site):
    """Two accounts in two regions."""
    made = []
    for region, cidr in ((HERE, "10.1.0.0/16"), (THERE, "10.2.0.0/16")):
        account = site.account()
        made.append(Side(account, provider(site, account, region), account.vpc(cidr, region)))
    yield made
    for side in made:
        side.cloud.close()


@pytest.fixture
def pair(site, sides):
    """Their two interfaces, each told the other; not joined."""
    one, other = sides
    near = interface(one.cloud, one.vpc["router_id"], "InitiatingSide", THERE, Spec="Large.1")
    far = interface(other.cloud, other.vpc["router_id"], "AcceptingSide", HERE)
    name_opposite(one.cloud, near, shown(other.cloud, far), other.account.uid)
    name_opposite(other.cloud, far, shown(one.cloud, near), one.account.uid)
    return near, far


def test_a_pair_goes_through_all_its_states(site, sides, pair):
    """API-1, EC-2 ... EC-5: the cloud's words for every state, on either side."""
    (one, other), (near, far) = sides, pair
    idle = shown(one.cloud, near)
    assert (idle["Status"], idle["OppositeInterfaceStatus"], idle["ConnectedTime"]) == ("Idle", "Idle", "")
    one.cloud.call("ConnectRouterInterface", RouterInterfaceId=near)
    assert shown(one.cloud, near)["Status"] == "Connecting"
    assert shown(other.cloud, far)["Status"] == "AcceptingConnecting"
    settle(site)
    ours, theirs = shown(one.cloud, near), shown(other.cloud, far)
    assert (ours["Status"], ours["OppositeInterfaceStatus"]) == ("Active", "Active")
    assert ours["ConnectedTime"] == theirs["ConnectedTime"] != ""
    assert (ours["Bandwidth"], theirs["Bandwidth"], theirs["Spec"]) == (1000, 1000, "Negative")
    assert (theirs["OppositeInterfaceSpec"], theirs["OppositeBandwidth"]) == ("Large.1", 1000)
    assert ours["OppositeInterfaceOwnerId"] == other.account.uid
    assert ours["OppositeVpcInstanceId"] == other.vpc["id"]
    assert (
        one.cloud.call("ModifyRouterInterfaceSpec", RouterInterfaceId=near, Spec="Small.1")["Spec"]
        == "Small.1"
    )
    assert shown(one.cloud, near)["Status"] == "Modifying"
    settle(site)
    one.cloud.call("DeactivateRouterInterface", RouterInterfaceId=near)
    assert shown(one.cloud, near)["Status"] == "Deactivating"
    settle(site)
    left = shown(other.cloud, far)
    assert (left["Status"], left["OppositeInterfaceStatus"]) == ("Active", "Inactive")
    one.cloud.call("ActivateRouterInterface", RouterInterfaceId=near)
    assert shown(one.cloud, near)["Status"] == "Activating"
    settle(site)
    one.cloud.call("DeactivateRouterInterface", RouterInterfaceId=near)
    settle(site)
    inactive = shown(one.cloud, near)
    assert (inactive["Status"], inactive["OppositeInterfaceId"]) == ("Inactive", far)
    one.cloud.call("DeleteRouterInterface", RouterInterfaceId=near)
    assert shown(one.cloud, near)["Status"] == "Deleting"
    settle(site)
    assert one.cloud.call("DescribeRouterInterfaces")["TotalCount"] == 0
    assert shown(other.cloud, far)["OppositeInterfaceStatus"] == "Deleted"


def test_one_interface_is_shown_with_more(sides, pair):
    """API-1: the answer about one has health and success, too."""
    one, near = sides[0], pair[0]
    told = one.cloud.call("DescribeRouterInterfaceAttribute", InstanceId=near)
    listed = shown(one.cloud, near)
    # The one is a text, the other a truth value.
    assert (told["FastLinkMode"], listed.pop("FastLinkMode")) == ("false", False)
    assert {name: told[name] for name in listed} == listed
    assert (told["HealthCheckStatus"], told["Success"], told["Code"]) == ("NoHealthCheckConfig", True, "200")
    assert one.cloud.code(one.cloud.call, "DescribeRouterInterfaceAttribute", InstanceId="ri-none") == (
        "InvalidInstanceId.NotFound"
    )


def test_health_checks_are_set_and_taken_back(sides, pair):
    """API-1, EC-11: source, target, rate and threshold come back as they were given."""
    one, near = sides[0], pair[0]
    asked = {
        "HealthCheckSourceIp": "10.255.0.1",
        "HealthCheckTargetIp": "10.255.0.2",
        "HcRate": 2000,
        "HcThreshold": 8,
        "Name": "link",
        "Description": "to the north",
    }
    one.cloud.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=near, **asked)
    assert {name: shown(one.cloud, near)[name] for name in asked} == asked
    one.cloud.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=near, DeleteHealthCheckIp=True)
    told = shown(one.cloud, near)
    assert (told["HealthCheckSourceIp"], told["HealthCheckTargetIp"], told["Name"]) == ("", "", "link")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Name": "x" * 129}, "InvalidName.Malformd"),
        ({"Description": "x" * 257}, "InvalidDescription.Malformed"),
        ({"OppositeRouterType": "Router"}, "InvalidOppositeRouterType.ValueNotSupported"),
        ({"OppositeRouterId": "vbr-1"}, "LinkRole.NotSupport"),
        ({"HealthCheckSourceIp": "nowhere"}, "IllegalParam.HcSourceIp"),
        ({"HealthCheckTargetIp": "224.0.0.1"}, "InvalidParam.ModifyRouterInterface"),
        ({"HcRate": 1}, "InvalidParam.ModifyRouterInterface"),
        ({"HcThreshold": 0}, "InvalidParam.ModifyRouterInterface"),
        ({"RouterInterfaceId": "ri-none"}, "InvalidRouterInterfaceId.NotFound"),
    ],
)
def test_changes_are_refused_with_the_clouds_words(sides, pair, fields, code):
    """API-4: odd spellings included."""
    one, near = sides[0], pair[0]
    asked = {"RouterInterfaceId": near, **fields}
    assert one.cloud.code(one.cloud.call, "ModifyRouterInterfaceAttribute", **asked) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"RouterId": "vrt-none"}, "InvalidRouterId.NotFound"),
        ({"RouterId": "vbr-none", "RouterType": "VBR"}, "InvalidRouterId.NotFound"),
        ({"RouterType": "VBR"}, "InvalidRouterId.NotFound"),
        ({"RouterType": "Router"}, "InvalidRouterType.ValueNotSupported"),
        ({"Role": "Both"}, "InvalidRole.ValueNotSupported"),
        ({"Spec": "Mini.2"}, "InvalidSpec.ValudNotSupported"),
        ({"Spec": "Xlarge.1"}, "InvalidSpec.ValudNotSupported"),
        ({"Spec": "Small.1", "OppositeRegionId": HERE}, "InvalidSpec.ValudNotSupported"),
        ({"Spec": "Small.1", "Role": "AcceptingSide"}, "InvalidSpec.ValudNotSupported"),
        ({"OppositeRegionId": "cn-atlantis"}, "InvalidOppositeRegionId.NotFound"),
        ({"RegionId": "cn-atlantis"}, "InvalidRegionId.NotFound"),
        ({"RegionId": None}, "MissingRegionId"),
        ({"RouterId": None}, "MissingRouterId"),
        ({"FastLinkMode": True}, "InvalidParameter"),
    ],
)
def test_new_interfaces_are_refused_with_the_clouds_words(sides, fields, code):
    """API-4, EC-6: what is missing, unknown, or of a size that there is not."""
    one = sides[0]
    asked = {
        "RouterType": "VRouter",
        "RouterId": one.vpc["router_id"],
        "Role": "InitiatingSide",
        "Spec": "Large.1",
        "OppositeRegionId": THERE,
    }
    assert one.cloud.code(one.cloud.call, "CreateRouterInterface", **{**asked, **fields}) == code


def test_connecting_is_refused_with_the_clouds_words(site, sides, pair):
    """API-4, EC-3, EC-7: role, other side not set, not as described, on the same router, joined already, wrong state."""
    (one, other), (near, far) = sides, pair

    def refused(cloud, id):
        return cloud.code(cloud.call, "ConnectRouterInterface", RouterInterfaceId=id)

    assert refused(other.cloud, far) == "IncorrectRole.NotInitiatingSide"
    assert refused(one.cloud, far) == "InvalidRouterInterfaceId.NotFound"
    bare = interface(one.cloud, one.vpc["router_id"], "InitiatingSide", THERE)
    assert refused(one.cloud, bare) == "IncorrectOppositeInterfaceInfo.NotSet"
    name_opposite(one.cloud, bare, shown(other.cloud, far), other.account.uid)
    assert refused(one.cloud, bare) == "IncorrectOppositeInterfaceInfo"
    loop = [
        interface(one.cloud, one.vpc["router_id"], role, HERE) for role in ("InitiatingSide", "AcceptingSide")
    ]
    for mine, his in (loop, reversed(loop)):
        name_opposite(one.cloud, mine, shown(one.cloud, his), one.account.uid)
    assert refused(one.cloud, loop[0]) == "IncorrectOppositeInterfaceInfo"
    one.cloud.call("ConnectRouterInterface", RouterInterfaceId=near)
    settle(site)
    assert refused(one.cloud, near) == "IncorrectStatus"
    second = interface(other.cloud, other.vpc["router_id"], "AcceptingSide", HERE)
    name_opposite(one.cloud, bare, shown(other.cloud, second), other.account.uid)
    name_opposite(other.cloud, second, shown(one.cloud, bare), one.account.uid)
    assert refused(one.cloud, bare) == "Forbidden.OnlyOneConnection"


def test_states_forbid_with_the_clouds_words(site, sides, pair):
    """API-4, EC-5: switching, changing and deleting in the wrong state."""
    (one, other), (near, far) = sides, pair
    verbs = ("ActivateRouterInterface", "DeactivateRouterInterface")
    assert [one.cloud.code(one.cloud.call, verb, RouterInterfaceId=near) for verb in verbs] == [
        "IncorrectStatus"
    ] * 2
    one.cloud.call("ConnectRouterInterface", RouterInterfaceId=near)
    assert one.cloud.code(
        one.cloud.call, "ModifyRouterInterfaceSpec", RouterInterfaceId=near, Spec="Small.1"
    ) == ("InvalidInstance.StatusError")
    settle(site)
    for action in ("ActivateRouterInterface", "DeleteRouterInterface"):
        assert one.cloud.code(one.cloud.call, action, RouterInterfaceId=near) == "IncorrectStatus"
    with pytest.raises(AssertionError, match="IncorrectStatus"):
        name_opposite(one.cloud, near, shown(other.cloud, far), one.account.uid)
    entry = {"destination": "10.2.0.0/16", "next_hop": "router_interface", "next_hop_id": near}
    one.account.ok("POST", f"/route-tables/{one.vpc['system_table_id']}/entries", entry)
    one.cloud.call("DeactivateRouterInterface", RouterInterfaceId=near)
    settle(site)
    assert one.cloud.code(one.cloud.call, "DeleteRouterInterface", RouterInterfaceId=near) == (
        "DependencyViolation.RouterInterfaceReferedByRouteEntry"
    )
    assert one.cloud.code(one.cloud.call, "DeleteExpressConnect", RouterInterfaceId=near) == (
        "DependencyViolation.RouterInterfaceReferedByRouteEntry"
    )
    one.cloud.call("DeleteExpressConnect", RouterInterfaceId=near, Force=True)
    settle(site)
    change = {"RouterInterfaceId": far, "Spec": "Negative"}
    other.cloud.call("ModifyRouterInterfaceSpec", **change)
    assert shown(other.cloud, far)["OppositeInterfaceStatus"] == "Deleted"


def test_specs_change_within_the_rules(site, sides, pair):
    """API-4, EC-6: sizes that there are not, and a link that has lost its other side."""
    (one, other), (near, far) = sides, pair
    inside = interface(one.cloud, one.vpc["router_id"], "InitiatingSide", HERE)

    def refused(id, spec):
        return one.cloud.code(one.cloud.call, "ModifyRouterInterfaceSpec", RouterInterfaceId=id, Spec=spec)

    assert refused(near, "Large.5") == "InvalidSpec.ValudNotSupported"
    assert refused(inside, "Small.1") == "ParameterMismatch.RegionId-OppositeRegionId-Spec"
    one.cloud.call("ConnectRouterInterface", RouterInterfaceId=near)
    settle(site)
    other.cloud.call("DeactivateRouterInterface", RouterInterfaceId=far)
    settle(site)
    other.cloud.call("DeleteRouterInterface", RouterInterfaceId=far)
    settle(site)
    assert refused(near, "Small.1") == "InvalidOpposite.NotFound"


def test_accounts_that_may_not_meet(site):
    """API-4, PEER-11: accounts of different sites."""
    one, other = site.account(), site.account(site="international")
    ours, theirs = provider(site, one), provider(site, other, THERE)
    near = interface(ours, one.vpc("10.1.0.0/16", HERE)["router_id"], "InitiatingSide", THERE)
    far = interface(theirs, other.vpc("10.2.0.0/16", THERE)["router_id"], "AcceptingSide", HERE)
    name_opposite(ours, near, shown(theirs, far), other.uid)
    name_opposite(theirs, far, shown(ours, near), one.uid)
    assert ours.code(ours.call, "ConnectRouterInterface", RouterInterfaceId=near) == "CROSS_BID.FORBIDDEN"
    for cloud in (ours, theirs):
        cloud.close()


def test_lists_are_filtered_and_paged(sides):
    """API-1, API-3: every key of the filters, five of them at most; pages; tags; another region's are not there."""
    one = sides[0]
    ids = [
        interface(
            one.cloud,
            one.vpc["router_id"],
            "InitiatingSide",
            THERE,
            Name=f"link-{n}",
            Tags=[{"Key": "n", "Value": n}],
        )
        for n in range(4)
    ]

    def found(cloud=one.cloud, **fields):
        answer = cloud.call("DescribeRouterInterfaces", **fields)
        return [item["RouterInterfaceId"] for item in answer["RouterInterfaceSet"]["RouterInterfaceType"]]

    assert found() == ids
    assert found(PageSize=3, PageNumber=2) == ids[3:]
    assert found(Filter=filters(RouterInterfaceId=ids[1:3], Status="Idle")) == ids[1:3]
    all_have = {
        "RouterId": one.vpc["router_id"],
        "RouterType": "VRouter",
        "RouterInterfaceOwnerId": one.account.uid,
        "Status": ["Idle", "Active"],
        "Name": ["link-0", "link-3"],
    }
    assert found(Filter=filters(**all_have)) == [ids[0], ids[3]]
    name_opposite(
        one.cloud, ids[2], {"RouterInterfaceId": "ri-x", "RouterId": "vrt-x", "RouterType": "VRouter"}, "7"
    )
    told = {
        "OppositeInterfaceId": "ri-x",
        "OppositeRouterId": "vrt-x",
        "OppositeRouterType": "VRouter",
        "OppositeInterfaceOwnerId": "7",
    }
    assert found(Filter=filters(**told)) == [ids[2]]
    assert found(Filter=filters(Status="Sleeping")) == []
    assert found(Tags=[{"Key": "n", "Value": "1"}]) == [ids[1]]
    assert found(RegionId=THERE) == []
    assert found(sides[1].cloud, Filter=filters(RouterInterfaceId=ids[0])) == []
    refused = {
        "InvalidFilterKey.ValueNotSupported": {"Filter": filters(Colour="red")},
        "InvalidRegionId.NotFound": {"RegionId": "cn-atlantis"},
        "InvalidParameter": {"Filter": filters(**all_have, **told)},
    }
    for code, fields in refused.items():
        assert one.cloud.code(one.cloud.call, "DescribeRouterInterfaces", **fields) == code
    assert one.cloud.code(one.cloud.call, "DescribeRouterInterfaces", PageSize=51) == "InvalidParameter"


def test_client_tokens_make_repeats_harmless(sides):
    """API-3: the same interface again; another request with the token is refused."""
    one = sides[0]
    again = [
        interface(
            one.cloud, one.vpc["router_id"], "InitiatingSide", THERE, ClientToken="t-1", Tags=[{"Key": "a"}]
        )
        for _ in range(2)
    ]
    assert again[0] == again[1]
    with pytest.raises(AssertionError, match="IdempotentParameterMismatch"):
        interface(one.cloud, one.vpc["router_id"], "InitiatingSide", THERE, ClientToken="t-1", Name="other")


def test_limits_are_told(sides):
    """API-4, EC-7: five interfaces an account."""
    one = sides[0]
    for _ in range(5):
        interface(one.cloud, one.vpc["router_id"], "InitiatingSide", THERE)
    with pytest.raises(AssertionError, match="QuotaExceeded"):
        interface(one.cloud, one.vpc["router_id"], "InitiatingSide", THERE)


def test_a_fast_link_is_made_joined_and_removed_in_one_step_each(site, sides):
    """API-1: both sides of one account's; a repeat with the token makes nothing more."""
    one = sides[0]
    line = enabled_line(site, one.account)
    vbr = one.account.ok("POST", "/vbrs", {"line_id": line["id"], **VBR})
    settle(site)
    asked = {"FastLinkMode": True, "OppositeRouterId": one.vpc["router_id"], "ClientToken": "fast"}
    near = interface(one.cloud, vbr["id"], "InitiatingSide", HERE, **asked)
    assert interface(one.cloud, vbr["id"], "InitiatingSide", HERE, **asked) == near
    settle(site)
    ours = shown(one.cloud, near)
    theirs = shown(one.cloud, ours["OppositeInterfaceId"])
    assert (ours["Status"], theirs["Status"], ours["RouterType"]) == ("Active", "Active", "VBR")
    assert (theirs["Role"], theirs["OppositeRouterId"]) == ("AcceptingSide", vbr["id"])
    assert ours["AccessPointId"] == line["access_point_id"]
    assert one.cloud.code(one.cloud.call, "DeleteExpressConnect", RouterInterfaceId=near) == "IncorrectStatus"
    for id in (near, theirs["RouterInterfaceId"]):
        one.cloud.call("DeactivateRouterInterface", RouterInterfaceId=id)
    settle(site)
    one.cloud.call("DeleteExpressConnect", RouterInterfaceId=near)
    settle(site)
    assert one.cloud.call("DescribeRouterInterfaces")["TotalCount"] == 0
