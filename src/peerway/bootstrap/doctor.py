"""What this machine can do, for `peerway doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peerway.adapters.dataplane.kernel.capabilities import capabilities


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of this machine."""

    #: What was looked at.
    check: str
    #: Whether it is as the kernel data plane wants it.
    ok: bool
    #: What was found; whether it can be done without.
    detail: str


def diagnose() -> Sequence[Finding]:
    """Every check of this machine, in the order a person would ask."""
    return [
        Finding(
            found.name, found.ok, found.detail if found.ok or found.needed else f"{found.detail} (optional)"
        )
        for found in capabilities()
    ]
