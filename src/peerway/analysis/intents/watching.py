"""Many intents held against one network after another: only those are examined again whose answer may be another one.

Owns what is kept between two networks. An answer stays while all that was looked at for it is the identical object; where something
is not, only those parts of the answer are looked for again that rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peerway.analysis.intents.examining import NEVER, Examined, examine
from peerway.analysis.intents.holdings import Holdings
from peerway.analysis.intents.sight import MOST_FOLLOWED, Patience, Sight, Sort, Thing, differing
from peerway.analysis.network import Network
from peerway.domain.intent import Intent


@dataclass(slots=True)
class Watch:
    """Intents, and how each stands in the network that was looked at last. Not for concurrent use."""

    #: The network that the answers are true for; None before the first.
    network: Network | None = None
    #: Most packets that are followed for one answer.
    most_followed: int = MOST_FOLLOWED
    #: By id of the intent.
    intents: dict[str, Intent] = field(default_factory=dict)
    #: How they stand.
    answers: dict[str, Examined] = field(default_factory=dict)
    #: Where accounts have guests in the network.
    holdings: Holdings | None = None
    #: Ids of the intents whose answers rest on a thing.
    resting: dict[Thing, set[str]] = field(default_factory=dict)
    #: What those things are in the network: by sort and id.
    things: dict[Sort, dict[str, object]] = field(default_factory=lambda: {sort: {} for sort in Sort})

    def put(self, intent: Intent) -> None:
        """Take in an intent, or another wording of one; it is examined by the next `move`."""
        before = self.intents.get(intent.id)
        self.intents[intent.id] = intent
        if before is None or before.asks != intent.asks:
            self._forget(intent.id)

    def drop(self, id: str) -> None:
        """Let go of an intent."""
        self.intents.pop(id, None)
        self._forget(id)

    def keep(self, ids: Iterable[str]) -> None:
        """Let go of all other intents."""
        for id in self.intents.keys() - set(ids):
            self.drop(id)

    def move(self, network: Network) -> Mapping[str, Examined]:
        """Go to another network; the answers of the intents that were examined for it.

        Cost follows what the intents rest on and what became of it, not the network.
        """
        self.holdings = Holdings.of(network) if self.holdings is None else self.holdings.at(network)
        sight = Sight(network, self.holdings)
        changed = self._changed(sight)
        stale = {id for thing in changed for id in self.resting[thing]}
        due = [id for id in self.intents if id in stale or id not in self.answers]
        fresh = {id: self._examine(sight, id, changed) for id in due}
        for id, found in fresh.items():
            self._remember(id, found)
        self.network = network
        return fresh

    def _changed(self, sight: Sight) -> set[Thing]:
        """What something rests on and is not what it was."""
        if self.network is None:
            return set()
        before = Sight(self.network, None)
        return {
            Thing(sort, id)
            for sort, things in self.things.items()
            for id in differing(before, sight, sort, things)
        }

    def _examine(self, sight: Sight, id: str, changed: set[Thing]) -> Examined:
        known = self.answers.get(id, NEVER)
        patience = Patience(self.most_followed)
        intent = self.intents[id]
        return examine(sight.network, intent, sight.holdings, known, changed, patience, sight.shared)

    def _remember(self, id: str, found: Examined) -> None:
        before = self.answers.get(id, NEVER).seen
        self.answers[id] = found
        self._let_go(id, before.keys() - found.seen.keys())
        for thing, what in found.seen.items():
            self.resting.setdefault(thing, set()).add(id)
            self.things[thing.sort][thing.id] = what

    def _forget(self, id: str) -> None:
        self._let_go(id, self.answers.pop(id, NEVER).seen)

    def _let_go(self, id: str, things: Iterable[Thing]) -> None:
        for thing in things:
            left = self.resting[thing]
            left.discard(id)
            if not left:
                del self.resting[thing], self.things[thing.sort][thing.id]
