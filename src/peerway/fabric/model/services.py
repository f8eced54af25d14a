"""Addresses behind which several instances answer."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class Backend:
    """One of the instances behind a service."""

    #: Instance that answers.
    endpoint_id: str
    #: Its address.
    address: IPv4Address
    #: Port it answers at.
    port: int
    #: Share of the connections it gets; 0 for none.
    weight: int
    #: What the health check said last.
    healthy: bool = True


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """How backends are checked: a TCP connect or, for UDP, an echo request from the router."""

    #: 6 or 1.
    protocol: int
    #: Pause between two probes of one backend.
    interval_ms: int
    #: Probes in a row that must fail, or succeed, before the verdict turns.
    threshold: int


@dataclass(frozen=True, slots=True)
class Service:
    """A listener of a load balancer: connections to its address and port go to one of the backends.

    The destination is replaced where a packet enters the router, before every filter and route of that router.
    """

    #: Listener id.
    id: str
    #: Private address of the load balancer.
    address: IPv4Address
    #: 6 or 17.
    protocol: int
    #: Port it listens at.
    port: int
    #: Who answers, in a fixed order.
    backends: tuple[Backend, ...]
    #: How backends are checked; None for not at all.
    check: ServiceCheck | None = None

    @property
    def live(self) -> tuple[Backend, ...]:
        """The backends that get connections now; all that have a weight when no check succeeds."""
        weighted = tuple(backend for backend in self.backends if backend.weight)
        return tuple(backend for backend in weighted if backend.healthy) or weighted
