"""Alarm rules and the machines that they tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from peerway.api.alibaba.errors import told
from peerway.api.alibaba.products.cms.product import (
    PRODUCT,
    PROFILE,
    STATISTICS,
    WORDS,
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
from peerway.domain.alarm import AlarmLevel, AlarmRule, AlarmTarget, Comparison, Condition
from peerway.domain.errors import InvalidInput, PeerwayError

LEVELS: Final[Mapping[str, AlarmLevel]] = {
    word: AlarmLevel(value) for word, value in PRODUCT.extra["levels"].items()
}
COMPARISONS: Final[Mapping[str, Comparison]] = {
    word: Comparison(value) for word, value in PRODUCT.extra["comparisons"].items()
}
OPERATORS: Final = {value: word for word, value in COMPARISONS.items()}
JOINS: Final[Mapping[str, bool]] = PRODUCT.extra["joins"]


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
    composite: Any = given.get("CompositeExpression")
    if given.get("Prometheus"):
        raise InvalidInput("Prometheus", "is not supported")
    conditions = _composite(composite) if composite else _escalations(given)
    return PutAlarmRule(
        rule_id=given["RuleId"],
        name=given["RuleName"],
        namespace=own_namespace(call, given["Namespace"]).name,
        conditions=conditions,
        all_conditions=bool(composite) and _word(composite, "ExpressionListJoin", JOINS, "||"),
        watches=read_dimensions(given["Resources"], "Resources") if "Resources" in given else (),
        group_names=tuple(given["ContactGroups"]),
        webhook=given.get("Webhook", ""),
        subject=given.get("EmailSubject", ""),
        effective=given.get("EffectiveInterval", ""),
        silent=given.get("NoEffectiveInterval", ""),
        silence_s=given.get("SilenceTime", 86_400),
        no_data=_no_data(given),
    )


def _escalations(given: Given) -> tuple[Condition, ...]:
    """A threshold for each level."""
    return tuple(
        _condition(
            {"MetricName": given.get("MetricName", ""), "Period": given.get("Period"), **one},
            LEVELS[level],
            one.get("Times", 1),
            f"Escalations.{level}.",
        )
        for level, one in given.get("Escalations", {}).items()
        if one
    )


def _composite(raw: Any) -> tuple[Condition, ...]:
    """Thresholds of several metrics, for one level."""
    rows = raw.get("ExpressionList") if isinstance(raw, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput("CompositeExpression", "must be a JSON object with an ExpressionList")
    level = _word(raw, "Level", LEVELS, "Critical")
    times = raw.get("Times", 1)
    return tuple(_condition(row, level, times, "CompositeExpression.") for row in rows)


def _condition(row: Mapping[str, Any], level: AlarmLevel, times: Any, path: str) -> Condition:
    try:
        threshold = Decimal(str(row.get("Threshold", "")))
    except InvalidOperation:
        raise InvalidInput(f"{path}Threshold", "must be a number", row.get("Threshold")) from None
    period = str(row.get("Period") or 0)
    if not (period.isascii() and period.isdigit() and len(period) < 10):
        raise InvalidInput("Period", "must be a whole number", period)
    return Condition(
        level=level,
        metric=str(row.get("MetricName", "")),
        statistic=_word(row, "Statistics", STATISTICS, "Average", path),
        comparison=_word(row, "ComparisonOperator", COMPARISONS, "", path),
        threshold=threshold,
        period_s=int(period),
        times=times,
    )


def _word(row: Mapping[str, Any], name: str, known: Mapping[str, Any], usual: str, path: str = "") -> Any:
    """Our value for one of the product's words."""
    word = row.get(name) or usual
    if not isinstance(word, str) or word not in known:
        raise InvalidInput(f"{path}{name}", f"must be one of {', '.join(known)}", word)
    return known[word]


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
        **(_shown_composite(rule) if _is_composite(rule) else _shown_escalations(rule)),
    }


def _is_composite(rule: AlarmRule) -> bool:
    """Whether levels and one metric can't say what the rule is about."""
    levels = {one.level for one in rule.conditions}
    metrics = {(one.metric, one.period_s) for one in rule.conditions}
    return rule.all_conditions or len(levels) < len(rule.conditions) or len(metrics) > 1


def _shown_escalations(rule: AlarmRule) -> dict[str, Any]:
    words = {level: word for word, level in LEVELS.items()}
    first = rule.conditions[0]
    escalations = {words[one.level]: {**_shown(one), "Times": one.times} for one in rule.conditions}
    return {"MetricName": first.metric, "Period": str(first.period_s), "Escalations": escalations}


def _shown_composite(rule: AlarmRule) -> dict[str, Any]:
    first = rule.conditions[0]
    rows = [{**_shown(one), "MetricName": one.metric, "Period": one.period_s} for one in rule.conditions]
    expression = {
        "ExpressionList": {"ExpressionList": rows},
        "ExpressionListJoin": "&&" if rule.all_conditions else "||",
        "Level": first.level.value,
        "Times": first.times,
    }
    return {
        "MetricName": "",
        "Period": str(first.period_s),
        "Escalations": {},
        "CompositeExpression": expression,
    }


def _shown(condition: Condition) -> dict[str, Any]:
    return {
        "ComparisonOperator": OPERATORS[condition.comparison],
        "Statistics": WORDS[condition.statistic],
        "Threshold": f"{condition.threshold:f}",
    }


def _target(target: AlarmTarget) -> dict[str, str]:
    return {
        "Id": target.id,
        "Arn": target.arn,
        "Level": target.level,
        "JsonParams": target.parameters,
    }
