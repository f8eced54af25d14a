"""The clock as a port: what needs the time is handed one of these, so that a test can let days pass at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, UTC and aware."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that moves only by `advance`."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time, UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward, and tell the new time; `ValueError` on a step back."""
        if by < timedelta(0):
            raise ValueError("a clock moves forward only")
        self._now += by
        return self._now
