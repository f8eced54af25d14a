"""What is measured: samples of what links carried, minute by minute. What products make of them is their profiles' business.

A sample is the difference between two readings of totals. Owns how that difference is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: How long one sample covers; they begin at whole minutes.
SAMPLE_TIME: Final = timedelta(minutes=1)

#: Totals or counts of one end, in the order of `Count`.
Counts = tuple[int, int, int, int, int]


class Count(StrEnum):
    """What is counted at an end, in its order."""

    #: Bytes of IP packets that left the router over the link.
    SENT_BYTES = "sent_bytes"
    #: Packets that left.
    SENT_PACKETS = "sent_packets"
    #: Bytes of IP packets that arrived.
    RECEIVED_BYTES = "received_bytes"
    #: Packets that arrived.
    RECEIVED_PACKETS = "received_packets"
    #: Packets dropped by the cap on their way out.
    CAPPED_PACKETS = "capped_packets"


#: What is counted at one place and begins anew together: by places in `Count`'s order.
COUNTERS: Final = ((0, 1), (2, 3), (4,))


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link."""

    #: The link: a peer connection, or the initiator of a pair of router interfaces.
    link_id: str
    #: Router at this end: the id of a VPC or VBR.
    router_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one end of a link carried in one minute. There is at most one for a link, an end and a minute."""

    #: The link: a peer connection, or the initiator of a pair of router interfaces.
    link_id: str
    #: Router at this end: the id of a VPC or VBR.
    router_id: str
    #: Start of the minute, UTC.
    at: datetime
    #: Bytes that left that router over the link.
    sent_bytes: int
    #: Packets that left.
    sent_packets: int
    #: Bytes that arrived.
    received_bytes: int
    #: Packets that arrived.
    received_packets: int
    #: Packets dropped by the cap on their way out.
    capped_packets: int

    @property
    def end(self) -> End:
        """The end of the link."""
        return End(self.link_id, self.router_id)

    @property
    def counts(self) -> Counts:
        """Its counts."""
        return (
            self.sent_bytes,
            self.sent_packets,
            self.received_bytes,
            self.received_packets,
            self.capped_packets,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The totals of one end as last read; what a sample is made from is the difference between two."""

    #: The link.
    link_id: str
    #: Router at this end.
    router_id: str
    #: Whole minute that it was read for, UTC.
    at: datetime
    #: Totals since the end was made, in the order of `Count`.
    totals: Counts

    @property
    def end(self) -> End:
        """The end of the link."""
        return End(self.link_id, self.router_id)


def whole_minute(at: datetime) -> datetime:
    """The start of the minute that a time is in."""
    return at.replace(second=0, microsecond=0)


def carried(before: Counts | None, now: Sequence[int]) -> Counts:
    """What was counted since totals were read `before`; all of it when they never were, or began anew since.

    Counters that began anew show totals below those read before. Each place that counts by itself is looked at by itself.
    """
    result = list(now)
    if before is not None:
        for places in COUNTERS:
            if all(now[place] >= before[place] for place in places):
                for place in places:
                    result[place] = now[place] - before[place]
    return (result[0], result[1], result[2], result[3], result[4])


def sample_of(end: End, at: datetime, counts: Counts) -> Sample:
    """The sample of the minute that begins at `at`."""
    sent_bytes, sent_packets, received_bytes, received_packets, capped_packets = counts
    return Sample(
        link_id=end.link_id,
        router_id=end.router_id,
        at=at,
        sent_bytes=sent_bytes,
        sent_packets=sent_packets,
        received_bytes=received_bytes,
        received_packets=received_packets,
        capped_packets=capped_packets,
    )
