"""Many questions in one request: whether each reaches its target, without the ways there.

Owns which of them are followed together and what a tenant is told of each. At another account's router that is the verdict alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from peerway.analysis.batch import Answer, Prepared, answer
from peerway.analysis.diagnosis.arrivals import overall
from peerway.analysis.diagnosis.report import Verdict
from peerway.analysis.network import Network
from peerway.analysis.outside import public_addresses
from peerway.analysis.questions import Posed, Unposable, pose
from peerway.analysis.trace import exchange
from peerway.app.store import Reader
from peerway.app.usecases.paths.paths import Ask, answerable, question_of
from peerway.app.usecases.paths.reports import knows
from peerway.domain.account import Caller, Role
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.path import Point, PointKind, Question
from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import Outcome

#: Endings with which somebody who has the asked address got the request, or the world outside did.
ARRIVED = frozenset({Outcome.DELIVERED, Outcome.LEFT, Outcome.HANDED_TO_RESOLVER})

#: Endings after which the network does not know how it goes on.
BEYOND = frozenset({Outcome.LEFT, Outcome.HANDED_TO_ENDPOINT})

#: Targets whose answers can't be told from the endings alone: which uplink, and whether a service was asked.
SINGLE = frozenset({PointKind.VBR, PointKind.LOAD_BALANCER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What comes of one question."""

    #: What comes of it.
    verdict: Verdict
    #: How the request ends; null where that is another account's business.
    request: Outcome | None
    #: How the reply ends; null without one, and where that is another account's business.
    reply: Outcome | None
    #: What decides, where it is the caller's own; null when that is a default or a state.
    decided_by: str | None


def usable_questions(tx: Reader, caller: Caller, asks: Iterable[Ask]) -> list[Question]:
    """The questions; the first one that makes no sense, or that the caller may not ask, is named with its place."""
    allowed: set[tuple[Point, Point]] = set()
    found: list[Question] = []
    for place, ask in enumerate(asks):
        try:
            question = question_of(ask)
            if (ends := (question.source, question.target)) not in allowed:
                answerable(tx, caller, question)
                allowed.add(ends)
        except (InvalidInput, NotFound) as error:
            raise _placed(error, f"questions[{place}]") from None
        found.append(question)
    return found


def rule_on(prepared: Prepared, caller: Caller, questions: Sequence[Question]) -> list[Ruling]:
    """What comes of each question; `InvalidInput` and `NotFound` name the first that can't be posed."""
    network = prepared.network
    posed = list(_posed(network, questions))
    together = [
        place
        for place, one in enumerate(posed)
        if isinstance(one, Posed)
        and one.network is network
        and one.stopped_sender is None
        and questions[place].target.kind not in SINGLE
    ]
    answers = answer(prepared, [one.packet for one in _at(posed, together)]).values()
    outward = any(found.request is Outcome.LEFT for found in answers)
    own = public_addresses(network) if outward else frozenset()
    rulings = {
        place: _judged(one, found, own)
        for place, one, found in zip(together, _at(posed, together), answers, strict=True)
        # Where it was chosen to answer itself, others may be, which shows when each choice is looked at.
        if found.request is not Outcome.HAIRPIN
    }
    for place, one in enumerate(posed):
        if place not in rulings:
            rulings[place] = _alone(one, questions[place])
    uid = None if caller.role.may(Role.OPERATOR) else caller.uid
    return [_told(rulings[place], network, uid) for place in range(len(posed))]


def _posed(network: Network, questions: Iterable[Question]) -> Iterator[Posed | Unposable]:
    for place, question in enumerate(questions):
        try:
            yield pose(network, question)
        except (InvalidInput, NotFound) as error:
            raise _placed(error, f"questions[{place}]") from None


def _at(posed: Sequence[Posed | Unposable], places: Iterable[int]) -> list[Posed]:
    return [one for place in places if isinstance(one := posed[place], Posed)]


def _judged(posed: Posed, found: Answer, own: AbstractSet[Address]) -> Ruling:
    """The verdict on an answer, as `arrivals.verdict_of` has it for a whole exchange; of several choices it is the first's.

    `own` are the network's public addresses: what leaves for one of them has not arrived.
    """
    if posed.receiver is not None:
        arrived = found.request is Outcome.DELIVERED and found.receiver == posed.receiver
    else:
        again = found.request is Outcome.LEFT and posed.packet.destination in own
        arrived = found.request in ARRIVED and not again
    return Ruling(
        verdict=_verdict(found, arrived=arrived),
        request=found.request,
        reply=found.reply,
        decided_by=found.decided_by,
    )


def _verdict(found: Answer, *, arrived: bool) -> Verdict:
    if arrived and found.answered:
        return Verdict.REACHABLE
    if arrived and found.reply is not None:
        return Verdict.UNKNOWN if found.reply is Outcome.HANDED_TO_ENDPOINT else Verdict.ONE_WAY
    return Verdict.UNKNOWN if found.request in BEYOND else Verdict.UNREACHABLE


def _alone(posed: Posed | Unposable, question: Question) -> Ruling:
    """The ruling on a question that is followed by itself."""
    if isinstance(posed, Unposable):
        return Ruling(verdict=Verdict.UNKNOWN, request=None, reply=None, decided_by=None)
    if posed.stopped_sender is not None:
        return Ruling(verdict=Verdict.UNREACHABLE, request=None, reply=None, decided_by=None)
    asked = exchange(posed.network, posed.packet, posed.client_port)
    last = asked.reply or asked.request
    return Ruling(
        verdict=overall(asked, posed, question),
        request=asked.request.outcome,
        reply=asked.reply.outcome if asked.reply is not None else None,
        decided_by=last.steps[-1].source,
    )


def _told(ruling: Ruling, network: Network, uid: str | None) -> Ruling:
    """What a tenant may have of a ruling; None for an operator, who may have all."""
    if uid is None:
        return ruling
    own = ruling.decided_by if ruling.decided_by and knows(network.snapshot, uid, ruling.decided_by) else None
    if own is not None or ruling.verdict is Verdict.REACHABLE:
        return Ruling(verdict=ruling.verdict, request=ruling.request, reply=ruling.reply, decided_by=own)
    return Ruling(verdict=ruling.verdict, request=None, reply=None, decided_by=None)


def _placed(error: InvalidInput | NotFound, where: str) -> InvalidInput | NotFound:
    """The error, its field named by its place in the request."""
    data = {name: value for name, value in error.data.items() if isinstance(value, str)}
    if isinstance(error, InvalidInput):
        return InvalidInput(f"{where}.{error.field}", error.rule, data.get("value"), code=error.code)
    return NotFound(data["resource"], data["id"], field=f"{where}.{data.get('field', 'source')}")
