"""Metrics: what links carried, minute by minute and longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call, answer
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import ListOf, slice_of
from peerway.api.native.schemas.metrics import MetricAnswer, MetricList, PointList, Points
from peerway.app.usecases.metrics import (
    POINTS,
    MetricPage,
    ReadMetric,
    check_time,
    find_namespace,
    read_metric,
)
from peerway.profiles.metrics import Metric, MetricNamespace

#: How far back a question goes that names no time.
USUAL: Final = timedelta(hours=1)


async def list_metrics(call: Call, query: Annotated[MetricList, Query()]) -> Response:
    """List the metrics that can be asked for."""
    metrics = call.world.metrics
    namespaces = metrics if query.namespace is None else (find_namespace(call.world, query.namespace),)
    found = [_shown(namespace, one) for namespace in namespaces for one in namespace.metrics.values()]
    return answer(slice_of(found, query))


async def list_metric_points(call: Call, query: Annotated[PointList, Query()]) -> Response:
    """Show what a metric was, period by period.

    Links of other accounts have no points, like those that do not exist.
    """
    namespace = find_namespace(call.world, query.namespace)
    until = check_time(query.until or call.services.clock.now(), "until")
    request = ReadMetric(
        namespace=namespace.name,
        metric=query.metric,
        period_s=query.period_s,
        since=query.since or until - USUAL,
        until=until,
        subjects=() if query.subject is None else (((namespace.dimension, query.subject),),),
        region_id=query.region_id,
        limit=query.limit or POINTS,
        after=query.after,
    )
    return await call.read(lambda tx: _points(read_metric(tx, call.world, call.caller, request)))


def _shown(namespace: MetricNamespace, metric: Metric) -> MetricAnswer:
    return MetricAnswer(
        namespace=namespace.name,
        name=metric.name,
        title=metric.title,
        unit=metric.unit,
        statistics=list(metric.statistics),
        periods=list(namespace.periods),
        dimensions=list(namespace.dimensions),
    )


def _points(page: MetricPage) -> dict[str, Any]:
    items = [
        {
            "at": one.point.at,
            "dimensions": dict(one.watched.dimensions),
            "values": {name.value: one.point.values[name] for name in page.metric.statistics},
        }
        for one in page.points
    ]
    return {
        "items": items,
        "next": page.next,
        "unit": page.metric.unit,
        "period_s": page.period_s,
        "notes": list(page.notes),
    }


OPERATIONS: Final = (
    Operation("GET", "/metrics", list_metrics, ListOf[MetricAnswer]),
    Operation("GET", "/metrics/points", list_metric_points, Points),
)
