"""An intent held against a network: whether it holds, who shows that it does not, and what the answer rests on.

REACH: everyone of the source reaches everyone of the target and is answered, at every port asked. A pair is asked over IPv4 where
both have it. What nobody has, in a range that is asked, need not answer. ISOLATE: nothing that anyone of the source sends to an
address of anyone of the target arrives there, over either IP version. Nobody asks itself.

What leaves the network by a line is not known any more: such an intent is `UNKNOWN` where the target is inside. What leaves where
addresses are translated has not arrived, and can't: what comes in there is for public addresses. Whether somebody is reached by a
public address of theirs, by way of the world outside, is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.holdings import Holdings
from peerway.analysis.network import Network
from peerway.analysis.parties import Member, Span, members
from peerway.analysis.sight import Seen, Sight, Sort, Thing, is_same, look
from peerway.analysis.sweep import Case, Packets, sweep
from peerway.domain.intent import Expectation, Intent, IntentState, PartyKind
from peerway.domain.security import Protocol
from peerway.fabric.model import Router, ToLink, ToLinks
from peerway.fabric.outcomes import Check, Exchange, Outcome, Walk

#: Most cases of one pair that are looked at; with more, the answer is not known.
MOST_CASES: Final = 5000

#: A protocol that no rule names: it stands for all such.
UNNAMED: Final = 132

#: Targets that are outside, or may be.
OUTSIDE: Final = frozenset({PartyKind.VBR, PartyKind.RANGE})

#: From the worst to the best; what is worse counts.
WORST: Final = (IntentState.BROKEN, IntentState.UNKNOWN, IntentState.HOLDING, IntentState.EMPTY)


@dataclass(frozen=True, slots=True)
class Witness:
    """Packets that show why an intent does not hold, or is not known to."""

    #: Who sends them.
    source: Member
    #: Whom they are meant for.
    target: Member
    #: Last of the ports that it is the same for.
    last_port: int
    #: The first of the packets, and its reply.
    exchange: Exchange
    #: The first of the packets as it was sent.
    case: Case


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


class Surroundings(NamedTuple):
    """How far packets can get from a router."""

    #: The routers that they can come to, itself included; None when they can go where the network does not see them.
    near: frozenset[str] | None
    #: What that rests on.
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
) -> Examined:
    """How the intent stands. `holdings` saves looking for accounts' guests.

    Of `known`, which it was found to be in another network, parts are used that are still true; `changed` says what differs between
    the two networks, when that is known. Cost follows the pairs of members whose routers are the same or joined by a link, and the
    rules that they meet.
    """
    return _Examining(Sight(network, holdings), intent, known, changed).run()


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
        sources, targets = (
            _by_router(members(self.sight, party, self.intent.owner_uid, for_all=self.intent.of_operator))
            for party in self.intent.parties
        )
        for here, asking in sources.items():
            for there in self.within_reach(here, asking, targets):
                self.add(*self.block((here, there), (asking, targets[there])))
                if self.state is IntentState.BROKEN:
                    return self.result()
        return self.result()

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
        near = self.near(here)
        if near is None:
            return targets
        open_to = [there for there, asked in targets.items() if there in near or not asked[0].router_id]
        beyond = [one for there in targets.keys() - set(open_to) for one in targets[there]]
        pairs = ((source, target) for source in asking for target in beyond)
        if any(next(_asked(self.intent, *pair), None) is not None for pair in pairs):
            self.add(IntentState.HOLDING)
        return open_to

    def near(self, here: str) -> frozenset[str] | None:
        """How far packets can get from a router."""
        found = self.known.surroundings.get(here)
        if found is None or not self.is_still(found.seen):
            sight = self.sight.anew()
            found = Surroundings(_near(sight, here), sight.seen)
        self.surroundings[here] = found
        self.sight.seen.update(found.seen)
        return found.near

    def block(
        self, key: Key, between: tuple[tuple[Member, ...], tuple[Member, ...]]
    ) -> tuple[IntentState, Witness | None]:
        """How it stands between the members at two routers."""
        block = self.known.blocks.get(key)
        if block is None or not self.is_still(block.seen) or block.members != between:
            block = _examine_block(self.sight.anew(), self.intent, *between)
        self.blocks[key] = block
        self.sight.seen.update(block.seen)
        return block.state, block.witness

    def is_still(self, seen: Seen) -> bool:
        """Whether all that was seen is as it was."""
        if self.changed is not None:
            return self.changed.isdisjoint(seen)
        return still(self.sight, seen)


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
        found, shown = _examine_pair(sight, intent, source, target)
        if WORST.index(found) < WORST.index(state):
            state, witness = found, shown
        if state is IntentState.BROKEN:
            break
    return Block(state, witness, (sources, targets), sight.seen)


def _examine_pair(
    sight: Sight, intent: Intent, source: Member, target: Member
) -> tuple[IntentState, Witness | None]:
    """How the intent stands between two members."""
    state, witness, cases = IntentState.EMPTY, None, 0
    for packets in _asked(intent, source, target):
        for case in sweep(sight.network, packets):
            cases += 1
            for way in case.ways:
                sight.note(way)
                found = IntentState.UNKNOWN if cases > MOST_CASES else _judge(sight, intent, target, way)
                if WORST.index(found) < WORST.index(state):
                    shown = Witness(source, target, case.last_port, way, case)
                    state, witness = found, shown if found is not IntentState.HOLDING else None
            if state is IntentState.BROKEN or cases > MOST_CASES:
                return state, witness
    return state, witness


def _near(sight: Sight, here: str) -> frozenset[str] | None:
    """The routers that packets from this one can come to: over one link at most (PEER-7). None when they can get out of sight."""
    router = sight.router(here)
    if router is None:
        return frozenset()
    near = {here: router}
    for link_id in _links_used(router):
        link = sight.link(link_id)
        other = sight.router(link.other(here).router_id) if link is not None else None
        if other is not None:
            near[other.id] = other
    return None if any(map(_passes_on, near.values())) else frozenset(near)


def _links_used(router: Router) -> set[str]:
    """Links that its tables lead to."""
    hops = [entry.hop for fib in router.fibs.values() for entry in fib.entries]
    single = {hop.link_id for hop in hops if isinstance(hop, ToLink)}
    return single | {path.link_id for hop in hops if isinstance(hop, ToLinks) for path in hop.paths}


def _passes_on(router: Router) -> bool:
    """Whether packets may go from it where the network does not see them: a guest that forwards, a line."""
    if any(endpoint.forwards for endpoint in router.endpoints.values()):
        return True
    return any(uplink.translation is None for uplink in router.uplinks.values())


# ---- what is asked ---------------------------------------------------------------------------------------------------------


def _asked(intent: Intent, source: Member, target: Member) -> Iterator[Packets]:
    """All packets that the intent is about, from the one member to the other."""
    pairs = (
        (one, other)
        for one in source.spans
        for other in target.spans
        if one.first.version == other.first.version
    )
    for one, other in pairs:
        protocols = list(_protocols(intent, one))
        for protocol, ports in protocols:
            yield Packets(source.id, one, other, protocol, ports)
        if protocols and intent.expectation is Expectation.REACH:
            return


def _protocols(intent: Intent, span: Span) -> Iterator[tuple[int, tuple[int, int]]]:
    """Protocols and ports that are asked over the IP version of the addresses."""
    ports = (intent.port_low, intent.port_high)
    four = span.first.version == 4
    if intent.protocol in {Protocol.ALL, Protocol.TCP}:
        yield 6, ports
    if intent.protocol in {Protocol.ALL, Protocol.UDP}:
        yield 17, ports
    if intent.protocol is Protocol.ALL or intent.protocol is (Protocol.ICMP if four else Protocol.ICMPV6):
        yield 1 if four else 58, (0, 0)
    if intent.protocol in {Protocol.ALL, Protocol.GRE}:
        yield 47, (0, 0)
    if intent.protocol is Protocol.ALL:
        yield 58 if four else 1, (0, 0)
        yield UNNAMED, (0, 0)


# ---- what an exchange says ---------------------------------------------------------------------------------------------------


def _judge(sight: Sight, intent: Intent, target: Member, way: Exchange) -> IntentState:
    """What one way of one packet says of the intent."""
    if target.kind is PartyKind.RANGE and _is_nobodys(intent, way.request):
        return IntentState.EMPTY
    arrived = _arrived(way.request, target)
    if intent.expectation is Expectation.ISOLATE:
        if arrived:
            return IntentState.BROKEN
        return IntentState.UNKNOWN if _is_lost_sight_of(sight, way.request, target) else IntentState.HOLDING
    if arrived and way.answered:
        return IntentState.HOLDING
    lost = _is_lost_sight_of(sight, way.request, target)
    if arrived and way.reply is not None:
        lost = _is_lost_sight_of(sight, way.reply, None)
    return IntentState.UNKNOWN if lost else IntentState.BROKEN


def _is_nobodys(intent: Intent, walk: Walk) -> bool:
    """Whether an address of a range is the sender's own, or one that nobody has and that need not answer."""
    if walk.outcome is Outcome.DELIVERED:
        return walk.receiver == walk.packet.sender
    return intent.expectation is Expectation.REACH and walk.outcome is Outcome.NO_SUCH_ADDRESS


def _arrived(walk: Walk, target: Member) -> bool:
    """Whether the packet got to whom it was meant for."""
    match target.kind:
        case PartyKind.VBR:
            return walk.left_by == target.id
        case PartyKind.RANGE:
            return walk.outcome in {Outcome.DELIVERED, Outcome.LEFT, Outcome.HANDED_TO_RESOLVER}
        case PartyKind.LOAD_BALANCER:
            served = any(
                step.check is Check.SERVICE and step.router_id == target.router_id for step in walk.steps
            )
            return walk.outcome is Outcome.DELIVERED and served
        case _:
            return walk.outcome is Outcome.DELIVERED and walk.receiver == target.id


def _is_lost_sight_of(sight: Sight, walk: Walk, target: Member | None) -> bool:
    """Whether the packet went where the network does not see what becomes of it."""
    if walk.outcome is Outcome.HANDED_TO_ENDPOINT:
        return True
    if walk.left_by is None or (target is not None and target.kind in OUTSIDE):
        return False
    router = sight.network.fabric.routers[walk.steps[-1].router_id]
    return router.uplinks[walk.left_by].translation is None
