"""What this machine can do, for `peerway doctor`."""

from __future__ import annotations

from collections.abc import Sequence

from peerway.adapters.dataplane.kernel.capabilities import Capability, check_capabilities


def diagnose() -> Sequence[Capability]:
    """Every check of this machine, in the order a person would ask."""
    return check_capabilities()
