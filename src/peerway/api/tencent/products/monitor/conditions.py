"""Conditions of policies: from the rules of a request to thresholds, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from peerway.api.tencent.products.monitor.product import PRODUCT
from peerway.api.tencent.products.monitor.types import OPERATORS, SIGNS
from peerway.domain.alarm import AlarmLevel, AlarmRule, Comparison, Condition
from peerway.domain.errors import InvalidInput

#: Our levels by this product's, the worst first.
LEVELS: Final[Mapping[str, str]] = PRODUCT.extra["levels"]

#: Pause before an alarm is told again, s, unless a rule says otherwise.
NOTICE_FREQUENCY_S: Final = 86_400

#: What a rule's thresholds share.
Key = tuple[str, str, int, int]


def asked_conditions(condition: Mapping[str, Any]) -> dict[str, Any]:
    """What a request's condition sets of an alarm rule."""
    union = condition["IsUnionRule"]
    if union not in {0, 1}:
        raise InvalidInput("IsUnionRule", "must be 0 or 1: there are no expressions", union)
    rules: Sequence[Mapping[str, Any]] = condition["Rules"]
    pauses = [one["NoticeFrequency"] for one in rules if "NoticeFrequency" in one]
    return {
        "conditions": tuple(found for one in rules for found in _thresholds(one)),
        "all_conditions": union == 1,
        "silence_s": max(pauses, default=NOTICE_FREQUENCY_S),
    }


def shown_condition(rule: AlarmRule, titles: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """A policy's condition as answers have it; `titles` are words and units of metrics."""
    groups: dict[Key, list[Condition]] = {}
    for one in rule.conditions:
        key = (one.metric, one.comparison.value, one.period_s, one.times)
        groups.setdefault(key, []).append(one)
    return {
        "IsUnionRule": int(rule.all_conditions),
        "Rules": [_rule(rule, key, found, titles) for key, found in groups.items()],
        "ComplexExpression": "",
    }


def _thresholds(one: Mapping[str, Any]) -> list[Condition]:
    operator = OPERATORS.get(one["Operator"])
    if operator is None:
        raise InvalidInput("Operator", f"must be one of {', '.join(OPERATORS)}", one["Operator"])
    levels = one.get("HierarchicalValue") or {}
    values = {LEVELS[name]: text for name, text in levels.items() if text}
    if not values and one.get("Value"):
        values = {AlarmLevel.CRITICAL: one["Value"]}
    if not values:
        raise InvalidInput("Value", "is required", code="missing")
    return [
        Condition(
            level=AlarmLevel(level),
            metric=one["MetricName"],
            comparison=Comparison(operator),
            threshold=_number(text),
            period_s=one.get("Period", 0),
            times=one.get("ContinuePeriod", 1),
        )
        for level, text in values.items()
    ]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidInput("Value", "must be a number", text) from None


def _rule(
    rule: AlarmRule, key: Key, found: Sequence[Condition], titles: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    metric, sign, period_s, times = key
    values = {one.level.value: format(one.threshold, "f") for one in found}
    title, unit = titles.get(metric, (metric, ""))
    staged = values.keys() != {AlarmLevel.CRITICAL.value}
    return {
        "MetricName": metric,
        "Operator": SIGNS[sign],
        "Value": values.get(AlarmLevel.CRITICAL, next(iter(values.values()))),
        "HierarchicalValue": {name: values.get(level, "") for name, level in LEVELS.items()}
        if staged
        else None,
        "Period": period_s,
        "ContinuePeriod": times,
        "NoticeFrequency": rule.silence_s,
        "IsPowerNotice": 0,
        "Description": title,
        "Unit": unit,
        "RuleType": "STATIC",
        "IsAdvanced": 0,
        "IsOpen": 0,
        "ProductId": "",
    }
