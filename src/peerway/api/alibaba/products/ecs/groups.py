"""Security groups: their texts, whether members reach each other, and who is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from peerway.api.alibaba.labels import IN_ECS, label_filter, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.rules import group_here, rule_shown
from peerway.api.alibaba.products.ecs.shared import by_interface, fields_of, listed, meant, time_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.pages import PAGE_LIMIT
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    JoinSecurityGroup,
    LeaveSecurityGroup,
    UpdateSecurityGroup,
    create_security_group,
    join_security_group,
    leave_security_group,
    update_security_group,
)
from peerway.app.usecases.security_rules import list_security_rules
from peerway.domain.errors import InvalidInput
from peerway.domain.security import Direction, RuleAction, SecurityGroup, SecurityRule
from peerway.domain.text import check_number
from peerway.domain.vpc import Instance

#: Keeps one of a list.
Keep = Callable[[SecurityGroup], bool]


@PRODUCT.writes("CreateSecurityGroup")
def create_group(call: WriteCall, given: Given) -> Answer:
    """Make a group; in one of the type enterprise members don't reach each other without a rule."""
    inner = meant("group_types", given.get("SecurityGroupType", "normal"), "SecurityGroupType")
    request = CreateSecurityGroup(**fields_of("CreateSecurityGroup", given), inner_access=inner)
    group = call.use(create_security_group, request)
    label_new(call, given, group)
    return {"SecurityGroupId": group.id}


@PRODUCT.writes("ModifySecurityGroupPolicy")
def modify_policy(call: WriteCall, given: Given) -> Answer:
    """Say whether members reach each other without a rule."""
    group = group_here(call, given["SecurityGroupId"])
    policy = given["InnerAccessPolicy"]
    meant("policies", policy, "InnerAccessPolicy")
    inner = RuleAction(policy.lower()) is RuleAction.ACCEPT
    call.use(update_security_group, UpdateSecurityGroup(id=group.id, inner_access=inner))
    return None


@PRODUCT.writes("JoinSecurityGroup")
def join_group(call: WriteCall, given: Given) -> Answer:
    """Put an instance, or the one that an interface is of, into a group."""
    request = JoinSecurityGroup(id=given["SecurityGroupId"], instance_id=_instance(call, given))
    call.use(join_security_group, request)
    return None


@PRODUCT.writes("LeaveSecurityGroup")
def leave_group(call: WriteCall, given: Given) -> Answer:
    """Take an instance out of a group, and not out of its last one."""
    request = LeaveSecurityGroup(id=given["SecurityGroupId"], instance_id=_instance(call, given))
    call.use(leave_security_group, request)
    return None


@PRODUCT.reads("DescribeSecurityGroups")
def describe_groups(call: ReadCall, given: Given) -> Answer:
    """The caller's groups in the region."""
    ids = [
        *given.get("SecurityGroupIds", ()),
        *([given["SecurityGroupId"]] if "SecurityGroupId" in given else ()),
    ]
    conditions = [where("id", *ids)] if ids else []
    conditions += [where("vpc_id", given["VpcId"])] if "VpcId" in given else []
    groups, figures = listed(call, given, SecurityGroup, *conditions, keep=_kept(call, given))
    labels = labels_for(call, groups)
    members = _members(call, groups) if given.get("IsQueryEcsCount") else {}
    shown = [
        {**_shown(call, group, members), **shown_labels(call, IN_ECS, labels.get(group.id))}
        for group in groups
    ]
    return {"RegionId": call.region_id, "SecurityGroups": {"SecurityGroup": shown}, **figures}


@PRODUCT.reads("DescribeSecurityGroupAttribute")
def describe_group(call: ReadCall, given: Given) -> Answer:
    """A group with its rules, those of one direction where that is named."""
    group = group_here(call, given["SecurityGroupId"])
    wanted = _direction(given.get("Direction", "all"))
    # All of them, unless pages are asked for.
    paged = "MaxResults" in given or "NextToken" in given
    size = check_number(given.get("MaxResults", PAGE_LIMIT), "MaxResults", 1, PAGE_LIMIT)
    rules: list[SecurityRule] = []
    after: str | None = given.get("NextToken")
    while True:
        page = call.list(list_security_rules, group.id, after=after, limit=size)
        rules += [rule for rule in page.items if wanted in {None, rule.direction}]
        after = page.next
        if paged or after is None:
            break
    return {
        "RegionId": call.region_id,
        "VpcId": group.vpc_id,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "Description": group.description,
        "InnerAccessPolicy": PRODUCT.extra["policies"][_inner(group).value],
        "Permissions": {"Permission": [rule_shown(rule) for rule in rules]},
        "SnapshotPolicyIds": {"SnapshotPolicyId": []},
        "NextToken": after or "",
    }


def _inner(group: SecurityGroup) -> RuleAction:
    return RuleAction.ACCEPT if group.inner_access else RuleAction.DROP


def _type(group: SecurityGroup) -> str:
    types: Mapping[str, bool] = PRODUCT.extra["group_types"]
    return next(name for name, inner in types.items() if inner is group.inner_access)


def _shown(call: AnyCall, group: SecurityGroup, members: Mapping[str, int]) -> dict[str, Any]:
    return {
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "Description": group.description,
        "SecurityGroupType": _type(group),
        "VpcId": group.vpc_id,
        "CreationTime": time_of(group.created_at),
        "EcsCount": members.get(group.id, 0),
        "RuleCount": call.tx.count(SecurityRule, where("security_group_id", group.id)),
        "ServiceManaged": False,
    }


def _members(call: AnyCall, groups: list[SecurityGroup]) -> Counter[str]:
    """How many instances are in groups."""
    vpcs = sorted({group.vpc_id for group in groups})
    instances = call.tx.select(Instance, where("vpc_id", *vpcs)) if vpcs else []
    return Counter(id for instance in instances for id in instance.security_group_ids)


def _kept(call: AnyCall, given: Given) -> Keep | None:
    """What keeps groups of the name, type and labels asked for; None for all."""
    tests: list[Keep] = []
    labelled = label_filter(call, given, "security_group")
    if labelled is not None:
        tests.append(labelled)
    if name := given.get("SecurityGroupName"):
        fuzzy = given.get("FuzzyQuery", False)
        tests.append(lambda group: name in group.name if fuzzy else name == group.name)
    if kind := given.get("SecurityGroupType"):
        inner = meant("group_types", kind, "SecurityGroupType")
        tests.append(lambda group: group.inner_access is inner)
    return (lambda group: all(test(group) for test in tests)) if tests else None


def _direction(text: str) -> Direction | None:
    if text.lower() == "all":
        return None
    try:
        return Direction(text.lower())
    except ValueError:
        raise InvalidInput("Direction", f"must be one of {', '.join(Direction)}, all", text) from None


def _instance(call: AnyCall, given: Given) -> str:
    """The instance that a request names, by itself or by its interface."""
    if "NetworkInterfaceId" in given:
        return by_interface(call, given["NetworkInterfaceId"]).id
    if "InstanceId" not in given:
        raise InvalidInput("InstanceId", "is required", code="missing")
    found: str = given["InstanceId"]
    return found
