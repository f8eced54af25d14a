"""`AgentPort` for a data plane in the same process (memory: no guests, no packets)."""

from __future__ import annotations

from collections.abc import Callable

from peerway.app.dataplane import DataPlane, Probe, ProbeResult


class LocalAgent:
    """Asks the data plane directly."""

    def __init__(self, dataplane: DataPlane, wake: Callable[[], None], applied: Callable[[], int]) -> None:
        self.dataplane_name = dataplane.name
        self._dataplane = dataplane
        self._wake = wake
        self._applied = applied

    def nudge(self) -> None:
        """Wake the reconcilers."""
        self._wake()

    def applied_revision(self) -> int:
        """Last revision that the data plane has reached."""
        return self._applied()

    def probe(self, probe: Probe) -> ProbeResult:
        """Have the probe answered."""
        return self._dataplane.probe(probe)

    def shell_socket(self) -> str | None:
        """There are no guests to run commands in."""
        return None
