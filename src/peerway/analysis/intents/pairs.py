"""An intent between two of its members: what is asked, what becomes of it, and what that says.

Owns the meaning of both expectations. Who the members are, and how answers about pairs make one about all, is not for here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from peerway.analysis.intents.parties import Member, Span
from peerway.analysis.intents.sight import Sight
from peerway.analysis.intents.sweep import Case, Packets, sweep
from peerway.domain.intent import Expectation, Intent, IntentState, PartyKind
from peerway.domain.security import Protocol
from peerway.fabric.outcomes import Check, Exchange, Outcome, Walk

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


def examine_pair(
    sight: Sight, intent: Intent, source: Member, target: Member
) -> tuple[IntentState, Witness | None]:
    """How the intent stands between two members."""
    state, witness = IntentState.EMPTY, None
    for packets in asked_packets(intent, source, target):
        for case in sweep(sight.network, packets, sight.shared.followed):
            sight.patience.left -= not case.is_like
            for number, way in enumerate(case.ways):
                sight.note(way)
                found = _judge(sight, intent, target, way)
                if WORST.index(found) < WORST.index(state):
                    state, witness = found, None
                    if found is not IntentState.HOLDING:
                        shown = case.itself(sight.network)
                        witness = Witness(source, target, case.last_port, shown.ways[number], shown)
            if state is IntentState.BROKEN or sight.patience.is_over:
                return state, witness
    return state, witness


# ---- what is asked ---------------------------------------------------------------------------------------------------------


def asked_packets(intent: Intent, source: Member, target: Member) -> Iterator[Packets]:
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
