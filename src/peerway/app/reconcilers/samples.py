"""Samples what links carry, once a minute, and forgets samples that are too old (MON-1).

Reads the agent's counters; a full look at any time is right. Runs in any number of processes: who comes second in a minute finds
its readings made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from peerway.app.clock import Clock
from peerway.app.dataplane import LinkCounters
from peerway.app.store import Store, Writer
from peerway.app.usecases.sampling import record_samples
from peerway.domain.errors import Unavailable
from peerway.domain.metric import Counts, End, whole_minute

#: Ends recorded in one transaction: others that write wait for no more than some milliseconds.
PIECE: Final = 500


@dataclass(slots=True)
class SampleReconciler:
    """Makes samples of counters."""

    #: Where samples go.
    store: Store
    #: Reads the counters; None where no packets are carried, `Unavailable` while the agent is away.
    counters: Callable[[], Mapping[tuple[str, str], LinkCounters] | None]
    #: Tells the minutes.
    clock: Clock
    #: How long samples are kept.
    keep: timedelta
    #: The minute for which this process has read all; None since the start.
    done: datetime | None = None

    def step(self) -> int:
        """Read once a minute, as soon as it has begun; how many samples were made. An agent that is away is asked again."""
        minute = whole_minute(self.clock.now())
        if self.done == minute:
            return 0
        try:
            counters = self.counters()
        except Unavailable:
            return 0
        made = 0
        for piece in _pieces(counters or {}):
            made += self.store.write(partial(_record, minute, piece))
        self.store.forget_samples(minute - self.keep)
        self.done = minute
        return made


def _record(minute: datetime, piece: Mapping[End, Counts], tx: Writer) -> int:
    return record_samples(tx, minute, piece)


def _pieces(counters: Mapping[tuple[str, str], LinkCounters]) -> Iterator[dict[End, Counts]]:
    """In order of the ends, as the store keeps them."""
    ends = sorted(counters)
    for start in range(0, len(ends), PIECE):
        yield {End(*end): _totals(counters[end]) for end in ends[start : start + PIECE]}


def _totals(one: LinkCounters) -> Counts:
    return (
        one.sent_bytes,
        one.sent_packets,
        one.received_bytes,
        one.received_packets,
        one.capped_packets,
    )
