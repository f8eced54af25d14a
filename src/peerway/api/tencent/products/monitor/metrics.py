"""Metrics: their series, and what there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.product import PRODUCT
from peerway.api.tencent.products.monitor.series import Points, read_series, span_of
from peerway.api.tencent.shapes import LOCAL
from peerway.app.usecases.metrics import find_metric, find_namespace
from peerway.domain.alarm import Dimensions, Statistic
from peerway.domain.errors import InvalidInput
from peerway.profiles.metrics import Metric, MetricNamespace

#: Length of a period unless a request says otherwise, s.
PERIOD_S: Final = 300

#: Lists of values that are asked for by a bit each.
STATISTICS: Final[Mapping[int, tuple[str, Statistic]]] = {
    1: ("AvgValues", Statistic.AVERAGE),
    2: ("MaxValues", Statistic.MAXIMUM),
    4: ("MinValues", Statistic.MINIMUM),
}

#: What periods can be made into, in this product's words.
STATS: Final = ("avg", "max", "min")


@PRODUCT.reads("GetMonitorData")
def get_monitor_data(call: ReadCall, given: Given) -> Answer:
    """Series of objects; periods without a value are left out."""
    asked = (given["Namespace"], given["MetricName"])
    times = (given.get("StartTime"), given.get("EndTime"))
    bits = given.get("SpecifyStatistics", 0)
    if not 0 <= bits < 2 * max(STATISTICS):
        raise InvalidInput("SpecifyStatistics", "must be a sum of 1, 2 and 4", bits)
    span = span_of(call, asked, times, given.get("Period", PERIOD_S), ("since", "until"))
    subjects = tuple(_dimensions(one) for one in given["Instances"])
    found = read_series(call, asked, span, subjects)
    namespace = find_namespace(call.world, asked[0])
    return {
        "Period": span.period_s,
        "MetricName": given["MetricName"],
        "StartTime": span.since.astimezone(LOCAL).isoformat(),
        "EndTime": span.until.astimezone(LOCAL).isoformat(),
        "DataPoints": [
            _points(one, found.points.get(dict(one).get(namespace.dimension, ""), {}), bits)
            for one in subjects
        ],
        "Msg": found.note,
    }


@PRODUCT.finds("DescribeBaseMetrics")
def describe_base_metrics(call: ReadCall, given: Given) -> Answer:
    """The metrics of a namespace, or one of them."""
    namespace = find_namespace(call.world, given["Namespace"])
    if not set(given.get("Dimensions", ())) <= {*namespace.dimensions}:
        return {"MetricSet": []}
    if given.get("MetricName"):
        return {
            "MetricSet": [_set(namespace, find_metric(call.world, namespace.name, given["MetricName"])[1])]
        }
    return {"MetricSet": [_set(namespace, metric) for metric in namespace.metrics.values()]}


def _dimensions(instance: Mapping[str, Any]) -> Dimensions:
    return tuple((one["Name"], one["Value"]) for one in instance["Dimensions"])


def _points(subject: Dimensions, points: Points, bits: int) -> dict[str, Any]:
    values = [points[at] for at in sorted(points)]
    return {
        "Dimensions": [{"Name": name, "Value": value} for name, value in subject],
        "Timestamps": [int(at.timestamp()) for at in sorted(points)],
        "Values": [one[Statistic.AVERAGE] for one in values],
        **{
            name: [one[statistic] for one in values] if bits & bit else []
            for bit, (name, statistic) in STATISTICS.items()
        },
    }


def _set(namespace: MetricNamespace, metric: Metric) -> dict[str, Any]:
    return {
        "Namespace": namespace.name,
        "MetricName": metric.name,
        "Unit": metric.unit,
        "UnitCname": metric.unit,
        "Period": list(namespace.periods),
        "Periods": [{"Period": f"{period}s", "StatType": list(STATS)} for period in namespace.periods],
        "Meaning": {"En": metric.title, "Zh": metric.title},
        "Dimensions": [{"Dimensions": list(namespace.dimensions)}],
        "MetricCName": metric.title,
        "MetricEName": metric.title,
    }
