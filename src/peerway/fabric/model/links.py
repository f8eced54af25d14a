"""What carries packets between routers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """Where a link enters a router."""

    #: VPC or VBR id.
    router_id: str
    #: Region of that router.
    region_id: str
    #: Whether the resolver at the other end answers for the names at this one.
    names: bool = False


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """How a link's health is checked: echo requests from one of its ends to an address beyond the other, or at its uplink."""

    #: Router that sends, one of the link's ends.
    router_id: str
    #: Id of the link, or of that router's uplink, by which the requests leave.
    via: str
    #: Their source; the answers come back to it over the same way.
    source: IPv4Address
    #: Their destination.
    target: IPv4Address
    #: Pause between two requests.
    interval_ms: int
    #: Requests in a row that must stay unanswered, or be answered, before the verdict turns.
    threshold: int


@dataclass(frozen=True, slots=True)
class Link:
    """The one thing that carries packets between routers: a peer connection, or a joined pair of router interfaces."""

    #: Id of the peer connection, or of the pair's initiator.
    id: str
    #: The two ends; the requester's or initiator's first.
    ends: tuple[LinkEnd, LinkEnd]
    #: Whether it carries packets now.
    up: bool
    #: Cap each way, Mbit/s; None for uncapped.
    cap_mbps: int | None = None
    #: How its health is checked; None for not at all.
    check: LinkCheck | None = None
    #: What the check said last. Matters only where another link leads to the same destination.
    healthy: bool = True

    def other(self, router_id: str) -> LinkEnd:
        """The end that is not at `router_id`."""
        first, second = self.ends
        return second if first.router_id == router_id else first
