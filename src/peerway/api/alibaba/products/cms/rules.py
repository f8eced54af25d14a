"""Alarm rules and the machines that they tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peerway.api.alibaba.errors import told
from peerway.api.alibaba.products.cms.conditions import asked_conditions, shown_conditions
from peerway.api.alibaba.products.cms.product import (
    PRODUCT,
    PROFILE,
    done,
    millis,
    own_namespace,
    page_of,
    read_dimensions,
    write_dimensions,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.paging import numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.alarms import (
    DeleteAlarmRules,
    DeleteAlarmTargets,
    PutAlarmRule,
    PutAlarmTargets,
    SwitchAlarmRules,
    delete_alarm_rules,
    delete_alarm_targets,
    get_alarm_rule,
    put_alarm_rule,
    put_alarm_targets,
    switch_alarm_rules,
)
from peerway.domain.alarm import AlarmRule, AlarmTarget
from peerway.domain.errors import InvalidInput, PeerwayError


@PRODUCT.writes("PutResourceMetricRule")
def put_resource_metric_rule(call: WriteCall, given: Given) -> Answer:
    """Make or replace a rule."""
    call.use(put_alarm_rule, _request(call, given))
    return done()


@PRODUCT.writes("PutResourceMetricRules")
def put_resource_metric_rules(call: WriteCall, given: Given) -> Answer:
    """Make or replace rules, each for itself: those that can't be are told."""
    failed = []
    for row in given["Rules"]:
        try:
            call.use(put_alarm_rule, _request(call, row))
        except PeerwayError as error:
            words = told(error, PRODUCT.actions["PutResourceMetricRules"])
            result = {"Code": words.code, "Message": words.text, "Success": False}
            failed.append({"RuleId": row["RuleId"], "Result": result})
    return done(FailedListResult={"Target": failed})


@PRODUCT.reads("DescribeMetricRuleList")
def describe_metric_rule_list(call: ReadCall, given: Given) -> Answer:
    """Rules by what they are and watch."""
    number, size = page_of(given, 10, names=("Page", "PageSize"))
    own = where("owner_uid", call.caller.uid)
    page = numbered(call.tx, AlarmRule, own, number=number, size=size, keep=_wanted(given))
    alarms = {"Alarm": [_rule(one) for one in page.items]}
    # The number is the SDK's idea of it, for this action alone.
    return {**done(Alarms=alarms, Total=str(page.total)), "Code": 200}


@PRODUCT.writes("EnableMetricRules")
def enable_metric_rules(call: WriteCall, given: Given) -> Answer:
    """Switch rules on."""
    call.use(switch_alarm_rules, SwitchAlarmRules(rule_ids=tuple(given["RuleId"]), enabled=True))
    return done()


@PRODUCT.writes("DisableMetricRules")
def disable_metric_rules(call: WriteCall, given: Given) -> Answer:
    """Switch rules off."""
    call.use(switch_alarm_rules, SwitchAlarmRules(rule_ids=tuple(given["RuleId"]), enabled=False))
    return done()


@PRODUCT.writes("DeleteMetricRules")
def delete_metric_rules(call: WriteCall, given: Given) -> Answer:
    """Delete rules."""
    call.use(delete_alarm_rules, DeleteAlarmRules(rule_ids=tuple(given["Id"])))
    return done()


@PRODUCT.writes("PutMetricRuleTargets")
def put_metric_rule_targets(call: WriteCall, given: Given) -> Answer:
    """Give a rule machines to tell."""
    targets = tuple(
        AlarmTarget(one["Id"], one["Arn"], one.get("Level", ""), one.get("JsonParams", ""))
        for one in given["Targets"]
    )
    call.use(put_alarm_targets, PutAlarmTargets(rule_id=given["RuleId"], targets=targets))
    return done(FailData={"Targets": {"Target": []}})


@PRODUCT.reads("DescribeMetricRuleTargets")
def describe_metric_rule_targets(call: ReadCall, given: Given) -> Answer:
    """The machines that a rule tells."""
    rule = call.use(get_alarm_rule, given["RuleId"])
    return done(Targets={"Target": [_target(one) for one in rule.targets]})


@PRODUCT.writes("DeleteMetricRuleTargets")
def delete_metric_rule_targets(call: WriteCall, given: Given) -> Answer:
    """Take machines off a rule."""
    request = DeleteAlarmTargets(rule_id=given["RuleId"], target_ids=tuple(given["TargetIds"]))
    call.use(delete_alarm_targets, request)
    return done(FailIds={"TargetIds": {"TargetId": []}})


def _request(call: AnyCall, given: Given) -> PutAlarmRule:
    if given.get("Prometheus"):
        raise InvalidInput("Prometheus", "is not supported")
    conditions, all_of_them = asked_conditions(given)
    return PutAlarmRule(
        rule_id=given["RuleId"],
        name=given["RuleName"],
        namespace=own_namespace(call, given["Namespace"]).name,
        conditions=conditions,
        all_conditions=all_of_them,
        watches=read_dimensions(given["Resources"], "Resources") if "Resources" in given else (),
        group_names=tuple(given["ContactGroups"]),
        webhook=given.get("Webhook", ""),
        subject=given.get("EmailSubject", ""),
        effective=given.get("EffectiveInterval", ""),
        silent=given.get("NoEffectiveInterval", ""),
        silence_s=given.get("SilenceTime", 86_400),
        no_data=_no_data(given),
    )


def _no_data(given: Given) -> str:
    word: str = given.get("NoDataPolicy", "")
    words = PRODUCT.extra["no_data"]["words"]
    if word and word not in words:
        raise InvalidInput("NoDataPolicy", f"must be one of {', '.join(words)}", word)
    return word


def _wanted(given: Given) -> Callable[[AlarmRule], bool]:
    ids = set(given.get("RuleIds", ()))
    watches = read_dimensions(given["Dimensions"], "Dimensions") if "Dimensions" in given else ()
    asked = {tuple(sorted(one)) for one in watches}
    states = PRODUCT.extra["states"]

    def keep(rule: AlarmRule) -> bool:
        return (
            rule.profile == PROFILE
            and (not ids or rule.rule_id in ids)
            and given.get("RuleName", rule.name) == rule.name
            and given.get("Namespace", rule.namespace) == rule.namespace
            and given.get("EnableState", rule.enabled) == rule.enabled
            and given.get("AlertState", states[rule.state]) == states[rule.state]
            and ("MetricName" not in given or given["MetricName"] in {one.metric for one in rule.conditions})
            and (not asked or not asked.isdisjoint(rule.watches))
        )

    return keep


def _rule(rule: AlarmRule) -> dict[str, Any]:
    watches = write_dimensions(rule.watches)
    return {
        "RuleId": rule.rule_id,
        "RuleName": rule.name,
        "Namespace": rule.namespace,
        "Resources": watches,
        "Dimensions": watches,
        "ContactGroups": ",".join(rule.group_names),
        "EffectiveInterval": rule.effective,
        "NoEffectiveInterval": rule.silent,
        "SilenceTime": rule.silence_s,
        "EnableState": rule.enabled,
        "AlertState": PRODUCT.extra["states"][rule.state],
        "NoDataPolicy": rule.no_data,
        "Webhook": rule.webhook,
        "MailSubject": rule.subject,
        "ProductCategory": PRODUCT.extra["categories"][rule.namespace],
        "SourceType": "METRIC",
        "GroupId": "",
        "GroupName": "",
        "Labels": {"Labels": []},
        "GmtCreate": millis(rule.created_at),
        "GmtUpdate": str(millis(rule.changed_at)),
        **shown_conditions(rule),
    }


def _target(target: AlarmTarget) -> dict[str, str]:
    return {
        "Id": target.id,
        "Arn": target.arn,
        "Level": target.level,
        "JsonParams": target.parameters,
    }
