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
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.holdings import Holdings
from peerway.analysis.network import Network
from peerway.analysis.parties import Member, Span, members
from peerway.analysis.sight import Seen, Sight, Sort, is_same, look
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

    @property
    def reads(self) -> frozenset[str]:
        """Ids of the routers that it rests on."""
        return frozenset(thing.id for thing in self.seen if thing.sort is Sort.ROUTER)


def examine(
    network: Network,
    intent: Intent,
    holdings: Holdings | None = None,
    known: Mapping[Key, Block] | None = None,
) -> Examined:
    """How the intent stands. `holdings` saves looking for accounts' guests; `known` blocks of before are used where still true.

    Cost follows the pairs of members whose routers are the same or joined by a link, and the rules that they meet.
    """
    sight = Sight(network, holdings)
    sides = [members(sight, party, intent.owner_uid, for_all=intent.of_operator) for party in intent.parties]
    state, witness = IntentState.EMPTY, None
    blocks: dict[Key, Block] = {}
    for key, between in _blocks(*sides):
        block = (known or {}).get(key)
        if block is None or block.members != between or not still(sight, block.seen):
            block = _examine_block(sight.anew(), intent, *between)
        blocks[key] = block
        sight.seen.update(block.seen)
        if WORST.index(block.state) < WORST.index(state):
            state, witness = block.state, block.witness
        if state is IntentState.BROKEN:
            break
    return Examined(state, witness, sight.seen, blocks)


def still(sight: Sight, seen: Seen) -> bool:
    """Whether all that was seen is as it was."""
    return all(is_same(thing, before, look(sight, thing)) for thing, before in seen.items())


def _blocks(
    sources: Iterable[Member], targets: Iterable[Member]
) -> Iterator[tuple[Key, tuple[tuple[Member, ...], tuple[Member, ...]]]]:
    """The members by their routers, in a fixed order."""
    sides: list[dict[str, list[Member]]] = [{}, {}]
    for groups, side in zip(sides, (sources, targets), strict=True):
        for member in side:
            groups.setdefault(member.router_id or member.id, []).append(member)
    for here, asking in sides[0].items():
        for there, asked in sides[1].items():
            yield (here, there), (tuple(asking), tuple(asked))


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
    asked = list(_asked(intent, source, target))
    if asked and intent.expectation is Expectation.ISOLATE and _apart(sight, source, target):
        return IntentState.HOLDING, None
    state, witness, cases = IntentState.EMPTY, None, 0
    for packets in asked:
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


def _apart(sight: Sight, source: Member, target: Member) -> bool:
    """Whether nothing that the source sends can come to the target's router, or anywhere from where that is not known.

    A packet crosses one link at most (PEER-7).
    """
    if target.kind in OUTSIDE:
        return False
    here = sight.router(source.router_id)
    if here is None:
        return False
    near = {here.id: here}
    for link_id in _links_used(here):
        link = sight.link(link_id)
        router = sight.router(link.other(here.id).router_id) if link is not None else None
        if router is not None:
            near[router.id] = router
    return target.router_id not in near and not any(_passes_on(router) for router in near.values())


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
