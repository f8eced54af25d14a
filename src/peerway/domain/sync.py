"""What the data plane could not do: a failure stays on record until the object is as desired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFailure(Resource):
    """The last failure of one object. `id` is the object's id."""

    #: What went wrong, for people.
    text: str
    #: How many attempts failed in a row.
    attempts: int
    #: When the next attempt is due.
    next_attempt_at: datetime


def pause_after(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long to wait after so many failures in a row: doubling from `first` up to `longest`."""
    doublings = min(attempts - 1, 32)
    return min(first * (1 << doublings), longest)
