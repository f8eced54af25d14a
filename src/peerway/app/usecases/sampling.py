"""What links carried, minute by minute: samples made of readings of their totals (MON-1).

A reading and the samples that it ends are stored together, so that each byte is in exactly one sample, whatever is killed when and
however many workers there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from peerway.app.store import Writer
from peerway.domain.metric import SAMPLE_TIME, Counts, End, Reading, Sample, carried, sample_of


def record_samples(tx: Writer, minute: datetime, totals: Mapping[End, Counts]) -> int:
    """Store what ends carried until the minute that begins at `minute`; how many samples that were.

    It goes into the minute before, also when the last reading is older. Ends that were read for that minute already are left alone.
    """
    known = {reading.end: reading for reading in tx.readings(totals.keys())}
    samples: list[Sample] = []
    readings: list[Reading] = []
    for end, now in totals.items():
        before = known.get(end)
        if before is not None and before.at >= minute:
            continue
        counts = carried(None if before is None else before.totals, now)
        samples.append(sample_of(end, minute - SAMPLE_TIME, counts))
        readings.append(Reading(link_id=end.link_id, router_id=end.router_id, at=minute, totals=now))
    if samples:
        tx.add_samples(samples, readings)
    return len(samples)
