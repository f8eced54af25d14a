"""Series of a metric, made from samples: what a product calls a metric is a formula on what ends of links carried minute by minute.

Owns the formulas' meaning, and how minutes become periods. A minute without a sample has no value; it is not a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from peerway.domain.alarm import Statistic
from peerway.domain.metric import SAMPLE_TIME, Count, Counts, Sample
from peerway.profiles.metrics import Measure, Metric

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Where a count stands in `Counts`.
_PLACES: Final[Mapping[Count, int]] = {count: place for place, count in enumerate(Count)}

_MINUTE_S: Final = SAMPLE_TIME.total_seconds()


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a series."""

    #: Start of the period, UTC.
    at: datetime
    #: All that can be made of its minutes.
    values: Mapping[Statistic, float]


def series(
    metric: Metric, samples: Iterable[Sample], period_s: int, cap_mbps: int | None = None
) -> list[Point]:
    """The periods for which there are samples, in order of time.

    Samples of one minute, as of several ends, count as one. Periods begin at multiples of their length since 1970.
    """
    minutes: dict[datetime, Counts] = {}
    for sample in samples:
        minutes[sample.at] = _sum(minutes.get(sample.at), sample.counts)
    periods: dict[datetime, list[float]] = {}
    for at in sorted(minutes):
        value = value_of(metric, minutes[at], cap_mbps)
        if value is not None:
            periods.setdefault(period_start(at, period_s), []).append(value)
    return [Point(at, _statistics(values)) for at, values in periods.items()]


def value_of(metric: Metric, counts: Counts, cap_mbps: int | None = None) -> float | None:
    """What a minute's counts come to; None for a share of the cap where there is no cap."""
    amount = _total(metric.counts, counts) * metric.times
    match metric.per:
        case Measure.MINUTE:
            return amount
        case Measure.SECOND:
            return amount / _MINUTE_S
        case Measure.OF:
            whole = _total(metric.of, counts)
            return 100 * amount / whole if whole else 0.0
        case Measure.CAP:
            return None if not cap_mbps else 100 * amount * 8 / _MINUTE_S / (cap_mbps * 1_000_000)


def period_start(at: datetime, period_s: int) -> datetime:
    """Start of the period that a time is in."""
    length = timedelta(seconds=period_s)
    return at - (at - EPOCH) % length


def first_start(since: datetime, period_s: int) -> datetime:
    """The first period's start that is not before a time."""
    length = timedelta(seconds=period_s)
    return since + (EPOCH - since) % length


def _total(names: Iterable[Count], counts: Counts) -> int:
    return sum(counts[_PLACES[name]] for name in names)


def _sum(one: Counts | None, other: Counts) -> Counts:
    if one is None:
        return other
    sums = [a + b for a, b in zip(one, other, strict=True)]
    return (sums[0], sums[1], sums[2], sums[3], sums[4])


def _statistics(values: list[float]) -> dict[Statistic, float]:
    total = sum(values)
    return {
        Statistic.SUM: total,
        Statistic.AVERAGE: total / len(values),
        Statistic.MAXIMUM: max(values),
        Statistic.MINIMUM: min(values),
        Statistic.VALUE: values[-1],
    }
