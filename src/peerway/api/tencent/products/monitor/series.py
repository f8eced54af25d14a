"""Series of one metric as both versions of the API are asked for them: times, periods, and which points there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from peerway.api.clouds.call import AnyCall
from peerway.api.tencent.shapes import LOCAL
from peerway.app.usecases.metrics import MetricPoint, ReadMetric, check_period, find_metric, read_metric
from peerway.domain.alarm import Dimensions, Statistic
from peerway.domain.errors import InvalidInput
from peerway.metering.series import period_start

#: Most points of an answer.
MOST_POINTS: Final = 7200

#: Years that times may be in.
EARLIEST, LATEST = 1971, 9000

#: What a subject is told by, and its points: start of a period, and all that can be made of it.
Points = Mapping[datetime, Mapping[Statistic, float]]


@dataclass(frozen=True, slots=True)
class Span:
    """What a request asks for: both ends count."""

    #: Start of the first period.
    since: datetime
    #: Start of the last.
    until: datetime
    #: Length of a period, s.
    period_s: int

    def starts(self) -> list[datetime]:
        """Starts of all periods."""
        length = timedelta(seconds=self.period_s)
        return [self.since + place * length for place in range((self.until - self.since) // length + 1)]


@dataclass(frozen=True, slots=True)
class Series:
    """What a request comes to."""

    #: Times and period.
    span: Span
    #: Points by the id of their subject.
    points: Mapping[str, Points]
    #: Why there are none, where there is a reason.
    note: str


def span_of(
    call: AnyCall,
    asked: tuple[str, str],
    times: tuple[str | None, str | None],
    period_s: int | None,
    fields: tuple[str, str],
) -> Span:
    """Times and period of a request for a metric; from midnight in Shanghai on, and until now, unless it says otherwise."""
    namespace, _ = find_metric(call.world, *asked)
    period = check_period(namespace, period_s)
    now = call.services.clock.now()
    since, until = (read_time(text, field) for text, field in zip(times, fields, strict=True))
    until = until or now
    since = since or now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    if until < since:
        raise InvalidInput("until", "must not be before the start", times[1], code="times")
    span = Span(period_start(since, period), period_start(until, period), period)
    _check_length((span.until - span.since).total_seconds() / period)
    return span


def read_series(
    call: AnyCall, asked: tuple[str, str], span: Span, subjects: tuple[Dimensions, ...]
) -> Series:
    """Points of a metric, as counted at the sides in the request's region; more than an answer may have are refused."""
    page = call.use(
        read_metric,
        ReadMetric(
            namespace=asked[0],
            metric=asked[1],
            period_s=span.period_s,
            since=span.since,
            until=span.until + timedelta(seconds=span.period_s),
            subjects=subjects,
            region_id=call.region_id,
            limit=MOST_POINTS,
        ),
    )
    _check_length(len(page.points) + (page.next is not None))
    found: dict[str, dict[datetime, Mapping[Statistic, float]]] = {}
    for one in page.points:
        found.setdefault(_id_of(one), {})[one.point.at] = one.point.values
    return Series(span, found, "; ".join(page.notes))


def read_time(text: str | None, field: str) -> datetime | None:
    """A time, of Shanghai's unless it says otherwise; None for none."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(field, "must be like 2018-09-22T19:51:23+08:00", text, code="times") from None
    if not EARLIEST <= read.year <= LATEST:
        raise InvalidInput(field, f"must be in the years {EARLIEST} to {LATEST}", text, code="times")
    return read if read.tzinfo else read.replace(tzinfo=LOCAL)


def _check_length(points: float) -> None:
    if points > MOST_POINTS:
        raise InvalidInput("since", f"must leave at most {MOST_POINTS} points", code="too_many_points")


def _id_of(one: MetricPoint) -> str:
    return one.watched.dimensions[0][1]
