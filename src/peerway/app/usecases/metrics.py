"""Reading metrics (MON-1): from a question to the points of its answer, a page at a time.

What a metric is made of is its namespace's row in `profiles.metrics`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from peerway.app.store import Reader
from peerway.app.usecases.watched import Watched, find_watched
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.alarm import Dimensions
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.text import check_number
from peerway.metering.series import Point, first_start, series
from peerway.profiles.metrics import Metric, MetricNamespace

#: Longest time that one question may be about.
LONGEST: Final = timedelta(days=31)

#: Years that a question may be about.
FIRST_YEAR, LAST_YEAR = 1970, 9000

#: Most subjects that one question may name.
MOST_SUBJECTS: Final = 50

#: Points in a page unless the caller asks for another number, and the most it may ask for.
POINTS, MOST_POINTS = 1000, 10_000

#: Shortest stretch of time that is looked at together, so that a gap is passed in few steps.
STRETCH: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMetric:
    """Ask for a metric."""

    #: Namespace.
    namespace: str
    #: Name in the namespace.
    metric: str
    #: Length of a period, s; None for the namespace's usual one.
    period_s: int | None = None
    #: Periods that begin from here on.
    since: datetime
    #: And before this.
    until: datetime
    #: Subjects; empty for all that the caller sees.
    subjects: tuple[Dimensions, ...] = ()
    #: Region that the subject's own side has to be in; None for any.
    region_id: str | None = None
    #: Most points.
    limit: int = POINTS
    #: `next` of the page before; None for the first page.
    after: str | None = None


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One period of one subject."""

    #: The subject.
    watched: Watched
    #: The period.
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPage:
    """Part of an answer."""

    #: The metric.
    metric: Metric
    #: Length of a period, s.
    period_s: int
    #: Points, subject by subject, in order of time.
    points: tuple[MetricPoint, ...]
    #: Where to go on; None on the last page.
    next: str | None
    #: Why subjects have no points, each reason once.
    notes: tuple[str, ...]


def read_metric(tx: Reader, world: World, caller: Caller, request: ReadMetric) -> MetricPage:
    """Points of a metric; subjects that the caller does not see have none, like those that do not exist."""
    namespace, metric = find_metric(world, request.namespace, request.metric)
    period_s = check_period(namespace, request.period_s)
    _check_times(request)
    check_number(request.limit, "limit", 1, MOST_POINTS)
    subjects = list(_subjects(tx, world, caller, namespace, request))
    notes = tuple(dict.fromkeys(one.note for one in subjects if one.note))
    place, since = _place(request, subjects)
    points: list[MetricPoint] = []
    for watched in subjects[place:]:
        wanted = request.limit + 1 - len(points)
        found = _points(tx, watched, metric, period_s, (since, request.until), wanted)
        points += (MetricPoint(watched, point) for point in found)
        since = request.since
        if len(points) > request.limit:
            break
    more = points[request.limit :]
    return MetricPage(
        metric=metric,
        period_s=period_s,
        points=tuple(points[: request.limit]),
        next=f"{more[0].watched.id}@{more[0].point.at.isoformat()}" if more else None,
        notes=notes,
    )


def find_metric(
    world: World, namespace: str, metric: str, fields: tuple[str, str] = ("namespace", "metric")
) -> tuple[MetricNamespace, Metric]:
    """The metric and its namespace; `InvalidInput` with `unknown_namespace` or `unknown_metric`."""
    found = find_namespace(world, namespace, fields[0])
    known = found.metrics.get(metric)
    if known is None:
        rule = f"must be one of {', '.join(found.metrics)}"
        raise InvalidInput(fields[1], rule, metric, code="unknown_metric")
    return found, known


def find_namespace(world: World, namespace: str, field: str = "namespace") -> MetricNamespace:
    """The namespace; `InvalidInput` with `unknown_namespace`."""
    found = world.metrics.by_name.get(namespace)
    if found is None:
        rule = f"must be one of {', '.join(world.metrics.by_name)}"
        raise InvalidInput(field, rule, namespace, code="unknown_namespace")
    return found


def check_period(namespace: MetricNamespace, period_s: int | None, field: str = "period_s") -> int:
    """The period, the usual one for None; `InvalidInput` for one that the namespace does not have."""
    if period_s is None:
        return namespace.periods[0]
    if period_s not in namespace.periods:
        rule = f"must be one of {', '.join(map(str, namespace.periods))}"
        raise InvalidInput(field, rule, period_s, code="period")
    return period_s


def _subjects(
    tx: Reader, world: World, caller: Caller, namespace: MetricNamespace, request: ReadMetric
) -> Iterator[Watched]:
    if len(request.subjects) > MOST_SUBJECTS:
        raise InvalidInput("subjects", f"must be at most {MOST_SUBJECTS}", len(request.subjects))
    given: set[str] = set()
    for dimensions in request.subjects or ((),):
        try:
            found = find_watched(
                tx, world, caller, namespace, dimensions, region_id=request.region_id, field="subjects"
            )
        except NotFound:
            continue
        for one in found:
            if one.id not in given:
                given.add(one.id)
                yield one


def check_time(at: datetime, field: str) -> datetime:
    """A time that there may be samples of, give or take some thousand years; `InvalidInput` for one that can't be counted with."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise InvalidInput(field, f"must be in the years {FIRST_YEAR} to {LAST_YEAR}", at, code="times")
    return at


def _check_times(request: ReadMetric) -> None:
    check_time(request.since, "since")
    check_time(request.until, "until")
    if request.until <= request.since:
        raise InvalidInput("until", "must be after the beginning", request.until, code="times")
    if request.until - request.since > LONGEST:
        raise InvalidInput("since", f"must be at most {LONGEST.days} days before", code="times")


def _place(request: ReadMetric, subjects: list[Watched]) -> tuple[int, datetime]:
    """Which subject to go on with, and from when on."""
    if request.after is None:
        return 0, request.since
    id, _, text = request.after.rpartition("@")
    places = {one.id: place for place, one in enumerate(subjects)}
    with contextlib.suppress(ValueError, TypeError):
        at = datetime.fromisoformat(text)
        if id in places and request.since <= at < request.until:
            return places[id], at
    rule = "must be the cursor of an earlier page of the same question"
    raise InvalidInput("after", rule, request.after, code="cursor")


def _points(
    tx: Reader,
    watched: Watched,
    metric: Metric,
    period_s: int,
    times: tuple[datetime, datetime],
    wanted: int,
) -> list[Point]:
    """The first so many points of a subject in a stretch of time."""
    since, until = times
    length = timedelta(seconds=period_s)
    start, end = first_start(since, period_s), first_start(until, period_s)
    points: list[Point] = []
    while watched.ends and start < end and len(points) < wanted:
        # A whole number of periods, so that none is parted.
        periods = max(wanted - len(points), STRETCH // length, 1)
        stop = min(start + periods * length, end)
        samples = tx.samples(watched.ends, start, stop)
        points += series(metric, samples, period_s, watched.cap_mbps)
        start = stop
    return points[:wanted]
