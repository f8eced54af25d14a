"""Holds the intents against the network after every change, and writes down how they stand (issue 4, item 6).

Follows the store's changes and examines what may stand otherwise by them, whoever made them: tenants, deadlines, health checks, the
data plane. Knows nothing that is not in the store: a fresh one examines everything and comes to the same. Any number may run, each
writes what the others would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from peerway.analysis.intents.watching import Watch
from peerway.analysis.network import Network
from peerway.app.following import CATCH_UP_LIMIT, NetworkFollower
from peerway.app.store import Reader, Store
from peerway.app.usecases.intents.states import reason_of, record_states, sentence_of
from peerway.domain.intent import Intent, IntentState

log = structlog.get_logger(__name__)

#: States written in one transaction.
BATCH: Final = 100

#: What the change log calls them.
NAME: Final = Intent.__name__.lower()


@dataclass(slots=True)
class IntentReconciler:
    """Keeps what is stored of each intent at how it stands. Not for concurrent use."""

    #: Where intents are, and what they are about.
    store: Store
    #: The network that they are held against.
    networks: NetworkFollower
    #: How they stand.
    watch: Watch = field(default_factory=Watch)
    #: Last revision that was looked at; -1 before the first.
    followed: int = -1
    #: Intents of which what is stored may not be how they stand.
    unwritten: set[str] = field(default_factory=set)

    def step(self) -> bool:
        """Look at what changed and write what stands otherwise by it; whether something was written."""
        if self.store.latest_revision() == self.followed and not self.unwritten:
            return False
        revision, network = self.store.read(self._follow)
        if network is not None:
            self.unwritten |= self.watch.move(network).keys()
        # Only now: what could not be examined is looked at again by the next step.
        self.followed = revision
        return network is not None and self._write(network)

    def _follow(self, reader: Reader) -> tuple[int, Network | None]:
        """Take in the intents that were written; the network, unless there is no intent to hold against it."""
        changes = reader.changes(self.followed, CATCH_UP_LIMIT) if self.followed >= 0 else []
        if self.followed < 0 or len(changes) == CATCH_UP_LIMIT:
            found = reader.select(Intent)
            self.watch.keep(intent.id for intent in found)
            self._take(found)
        else:
            ids = {change.id for change in changes if change.kind == NAME}
            found = [intent for id in ids if (intent := reader.get(Intent, id)) is not None]
            self._take(found)
            for id in ids - {intent.id for intent in found}:
                self.watch.drop(id)
        self.unwritten &= self.watch.intents.keys()
        return reader.revision, self.networks.at(reader) if self.watch.intents else None

    def _take(self, intents: Iterable[Intent]) -> None:
        for intent in intents:
            self.watch.put(intent)
            self.unwritten.add(intent.id)

    def _write(self, network: Network) -> bool:
        """Write how the unwritten ones stand, where the store says otherwise."""
        worked = False
        while self.unwritten:
            ids = sorted(self.unwritten)[:BATCH]
            standing = [self._standing(network, id) for id in ids]
            differing = [one for one in standing if (one[0].state, one[0].reason) != one[1:]]
            if differing:
                _tell(self.store.write(partial(record_states, network=network, found=differing)))
                worked = True
            # Only now: what could not be written is compared again by the next step.
            self.unwritten.difference_update(ids)
        return worked

    def _standing(self, network: Network, id: str) -> tuple[Intent, IntentState, str]:
        intent, found = self.watch.intents[id], self.watch.answers[id]
        return intent, found.state, reason_of(network, intent, found)


def _tell(written: Iterable[Intent]) -> None:
    for intent in written:
        if intent.state is IntentState.BROKEN:
            log.warning(
                "intent broken",
                intent=intent.id,
                account=intent.owner_uid,
                revision=intent.network_revision,
                reason=sentence_of(intent.reason),
            )
        else:
            log.info("intent examined", intent=intent.id, account=intent.owner_uid, state=intent.state.value)
