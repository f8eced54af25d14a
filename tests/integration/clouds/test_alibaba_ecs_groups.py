"""Security groups at Alibaba Cloud's door: forms of rules, what answers call things, and what is refused with which word."""

import pytest
from tests.support.ecs import Ecs
from tests.support.terraform import ECS

UNKNOWN = "sg-00000000000000000000"


@pytest.fixture
def ecs(site):
    """A new account's client."""
    client = Ecs(site)
    yield client
    client.close()


def test_new_group_is_told_as_the_cloud_tells_it(ecs):
    """API-1: no rules, members reach each other, and all that the Terraform provider reads."""
    group = ecs.group(Description="for the shop", Tag=[{"Key": "team", "Value": "red"}])
    told = ecs.call("DescribeSecurityGroupAttribute", SecurityGroupId=group)
    assert (told["InnerAccessPolicy"], told["Permissions"]) == ("Accept", {"Permission": []})
    assert (told["VpcId"], told["SecurityGroupName"], told["RegionId"]) == (
        ecs.vpc["id"],
        "web",
        "cn-hangzhou",
    )
    (listed,) = ecs.call("DescribeSecurityGroups", SecurityGroupId=group)["SecurityGroups"]["SecurityGroup"]
    assert listed["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "red"}]}
    assert (listed["SecurityGroupType"], listed["EcsCount"], listed["RuleCount"]) == ("normal", 0, 0)
    assert (listed["Description"], listed["ResourceGroupId"][:7]) == ("for the shop", "rg-acfm")


@pytest.mark.parametrize(
    ("action", "far", "direction"),
    [("SecurityGroup", "Source", "ingress"), ("SecurityGroupEgress", "Dest", "egress")],
)
def test_rules_come_flat_and_as_permissions(ecs, action, far, direction):
    """API-1: both forms make rules, and answers have the cloud's spelling; a repeat makes none, a revoke of none is no error."""
    group, other = ecs.group(), ecs.group()
    flat = {"IpProtocol": "tcp", "PortRange": "80/80", f"{far}CidrIp": "10.0.0.0/8", "Description": "web"}
    for _ in range(2):
        ecs.call(f"Authorize{action}", SecurityGroupId=group, **flat)
    more = [
        {
            "IpProtocol": "ALL",
            "PortRange": "-1/-1",
            f"{far}GroupId": other,
            "Policy": "drop",
            "Priority": "7",
        },
        {"IpProtocol": "icmp", "PortRange": "-1/-1", f"{far}CidrIp": "0.0.0.0/0"},
        {"IpProtocol": "udp", "PortRange": "1/65535", f"Ipv6{far}CidrIp": "2001:db8::/32"},
    ]
    ecs.call(f"Authorize{action}", SecurityGroupId=group, Permissions=more)
    rules = ecs.rules(group, direction)
    assert ecs.rules(group, "egress" if direction == "ingress" else "ingress") == []
    shown = [(one["IpProtocol"], one["PortRange"], one["Policy"], one["Priority"]) for one in rules]
    assert shown == [
        ("TCP", "80/80", "Accept", "1"),
        ("ALL", "-1/-1", "Drop", "7"),
        ("ICMP", "-1/-1", "Accept", "1"),
        ("UDP", "1/65535", "Accept", "1"),
    ]
    assert [one[f"{far}CidrIp"] for one in rules] == ["10.0.0.0/8", "", "0.0.0.0/0", ""]
    assert (rules[1][f"{far}GroupId"], rules[3][f"Ipv6{far}CidrIp"]) == (other, "2001:db8::/32")
    assert {(one["Direction"], one["NicType"]) for one in rules} == {(direction, "intranet")}
    for _ in range(2):
        ecs.call(f"Revoke{action}", SecurityGroupId=group, **flat)
    ecs.call(f"Revoke{action}", SecurityGroupId=group, SecurityGroupRuleId=[rules[1]["SecurityGroupRuleId"]])
    assert len(ecs.rules(group)) == 2
    ecs.call(f"Revoke{action}", SecurityGroupId=group, Permissions=more)
    assert ecs.rules(group) == []


@pytest.mark.parametrize(
    ("action", "far"), [("ModifySecurityGroupRule", "Source"), ("ModifySecurityGroupEgressRule", "Dest")]
)
def test_rules_are_changed_by_id_and_described_by_values(ecs, action, far):
    """API-1: what is given changes; without an id, the rule of those values gets the description."""
    group, other = ecs.group(), ecs.group()
    kind = "SecurityGroup" if far == "Source" else "SecurityGroupEgress"
    values = {"IpProtocol": "tcp", "PortRange": "80/80", f"{far}CidrIp": "10.0.0.0/8"}
    ecs.call(f"Authorize{kind}", SecurityGroupId=group, **values)
    ecs.call(action, SecurityGroupId=group, **values, Description="web")
    (rule,) = ecs.rules(group)
    id = rule["SecurityGroupRuleId"]
    assert rule["Description"] == "web"
    changed = {"PortRange": "443/443", "Policy": "Drop", "Priority": "9", f"{far}GroupId": other}
    ecs.call(action, SecurityGroupId=group, SecurityGroupRuleId=id, **changed)
    (rule,) = ecs.rules(group)
    assert (rule["SecurityGroupRuleId"], rule["PortRange"], rule["Policy"], rule["Priority"]) == (
        id,
        "443/443",
        "Drop",
        "9",
    )
    assert (rule[f"{far}GroupId"], rule[f"{far}CidrIp"], rule["Description"]) == (other, "", "web")
    assert ecs.code(action, SecurityGroupId=group, **values) == "InvalidSecurityGroupRuleId.NotFound"


def test_inner_access_and_texts_are_changed(ecs):
    """API-1: an enterprise group starts without inner access; the policy and the texts change."""
    group = ecs.group(SecurityGroupType="enterprise")
    told = ecs.call("DescribeSecurityGroupAttribute", SecurityGroupId=group)
    assert told["InnerAccessPolicy"] == "Drop"
    ecs.call("ModifySecurityGroupPolicy", SecurityGroupId=group, InnerAccessPolicy="accept")
    ecs.call("ModifySecurityGroupAttribute", SecurityGroupId=group, SecurityGroupName="new", Description="d")
    told = ecs.call("DescribeSecurityGroupAttribute", SecurityGroupId=group)
    assert (told["InnerAccessPolicy"], told["SecurityGroupName"], told["Description"]) == (
        "Accept",
        "new",
        "d",
    )


def test_groups_are_listed_by_what_they_are_and_in_pages(ecs):
    """API-1: filters, pages by number and by token; another region has none of them."""
    groups = [ecs.group(SecurityGroupName=f"g{number}") for number in range(5)]

    def ids(**filters):
        told = ecs.call("DescribeSecurityGroups", **filters)
        return [one["SecurityGroupId"] for one in told["SecurityGroups"]["SecurityGroup"]], told

    found, told = ids(PageSize=2, PageNumber=3)
    assert (found, told["TotalCount"], told["PageNumber"], told["PageSize"]) == (groups[4:], 5, 3, 2)
    assert ids(SecurityGroupName="g3")[0] == [groups[3]]
    assert ids(SecurityGroupIds=f'["{groups[1]}","{groups[2]}"]')[0] == groups[1:3]
    assert ids(VpcId="vpc-00000000000000000000")[0] == []
    assert ids(RegionId="cn-beijing")[0] == []
    token, gathered = "", []
    while token is not None:
        found, told = ids(MaxResults=2, NextToken=token or None)
        gathered += found
        token = told["NextToken"] or None
    assert gathered == groups


def test_tags_are_put_on_and_taken_off(ecs):
    """API-1: tags and resource groups of instances and groups, by the actions that are for them alone."""
    group = ecs.group()
    of_group = {"ResourceType": "securitygroup", "ResourceId": [group]}
    ecs.call("TagResources", **of_group, Tag=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    ecs.call("UntagResources", **of_group, TagKey=["b"])
    told = ecs.call("ListTagResources", **of_group)["TagResources"]["TagResource"]
    assert [(one["TagKey"], one["TagValue"], one["ResourceId"]) for one in told] == [("a", "1", group)]
    found = ecs.call("DescribeSecurityGroups", Tag=[{"Key": "a", "Value": "1"}])
    assert found["TotalCount"] == 1
    of_none = {"ResourceType": "securitygroup", "ResourceId": group, "ResourceGroupId": "rg-none"}
    assert ecs.code("JoinResourceGroup", **of_none) == "InvalidResourceGroup.NotFound"
    assert ecs.code("TagResources", ResourceType="disk", ResourceId=[group], Tag=[{"Key": "a"}]) == (
        "InvalidResourceType.NotFound"
    )


RULE = {"IpProtocol": "tcp", "PortRange": "80/80", "SourceCidrIp": "10.0.0.0/8"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"IpProtocol": "sctp"}, "InvalidIpProtocol.ValueNotSupported"),
        ({"IpProtocol": None}, "MissingIpProtocol"),
        ({"PortRange": "80"}, None),
        ({"PortRange": "80/79"}, "InvalidPortRange.Malformed"),
        ({"PortRange": "no"}, "InvalidPortRange.Malformed"),
        ({"Policy": "maybe"}, "InvalidPolicy.Malformed"),
        ({"Priority": "x"}, "InvalidPriority.Malformed"),
        ({"Priority": "101"}, "InvalidPriority.ValueNotSupported"),
        ({"SourceCidrIp": "10.0.0.0/99"}, "InvalidSourceCidrIp.Malformed"),
        ({"SourceCidrIp": None}, "InvalidSourceCidrIp.Malformed"),
        ({"SourceCidrIp": None, "SourceGroupId": UNKNOWN}, "InvalidSourceGroupId.NotFound"),
        ({"SourcePortRange": "1/2"}, "InvalidParameter.NotSupported"),
        ({"SourcePrefixListId": "pl-1"}, "InvalidParameter.NotSupported"),
        ({"Description": "d" * 300}, "InvalidDescription.Malformed"),
    ],
)
def test_wrong_rules_are_refused_in_the_clouds_words(ecs, wrong, code):
    """API-1, API-4: a value that no rule can have has its own code, in either form."""
    group = ecs.group()
    rule = {name: value for name, value in (RULE | wrong).items() if value is not None}
    for form in (rule, {"Permissions": [rule]}):
        if code is None:
            ecs.call("AuthorizeSecurityGroup", SecurityGroupId=group, **form)
        else:
            assert ecs.code("AuthorizeSecurityGroup", SecurityGroupId=group, **form) == code


def test_what_is_not_there_is_not_found(site, ecs):
    """API-1, API-4: unknown ids, other accounts' and those of another region answer alike."""
    stranger = Ecs(site)
    foreign = stranger.group()
    stranger.close()
    own = ecs.group()
    for group in (UNKNOWN, foreign):
        for action in (
            "DescribeSecurityGroupAttribute",
            "DeleteSecurityGroup",
            "ModifySecurityGroupAttribute",
        ):
            assert ecs.code(action, SecurityGroupId=group) == "InvalidSecurityGroupId.NotFound"
        assert ecs.code("AuthorizeSecurityGroup", SecurityGroupId=group, **RULE) == (
            "InvalidSecurityGroupId.NotFound"
        )
    elsewhere = {"SecurityGroupId": own, "RegionId": "cn-beijing"}
    assert ecs.code("DescribeSecurityGroupAttribute", **elsewhere) == "InvalidSecurityGroupId.NotFound"
    assert ecs.code("DescribeSecurityGroups", RegionId="cn-nowhere") == "InvalidRegionId.NotFound"
    assert ecs.code("CreateSecurityGroup", VpcId="vpc-1") == "InvalidVpcId.NotFound"
    assert ecs.code("CreateSecurityGroup") == "MissingVpcId"
    long = {"VpcId": ecs.vpc["id"], "SecurityGroupName": "n" * 200}
    assert ecs.code("CreateSecurityGroup", **long) == "InvalidSecurityGroupName.Malformed"
    by_id = {"SecurityGroupId": own, "SecurityGroupRuleId": ["sgr-none"]}
    assert ecs.code("RevokeSecurityGroup", **by_id) == "InvalidSecurityGroupRuleId.NotFound"


def test_group_with_members_is_not_deleted(ecs):
    """API-1: the code that the Terraform provider waits on, and then the group is gone."""
    group, other = ecs.group(), ecs.group()
    (id,) = ecs.run(SecurityGroupId=group)
    assert ecs.code("DeleteSecurityGroup", SecurityGroupId=group) == "DependencyViolation"
    of = {"InstanceId": id}
    assert ecs.code("LeaveSecurityGroup", SecurityGroupId=group, **of) == "InstanceLastSecurityGroup"
    assert ecs.code("LeaveSecurityGroup", SecurityGroupId=other, **of) == "InstanceNotInSecurityGroup"
    ecs.call("JoinSecurityGroup", SecurityGroupId=other, NetworkInterfaceId=id.replace("i-", "eni-", 1))
    assert ecs.code("JoinSecurityGroup", SecurityGroupId=other, **of) == "InvalidInstanceId.AlreadyExists"
    ecs.call("LeaveSecurityGroup", SecurityGroupId=group, **of)
    (shown,) = ecs.instances()
    assert shown["SecurityGroupIds"] == {"SecurityGroupId": [other]}
    ecs.call("DeleteSecurityGroup", SecurityGroupId=group)
    found = ecs.call("DescribeSecurityGroups", IsQueryEcsCount=True)["SecurityGroups"]["SecurityGroup"]
    assert [(one["SecurityGroupId"], one["EcsCount"]) for one in found] == [(other, 1)]


def test_client_tokens_find_what_was_made(ecs):
    """API-1: the same token makes one group, and rules once."""
    asked = {"VpcId": ecs.vpc["id"], "SecurityGroupName": "web", "ClientToken": "t-1"}
    made = [ecs.call("CreateSecurityGroup", **asked)["SecurityGroupId"] for _ in range(2)]
    assert made[0] == made[1]
    for _ in range(2):
        ecs.call("AuthorizeSecurityGroup", SecurityGroupId=made[0], ClientToken="t-2", **RULE)
    assert len(ecs.rules(made[0])) == 1
    asked["SecurityGroupName"] = "other"
    assert ecs.code("CreateSecurityGroup", **asked) == "IdempotentParameterMismatch"


def test_older_stack_sends_the_same_as_get(ecs):
    """API-1: the Terraform provider revokes rules by GET, everything in the target."""
    group = ecs.group()
    ecs.call("AuthorizeSecurityGroup", SecurityGroupId=group, **RULE)
    ecs.provider.query("RevokeSecurityGroup", ECS, "GET", SecurityGroupId=group, **RULE)
    assert ecs.rules(group) == []
