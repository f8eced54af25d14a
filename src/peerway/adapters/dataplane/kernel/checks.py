"""What health checks there are, and what their answers mean; pure.

Owns the choice of probe for each check of a fabric, when probes go out, how long one may stay unanswered, and when a verdict turns.
Sending and receiving is `monitor`'s and `probers`'.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final

from peerway.adapters.dataplane.kernel.names import (
    LINK_MACS,
    RESOLVER4,
    link_interface,
    router_namespace,
    uplink_interface,
)
from peerway.fabric.checks import backend_key, checked_services, is_checked
from peerway.fabric.model import Backend, Fabric, Link, LinkCheck, ServiceCheck

#: How long a probe may stay unanswered while no round trip has been seen yet, s.
FIRST_PATIENCE_S: Final = 1.0

#: The longest that a probe may stay unanswered, whatever was seen, s.
LONGEST_PATIENCE_S: Final = 3.0

#: Round trips that are remembered.
REMEMBERED: Final = 8

#: Share of the interval that a probe may always stay unanswered: at a threshold of 3 a cut is known after 3.75 intervals at most.
PATIENCE: Final = 0.75


@dataclass(frozen=True, slots=True)
class ByLink:
    """Echo requests as frames on a link, because their source need not be anybody's."""

    #: Interface of the link.
    interface: str
    #: MAC address of the link's far end.
    far: bytes


@dataclass(frozen=True, slots=True)
class ByUplink:
    """Echo requests out of an uplink, from the router's own address there."""

    #: Interface of the uplink.
    interface: str


@dataclass(frozen=True, slots=True)
class ToPort:
    """TCP connections from the router to an instance."""

    #: Port.
    port: int


@dataclass(frozen=True, slots=True)
class ToHost:
    """Echo requests from the router to an instance."""


Way = ByLink | ByUplink | ToPort | ToHost


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is checked."""

    #: Namespace that the probes are sent from.
    namespace: str
    #: How they leave.
    way: Way
    #: Their source.
    source: IPv4Address
    #: Their destination.
    address: IPv4Address
    #: Pause between two probes.
    interval_s: float
    #: Probes in a row that turn the verdict.
    threshold: int


def plan_checks(fabric: Fabric) -> dict[str, Target]:
    """Everything that the fabric wants checked, by link id or `LISTENER-ID/INSTANCE-ID`."""
    return dict((*_link_checks(fabric), *_service_checks(fabric)))


def _link_checks(fabric: Fabric) -> Iterator[tuple[str, Target]]:
    for link in fabric.links.values():
        check = link.check
        if check is not None and is_checked(link, fabric):
            target = Target(
                namespace=router_namespace(check.router_id),
                way=_way(link, check),
                source=check.source,
                address=check.target,
                interval_s=check.interval_ms / 1000,
                threshold=check.threshold,
            )
            yield link.id, target


def _way(link: Link, check: LinkCheck) -> Way:
    if check.via != link.id:
        return ByUplink(uplink_interface(check.via))
    side = 0 if link.ends[0].router_id == check.router_id else 1
    return ByLink(link_interface(link.id), LINK_MACS[1 - side])


def _service_checks(fabric: Fabric) -> Iterator[tuple[str, Target]]:
    for router in fabric.routers.values():
        for service in checked_services(router):
            for backend in service.backends:
                if service.check is not None:
                    target = _service_target(router.id, service.check, backend)
                    yield backend_key(service.id, backend.endpoint_id), target


def _service_target(router_id: str, check: ServiceCheck, backend: Backend) -> Target:
    return Target(
        namespace=router_namespace(router_id),
        way=ToPort(backend.port) if check.protocol == 6 else ToHost(),
        source=RESOLVER4,
        address=backend.address,
        interval_s=check.interval_ms / 1000,
        threshold=check.threshold,
    )


@dataclass(slots=True)
class Probing:
    """The probes of one target in time, and what they say. Times are those of any one clock, in seconds.

    A probe counts as failed once it has stayed unanswered for three quarters of the interval, or for twice the shortest round
    trip of late, if that is more. An answer that comes too late only tells that round trips take longer now.
    """

    #: Pause between two probes.
    interval_s: float
    #: Probes in a row that turn the verdict.
    threshold: int
    #: When the next probe is to be sent.
    due: float
    #: The verdict; None before the first.
    healthy: bool | None = None
    #: How many probes in a row ended as the last one did: positive answered, negative failed.
    run: int = 0
    _number: int = 0
    #: Number and time-out of each probe that is neither answered nor given up, oldest first.
    _open: dict[int, float] = field(default_factory=dict)
    _round_trips_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def next_at(self) -> float:
        """When `expire` or `send` has something to do."""
        return min(self.due, next(iter(self._open.values()), self.due))

    @property
    def patience_s(self) -> float:
        """How long a probe may stay unanswered."""
        seen = 2 * min(self._round_trips_s) if self._round_trips_s else FIRST_PATIENCE_S
        return max(PATIENCE * self.interval_s, min(seen, LONGEST_PATIENCE_S))

    def send(self, now: float) -> int:
        """The number of the probe that is sent now. Probes that could not be sent in time are not made up for."""
        self._number += 1
        self._open[self._number] = now + self.patience_s
        self.due = max(self.due + self.interval_s, now)
        return self._number

    def answer(self, number: int, round_trip_s: float) -> None:
        """Take an answer in; one that comes too late, or again, is none."""
        self._round_trips_s.append(round_trip_s)
        if self._open.pop(number, None) is not None:
            self._count(answered=True)

    def fail(self, number: int) -> None:
        """Take in that a probe could not be sent, or was refused."""
        if self._open.pop(number, None) is not None:
            self._count(answered=False)

    def expire(self, now: float) -> list[int]:
        """Give up what has stayed unanswered for too long; the numbers of these probes."""
        late = [number for number, until in self._open.items() if until <= now]
        for number in late:
            self.fail(number)
        return late

    def _count(self, *, answered: bool) -> None:
        step = 1 if answered else -1
        self.run = self.run + step if self.run * step > 0 else step
        if abs(self.run) >= self.threshold:
            self.healthy = answered
