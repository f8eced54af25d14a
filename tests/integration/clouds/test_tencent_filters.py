"""Tencent Cloud's security groups with their policies, and network ACLs, at the door."""

import pytest
from tests.support.tencent import client_of, filters, subnet_of, vpc_of

ALLOW = {"Protocol": "TCP", "Port": "80", "CidrBlock": "10.0.0.0/8", "Action": "ACCEPT"}
DENY = {"Protocol": "UDP", "Port": "53-60", "CidrBlock": "10.9.0.0/16", "Action": "DROP"}


@pytest.fixture
def cloud(site):
    """The client of an account with one VPC."""
    cloud = client_of(site.account())
    vpc_of(cloud)
    return cloud


def group_of(cloud, **fields):
    """A new group's id."""
    made = cloud.call("CreateSecurityGroup", GroupName="g", GroupDescription="d", **fields)
    return made["SecurityGroup"]["SecurityGroupId"]


def policies(cloud, group_id, **by):
    """What the group's policies say, each way, without what changes from test to test."""
    asked = {"Filters": filters(**by)} if by else {}
    told = cloud.call("DescribeSecurityGroupPolicies", SecurityGroupId=group_id, **asked)
    found = told["SecurityGroupPolicySet"]

    def short(one):
        far = one["CidrBlock"] or one["Ipv6CidrBlock"] or one["SecurityGroupId"]
        return one["PolicyIndex"], one["Protocol"], one["Port"], far, one["Action"]

    return [short(one) for one in found["Ingress"]], [short(one) for one in found["Egress"]]


def put(cloud, action, group_id, **parts):
    """One change of a group's policies."""
    return cloud.call(action, SecurityGroupId=group_id, SecurityGroupPolicySet=parts)


def test_a_new_group_lets_nothing_pass(site, cloud):
    """NET-7: as this cloud's does; what keeps the way out shut is not told."""
    group_id = group_of(cloud)
    assert policies(cloud, group_id) == ([], [])
    (group,) = cloud.call("DescribeSecurityGroups", SecurityGroupIds=[group_id])["SecurityGroupSet"]
    assert (group["SecurityGroupName"], group["ProjectId"], group["IsDefault"]) == ("g", "0", False)
    assert None not in group.values()
    rules = site.operator.ok("GET", f"/security-groups/{group_id}/rules")["items"]
    assert {(one["direction"], one["action"], one["remote_cidr"]) for one in rules} == {
        ("egress", "drop", "0.0.0.0/0"),
        ("egress", "drop", "::/0"),
    }


def test_policies_are_in_order(cloud):
    """NET-7: after the others unless a place is given; ports may be several."""
    group_id = group_of(cloud)
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW])
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[{**ALLOW, "Port": "443,8080-8090"}])
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[{**DENY, "PolicyIndex": 0}])
    put(
        cloud, "CreateSecurityGroupPolicies", group_id, Egress=[{"Action": "ACCEPT", "Ipv6CidrBlock": "::/0"}]
    )
    ingress, egress = policies(cloud, group_id)
    assert ingress == [
        (0, "UDP", "53-60", "10.9.0.0/16", "DROP"),
        (1, "TCP", "80", "10.0.0.0/8", "ACCEPT"),
        (2, "TCP", "443,8080-8090", "10.0.0.0/8", "ACCEPT"),
    ]
    assert egress == [(0, "ALL", "ALL", "::/0", "ACCEPT")]
    put(cloud, "DeleteSecurityGroupPolicies", group_id, Ingress=[{"PolicyIndex": 1}])
    put(cloud, "ReplaceSecurityGroupPolicies", group_id, Ingress=[{**ALLOW, "Port": "22", "PolicyIndex": 0}])
    put(cloud, "DeleteSecurityGroupPolicies", group_id, Ingress=[{**ALLOW, "Port": "443,8080-8090"}])
    assert policies(cloud, group_id)[0] == [(0, "TCP", "22", "10.0.0.0/8", "ACCEPT")]


def test_policies_may_be_given_anew(cloud):
    """NET-7: the ways that are named; version 0 empties the group."""
    group_id = group_of(cloud)
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW])
    put(cloud, "ModifySecurityGroupPolicies", group_id, Egress=[ALLOW, DENY])
    ingress, egress = policies(cloud, group_id)
    assert (len(ingress), [line[1] for line in egress]) == (1, ["TCP", "UDP"])
    put(cloud, "ModifySecurityGroupPolicies", group_id, Version="0")
    assert policies(cloud, group_id) == ([], [])


def test_filters_of_policies(cloud):
    """API-3: indices stay those of the whole list."""
    group_id = group_of(cloud)
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW, DENY])
    put(cloud, "CreateSecurityGroupPolicies", group_id, Egress=[DENY])
    assert policies(cloud, group_id, poly="DROP", direction="INBOUND") == (
        [(1, "UDP", "53-60", "10.9.0.0/16", "DROP")],
        [],
    )
    assert [len(way) for way in policies(cloud, group_id, protocol_type="udp")] == [1, 1]
    assert [len(way) for way in policies(cloud, group_id, port="80")] == [1, 0]
    assert [len(way) for way in policies(cloud, group_id, ip="10.9.")] == [1, 1]


def test_a_policy_may_name_a_group(cloud):
    """NET-7: which then can't go."""
    group_id, other = group_of(cloud), group_of(cloud)
    put(
        cloud,
        "CreateSecurityGroupPolicies",
        group_id,
        Ingress=[{"SecurityGroupId": other, "Action": "ACCEPT"}],
    )
    assert policies(cloud, group_id)[0] == [(0, "ALL", "ALL", other, "ACCEPT")]
    assert cloud.code("DeleteSecurityGroup", SecurityGroupId=other) == "ResourceInUse"
    cloud.call("DeleteSecurityGroup", SecurityGroupId=group_id)
    cloud.call("DeleteSecurityGroup", SecurityGroupId=other)


def test_codes_of_policies(cloud):
    """API-4."""
    group_id = group_of(cloud)
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW])

    def code(action, **parts):
        return cloud.code(action, SecurityGroupId=group_id, SecurityGroupPolicySet=parts)

    create = "CreateSecurityGroupPolicies"
    assert code(create, Ingress=[ALLOW]) == "UnsupportedOperation.DuplicatePolicy"
    assert code(create, Ingress=[DENY], Egress=[DENY]) == "InvalidParameter.Coexist"
    assert code(create) == "MissingParameter"
    assert code(create, Ingress=[DENY], Version="77") == "UnsupportedOperation.VersionMismatch"
    assert code(create, Ingress=[{**DENY, "PolicyIndex": 5}]) == "InvalidParameterValue.Range"
    assert code(create, Ingress=[{**DENY, "Action": "MAYBE"}]) == "InvalidParameterValue"
    assert code(create, Ingress=[{**DENY, "CidrBlock": "10.0"}]) == "InvalidParameterValue"
    assert code(create, Ingress=[{**DENY, "Ipv6CidrBlock": "::/0"}]) == "InvalidParameter.Coexist"
    assert code(create, Ingress=[{"CidrBlock": "10.0.0.0/8"}]) == "MissingParameter"
    many = [{**DENY, "Port": str(port)} for port in range(1, 100)]
    assert code(create, Ingress=many) == "LimitExceeded.SecurityGroupPolicySet"
    assert code("DeleteSecurityGroupPolicies", Ingress=[{"PolicyIndex": 4}]) == "ResourceNotFound"
    assert code("DeleteSecurityGroupPolicies", Ingress=[DENY]) == "ResourceNotFound"
    assert policies(cloud, group_id)[0] == [(0, "TCP", "80", "10.0.0.0/8", "ACCEPT")]


def test_what_was_told_can_be_given_back(cloud):
    """API-3: whole, with its places, times and empty templates; templates that say something are refused."""
    group_id = group_of(cloud)
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW, DENY])
    told = cloud.call("DescribeSecurityGroupPolicies", SecurityGroupId=group_id)["SecurityGroupPolicySet"]
    cloud.call("ModifySecurityGroupPolicies", SecurityGroupId=group_id, SecurityGroupPolicySet=told)
    again = cloud.call("DescribeSecurityGroupPolicies", SecurityGroupId=group_id)["SecurityGroupPolicySet"]
    assert again == told, "they are the same rules still"
    named = {**ALLOW, "Port": "81", "ServiceTemplate": {"ServiceId": "ppm-12345678"}}
    asked = {"SecurityGroupId": group_id, "SecurityGroupPolicySet": {"Ingress": [named]}}
    assert cloud.code("CreateSecurityGroupPolicies", **asked) == "UnsupportedOperation"


def test_the_version_changes_with_the_policies(cloud):
    """API-3: and a request that names the one that holds goes through."""
    group_id = group_of(cloud)

    def version():
        told = cloud.call("DescribeSecurityGroupPolicies", SecurityGroupId=group_id)
        return told["SecurityGroupPolicySet"]["Version"]

    first = version()
    put(cloud, "CreateSecurityGroupPolicies", group_id, Ingress=[ALLOW], Version=first)
    assert version() != first


def test_a_group_goes_into_the_vpc_that_a_tag_names(cloud):
    """NET-7: where the region has several."""
    (first,) = (vpc["VpcId"] for vpc in cloud.call("DescribeVpcs")["VpcSet"])
    assert group_of(cloud)
    second = vpc_of(cloud, "10.1.0.0/16")
    assert cloud.code("CreateSecurityGroup", GroupName="g", GroupDescription="d") == "UnsupportedOperation"
    group_of(cloud, Tags=[{"Key": "vpc-id", "Value": second}])
    assert cloud.code("DeleteVpc", VpcId=second) == "ResourceInUse"
    assert cloud.code("DeleteVpc", VpcId=first) == "ResourceInUse"


def test_groups_are_counted_and_filtered(site):
    """API-3."""
    account = site.account()
    cloud = client_of(account)
    subnet_id = subnet_of(cloud, vpc_of(cloud))
    made = cloud.call(
        "CreateSecurityGroupWithPolicies",
        GroupName="web",
        GroupDescription="d",
        SecurityGroupPolicySet={"Ingress": [ALLOW]},
    )
    group_id = made["SecurityGroup"]["SecurityGroupId"]
    other = group_of(cloud)
    account.instance({"id": subnet_id}, security_group_ids=[group_id])
    counted = cloud.call("DescribeSecurityGroupAssociationStatistics", SecurityGroupIds=[group_id, other])
    found = counted["SecurityGroupAssociationStatisticsSet"]
    assert [(one["SecurityGroupId"], one["CVM"]) for one in found] == [(group_id, 1), (other, 0)]
    named = cloud.call("DescribeSecurityGroups", Filters=filters(security_group_name="web"))
    assert [one["SecurityGroupId"] for one in named["SecurityGroupSet"]] == [group_id]
    newest = cloud.call("DescribeSecurityGroups", OrderField="CreatedTime", OrderDirection="DESC", Limit="1")
    assert [one["SecurityGroupId"] for one in newest["SecurityGroupSet"]] == [other]
    cloud.call("ModifySecurityGroupAttribute", SecurityGroupId=other, GroupName="db")
    assert cloud.code("DeleteSecurityGroup", SecurityGroupId=group_id) == "ResourceInUse"


def test_an_acl_has_entries_and_subnets(cloud):
    """NET-7."""
    (vpc,) = cloud.call("DescribeVpcs")["VpcSet"]
    subnet_id = subnet_of(cloud, vpc["VpcId"])
    made = cloud.call("CreateNetworkAcl", VpcId=vpc["VpcId"], NetworkAclName="a")["NetworkAcl"]
    acl_id = made["NetworkAclId"]
    assert (made["IngressEntries"], made["EgressEntries"], made["SubnetSet"]) == ([], [], [])
    entry = {
        "Protocol": "TCP",
        "Port": "80-90",
        "CidrBlock": "10.0.0.0/8",
        "Action": "Accept",
        "Description": "w",
    }
    every = {"Protocol": "ALL", "Port": "ALL", "Ipv6CidrBlock": "::/0", "Action": "Drop"}
    entries = {"Ingress": [entry, every]}
    cloud.call("ModifyNetworkAclEntries", NetworkAclId=acl_id, NetworkAclEntrySet=entries)
    cloud.call("AssociateNetworkAclSubnets", NetworkAclId=acl_id, SubnetIds=[subnet_id])
    (acl,) = cloud.call("DescribeNetworkAcls", NetworkAclIds=[acl_id])["NetworkAclSet"]
    told = [(one["Protocol"], one["Port"], one["CidrBlock"], one["Action"]) for one in acl["IngressEntries"]]
    assert told == [("tcp", "80-90", "10.0.0.0/8", "Accept"), ("all", "ALL", "", "Drop")]
    assert [one["SubnetId"] for one in acl["SubnetSet"]] == [subnet_id]
    assert None not in acl.values()
    assert cloud.code("DeleteNetworkAcl", NetworkAclId=acl_id) == "ResourceInUse"
    cloud.call("DisassociateNetworkAclSubnets", NetworkAclId=acl_id, SubnetIds=[subnet_id])
    code = cloud.code("DisassociateNetworkAclSubnets", NetworkAclId=acl_id, SubnetIds=[subnet_id])
    assert code == "UnsupportedOperation"
    cloud.call("ModifyNetworkAclAttribute", NetworkAclId=acl_id, NetworkAclName="b")
    assert cloud.call("DescribeNetworkAcls", Filters=filters(network_acl_name="b"))["TotalCount"] == 1
    cloud.call("DeleteNetworkAcl", NetworkAclId=acl_id)
    assert cloud.code("DeleteNetworkAcl", NetworkAclId=acl_id) == "ResourceNotFound"


def test_codes_of_acls(cloud):
    """API-4."""
    (vpc,) = cloud.call("DescribeVpcs")["VpcSet"]
    made = cloud.call("CreateNetworkAcl", VpcId=vpc["VpcId"], NetworkAclName="a")["NetworkAcl"]

    def code(**entry):
        base = {"Protocol": "TCP", "Port": "80", "CidrBlock": "10.0.0.0/8", "Action": "Accept"}
        return cloud.code(
            "ModifyNetworkAclEntries",
            NetworkAclId=made["NetworkAclId"],
            NetworkAclEntrySet={"Ingress": [base | entry]},
        )

    assert code(Port="0-99999") == "InvalidParameterValue"
    assert code(Action="Perhaps") == "InvalidParameterValue"
    assert code(Ipv6CidrBlock="::/0") == "InvalidParameter.Coexist"
    assert code(Colour="red") == "UnknownParameter"
    asked = {"VpcId": vpc["VpcId"], "NetworkAclName": "q", "NetworkAclType": "QUINTUPLE"}
    assert cloud.code("CreateNetworkAcl", **asked) == "InvalidParameterValue"
