"""Reading metrics. Data points are JSON in a text; a period's time is its start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from peerway.api.alibaba.products.cms.product import (
    PRODUCT,
    STATISTICS,
    WORDS,
    done,
    millis,
    own_namespace,
    read_dimensions,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.metrics import (
    MOST_POINTS,
    MetricPage,
    MetricPoint,
    ReadMetric,
    check_time,
    read_metric,
)
from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_number
from peerway.metering.series import EPOCH
from peerway.profiles.metrics import Metric

#: Points of a page, and the most of them.
POINTS, MOST = 1000, 1440

#: How far back a question goes that names no time.
USUAL: Final = timedelta(hours=2)

#: The range of time is open to the left and closed to the right.
INSTANT: Final = timedelta(microseconds=1)

FORMS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Found:
    """An answer before it is written down."""

    #: What was asked for.
    page: MetricPage
    #: Its points.
    points: tuple[MetricPoint, ...]


@PRODUCT.reads("DescribeMetricList", "DescribeMetricData")
def describe_metric_list(call: ReadCall, given: Given) -> Answer:
    """Points, a page at a time."""
    page = call.use(read_metric, _request(call, given, _length(given, POINTS)))
    return _answer(page, page.points, page.next or "")


@PRODUCT.reads("DescribeMetricLast")
def describe_metric_last(call: ReadCall, given: Given) -> Answer:
    """The last point of each resource; a page holds so many resources."""
    length, found = _length(given, POINTS), _all(call, given)
    last = list({one.watched.id: one for one in found.points}.values())
    start = _number(given.get("NextToken", "0"), "NextToken", 0, 10**9)
    following = str(start + length) if start + length < len(last) else ""
    return _answer(found.page, last[start : start + length], following)


@PRODUCT.reads("DescribeMetricTop")
def describe_metric_top(call: ReadCall, given: Given) -> Answer:
    """The resources with the greatest values of the last period there is, or with the least."""
    length, found = _length(given, 10), _all(call, given)
    statistic = STATISTICS.get(given["Orderby"])
    if statistic is None or statistic not in found.page.metric.statistics:
        words = ", ".join(WORDS[one] for one in found.page.metric.statistics)
        raise InvalidInput("Orderby", f"must be one of {words}", given["Orderby"])
    newest = max((one.point.at for one in found.points), default=None)
    ordered = sorted(
        (one for one in found.points if one.point.at == newest),
        key=lambda one: one.point.values[statistic],
        reverse=given.get("OrderDesc", "False").lower() != "true",
    )
    return _answer(found.page, ordered[:length], "")


def _request(call: ReadCall, given: Given, limit: int) -> ReadMetric:
    namespace = own_namespace(call, given["Namespace"])
    until = _time(given, "EndTime") or call.services.clock.now()
    since = _time(given, "StartTime") or until - USUAL
    period = given.get("Period")
    return ReadMetric(
        namespace=namespace.name,
        metric=given["MetricName"],
        period_s=None if period is None else _number(period, "Period", 1, 10**6),
        since=since + INSTANT,
        until=until + INSTANT,
        subjects=read_dimensions(given["Dimensions"], "Dimensions") if "Dimensions" in given else (),
        limit=limit,
        after=given.get("NextToken"),
    )


def _all(call: ReadCall, given: Given) -> Found:
    """All points of the last hours of the time asked for."""
    asked = replace(_request(call, given, MOST_POINTS), after=None)
    asked = replace(asked, since=max(asked.since, asked.until - USUAL))
    page = call.use(read_metric, asked)
    points = list(page.points)
    following = page
    while following.next is not None:
        following = call.use(read_metric, replace(asked, after=following.next))
        points += following.points
    return Found(page, tuple(points))


def _answer(page: MetricPage, points: Iterable[MetricPoint], following: str) -> Answer:
    rows = [_row(page.metric, one) for one in points]
    answer = done(
        Datapoints=orjson.dumps(rows).decode(), Period=str(page.period_s), Message="; ".join(page.notes)
    )
    return {**answer, "NextToken": following} if following else answer


def _row(metric: Metric, one: MetricPoint) -> dict[str, Any]:
    named = dict(one.watched.dimensions)
    values = {WORDS[name]: one.point.values[name] for name in metric.statistics}
    return {
        "timestamp": millis(one.point.at),
        "userId": named["userId"],
        "instanceId": named["instanceId"],
        **values,
    }


def _length(given: Given, usual: int) -> int:
    return _number(given.get("Length", str(usual)), "Length", 1, MOST)


def _number(text: str, field: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidInput(field, "must be a whole number", text)
    return check_number(int(text), field, low, high)


def _time(given: Given, field: str) -> datetime | None:
    """Milliseconds since 1970, or a time of day as text, UTC."""
    text = given.get(field)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 15:
        return EPOCH + timedelta(milliseconds=int(text))
    for form in FORMS:
        try:
            at = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return check_time(at, field)
    raise InvalidInput(field, "must be milliseconds since 1970 or like 2026-11-21 08:31:54", text)
