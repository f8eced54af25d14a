"""Types of policies, and what each can watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.product import PRODUCT
from peerway.api.tencent.regions import short_of
from peerway.app.usecases.alarm_parts import TIMES
from peerway.app.usecases.metrics import find_namespace
from peerway.domain.errors import InvalidInput
from peerway.profiles.metrics import MetricNamespace

#: Types by what clients call them: names for people, and the metrics they watch.
TYPES: Final[Mapping[str, Mapping[str, str]]] = PRODUCT.extra["policy_types"]
#: Types by the metrics they watch.
BY_NAMESPACE: Final[Mapping[str, str]] = {row["namespace"]: type for type, row in TYPES.items()}

#: How values are held against thresholds, and back.
OPERATORS: Final[Mapping[str, str]] = PRODUCT.extra["operators"]
SIGNS: Final[Mapping[str, str]] = {sign: operator for operator, sign in OPERATORS.items()}

#: What is monitored here.
MONITOR_TYPE: Final = "MT_QCE"


@PRODUCT.finds("DescribeAllNamespaces")
def describe_all_namespaces(call: ReadCall, given: Given) -> Answer:
    """The types of policies that there are."""
    fits = MONITOR_TYPE in given.get("MonitorTypes", (MONITOR_TYPE,))
    types = [type for type in TYPES if fits and type in given.get("Ids", TYPES)]
    regions = [short_of(region.id) for region in call.world.regions]
    rows = [
        {
            "Id": type,
            "Name": TYPES[type]["name"],
            "Value": type,
            "ProductName": TYPES[type]["name"],
            "Config": "",
            "AvailableRegions": regions,
            "SortId": place,
            "DashboardId": TYPES[type]["namespace"],
        }
        for place, type in enumerate(types, 1)
    ]
    nothing = {
        "Id": "",
        "Name": "",
        "Value": "",
        "ProductName": "",
        "Config": "",
        "AvailableRegions": [],
        "SortId": 0,
    }
    return {
        "QceNamespaces": rows[0] if rows else nothing,
        "CustomNamespaces": nothing,
        "QceNamespacesNew": rows,
        "CustomNamespacesNew": [],
        "CommonNamespaces": [],
    }


@PRODUCT.finds("DescribeAlarmMetrics")
def describe_alarm_metrics(call: ReadCall, given: Given) -> Answer:
    """What policies of a type can watch."""
    namespace = namespace_of(call, given["Namespace"])
    config = {
        "Operator": list(OPERATORS),
        "Period": list(namespace.periods),
        "ContinuePeriod": list(range(TIMES[0], TIMES[1] + 1)),
    }
    rows: list[dict[str, Any]] = [
        {
            "Namespace": given["Namespace"],
            "MetricName": metric.name,
            "Description": metric.title,
            "Min": 0,
            "Max": 0,
            "Dimensions": list(namespace.dimensions),
            "Unit": metric.unit,
            "MetricConfig": config,
            "IsAdvanced": 0,
            "IsOpen": 0,
            "ProductId": 0,
            "Operators": [{"Id": operator, "Name": sign} for operator, sign in OPERATORS.items()],
            "Periods": list(namespace.periods),
            "IsLatenessMetric": 0,
        }
        for metric in namespace.metrics.values()
    ]
    return {"Metrics": rows}


def namespace_of(call: AnyCall, type: str) -> MetricNamespace:
    """What policies of a type watch."""
    if type not in TYPES:
        raise InvalidInput("namespace", f"must be one of {', '.join(TYPES)}", type)
    return find_namespace(call.world, TYPES[type]["namespace"])
