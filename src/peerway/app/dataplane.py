"""The port to a data plane: the whole desired fabric in, reports, probes and counters out.

Owns the protocol and its values. Which driver stands behind it is `bootstrap`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from peerway.domain.guest import GuestView
from peerway.domain.prefixes import Address
from peerway.fabric.model import Fabric


@dataclass(frozen=True, slots=True)
class Report:
    """What one `apply` reached."""

    #: Revision of the fabric that was applied.
    revision: int
    #: Object id (router, endpoint or link) -> public text of what went wrong; an object not named here is as desired.
    failures: Mapping[str, str] = field(default_factory=dict)
    #: How many objects were changed in the data plane; what failed is no change.
    touched: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What the data plane holds, read from it and not from memory."""

    #: Ids of routers that are there.
    routers: frozenset[str]
    #: Ids of endpoints that are there.
    endpoints: frozenset[str]
    #: Link ids -> whether both ends are there and up.
    links: Mapping[str, bool]
    #: Object id -> what differs from what was applied last; `repair` mends these.
    drift: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """One question that real packets answer."""

    #: Instance that sends.
    source_id: str
    #: Where to.
    target: Address
    #: 1 or 58 (echo), 6 (TCP connect) or 17 (UDP datagram).
    protocol: int = 1
    #: Destination port for tcp and udp.
    port: int = 0
    #: How long to wait for the answer.
    timeout_ms: int = 1000


class Verdict(StrEnum):
    """How a probe ended."""

    #: The answer came back (for tcp also a reset: the packet got there and back).
    ANSWERED = "answered"
    #: Nothing came back in time, or the network said unreachable.
    SILENT = "silent"
    #: The driver carries no packets and answered from the fabric: it would be answered.
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The answer to a probe."""

    #: How it ended.
    verdict: Verdict
    #: Round trip time; None when nothing came back or nothing was sent.
    round_trip_ms: float | None = None
    #: What the driver knows beyond that, for people.
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """Totals of one link end since it was made, as seen from that end's router.

    Bytes are those of IP packets as they go over a wire. On a link without a cap a driver may count packets that the machine hands
    on in one piece as one, and miss the headers that a wire would add.
    """

    #: Bytes that left the router over the link.
    sent_bytes: int
    #: Packets that left.
    sent_packets: int
    #: Bytes that arrived.
    received_bytes: int
    #: Packets that arrived.
    received_packets: int
    #: Packets dropped by the cap on their way out.
    capped_packets: int


class DataPlane(Protocol):
    """A driver: memory, kernel, OVN. All calls may be made again at any time.

    Only `probe`, `guest_addresses` and `health` may run beside other calls.
    """

    #: `memory`, `kernel` or `ovn`.
    name: str

    def apply(self, fabric: Fabric) -> Report:
        """Make the whole desired fabric so: create, change and remove what differs from what was applied before.

        Cost follows the difference (routers that are the identical object are skipped). A repeat does nothing. An object that
        fails is reported and does not keep the others from being applied; the next call tries it again.
        """

    def observe(self) -> Observation:
        """Read back what is really there and name what drifted from what was applied last."""

    def repair(self, router_ids: Collection[str] | None = None) -> Report:
        """Mend what `observe` would call drift: everywhere, or at these routers and what hangs on them.

        Its report names all that fails by now, elsewhere too. Cost follows their number.
        """

    def probe(self, probe: Probe) -> ProbeResult:
        """Send one real packet (or connection) from an instance and say what came back. `NotFound` for an unknown instance."""

    def guest_addresses(self, endpoint_id: str) -> GuestView | None:
        """What an instance's network looks like from inside, by now; None where there are no guests to look into.

        `NotFound` for an unknown instance, `Unavailable` when its namespace can't be read.
        """

    def counters(self) -> Mapping[tuple[str, str], LinkCounters]:
        """Counters by (link id, router id of the end); what one end of a capped link sent is what the other received."""

    def health(self) -> Mapping[str, bool]:
        """What the health checks say by now, by link id or `LISTENER-ID/INSTANCE-ID`.

        A check that has not reached its threshold either way is not in it. May be called beside other calls.
        """

    def on_health(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when a verdict turns. It may neither block nor fail."""

    def close(self, *, destroy: bool) -> None:
        """Let go of the data plane; with `destroy` also remove everything that was made in it."""
