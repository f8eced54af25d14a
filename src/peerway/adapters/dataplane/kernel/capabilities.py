"""What this machine can do for the kernel data plane, found out by trying.

Owns the checks behind `peerway doctor` and the choice of a driver. Everything is tried in a process of its own, in namespaces that
end with it; nothing on the machine changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that was tried."""

    #: What was tried.
    name: str
    #: Whether it works.
    ok: bool
    #: Whether the data plane can't run without it.
    needed: bool
    #: What was found, or why it does not work.
    detail: str


def capabilities() -> list[Capability]:
    """Try everything the driver uses; takes a fraction of a second."""
    tried = subprocess.run(
        [sys.executable, "-m", "peerway.adapters.dataplane.kernel.trials"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    try:
        return [Capability(**found) for found in json.loads(tried.stdout)]
    except ValueError:
        last = (tried.stderr.strip().splitlines() or ["no output"])[-1]
        return [Capability("namespaces", ok=False, needed=True, detail=last)]


def usable(found: list[Capability] | None = None) -> tuple[bool, str]:
    """Whether the kernel data plane can run here, and if not, why."""
    for capability in capabilities() if found is None else found:
        if capability.needed and not capability.ok:
            return False, f"{capability.name}: {capability.detail}"
    return True, ""
