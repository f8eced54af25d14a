"""An agent whose links carry what tests say."""

from dataclasses import dataclass, field

from peerway.app.dataplane import LinkCounters
from peerway.domain.errors import Unavailable
from peerway.domain.metric import Counts, End


@dataclass
class CountingAgent:
    """Counts for ends of links."""

    #: Totals by end.
    totals: dict[End, Counts] = field(default_factory=dict)
    #: Whether it does not answer.
    away: bool = False
    #: Whether its data plane carries packets.
    carries: bool = True

    def carry(
        self, end: End, sent_bytes: int, packets: int = 1, received_bytes: int = 0, capped: int = 0
    ) -> None:
        """Have more pass at an end; it is there from then on."""
        before = self.totals.get(end, (0, 0, 0, 0, 0))
        more = (
            sent_bytes,
            packets if sent_bytes else 0,
            received_bytes,
            packets if received_bytes else 0,
            capped,
        )
        one, two, three, four, five = (a + b for a, b in zip(before, more, strict=True))
        self.totals[end] = (one, two, three, four, five)

    def reset(self, end: End) -> None:
        """Make the end anew."""
        self.totals[end] = (0, 0, 0, 0, 0)

    def link_counters(self) -> dict[tuple[str, str], LinkCounters] | None:
        """The totals."""
        if self.away:
            raise Unavailable("the agent does not answer")
        if not self.carries:
            return None
        return {(end.link_id, end.router_id): LinkCounters(*counts) for end, counts in self.totals.items()}
