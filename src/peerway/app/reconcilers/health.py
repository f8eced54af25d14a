"""Brings what the health checks say to the store, from where it comes back compiled into every route it concerns.

Compares the data plane's verdicts with those on record. Woken when one turns; a full look from time to time makes up for whatever
was missed, and takes back verdicts on what is checked no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from peerway.app.clock import Clock
from peerway.app.dataplane import DataPlane
from peerway.app.store import Store
from peerway.app.usecases.health import known_health, record_health
from peerway.fabric.checks import checked
from peerway.fabric.model import Fabric

#: How often everything on record is compared.
LOOK_EVERY: Final = timedelta(seconds=10)


@dataclass(slots=True)
class HealthReconciler:
    """Keeps the stored verdicts at the data plane's. Not for concurrent use, but beside the network's reconciler."""

    #: Where the verdicts go.
    store: Store
    #: Where they come from.
    dataplane: DataPlane
    #: When to look at everything.
    clock: Clock
    #: The network that the data plane was given last; None while there was none.
    fabric: Callable[[], Fabric | None]
    #: The verdicts on record; None where the sides of a link differ.
    written: Mapping[str, bool | None] = field(default_factory=dict)
    #: When everything was looked at last; None since the start.
    looked_at: datetime | None = None

    def step(self) -> bool:
        """Write what differs, in one transaction; whether something did.

        A check that has no verdict yet keeps the one on record: an agent that starts anew changes no route by that.
        """
        verdicts = self.dataplane.health()
        if self._look_is_due():
            self.written = self.store.read(known_health)
        changes: dict[str, bool | None] = {
            key: verdict for key, verdict in verdicts.items() if self.written.get(key) is not verdict
        }
        changes |= dict.fromkeys(self._pointless(verdicts))
        worked = bool(changes) and bool(self.store.write(lambda tx: record_health(tx, changes)))
        # Only now: what could not be written is written by the next step.
        known = {**self.written, **changes}
        self.written = {key: verdict for key, verdict in known.items() if verdict is not None}
        return worked

    def _pointless(self, verdicts: Mapping[str, bool]) -> set[str]:
        """Verdicts on record for what is not checked any more."""
        without = self.written.keys() - verdicts.keys()
        fabric = self.fabric() if without else None
        return set() if fabric is None else without - checked(fabric)

    def _look_is_due(self) -> bool:
        now = self.clock.now()
        if self.looked_at is not None and now - self.looked_at < LOOK_EVERY:
            return False
        self.looked_at = now
        return True
