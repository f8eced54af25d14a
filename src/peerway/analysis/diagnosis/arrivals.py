"""Whether a packet ended where the question wants it, and what that makes of the whole (PATH-1): verdicts.

Owns the difference between what a packet did and what was asked for.
"""

from __future__ import annotations

from peerway.analysis.diagnosis.cases import Goal
from peerway.analysis.diagnosis.report import Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.outside import way_in
from peerway.analysis.questions import Posed
from peerway.analysis.trace.choices import exchanges
from peerway.domain.path import PointKind, Question
from peerway.fabric.outcomes import Check, Exchange, Outcome, Walk

#: Ends with which somebody who has the asked address got the packet, or the world outside did.
_ARRIVED = frozenset({Outcome.DELIVERED, Outcome.LEFT, Outcome.HANDED_TO_RESOLVER})


def arrives(walk: Walk, posed: Posed, question: Question) -> bool:
    """Whether the request got to the target."""
    if posed.receiver is not None:
        return posed.receiver in {walk.left_by, walk.receiver if walk.outcome is Outcome.DELIVERED else None}
    if question.target.kind is PointKind.LOAD_BALANCER:
        asked = any(step.check is Check.SERVICE for step in walk.steps)
        return asked and walk.outcome is Outcome.DELIVERED
    return walk.outcome in _ARRIVED and not comes_back_in(walk, posed)


def comes_back_in(walk: Walk, posed: Posed) -> bool:
    """Whether the request left for a public address of the network itself: what the outside makes of that is not followed."""
    return walk.outcome is Outcome.LEFT and way_in(posed.network, posed.packet.destination) is not None


def stopped(exchange: Exchange, posed: Posed, question: Question) -> tuple[Way, Walk] | None:
    """The packet that did not end where it should; None when the source gets its answer from the target."""
    if not arrives(exchange.request, posed, question):
        return Way.REQUEST, exchange.request
    if exchange.answered:
        return None
    return (Way.REPLY, exchange.reply) if exchange.reply is not None else (Way.REQUEST, exchange.request)


def verdict_of(exchange: Exchange, posed: Posed, question: Question) -> Verdict:
    """What comes of it."""
    found = stopped(exchange, posed, question)
    if found is None:
        return Verdict.REACHABLE
    way, walk = found
    if walk.outcome is Outcome.HANDED_TO_ENDPOINT:
        return Verdict.UNKNOWN
    if way is Way.REPLY:
        return Verdict.ONE_WAY
    return Verdict.UNKNOWN if walk.outcome is Outcome.LEFT else Verdict.UNREACHABLE


def overall(exchange: Exchange, posed: Posed, question: Question) -> Verdict:
    """The same with all choices looked at: not known where the first fails that a connection's hash makes, and another works."""
    verdict = verdict_of(exchange, posed, question)
    if verdict not in {Verdict.UNREACHABLE, Verdict.ONE_WAY}:
        return verdict
    works = any(
        verdict_of(way, posed, question) is Verdict.REACHABLE
        for way in exchanges(posed.network, posed.packet, posed.client_port)
    )
    return Verdict.UNKNOWN if works else verdict


def goal_of(network: Network, posed: Posed, question: Question, way: Way) -> Goal:
    """Where a packet of the question should end."""
    if way is Way.REPLY:
        home = network.router_of(posed.packet.sender)
        return Goal(home.id if home is not None else None, posed.packet.sender)
    if posed.receiver is not None:
        home = network.router_of(posed.receiver)
        return Goal(home.id if home is not None else None, posed.receiver)
    if question.target.id is not None:
        return Goal(network.snapshot.homes.get(question.target.id), None)
    return Goal(_home_of_address(network, posed), None)


def _home_of_address(network: Network, posed: Posed) -> str | None:
    """The router, the sender's own or one joined to it, that has a VSwitch with the address."""
    origin = network.router_of(posed.packet.sender)
    if origin is None:
        return None
    for id in (origin.id, *sorted(set(network.snapshot.neighbours(origin.id)))):
        router = network.fabric.routers.get(id)
        subnets = router.subnets.values() if router is not None else ()
        if any(posed.packet.destination in prefix for subnet in subnets for prefix in subnet.prefixes):
            return id
    return None
