"""The port to the agent: the process that touches the data plane, as the API and the use cases' callers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from peerway.app.dataplane import LinkCounters, Probe, ProbeResult
from peerway.domain.guest import GuestView


class AgentPort(Protocol):
    """What the API asks of the agent. Everything else reaches it through the store."""

    @property
    def dataplane_name(self) -> str:
        """`memory`, `kernel` or `ovn`."""

    def nudge(self) -> None:
        """Say that the store has changed. Never blocks and never fails: the agent looks by itself, too, only later."""

    def applied_revision(self) -> int:
        """Last store revision that the data plane has reached; -1 while it has reached none or the agent does not answer."""

    def probe(self, probe: Probe) -> ProbeResult:
        """Have a probe sent; `Unavailable` when the agent does not answer."""

    def guest_addresses(self, endpoint_id: str) -> GuestView | None:
        """What an instance's network looks like from inside, by now; None when the data plane has no guests.

        `NotFound` for an instance that it does not have, `Unavailable` when the agent does not answer.
        """

    def link_counters(self) -> Mapping[tuple[str, str], LinkCounters] | None:
        """What passed over links so far, by (link id, router id of the end); None when the data plane carries no packets.

        `Unavailable` when the agent does not answer.
        """

    def shell_socket(self) -> str | None:
        """Path of the socket at which local users run commands in instances; None when the data plane has no guests."""
