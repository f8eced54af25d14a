"""Security groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import Pick, Wanted, Window, ask, contains_text, field_is, reads_as, window_of
from peerway.api.tencent.places import in_region
from peerway.api.tencent.products.vpc.group_policies import replace_rules, write_policies
from peerway.api.tencent.products.vpc.policies import floor
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.products.vpc.vpcs import THERE
from peerway.api.tencent.shapes import asked_tags, tag_set, time_text
from peerway.app.store import where
from peerway.app.usecases.labels import labels_by_resource, labels_of, put_tags
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    create_security_group,
    get_security_group,
)
from peerway.domain.errors import Conflict
from peerway.domain.labels import Labels
from peerway.domain.security import SecurityGroup
from peerway.domain.vpc import Instance, Vpc

#: The tag that names the VPC of a new group.
VPC_TAG: Final = "vpc-id"

FILTERS: Final[Mapping[str, Pick]] = {
    "security-group-id": field_is("id"),
    "security-group-name": contains_text(lambda group: group.name),
    "project-id": reads_as(lambda _: 0),
}


@PRODUCT.writes("CreateSecurityGroup", "CreateSecurityGroupWithPolicies")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a group that lets nothing pass, not even between its members, but what its policies allow."""
    request = CreateSecurityGroup(
        vpc_id=_vpc_of(call, given),
        name=given["GroupName"],
        description=given["GroupDescription"],
        inner_access=False,
    )
    group = call.use(create_security_group, request)
    replace_rules(call, group.id, floor())
    if "SecurityGroupPolicySet" in given:
        write_policies(call, group.id, given["SecurityGroupPolicySet"])
    put_tags(call.tx, call.caller, group, asked_tags(given), "Tags")
    return {"SecurityGroup": shape(group, labels_of(call.tx, call.caller, group))}


@PRODUCT.reads("DescribeSecurityGroups")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's groups."""
    start = in_region(call, Wanted(SecurityGroup, [where("owner_uid", call.caller.uid)]))
    wanted = ask(call, given, start, "SecurityGroupIds", FILTERS, "security_group")
    downwards = given.get("OrderDirection") == "DESC"
    page, total = window_of(call.tx, wanted, Window.of(given), newest_first=downwards)
    labels = labels_by_resource(call.tx, call.caller, [group.id for group in page])
    return {"TotalCount": total, "SecurityGroupSet": [shape(group, labels.get(group.id)) for group in page]}


@PRODUCT.reads("DescribeSecurityGroupAssociationStatistics")
def describe_statistics(call: ReadCall, given: Given) -> Answer:
    """How many instances are in each group."""
    return {
        "SecurityGroupAssociationStatisticsSet": [
            _statistics(call, group_id) for group_id in given["SecurityGroupIds"]
        ]
    }


def shape(group: SecurityGroup, labels: Labels | None) -> Mapping[str, Any]:
    """A group as answers have it."""
    return {
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupDesc": group.description,
        "ProjectId": "0",
        "IsDefault": False,
        "CreatedTime": time_text(group.created_at),
        "UpdateTime": time_text(group.created_at),
        "TagSet": tag_set(labels),
    }


def _vpc_of(call: AnyCall, given: Given) -> str:
    """Id of the VPC that a new group is to be in."""
    for tag in asked_tags(given):
        if tag.key == VPC_TAG:
            return tag.value
    mine = (where("owner_uid", call.caller.uid), where("region_id", call.region_id), THERE)
    found: list[Vpc] = call.tx.select(Vpc, *mine, limit=2)
    if len(found) == 1:
        return found[0].id
    text = f"a security group belongs to a VPC here: name it by the tag {VPC_TAG}, unless the region has exactly one"
    raise Conflict(text, code="no_vpc")


def _statistics(call: AnyCall, group_id: str) -> Mapping[str, Any]:
    group = call.use(get_security_group, group_id)
    instances = call.tx.select(Instance, where("vpc_id", group.vpc_id))
    members = sum(group.id in instance.security_group_ids for instance in instances)
    counts = {"CVM": members, "CDB": 0, "ENI": 0, "SG": 0, "CLB": 0}
    return {"SecurityGroupId": group.id, **counts, "InstanceStatistics": [], "TotalCount": members}
