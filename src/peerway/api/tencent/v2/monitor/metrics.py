"""Series of one object, as plain numbers."""

from __future__ import annotations

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.series import read_series, span_of
from peerway.api.tencent.shapes import time_text
from peerway.api.tencent.v2.monitor.product import PRODUCT
from peerway.domain.alarm import Statistic


@PRODUCT.reads("GetMonitorData")
def get_monitor_data(call: ReadCall, given: Given) -> Answer:
    """A value for each period from the first to the last; null where there is none."""
    asked = (given["namespace"], given["metricName"])
    times = (given.get("startTime"), given.get("endTime"))
    span = span_of(call, asked, times, given.get("period"), ("since", "until"))
    dimensions = tuple((one["name"], one["value"]) for one in given["dimensions"])
    found = read_series(call, asked, span, (dimensions,))
    points = next(iter(found.points.values()), {})
    return {
        "startTime": time_text(span.since),
        "endTime": time_text(span.until),
        "metricName": given["metricName"],
        "period": span.period_s,
        "dataPoints": [points[at][Statistic.AVERAGE] if at in points else None for at in span.starts()],
    }
