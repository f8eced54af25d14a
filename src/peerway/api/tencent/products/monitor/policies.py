"""Alarm policies: alarm rules with an id of this product's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import orjson

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.conditions import asked_conditions, shown_condition
from peerway.api.tencent.products.monitor.notices import notice_shape, notices, require_notices
from peerway.api.tencent.products.monitor.pages import page_of
from peerway.api.tencent.products.monitor.product import PRODUCT, policies, policy_of
from peerway.api.tencent.products.monitor.types import BY_NAMESPACE, MONITOR_TYPE, TYPES, namespace_of
from peerway.app.usecases.alarm_parts import nothing_of
from peerway.app.usecases.alarms import (
    DeleteAlarmRules,
    PutAlarmRule,
    SwitchAlarmRules,
    delete_alarm_rules,
    put_alarm_rule,
    switch_alarm_rules,
)
from peerway.app.usecases.metrics import find_namespace
from peerway.domain.alarm import AlarmRule, ContactGroup, Dimensions
from peerway.domain.errors import InvalidInput

#: Most policies of a page.
LARGEST: Final = 100

#: What a rule is made of, as it is put.
PARTS: Final = tuple(part.name for part in fields(PutAlarmRule))

#: What lists of policies are ordered by.
ORDERS: Final = {
    "UpdateTime": lambda rule: (rule.changed_at, rule.id),
    "InsertTime": lambda rule: (rule.created_at, rule.id),
    "PolicyName": lambda rule: (rule.name, rule.id),
}


@PRODUCT.writes("CreateAlarmPolicy")
def create_alarm_policy(call: WriteCall, given: Given) -> Answer:
    """Make a policy; until objects are bound to it, it watches nothing, unless it is for all."""
    namespace = namespace_of(call, given["Namespace"])
    request = PutAlarmRule(
        rule_id=call.world.entropy.new_id("policy"),
        name=given["PolicyName"],
        namespace=namespace.name,
        watches=() if given.get("IsBindAll") == 1 else (nothing_of(namespace),),
        group_names=_group_names(call, given.get("NoticeIds", ())),
        enabled=_flag(given, "Enable", 1),
        **asked_conditions(given["Condition"]),
    )
    rule = call.use(put_alarm_rule, request)
    return {"PolicyId": rule.rule_id, "OriginId": origin_id(rule)}


@PRODUCT.finds("DescribeAlarmPolicy")
def describe_alarm_policy(call: ReadCall, given: Given) -> Answer:
    """One policy."""
    return {"Policy": _shape(call, policy_of(call, given["PolicyId"]), notices(call))}


@PRODUCT.reads("DescribeAlarmPolicies")
def describe_alarm_policies(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's policies, those changed last first."""
    groups = notices(call)
    found = [rule for rule in policies(call) if all(_tests(rule, given, groups))]
    found.sort(key=ORDERS[given.get("Field", "UpdateTime")], reverse=given.get("Order", "DESC") == "DESC")
    page = page_of(given, found, LARGEST)
    return {"TotalCount": len(found), "Policies": [_shape(call, rule, groups) for rule in page]}


@PRODUCT.writes("ModifyAlarmPolicyStatus")
def modify_alarm_policy_status(call: WriteCall, given: Given) -> Answer:
    """Switch a policy on or off."""
    rule = policy_of(call, given["PolicyId"])
    enabled = _flag(given, "Enable", 1)
    call.use(switch_alarm_rules, SwitchAlarmRules(rule_ids=(rule.rule_id,), enabled=enabled))
    return None


@PRODUCT.writes("ModifyAlarmPolicyInfo")
def modify_alarm_policy_info(call: WriteCall, given: Given) -> Answer:
    """Change the name."""
    rule = policy_of(call, given["PolicyId"])
    if given["Key"] == "NAME":
        put_again(call, rule, name=given["Value"])
    return None


@PRODUCT.writes("ModifyAlarmPolicyCondition")
def modify_alarm_policy_condition(call: WriteCall, given: Given) -> Answer:
    """Change what is too much."""
    put_again(call, policy_of(call, given["PolicyId"]), **asked_conditions(given["Condition"]))
    return None


@PRODUCT.writes("ModifyAlarmPolicyNotice")
def modify_alarm_policy_notice(call: WriteCall, given: Given) -> Answer:
    """Change who is told."""
    ids = given.get("PolicyIds") or [given[name] for name in ("PolicyId",) if name in given]
    if not ids:
        raise InvalidInput("PolicyId", "is required", code="missing")
    names = _group_names(call, given.get("NoticeIds", ()))
    for id in ids:
        put_again(call, policy_of(call, id), group_names=names)
    return None


@PRODUCT.writes("DeleteAlarmPolicy")
def delete_alarm_policy(call: WriteCall, given: Given) -> Answer:
    """Delete policies: all of them, or none when one is not there."""
    ids = tuple(policy_of(call, id).rule_id for id in given["PolicyIds"])
    call.use(delete_alarm_rules, DeleteAlarmRules(rule_ids=ids))
    return None


@PRODUCT.finds("DescribeAlarmHistories")
def describe_alarm_histories(call: ReadCall, given: Given) -> Answer:  # noqa: ARG001 - the shape of the others
    """What policies said: nothing, as long as nobody asks them."""
    return {"TotalCount": 0, "Histories": page_of(given, [], LARGEST)}


def put_again(call: WriteCall, rule: AlarmRule, **changes: Any) -> AlarmRule:
    """The policy with changes."""
    return call.use(put_alarm_rule, PutAlarmRule(**{name: getattr(rule, name) for name in PARTS} | changes))


def bound_of(call: AnyCall, rule: AlarmRule) -> list[Dimensions]:
    """The objects that a policy was bound to."""
    nothing = nothing_of(find_namespace(call.world, rule.namespace))
    return [one for one in rule.watches if one != nothing]


def origin_id(rule: AlarmRule) -> str:
    """The number that stands for a policy where clients use one; its own id's letters, as a number below 2^53."""
    return str(int.from_bytes(rule.rule_id[-6:].encode(), "big"))


def _flag(given: Given, name: str, default: int) -> bool:
    value = given.get(name, default)
    if value not in {0, 1}:
        raise InvalidInput(name, "must be 0 or 1", value)
    return bool(value)


def _group_names(call: AnyCall, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(group.name for group in require_notices(call, ids))


def _tests(rule: AlarmRule, given: Given, groups: Sequence[ContactGroup]) -> Iterator[bool]:
    """What a policy has to be for a list to show it."""
    told = {group.id for group in groups if group.name in rule.group_names}
    yield given.get("PolicyName", "") in rule.name
    yield _within(given, "MonitorTypes", [MONITOR_TYPE])
    yield _within(given, "Namespaces", [BY_NAMESPACE[rule.namespace]])
    yield _within(given, "RuleTypes", ["STATIC"])
    yield _within(given, "Enable", [int(rule.enabled)])
    yield _within(given, "NoticeIds", told)
    yield given.get("NotBindingNoticeRule") != 1 or not told
    yield given.get("NotBindAll") != 1 or bool(rule.watches)
    if given.get("Dimensions"):
        asked = _asked_dimensions(given["Dimensions"])
        yield not rule.watches or any(one in rule.watches for one in asked)


def _within(given: Given, name: str, present: Iterable[object]) -> bool:
    asked = given.get(name)
    return not asked or any(one in asked for one in present)


def _asked_dimensions(text: str) -> list[Dimensions]:
    """`[[{"name": "a", "value": "b"}]]` as sorted pairs."""
    try:
        return [
            tuple(sorted((one["name"], str(one["value"])) for one in each)) for each in orjson.loads(text)
        ]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        rule = 'must be like [[{"name":"peeringConnectionId","value":"pcx-..."}]]'
        raise InvalidInput("Dimensions", rule, text) from None


def _shape(call: AnyCall, rule: AlarmRule, groups: Sequence[ContactGroup]) -> Mapping[str, Any]:
    """A policy as answers have it."""
    namespace = find_namespace(call.world, rule.namespace)
    titles = {metric.name: (metric.title, metric.unit) for metric in namespace.metrics.values()}
    told = [group for group in groups if group.name in rule.group_names]
    type = BY_NAMESPACE[rule.namespace]
    condition = shown_condition(rule, titles)
    return {
        "PolicyId": rule.rule_id,
        "OriginId": origin_id(rule),
        "PolicyName": rule.name,
        "Remark": "",
        "MonitorType": MONITOR_TYPE,
        "Enable": int(rule.enabled),
        "UseSum": len(bound_of(call, rule)),
        "InstanceSum": 0,
        "InstanceGroupId": 0,
        "InstanceGroupName": "",
        "ProjectId": -1,
        "ProjectName": "",
        "Namespace": type,
        "NamespaceShowName": TYPES[type]["name"],
        "ConditionTemplateId": "0",
        "Condition": condition,
        "ConditionsTemp": None,
        "EventCondition": {"Rules": []},
        "NoticeIds": [group.id for group in told],
        "Notices": [notice_shape(group, (), "") for group in told],
        "TriggerTasks": [],
        "RuleType": "STATIC",
        "Region": [],
        "TagInstances": [],
        "Tags": [],
        "GroupBy": [],
        "IsDefault": 0,
        "CanSetDefault": 0,
        "IsOneClick": 0,
        "OneClickStatus": 0,
        "AdvancedMetricNumber": 0,
        "IsBindAll": int(not rule.watches),
        "InsertTime": int(rule.created_at.timestamp()),
        "UpdateTime": int(rule.changed_at.timestamp()),
        "LastEditUin": rule.owner_uid,
    }
