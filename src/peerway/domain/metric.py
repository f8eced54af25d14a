"""What is measured: samples of what links carried, minute by minute. What products make of them is their profiles' business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: How long one sample covers; they begin at whole minutes.
SAMPLE_TIME: Final = timedelta(minutes=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The totals of one end as last read; what a sample is made from is the difference between two."""

    #: The link.
    link_id: str
    #: Router at this end.
    router_id: str
    #: When it was read, UTC.
    at: datetime
    #: Totals since the end was made, in the order of `Sample`'s counts.
    totals: tuple[int, int, int, int, int]
