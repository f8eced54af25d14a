"""What alarm rules consist of, checked: conditions, what is watched, and who is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from peerway.app.store import Reader
from peerway.app.usecases.alarm_texts import (
    ID_LENGTH,
    TEXT_LENGTH,
    URL_LENGTH,
    check_filled,
)
from peerway.app.usecases.metrics import check_period, find_metric
from peerway.app.usecases.watched import find_watched
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.alarm import AlarmTarget, Condition, Dimensions
from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_number, check_text
from peerway.profiles.metrics import MetricNamespace

#: Most of each in one rule.
MOST_CONDITIONS: Final = 10
MOST_WATCHED: Final = 100
MOST_GROUPS: Final = 50

#: Periods in a row that a condition may ask for.
TIMES: Final = (1, 180)

#: Digits that a threshold may have before its point, and after it.
DIGITS: Final = 18


def check_conditions(
    world: World, namespace: MetricNamespace, asked: tuple[Condition, ...]
) -> tuple[Condition, ...]:
    """The conditions as a rule keeps them: each about a metric that there is, with a period."""
    if not 1 <= len(asked) <= MOST_CONDITIONS:
        raise InvalidInput("conditions", f"must be 1 to {MOST_CONDITIONS}", len(asked), code="conditions")
    checked: list[Condition] = []
    for place, condition in enumerate(asked):
        field = f"conditions[{place}]"
        metric = find_metric(world, namespace.name, condition.metric, ("namespace", f"{field}.metric"))[1]
        if condition.statistic not in metric.statistics:
            rule = f"must be one of {', '.join(metric.statistics)} for {metric.name}"
            raise InvalidInput(f"{field}.statistic", rule, condition.statistic, code="statistic")
        if not _is_writable(condition.threshold):
            rule = f"must be a number of at most {DIGITS} digits on either side of its point"
            raise InvalidInput(f"{field}.threshold", rule, condition.threshold)
        check_number(condition.times, f"{field}.times", *TIMES)
        period_s = check_period(namespace, condition.period_s or None, f"{field}.period_s")
        checked.append(replace(condition, period_s=period_s))
    return tuple(checked)


def nothing_of(namespace: MetricNamespace) -> Dimensions:
    """What a rule watches that watches nothing yet: an object without an id, which none is."""
    return ((namespace.dimension, ""),)


def check_watches(
    tx: Reader,
    world: World,
    caller: Caller,
    namespace: MetricNamespace,
    asked: tuple[Dimensions, ...],
    before: tuple[Dimensions, ...],
) -> tuple[Dimensions, ...]:
    """What a rule watches; what it watched before may be gone by now."""
    if len(asked) > MOST_WATCHED:
        raise InvalidInput("watches", f"must be at most {MOST_WATCHED}", len(asked))
    for place, dimensions in enumerate(asked):
        if dimensions not in before and dimensions != nothing_of(namespace):
            find_watched(tx, world, caller, namespace, dimensions, field=f"watches[{place}]")
    return tuple(dict.fromkeys(tuple(sorted(dimensions)) for dimensions in asked))


def check_group_names(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Groups may be made after the rules that name them, and go before them."""
    if len(asked) > MOST_GROUPS:
        raise InvalidInput("group_names", f"must be at most {MOST_GROUPS}", len(asked))
    return tuple(dict.fromkeys(check_filled(name, "group_names", ID_LENGTH) for name in asked))


def check_target(target: AlarmTarget, field: str) -> AlarmTarget:
    """The machine, when its texts are in order."""
    check_filled(target.id, f"{field}.id", ID_LENGTH)
    check_filled(target.arn, f"{field}.arn", TEXT_LENGTH)
    check_text(target.level, f"{field}.level", TEXT_LENGTH)
    if len(target.parameters) > URL_LENGTH:
        raise InvalidInput(f"{field}.parameters", f"must have at most {URL_LENGTH} characters")
    return target


def _is_writable(number: Decimal) -> bool:
    """Whether it can be written without an exponent in little space; nothing is computed with one that can't."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DIGITS and number.adjusted() < DIGITS
