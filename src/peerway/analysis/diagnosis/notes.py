"""What a report says in words: the whole in plain sentences, and what else is to be known (PATH-1).

Owns that no more is claimed than the network knows: of the world outside, of choices, of what is still being made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from peerway.analysis.diagnosis.arrivals import arrives, comes_back_in, verdict_of
from peerway.analysis.diagnosis.report import Blocker, Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed
from peerway.analysis.telling.hops import Hop
from peerway.analysis.telling.sentences import traffic
from peerway.analysis.trace.choices import exchanges
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.path import Question
from peerway.domain.resource import Provisioned, Provisioning
from peerway.fabric.outcomes import Exchange
from peerway.fabric.site import PARTS

#: What comes of it inside the network.
_TEXTS: Final[Mapping[Verdict, str]] = {
    Verdict.REACHABLE: "{what} arrives, and its answer comes back.",
    Verdict.ONE_WAY: "{what} arrives, but its answer does not come back.",
    Verdict.UNREACHABLE: "{what} does not arrive.",
    Verdict.UNKNOWN: "Whether {what} arrives is not known: it leaves what the network sees.",
}


def notes_on(
    network: Network, posed: Posed, question: Question, asked: Exchange, hops: Iterable[Hop]
) -> tuple[str, ...]:
    """What else is to be known."""
    ends = (posed.packet.sender, posed.receiver, question.source.id, question.target.id)
    named = [*ends, *(id for hop in hops for id in hop.subject.split("+"))]
    return (
        *_of_choices(posed, question),
        *_of_the_outside(posed, question, asked),
        *(
            f"{id} is being created: this is what will hold once the data plane has made it"
            for id in dict.fromkeys(named)
            if id is not None and _is_being_made(network, id)
        ),
    )


def sentences(
    posed: Posed,
    question: Question,
    asked: Exchange,
    verdict: Verdict,
    reverse: Verdict | None,
    blockers: Sequence[Blocker],
) -> Iterator[str]:
    """The whole, in plain sentences."""
    yield _verdict_text(posed, question, asked, verdict)
    yield from blocked_sentences(blockers)
    known = {reverse, verdict}.isdisjoint({None, Verdict.UNKNOWN})
    if reverse is not None and known and (reverse is Verdict.REACHABLE) is not (verdict is Verdict.REACHABLE):
        yield f"The other way round, when the target asks the source the same, the answer is {reverse.value}."


def blocked_sentences(blockers: Sequence[Blocker]) -> Iterator[str]:
    """What stops the packets, a sentence each."""
    for number, blocker in enumerate(blockers, start=1):
        way = "request" if blocker.way is Way.REQUEST else "reply"
        yield f"{number}. The {way} is stopped: {blocker.text}."


def _verdict_text(posed: Posed, question: Question, asked: Exchange, verdict: Verdict) -> str:
    what, out = traffic(posed.packet), asked.request.left_by
    if out is not None and verdict in {Verdict.REACHABLE, Verdict.ONE_WAY}:
        would = "would" if verdict is Verdict.REACHABLE else "would not"
        target = posed.packet.destination
        return f"{what} leaves the network by {out}; whether {target} answers is not known here. Its answer {would} come back."
    if verdict is Verdict.UNKNOWN and verdict_of(asked, posed, question) is not Verdict.UNKNOWN:
        return f"Whether {what} arrives and is answered depends on the connection: some of the ways work, the first does not."
    return _TEXTS[verdict].format(what=what)


def _of_choices(posed: Posed, question: Question) -> Iterator[str]:
    """What is to be known of choices that the connection's own numbers make: the hops are those of the first."""
    ways = list(exchanges(posed.network, posed.packet, posed.client_port))
    if len(ways) > 1:
        good = sum(verdict_of(way, posed, question) is Verdict.REACHABLE for way in ways)
        yield (
            f"connections are spread over {len(ways)} ways (links or instances behind a service), and {good} of them work; "
            f"what is shown is the first"
        )


def _of_the_outside(posed: Posed, question: Question, asked: Exchange) -> Iterator[str]:
    """That nobody looked beyond the way out."""
    request = asked.request
    if comes_back_in(request, posed):
        yield f"{posed.packet.destination} is a public address of this network: what comes of it at the outside is not followed"
    elif request.left_by is not None and arrives(request, posed, question):
        yield f"it leaves the network by {request.left_by}: whether {posed.packet.destination} answers is not known here"


def _is_being_made(network: Network, id: str) -> bool:
    """Whether the data plane has not made it yet."""
    snapshot = network.snapshot
    at = snapshot.site(snapshot.homes.get(id, id))
    found = (at.router if at.router is not None and at.router.id == id else None, *_residents(network, id))
    making = (one for one in found if isinstance(one, Provisioned | VirtualBorderRouter))
    return any(one.state in {Provisioning.CREATING, VbrState.CREATING} for one in making)


def _residents(network: Network, id: str) -> Iterator[object]:
    site = network.snapshot.site(network.snapshot.homes.get(id))
    return (getattr(site, part).get(id) for part in PARTS.values())
