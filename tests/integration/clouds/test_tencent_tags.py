"""Tencent Cloud's tag service at the door: what its Terraform provider asks of every subnet, table, group and ACL that it reads."""

from dataclasses import replace

import pytest
from tests.support.tencent import Problem, client_of, filters, subnet_of, vpc_of

VERSION = "2018-08-13"


@pytest.fixture
def account(site):
    """An account of the test's own."""
    return site.account()


@pytest.fixture
def cloud(account):
    """Its client."""
    return client_of(account)


@pytest.fixture
def tags(cloud):
    """Its client for the tag service."""
    return replace(cloud, version=VERSION)


def named(prefix, id, service="vpc"):
    """A resource's six parts, as the provider puts them: without the account."""
    return f"qcs::{service}:ap-guangzhou:uin/:{prefix}/{id}"


def read(tags, prefix, *ids, service="vpc", **more):
    """What the provider reads."""
    place = {"ServiceType": service, "ResourcePrefix": prefix, "ResourceRegion": "ap-guangzhou"}
    return tags.call("DescribeResourceTagsByResourceIds", ResourceIds=list(ids), **place, **more)


def pairs(answer):
    """Tags of an answer, by key."""
    return {one["TagKey"]: one["TagValue"] for one in answer["Tags"]}


def test_tags_of_a_request_are_read_and_changed(cloud, tags):
    """API-3: put on by `vpc`, read by `tag`; replaced, taken off, and shown by `vpc` again."""
    made = cloud.call("CreateVpc", VpcName="n", CidrBlock="10.0.0.0/16", Tags=[{"Key": "a", "Value": "1"}])
    id = made["Vpc"]["VpcId"]
    answer = read(tags, "vpc", id, Offset=0, Limit=400)
    assert {name: answer[name] for name in ("TotalCount", "Offset", "Limit")} == {
        "TotalCount": 1,
        "Offset": 0,
        "Limit": 400,
    }
    assert answer["Tags"] == [
        {
            "TagKey": "a",
            "TagValue": "1",
            "TagKeyMd5": "0cc175b9c0f1b6a831c399e269772661",
            "TagValueMd5": "c4ca4238a0b923820dcc509a6f75849b",
            "ResourceId": id,
            "ServiceType": "vpc",
            "Category": "Custom",
        }
    ]
    new = [{"TagKey": "b", "TagValue": ""}, {"TagKey": "环境", "TagValue": "测试"}]
    tags.call("ModifyResourceTags", Resource=named("vpc", id), ReplaceTags=new, DeleteTags=[{"TagKey": "a"}])
    assert pairs(read(tags, "vpc", id)) == {"b": "", "环境": "测试"}
    shown = cloud.call("DescribeVpcs", VpcIds=[id])["VpcSet"][0]["TagSet"]
    assert {one["Key"]: one["Value"] for one in shown} == {"b": "", "环境": "测试"}


def test_every_kind_has_tags(cloud, tags):
    """API-3: subnets, route tables, ACLs and groups, which have a service of their own."""
    vpc_id = vpc_of(cloud)
    subnet_id = subnet_of(cloud, vpc_id)
    table = cloud.call("DescribeRouteTables", Filters=filters(vpc_id=vpc_id))["RouteTableSet"][0]
    acl = cloud.call("CreateNetworkAcl", VpcId=vpc_id, NetworkAclName="n")["NetworkAcl"]
    group = cloud.call("CreateSecurityGroup", GroupName="g", GroupDescription="d")["SecurityGroup"]
    ids = {
        "subnet": subnet_id,
        "rtb": table["RouteTableId"],
        "acl": acl["NetworkAclId"],
        "sg": group["SecurityGroupId"],
    }
    for prefix, id in ids.items():
        service = "cvm" if prefix == "sg" else "vpc"
        assert read(tags, prefix, id, service=service)["Tags"] == []
        name, tag = named(prefix, id, service), {"TagKey": "k", "TagValue": prefix}
        assert tags.call("TagResources", ResourceList=[name], Tags=[tag]) == {"FailedResources": []}
        assert pairs(read(tags, prefix, id, service=service)) == {"k": prefix}
        assert tags.call("UnTagResources", ResourceList=[name], TagKeys=["k"]) == {"FailedResources": []}
        assert read(tags, prefix, id, service=service)["TotalCount"] == 0


def test_tags_come_in_windows(cloud, tags):
    """API-3: the provider reads on until a window is not full."""
    id = vpc_of(cloud)
    new = [{"TagKey": f"k{number:02}", "TagValue": "v"} for number in range(20)]
    tags.call("ModifyResourceTags", Resource=named("vpc", id), ReplaceTags=new)
    first, second = (read(tags, "vpc", id, Offset=offset) for offset in (0, 15))
    assert (len(first["Tags"]), len(second["Tags"]), second["TotalCount"]) == (15, 5, 20)
    more = [{"TagKey": "k20", "TagValue": "v"}]
    code = tags.code("ModifyResourceTags", Resource=named("vpc", id), ReplaceTags=more)
    assert code == "LimitExceeded.ResourceAttachedTags"


def test_tags_are_each_accounts_own(site, cloud, tags):
    """API-4: another account's resource is none, and has no tags."""
    id = vpc_of(cloud)
    tags.call("ModifyResourceTags", Resource=named("vpc", id), ReplaceTags=[{"TagKey": "k", "TagValue": "v"}])
    stranger = replace(client_of(site.account()), version=VERSION)
    assert read(stranger, "vpc", id)["Tags"] == []
    code = stranger.code("ModifyResourceTags", Resource=named("vpc", id), DeleteTags=[{"TagKey": "k"}])
    assert code == "InvalidParameterValue.ResourceIdInvalid"
    # An id of another kind has no tags of this one.
    assert read(tags, "subnet", id)["Tags"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Resource": "vpc-12345678"}, "InvalidParameterValue.ResourceDescriptionError"),
        ({"Resource": named("host", "ins-1", "cvm")}, "InvalidParameterValue.ServiceTypeInvalid"),
        ({"Resource": named("vpc", "vpc-12345678")}, "InvalidParameterValue.ResourceIdInvalid"),
        ({"ReplaceTags": [{"TagKey": "", "TagValue": "v"}]}, "InvalidParameterValue.TagKeyCharacterIllegal"),
        ({"ReplaceTags": [{"TagKey": "k"}]}, "MissingParameter"),
        ({"ReplaceTags": [{"TagKey": "k", "TagValue": "v"}] * 2}, "InvalidParameterValue.TagKeyDuplicate"),
        ({"Other": 1}, "UnknownParameter"),
    ],
)
def test_what_breaks_a_rule_is_refused(cloud, tags, change, code):
    """API-4."""
    asked = {"Resource": named("vpc", vpc_of(cloud)), **change}
    assert tags.code("ModifyResourceTags", **asked) == code


@pytest.mark.parametrize(("field", "value"), [("Limit", 0), ("Limit", 1001), ("Offset", -1)])
def test_windows_have_bounds(tags, field, value):
    """API-4."""
    with pytest.raises(Problem) as caught:
        read(tags, "vpc", "vpc-12345678", **{field: value})
    assert caught.value.code == "InvalidParameterValue.Range"


def test_requests_have_bounds(tags):
    """API-4: a hundred resources at once, no more."""
    with pytest.raises(Problem) as caught:
        read(tags, "vpc", *(f"vpc-{number:08}" for number in range(101)))
    assert caught.value.code == "InvalidParameterValue.Range"
