"""What alarm rules ask of metrics: a threshold for each level, or thresholds of several metrics for one (`CompositeExpression`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from peerway.api.alibaba.products.cms.product import PRODUCT, STATISTICS, WORDS
from peerway.api.clouds.parameters import Given
from peerway.domain.alarm import AlarmLevel, AlarmRule, Comparison, Condition
from peerway.domain.errors import InvalidInput

LEVELS: Final[Mapping[str, AlarmLevel]] = {
    word: AlarmLevel(value) for word, value in PRODUCT.extra["levels"].items()
}
COMPARISONS: Final[Mapping[str, Comparison]] = {
    word: Comparison(value) for word, value in PRODUCT.extra["comparisons"].items()
}
OPERATORS: Final = {value: word for word, value in COMPARISONS.items()}
JOINS: Final[Mapping[str, bool]] = PRODUCT.extra["joins"]


def asked_conditions(given: Given) -> tuple[tuple[Condition, ...], bool]:
    """The conditions of a request, and whether all of them have to hold."""
    composite: Any = given.get("CompositeExpression")
    if not composite:
        return _escalations(given), False
    conditions = _composite(composite)
    return conditions, _word(composite, "ExpressionListJoin", JOINS, "||")


def shown_conditions(rule: AlarmRule) -> dict[str, Any]:
    """The conditions of a rule as answers have them."""
    return _shown_composite(rule) if _is_composite(rule) else _shown_escalations(rule)


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
