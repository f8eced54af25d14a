"""Metrics: what can be asked for, and the points of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, Field

from peerway.api.native.schemas.common import ListParameters, Parameters, Word
from peerway.app.usecases.metrics import MOST_POINTS, POINTS
from peerway.domain.alarm import Statistic

#: Peerway's own metrics: all links, whatever their product.
NATIVE = "peerway/link"


class MetricList(ListParameters):
    """Which metrics."""

    namespace: Word | None = Field(None, description="Only those of this namespace.")


class PointList(Parameters):
    """Which points."""

    metric: Word = Field(description="Name of the metric.")
    namespace: Word = Field(NATIVE, description="Namespace of the metric.")
    subject: Word | None = Field(
        None,
        description="Only those of this link, router interface or border router; all that you see without it.",
    )
    region_id: Word | None = Field(None, description="Only those of sides in this region.")
    period_s: int | None = Field(
        None, ge=1, le=86_400, description="Length of a period; the shortest without it."
    )
    since: AwareDatetime | None = Field(
        None, description="Periods that begin from here on; an hour before the end without it."
    )
    until: AwareDatetime | None = Field(None, description="And before this; now without it.")
    limit: int | None = Field(
        None, ge=1, le=MOST_POINTS, description=f"Most points in the page; {POINTS} unless given."
    )
    after: Word | None = Field(None, description="`next` of the page before.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAnswer:
    """One metric."""

    #: Where its name comes from.
    namespace: str
    #: Its name.
    name: str
    #: What it is.
    title: str
    #: Its unit.
    unit: str
    #: What can be made of a period, the usual first.
    statistics: list[Statistic]
    #: Lengths of periods, s.
    periods: list[int]
    #: Names of what tells one series from another; the first is the subject.
    dimensions: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointAnswer:
    """One period of one subject."""

    #: Start of the period.
    at: datetime
    #: What the point is about.
    dimensions: Mapping[str, str]
    #: What is made of its minutes.
    values: Mapping[Statistic, float]


class Points(BaseModel):
    """Part of a series."""

    items: list[PointAnswer] = Field(description="Subject by subject, in order of time.")
    next: str | None = Field(description="Give it as `after` for the next page; null on the last one.")
    unit: str = Field(description="Unit of the values.")
    period_s: int = Field(description="Length of a period, s.")
    notes: list[str] = Field(description="Why subjects have no points.")
