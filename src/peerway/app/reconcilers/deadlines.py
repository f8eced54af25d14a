"""Ends what has a deadline: unanswered peering requests expire (PEER-3), old client tokens are forgotten.

Reads the clock and the store, nothing else; a full scan at any time is right. Runs in any number of processes: each expiry is a
guarded move, so a second one finds nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from peerway.app.clock import Clock
from peerway.app.store import Store
from peerway.app.usecases.peerings import due_expiries, expire_peering
from peerway.app.world import World

#: Requests expired in one transaction.
BATCH: Final = 100

#: How long a client token keeps repeats harmless.
TOKEN_LIFE: Final = timedelta(days=1)

#: How often old client tokens are looked for.
FORGET_EVERY: Final = timedelta(hours=1)


@dataclass(slots=True)
class DeadlineReconciler:
    """Raises the deadline events."""

    #: Where the deadlines stand.
    store: Store
    #: What expiring decides with.
    world: World
    #: What they are compared with.
    clock: Clock
    #: When old client tokens were last looked for; None since the start.
    forgot_at: datetime | None = None

    def step(self) -> int:
        """Expire what is due; how many requests that were."""
        now = self.clock.now()
        if self.forgot_at is None or now - self.forgot_at >= FORGET_EVERY:
            self.store.forget_tokens(now - TOKEN_LIFE)
            self.forgot_at = now
        due = self.store.read(lambda reader: due_expiries(reader, now, BATCH))
        for peering in due:
            self._expire(peering.id)
        return len(due)

    def _expire(self, id: str) -> None:
        self.store.write(lambda tx: expire_peering(tx, self.world, id))
