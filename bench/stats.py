"""Figures: samples, what they come to, and whether that meets the goal. Knows nothing of how anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final


class Verdict(StrEnum):
    """How a figure compares with its goal."""

    #: The goal is reached.
    MET = "met"
    #: It is not.
    MISSED = "missed"
    #: There is no goal: the figure is for orientation.
    STATED = "stated"
    #: This machine can't measure it.
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a figure keeps to; the limit itself is fine."""

    #: Smallest value, or None.
    least: float | None = None
    #: Largest value, or None.
    most: float | None = None

    def met_by(self, value: float) -> bool:
        """Whether the value is inside the limits."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        parts = [f"≥ {number(self.least)}"] if self.least is not None else []
        parts += [f"≤ {number(self.most)}"] if self.most is not None else []
        return ", ".join(parts)


def quantile(samples: Iterable[float], share: float) -> float:
    """The sample that `share` of all samples are not above (nearest rank); `ValueError` without samples."""
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("no samples")
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def p99(samples: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantile(samples, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    #: What was measured, for people.
    name: str
    #: Unit of the samples; empty for ratios.
    unit: str = ""
    #: One a round; empty when this machine can't measure it.
    samples: tuple[float, ...]
    #: What to reach; None for a figure that is only stated.
    goal: Goal | None = None
    #: What is made of the samples.
    statistic: Callable[[Sequence[float]], float] = median
    #: Conditions that belong to the figure.
    note: str = ""

    @property
    def value(self) -> float:
        """What the samples come to."""
        return self.statistic(self.samples)

    @property
    def verdict(self) -> Verdict:
        """How that compares with the goal."""
        if not self.samples:
            return Verdict.UNMEASURED
        if self.goal is None:
            return Verdict.STATED
        return Verdict.MET if self.goal.met_by(self.value) else Verdict.MISSED

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """The figure as a row: name, goal, value, spread, verdict, note."""
        goal = f"{self.goal}{f' {self.unit}' if self.unit else ''}" if self.goal else "–"
        if not self.samples:
            return self.name, goal, "–", "–", self.verdict, self.note
        value = f"{number(self.value)}{f' {self.unit}' if self.unit else ''}"
        return self.name, goal, value, self._spread(), self.verdict, self.note

    def _spread(self) -> str:
        """p10 to p90 of many samples, least to most of few."""
        if len(self.samples) == 1:
            return "1 sample"
        if len(self.samples) < MANY:
            low, high, word = min(self.samples), max(self.samples), "rounds"
        else:
            low, high, word = quantile(self.samples, 0.1), quantile(self.samples, 0.9), "samples, p10–p90"
        return f"{number(low)} … {number(high)} ({len(self.samples)} {word})"


#: From this many samples on the spread is p10 to p90.
MANY: Final = 20

#: The table's head, in the order of `Figure.cells`.
HEAD: Final = ("figure", "goal", "measured", "spread", "verdict", "conditions")


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def ratios(above: Sequence[float], below: Sequence[float]) -> tuple[float, ...]:
    """Round by round: what was measured side by side is compared side by side."""
    return tuple(one / other for one, other in zip(above, below, strict=True))
