"""Metrics by the names of products: a namespace each, read from `metrics.toml`.

Owns the values and their loading. What a formula comes to is `metering`'s business; who may see what, the use cases'.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from peerway.domain.alarm import Statistic
from peerway.domain.metric import Count


class Subject(StrEnum):
    """What one series is about."""

    #: A peer connection.
    PEERING = "peering"
    #: A router interface.
    ROUTER_INTERFACE = "router_interface"
    #: A border router, with all its interfaces.
    VBR = "vbr"
    #: An end of any link.
    LINK = "link"


class Whose(StrEnum):
    """Which end of a link is counted at."""

    #: The asker's.
    OWN = "own"
    #: The accepter's, whoever asks.
    ACCEPTER = "accepter"


class Measure(StrEnum):
    """What a minute's counts are told as."""

    #: As they are.
    MINUTE = "minute"
    #: So many a second.
    SECOND = "second"
    #: In percent of other counts.
    OF = "of"
    #: Bytes, in percent of what the link's cap lets through.
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    #: Its name in the product.
    name: str
    #: What it is, for people.
    title: str
    #: Its unit, as the product writes it.
    unit: str
    #: What may be made of the minutes of a period, the usual first.
    statistics: tuple[Statistic, ...]
    #: What is added up.
    counts: tuple[Count, ...]
    #: What that is multiplied with.
    times: float
    #: What it is told as.
    per: Measure
    #: What it is a share of.
    of: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class MetricNamespace:
    """A product's metrics of one kind of thing."""

    #: Its name in the product.
    name: str
    #: The product.
    profile: str
    #: What it is about, for people.
    title: str
    #: What one series is about.
    subject: Subject
    #: Which end is counted at.
    end: Whose
    #: Whether links inside one region have none (MON-1).
    across_regions: bool
    #: Name of the subject's id.
    dimension: str
    #: Names of what may narrow a question down beside it.
    more: tuple[str, ...]
    #: Lengths of periods that may be asked for, s; the first is the usual one.
    periods: tuple[int, ...]
    #: The metrics by name.
    metrics: Mapping[str, Metric]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All names of dimensions, the subject's id first."""
        return (self.dimension, *self.more)


@dataclass(frozen=True, slots=True)
class Metrics:
    """All namespaces, in the order of the table."""

    #: By name.
    by_name: Mapping[str, MetricNamespace]

    def __iter__(self) -> Iterator[MetricNamespace]:
        return iter(self.by_name.values())

    def of_profile(self, profile: str) -> tuple[MetricNamespace, ...]:
        """Those of one product."""
        return tuple(one for one in self if one.profile == profile)


@cache
def load_metrics() -> Metrics:
    """Read the table."""
    raw = tomllib.loads(files("peerway.profiles").joinpath("metrics.toml").read_text("utf-8"))
    return Metrics({one["name"]: _namespace(one) for one in raw["namespaces"]})


def _namespace(raw: Mapping[str, Any]) -> MetricNamespace:
    return MetricNamespace(
        name=raw["name"],
        profile=raw["profile"],
        title=raw["title"],
        subject=Subject(raw["subject"]),
        end=Whose(raw["end"]),
        across_regions=raw["across_regions"],
        dimension=raw["dimension"],
        more=tuple(raw["more"]),
        periods=tuple(raw["periods"]),
        metrics={one["name"]: _metric(one) for one in raw["metrics"]},
    )


def _metric(raw: Mapping[str, Any]) -> Metric:
    return Metric(
        name=raw["name"],
        title=raw["title"],
        unit=raw["unit"],
        statistics=tuple(Statistic(one) for one in raw["statistics"]),
        counts=tuple(Count(one) for one in raw["counts"]),
        times=raw.get("times", 1),
        per=Measure(raw.get("per", "minute")),
        of=tuple(Count(one) for one in raw.get("of", ())),
    )
