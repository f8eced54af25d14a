"""Many intents held against one network after another: only those are examined again whose answer may be another one.

Owns what is kept between two networks. An answer stays while all that was looked at for it is the identical object; where something
is not, only those parts of the answer are looked for again that rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peerway.analysis.holdings import Holdings
from peerway.analysis.intents import Examined, examine
from peerway.analysis.network import Network
from peerway.analysis.sight import Sight, Thing, is_same, look
from peerway.domain.intent import Intent


@dataclass(slots=True)
class Watch:
    """Intents, and how each stands in the network that was looked at last. Not for concurrent use."""

    #: The network that the answers are true for; None before the first.
    network: Network | None = None
    #: By id of the intent.
    intents: dict[str, Intent] = field(default_factory=dict)
    #: How they stand.
    answers: dict[str, Examined] = field(default_factory=dict)
    #: Where accounts have guests in the network.
    holdings: Holdings | None = None
    #: Ids of the intents whose answers rest on a thing.
    resting: dict[Thing, set[str]] = field(default_factory=dict)
    #: What each of those things is in the network.
    things: dict[Thing, object] = field(default_factory=dict)

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
        sight = self._sight(network)
        stale = self._changed(sight)
        due = [id for id in self.intents if id in stale or id not in self.answers]
        fresh = {id: self._examine(sight, id) for id in due}
        for id, found in fresh.items():
            self._forget(id)
            self._remember(id, found)
        self.network = network
        return fresh

    def peek(self, network: Network, among: Iterable[str]) -> Mapping[str, Examined]:
        """How those of the intents stand in a network that may never be, whose answers may be others there; nothing is kept."""
        stale = self._changed(sight := self._sight(network, keep=False))
        return {id: self._examine(sight, id) for id in among if id in stale or id not in self.answers}

    def _sight(self, network: Network, *, keep: bool = True) -> Sight:
        holdings = Holdings.of(network) if self.holdings is None else self.holdings.at(network)
        if keep:
            self.holdings = holdings
        return Sight(network, holdings)

    def _changed(self, sight: Sight) -> set[str]:
        """Intents that rest on something which is not what it was."""
        found: set[str] = set()
        for thing, before in self.things.items():
            if not is_same(thing, before, look(sight, thing)):
                found |= self.resting[thing]
        return found

    def _examine(self, sight: Sight, id: str) -> Examined:
        before = self.answers.get(id)
        known = before.blocks if before is not None else None
        return examine(sight.network, self.intents[id], sight.holdings, known)

    def _remember(self, id: str, found: Examined) -> None:
        self.answers[id] = found
        for thing, what in found.seen.items():
            self.resting.setdefault(thing, set()).add(id)
            self.things[thing] = what

    def _forget(self, id: str) -> None:
        found = self.answers.pop(id, None)
        for thing in found.seen if found is not None else ():
            left = self.resting[thing]
            left.discard(id)
            if not left:
                del self.resting[thing], self.things[thing]
