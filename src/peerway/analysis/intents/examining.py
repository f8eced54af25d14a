"""An intent held against a network: whether it holds, who shows that it does not, and what the answer rests on.

REACH: everyone of the source reaches everyone of the target and is answered, at every port asked. A pair is asked over IPv4 where
both have it. What nobody has, in a range that is asked, need not answer. ISOLATE: nothing that anyone of the source sends to an
address of anyone of the target arrives there, over either IP version. Nobody asks itself.

What leaves the network by a line is not known any more: such an intent is `UNKNOWN` where the target is inside. What leaves where
addresses are translated has not arrived, and can't: what comes in there is for public addresses. Whether somebody is reached by a
public address of theirs, by way of the world outside, is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.intents.holdings import Holdings
from peerway.analysis.intents.pairs import WORST, Witness, asked_packets, examine_pair
from peerway.analysis.intents.parties import Member, members
from peerway.analysis.intents.sight import Patience, Seen, Shared, Sight, Sort, Thing, is_same, look
from peerway.analysis.intents.surroundings import Surroundings, survey
from peerway.analysis.network import Network
from peerway.domain.intent import Expectation, Intent, IntentState, Party


class Block(NamedTuple):
    """What becomes of an intent between the members at one router and those at another."""

    #: How it stands between them.
    state: IntentState
    #: What shows it, unless it holds.
    witness: Witness | None
    #: Who asked and was asked.
    members: tuple[tuple[Member, ...], tuple[Member, ...]]
    #: What the answer rests on beside them.
    seen: Seen


#: Routers of the source and target of a block; for targets that are not at a router, the target's own text.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Examined:
    """How an intent stands."""

    #: Whether it holds.
    state: IntentState
    #: Why not; None when it holds or nobody is there.
    witness: Witness | None
    #: What the answer rests on: it stays true while all of that is the same.
    seen: Seen
    #: The parts that it is put together from.
    blocks: Mapping[Key, Block]
    #: How far packets get from the routers of the source, where that was looked at.
    surroundings: Mapping[str, Surroundings]

    @property
    def reads(self) -> frozenset[str]:
        """Ids of the routers that it rests on."""
        return frozenset(thing.id for thing in self.seen if thing.sort is Sort.ROUTER)


#: What an intent that was never examined stands on.
NEVER: Final = Examined(IntentState.UNCHECKED, None, {}, {}, {})


def examine(
    network: Network,
    intent: Intent,
    holdings: Holdings | None = None,
    known: Examined = NEVER,
    changed: AbstractSet[Thing] | None = None,
    patience: Patience | None = None,
    shared: Shared | None = None,
) -> Examined:
    """How the intent stands. `holdings` saves looking for accounts' guests, `shared` what was looked for in this network before.

    Of `known`, which it was found to be in another network, parts are used that are still true; `changed` says what differs between
    the two networks, when that is known. `UNKNOWN` without a witness when more packets would have to be followed than there is
    `patience` for. Cost follows the pairs of members whose routers are the same or joined by a link, and the
    rules that they meet.
    """
    sight = Sight(network, holdings, patience=patience or Patience(), shared=shared or Shared())
    return _Examining(sight, intent, known, changed).run()


def still(sight: Sight, seen: Seen) -> bool:
    """Whether all that was seen is as it was."""
    return all(is_same(thing, before, look(sight, thing)) for thing, before in seen.items())


class _Examining:
    """One look at one intent."""

    def __init__(
        self, sight: Sight, intent: Intent, known: Examined, changed: AbstractSet[Thing] | None
    ) -> None:
        self.sight = sight
        self.intent = intent
        self.known = known
        self.changed = changed
        #: How it stands as far as was looked, and what shows that.
        self.state = IntentState.EMPTY
        self.witness: Witness | None = None
        self.blocks: dict[Key, Block] = {}
        self.surroundings: dict[str, Surroundings] = {}

    def run(self) -> Examined:
        """Look at everybody, or until somebody shows that it is broken."""
        sources, targets = map(self.members, self.intent.parties)
        for here, asking in sources.items():
            for there in self.within_reach(here, asking, targets):
                self.add(*self.block((here, there), (asking, targets[there])))
                if self.state is IntentState.BROKEN:
                    return self.result()
        if self.sight.patience.is_over:
            self.state, self.witness = IntentState.UNKNOWN, None
        return self.result()

    def members(self, party: Party) -> Mapping[str, tuple[Member, ...]]:
        """Who belongs to a side, by router."""
        whose, for_all = self.intent.owner_uid, self.intent.of_operator
        return self.sight.once(
            (party, whose, for_all),
            lambda sight: _by_router(members(sight, party, whose, for_all=for_all)),
        )

    def result(self) -> Examined:
        """What was found."""
        return Examined(self.state, self.witness, self.sight.seen, self.blocks, self.surroundings)

    def add(self, state: IntentState, witness: Witness | None = None) -> None:
        """Take in how it stands between some."""
        if WORST.index(state) < WORST.index(self.state):
            self.state, self.witness = state, witness

    def within_reach(
        self, here: str, asking: Iterable[Member], targets: Mapping[str, tuple[Member, ...]]
    ) -> Iterable[str]:
        """The routers of targets that have to be looked at; to be kept apart from the others needs nothing."""
        if self.intent.expectation is Expectation.REACH:
            return targets
        around = self.around(here)
        open_to = [there for there, asked in targets.items() if _is_open(around, there, asked)]
        beyond = [one for there in targets.keys() - set(open_to) for one in targets[there]]
        pairs = ((source, target) for source in asking for target in beyond)
        if any(next(asked_packets(self.intent, *pair), None) is not None for pair in pairs):
            self.add(IntentState.HOLDING)
        return open_to

    def around(self, here: str) -> Surroundings:
        """How far packets can get from a router."""
        found = self.known.surroundings.get(here)
        if found is None or not self.is_still(found.seen):
            found = self.sight.once((survey, here), lambda sight: survey(sight, here))
        self.surroundings[here] = found
        self.sight.seen.update(found.seen)
        return found

    def block(
        self, key: Key, between: tuple[tuple[Member, ...], tuple[Member, ...]]
    ) -> tuple[IntentState, Witness | None]:
        """How it stands between the members at two routers."""
        block = self.known.blocks.get(key)
        if block is None or not self.is_still(block.seen) or block.members != between:
            # The groups are shared, too, and stay what they are as long as what is found here: they can be told by their identity.
            alike = self.intent.expectation, self.intent.packets, *map(id, between)
            block = self.sight.once(alike, lambda sight: _examine_block(sight, self.intent, *between))
        if not self.sight.patience.is_over or block.state is IntentState.BROKEN:
            self.blocks[key] = block
        self.sight.seen.update(block.seen)
        return block.state, block.witness

    def is_still(self, seen: Seen) -> bool:
        """Whether all that was seen is as it was."""
        if self.changed is not None:
            return self.changed.isdisjoint(seen)
        return still(self.sight, seen)


def _is_open(around: Surroundings, there: str, asked: Iterable[Member]) -> bool:
    """Whether packets from a router may get to these members, or out of sight on their way."""
    if there in around.near:
        return True
    return any(not one.router_id or around.may_hide(span) for one in asked for span in one.spans)


def _by_router(side: Iterable[Member]) -> dict[str, tuple[Member, ...]]:
    """The members by their routers, in their order; a range by its own text."""
    groups: dict[str, list[Member]] = {}
    for member in side:
        groups.setdefault(member.router_id or member.id, []).append(member)
    return {there: tuple(found) for there, found in groups.items()}


def _examine_block(
    sight: Sight, intent: Intent, sources: tuple[Member, ...], targets: tuple[Member, ...]
) -> Block:
    """How the intent stands between these."""
    state, witness = IntentState.EMPTY, None
    pairs = ((source, target) for source in sources for target in targets if source.id != target.id)
    for source, target in pairs:
        found, shown = examine_pair(sight, intent, source, target)
        if WORST.index(found) < WORST.index(state):
            state, witness = found, shown
        if state is IntentState.BROKEN or sight.patience.is_over:
            break
    return Block(state, witness, (sources, targets), sight.seen)
