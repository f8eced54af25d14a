"""Everything that stops a request and its reply, found at once: what stops it first is lifted, and it is asked again (PATH-1).

Owns the lifting. What stops a packet at one place, and what would lift that, is `causes`' business. The first blocker is
what `exchange` says; each later one is what it would say once those before it are lifted: by their remedies or, where there is
none, by assumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from peerway.analysis.diagnosis.arrivals import goal_of, stopped
from peerway.analysis.diagnosis.assumptions import Assumption
from peerway.analysis.diagnosis.cases import Case, Cause
from peerway.analysis.diagnosis.causes import cause_of
from peerway.analysis.diagnosis.report import Blocker, Way
from peerway.analysis.diagnosis.way_causes import stopped_cause
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed, Unposable, pose, stopped_instance
from peerway.analysis.remedies import Remedy
from peerway.analysis.remedies.effects import remedied
from peerway.analysis.telling import tell
from peerway.analysis.trace import exchange, walk
from peerway.domain.path import Question
from peerway.domain.vpc import Instance
from peerway.fabric.outcomes import Outcome, Step, Walk
from peerway.fabric.packets import Connection, Packet

#: More blockers than this are not looked for: each is one check on one of the two ways.
MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Blocked:
    """What stops the two packets."""

    #: In the order in which they meet it, with what is known of each.
    found: tuple[tuple[Blocker, Cause], ...] = ()
    #: What lifts those that something lifts, in that order.
    remedies: tuple[Remedy, ...] = ()

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """The blockers alone."""
        return tuple(blocker for blocker, _ in self.found)


def find_blockers(network: Network, question: Question, posed: Posed) -> Blocked:
    """All that stops the request and its reply. Cost follows the number of blockers and the routers that they are at."""
    search = _Search(network, question, posed)
    found = tuple(search.run())
    return Blocked(found, tuple(search.remedies))


class _Search:
    """A question being asked again and again, of networks in which ever more is lifted."""

    def __init__(self, network: Network, question: Question, posed: Posed) -> None:
        #: The network with the remedies so far.
        self.network = network
        self.question = question
        self.posed = posed
        self.remedies: list[Remedy] = []
        self.assumptions: list[Assumption] = []
        #: What was lifted already, so that what does not help is not tried again.
        self.lifted: set[Remedy | tuple[Way, Step]] = set()
        #: Instances that are taken to run.
        self.started: set[str] = set()
        #: Whether the reply is asked for by itself, as nothing gets the request to its target.
        self.alone = False

    def run(self) -> Iterator[tuple[Blocker, Cause]]:
        """The blockers in order."""
        yield from self.started_first(self.posed.stopped_sender)
        for _ in range(MOST):
            case = self.next_case()
            if case is None:
                return
            cause, going = self.lift(case, cause_of(case))
            yield _blocker(case, cause), cause
            if not going and not self.go_on_with_reply(case):
                return
            if self.alone:
                yield from self.started_first(self.posed.receiver)

    def next_case(self) -> Case | None:
        """What stops a packet now; None when nothing does."""
        posed = self.pose()
        if self.alone:
            start, known = _assumed_reply(posed)
            back = walk(posed.network, start, known)
            return None if _comes_back(posed, back) else self.case(posed, Way.REPLY, back, start, known)
        asked = exchange(posed.network, posed.packet, posed.client_port)
        found = stopped(asked, posed, self.question)
        if found is None:
            return None
        way, stopped_walk = found
        if way is Way.REQUEST:
            return self.case(posed, way, stopped_walk, posed.packet, frozenset())
        replier = asked.request.receiver or asked.request.left_by or ""
        start = asked.request.packet.reply(replier)
        return self.case(posed, way, stopped_walk, start, asked.request.connections)

    def pose(self) -> Posed:
        """The question to the network with all that is lifted."""
        posed = pose(self.network, self.question)
        lifted = posed.network if not isinstance(posed, Unposable) else self.network
        for assume in self.assumptions:
            lifted = assume(lifted)
        return replace(self.posed, network=lifted)

    def case(
        self, posed: Posed, way: Way, stopped_walk: Walk, start: Packet, known: frozenset[Connection]
    ) -> Case:
        """The packet that was stopped, as those see it who look for causes."""
        return Case(
            network=posed.network,
            question=self.question,
            way=way,
            start=start,
            walk=stopped_walk,
            hop=tell(posed.network, stopped_walk, start, known)[-1],
            goal=goal_of(posed.network, posed, self.question, way),
            remedies=tuple(self.remedies),
        )

    def lift(self, case: Case, cause: Cause) -> tuple[Cause, bool]:
        """Lift what stopped the packet, by its remedy or else by assumption; whether that could be done."""
        assumed = (case.way, case.walk.steps[-1])
        if cause.remedy is not None and cause.remedy not in self.lifted:
            self.lifted.add(cause.remedy)
            self.network = remedied(self.network, [cause.remedy])
            self.remedies.append(cause.remedy)
            return cause, True
        if cause.starts is not None and cause.starts.id not in self.started:
            self.start(cause.starts)
            return cause, True
        why = cause.why_none or "what would lift it has been tried and does not suffice"
        cause = replace(cause, remedy=None, why_none=why)
        if cause.assume is not None and assumed not in self.lifted:
            self.lifted.add(assumed)
            self.assumptions.append(cause.assume)
            return cause, True
        return cause, False

    def started_first(self, id: str | None) -> Iterator[tuple[Blocker, Cause]]:
        """The blocker that one who has to send is stopped, if so; it is taken to run from then on."""
        sender = stopped_instance(self.network, id or "")
        if sender is not None:
            cause = stopped_cause(sender)
            self.start(sender)
            yield _blocker(None, cause), cause

    def start(self, instance: Instance) -> None:
        """Go on as if the instance ran; no remedy does it, as that would open more than what was asked."""
        self.started.add(instance.id)
        self.network = self.network.after(self.network.revision, [replace(instance, stopped=False)])

    def go_on_with_reply(self, case: Case) -> bool:
        """Nothing gets the request there: ask what would become of the reply to it."""
        ends = case.walk.outcome in {Outcome.HANDED_TO_ENDPOINT, Outcome.HAIRPIN}
        if self.alone or case.way is Way.REPLY or ends or self.posed.receiver is None:
            return False
        self.alone = True
        return True


def _assumed_reply(posed: Posed) -> tuple[Packet, frozenset[Connection]]:
    """The reply to a request that got to the target as it was sent, and what the two routers remember of it."""
    request, receiver = posed.packet, posed.receiver or ""
    homes = [posed.network.router_of(id) for id in (request.sender, receiver)]
    flow = request.flow
    known = {Connection(home.id, request.protocol, flow, flow) for home in homes if home is not None}
    return request.reply(receiver), frozenset(known)


def _comes_back(posed: Posed, back: Walk) -> bool:
    """Whether the assumed reply gets to the source."""
    got = back.receiver if back.outcome is Outcome.DELIVERED else back.left_by
    return got == posed.packet.sender


def _blocker(case: Case | None, cause: Cause) -> Blocker:
    """What is told of it; there is no case where nothing was sent."""
    return Blocker(
        way=case.way if case is not None else Way.REQUEST,
        hop=case.hop if case is not None else None,
        text=cause.text,
        owner_uid=cause.owner_uid,
        remedy=cause.remedy,
        why_none=cause.why_none,
    )
