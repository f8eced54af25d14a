"""What can be measured: namespaces and metrics; and the histories of alarms, which are empty while none is evaluated."""

from __future__ import annotations

from typing import Any

import orjson

from peerway.api.alibaba.products.cms.product import PRODUCT, PROFILE, WORDS, done, page_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.domain.errors import InvalidInput
from peerway.profiles.metrics import Metric, MetricNamespace


@PRODUCT.reads("DescribeMetricMetaList")
def describe_metric_meta_list(call: ReadCall, given: Given) -> Answer:
    """Metrics, of one namespace or name when asked for."""
    number, size = page_of(given, 30, 10_000)
    found = [
        _metric(namespace, metric)
        for namespace in call.world.metrics.of_profile(PROFILE)
        for metric in namespace.metrics.values()
        if given.get("Namespace", namespace.name) == namespace.name
        and given.get("MetricName", metric.name) == metric.name
    ]
    shown = found[(number - 1) * size : number * size]
    return done(Resources={"Resource": shown}, TotalCount=str(len(found)))


@PRODUCT.reads("DescribeProjectMeta")
def describe_project_meta(call: ReadCall, given: Given) -> Answer:
    """Namespaces, of one product when asked for."""
    number, size = page_of(given, 30, 10_000)
    wanted = _product(given.get("Labels"))
    found = [
        one
        for one in call.world.metrics.of_profile(PROFILE)
        if wanted in {None, PRODUCT.extra["categories"][one.name]}
    ]
    shown = [_project(one) for one in found[(number - 1) * size : number * size]]
    return done(
        Resources={"Resource": shown}, Total=str(len(found)), PageNumber=str(number), PageSize=str(size)
    )


@PRODUCT.reads("DescribeAlertHistoryList")
def describe_alert_history_list(_: ReadCall, given: Given) -> Answer:
    """Nothing has fired yet."""
    page_of(given, 10, names=("Page", "PageSize"))
    return done(AlarmHistoryList={"AlarmHistory": []}, Total="0")


@PRODUCT.reads("DescribeAlertLogList")
def describe_alert_log_list(_: ReadCall, given: Given) -> Answer:
    """Nothing was told yet."""
    number, size = page_of(given, 10)
    return done(AlertLogList=[], PageNumber=number, PageSize=size)


def _metric(namespace: MetricNamespace, metric: Metric) -> dict[str, Any]:
    return {
        "Namespace": namespace.name,
        "MetricName": metric.name,
        "Description": metric.title,
        "Unit": metric.unit,
        "Dimensions": f"userId,{namespace.dimension}",
        "Periods": ",".join(map(str, namespace.periods)),
        "Statistics": ",".join(WORDS[one] for one in metric.statistics),
        "Labels": "[]",
    }


def _project(namespace: MetricNamespace) -> dict[str, str]:
    labels = [{"name": "product", "value": PRODUCT.extra["categories"][namespace.name]}]
    return {
        "Namespace": namespace.name,
        "Description": namespace.title,
        "Labels": orjson.dumps(labels).decode(),
    }


def _product(labels: Any) -> str | None:
    """The product that `Labels` ask for."""
    if labels is None:
        return None
    rows = labels if isinstance(labels, list) else [labels]
    if not all(isinstance(row, dict) for row in rows):
        raise InvalidInput("Labels", "must be a JSON object, or a list of them")
    return next((str(row.get("value")) for row in rows if row.get("name") == "product"), None)
