"""The whole answer to a question about a path: what happens, all that stops it, what would help (PATH-1, PATH-2, PATH-3).

Owns how the parts of a report come together. Total for every question that can be posed; what can't be, `pose` refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from peerway.analysis.diagnosis.arrivals import overall
from peerway.analysis.diagnosis.blockers import Blocked, find_blockers
from peerway.analysis.diagnosis.findings import Diagnosed, find, of_blockers
from peerway.analysis.diagnosis.insides import guest_blockers
from peerway.analysis.diagnosis.notes import blocked_sentences, notes_on, sentences
from peerway.analysis.diagnosis.report import Blocker, Report, Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed, Unposable, pose
from peerway.analysis.remedies import (
    AcceptPeering,
    ActivateInterface,
    AddRoute,
    ConnectInterface,
    CreatePeering,
    EnableIpv4Gateway,
    EnablePeering,
    RecoverVbr,
    Remedy,
    RemoveRoute,
)
from peerway.analysis.remedies.effects import remedied
from peerway.analysis.telling import tell
from peerway.analysis.telling.hops import Hop
from peerway.analysis.trace import exchange
from peerway.domain.errors import InvalidInput
from peerway.domain.guest import GuestView
from peerway.domain.path import PointKind, Question
from peerway.fabric.outcomes import Exchange

#: Kinds of remedies in the order in which they are made: links before the routes over them; all others come last.
_ORDER: Final[Sequence[type[Remedy]]] = (
    CreatePeering,
    EnablePeering,
    AcceptPeering,
    ConnectInterface,
    ActivateInterface,
    RecoverVbr,
    EnableIpv4Gateway,
    RemoveRoute,
    AddRoute,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that was asked."""

    #: As it was put.
    posed: Posed
    #: What became of it.
    exchange: Exchange
    #: What comes of it.
    verdict: Verdict


def diagnose(
    network: Network, question: Question, *, guests: Mapping[str, GuestView] | None = None
) -> Report:
    """Answer a question. `guests` are the insides of guests by instance id, as far as they are known; None when none is.

    What a guest keeps from the network counts: a request that its guest captures is never sent.
    """
    posed = pose(network, question)
    if isinstance(posed, Unposable):
        return Report(
            verdict=Verdict.UNKNOWN,
            revision=network.revision,
            packet=None,
            notes=(posed.text,),
            sentences=(
                f"It is not known whether {question.source} reaches {question.target}: {posed.text}.",
            ),
        )
    if posed.stopped_sender is not None:
        return _from_stopped(network, question, posed)
    asked = _asked(posed, question)
    blocked = find_blockers(network, question, asked.posed)
    known = guests or {}
    captured = tuple(guest_blockers(network, asked.posed, asked.exchange, known))
    blockers = _in_order((*captured, *blocked.blockers))
    verdict = _with_guests(asked.verdict, captured)
    request, reply = hops_of(asked.posed, asked.exchange)
    reverse = _reverse(network, question)
    case = Diagnosed(network, question, asked.posed, asked.exchange, blocked, verdict, reverse)
    return Report(
        verdict=verdict,
        revision=network.revision,
        packet=asked.posed.packet,
        request_outcome=asked.exchange.request.outcome,
        reply_outcome=asked.exchange.reply.outcome if asked.exchange.reply else None,
        request=request,
        reply=reply,
        blockers=blockers,
        findings=find(case, known),
        remedies=fewest(network, question, blocked),
        reverse=reverse,
        notes=notes_on(network, asked.posed, question, asked.exchange, (*request, *reply)),
        sentences=tuple(sentences(asked.posed, question, asked.exchange, verdict, reverse, blockers)),
    )


def ask(network: Network, question: Question) -> Verdict:
    """What comes of a question, without the reasons."""
    posed = pose(network, question)
    if isinstance(posed, Unposable):
        return Verdict.UNKNOWN
    return Verdict.UNREACHABLE if posed.stopped_sender is not None else _asked(posed, question).verdict


def _from_stopped(network: Network, question: Question, posed: Posed) -> Report:
    """Nothing is sent; the rest is what would stop it if the source ran."""
    blocked = find_blockers(network, question, posed)
    reverse = _reverse(network, question)
    first = f"{posed.stopped_sender} is stopped and sends nothing."
    return Report(
        verdict=Verdict.UNREACHABLE,
        revision=network.revision,
        packet=None,
        blockers=_in_order(blocked.blockers),
        findings=tuple(dict.fromkeys(of_blockers(network, blocked))),
        remedies=fewest(network, question, blocked),
        reverse=reverse,
        sentences=(first, *blocked_sentences(blocked.blockers)),
    )


def fewest(network: Network, question: Question, blocked: Blocked) -> tuple[Remedy, ...]:
    """The remedies that it needs, in the order to make them: without any of them fewer blockers would be lifted."""
    wanted = sorted(blocked.remedies, key=_rank)
    if not _lifts_all(network, question, wanted):
        return tuple(wanted)
    for remedy in tuple(wanted):
        rest = [other for other in wanted if other is not remedy]
        if _lifts_all(network, question, rest):
            wanted = rest
    return tuple(wanted)


def hops_of(posed: Posed, asked: Exchange) -> tuple[tuple[Hop, ...], tuple[Hop, ...]]:
    """The two ways, told."""
    request = tell(posed.network, asked.request, posed.packet)
    if asked.reply is None:
        return request, ()
    replier = asked.request.receiver or asked.request.left_by or ""
    start = asked.request.packet.reply(replier)
    return request, tell(posed.network, asked.reply, start, asked.request.connections)


def _asked(posed: Posed, question: Question) -> _Asked:
    asked = exchange(posed.network, posed.packet, posed.client_port)
    return _Asked(posed, asked, overall(asked, posed, question))


def _lifts_all(network: Network, question: Question, remedies: Sequence[Remedy]) -> bool:
    return ask(remedied(network, remedies), question) is Verdict.REACHABLE


def _rank(remedy: Remedy) -> int:
    """Place in `_ORDER`; sorting is stable, so that those of one kind stay as they were found."""
    kinds = list(_ORDER)
    return kinds.index(type(remedy)) if type(remedy) in kinds else len(kinds)


def _reverse(network: Network, question: Question) -> Verdict | None:
    """What comes of it when the target asks the source the same: same protocol and port (PATH-2)."""
    if question.target.kind is PointKind.LOAD_BALANCER:
        return None
    turned = Question(
        source=question.target,
        target=question.source,
        protocol=question.protocol,
        port=question.port,
    )
    try:
        return ask(network, turned)
    except InvalidInput:
        return None


def _in_order(blockers: Sequence[Blocker]) -> tuple[Blocker, ...]:
    """Those of the request before those of the reply."""
    return tuple(sorted(blockers, key=lambda blocker: blocker.way is Way.REPLY))


def _with_guests(verdict: Verdict, captured: Sequence[Blocker]) -> Verdict:
    """What a guest captures does not get there, or not back."""
    if any(blocker.way is Way.REQUEST for blocker in captured):
        return Verdict.UNREACHABLE
    return Verdict.ONE_WAY if captured and verdict is Verdict.REACHABLE else verdict
