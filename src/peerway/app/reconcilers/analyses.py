"""Answers the questions about paths that wait for an answer (PATH-1).

Reads the questions, the network and the guests' own addresses, and stores what comes of it: an answer, or why there is none. What
waits is in the store, so that nothing is lost with a process; of several workers each may find the same answer, and the first
one's stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson

from peerway.analysis.diagnosis import diagnose
from peerway.analysis.diagnosis.report import Report, Verdict
from peerway.analysis.network import Network
from peerway.app.agent import AgentPort
from peerway.app.following import NetworkFollower
from peerway.app.store import Store, Writer
from peerway.app.usecases.access import SYSTEM
from peerway.app.usecases.paths.analyses import Answer, fail_analysis, finish_analysis, pending_analyses
from peerway.app.usecases.paths.reports import tell
from peerway.app.usecases.remedies.trials import Fix, Tried, try_remedies, weigh
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import NotFound, PeerwayError, Unavailable
from peerway.domain.guest import GuestView
from peerway.domain.path import PathAnalysis, PointKind, Question

#: Questions answered in one step.
BATCH: Final = 20

#: Points that have a guest to look into.
GUESTS: Final = frozenset({PointKind.INSTANCE, PointKind.DATABASE})

#: What is known of the target, by verdict.
REACHABLE: Final = {
    Verdict.REACHABLE: True,
    Verdict.ONE_WAY: False,
    Verdict.UNREACHABLE: False,
    Verdict.UNKNOWN: None,
}


@dataclass(slots=True)
class AnalysisReconciler:
    """Takes the questions in the order in which they were asked. Any number of them may run."""

    #: Where the questions are, and where the answers go.
    store: Store
    #: The network that they are about.
    networks: NetworkFollower
    #: Whom to ask what it looks like inside instances.
    agent: AgentPort
    #: What remedies are tried with.
    world: World
    #: Last revision at which nothing waited.
    quiet_at: int = -1

    def step(self) -> bool:
        """Answer what waits, some of it; whether there may be more."""
        revision = self.store.latest_revision()
        if revision == self.quiet_at:
            return False
        waiting, network = self.store.read(
            lambda tx: (found := pending_analyses(tx, BATCH), self.networks.at(tx) if found else None)
        )
        for analysis in waiting:
            assert network is not None  # noqa: S101 - it is read whenever something waits
            self._answer(analysis, network)
        if not waiting:
            self.quiet_at = revision
        return bool(waiting)

    def _answer(self, analysis: PathAnalysis, network: Network) -> None:
        """Store the answer to one question; whatever goes wrong with it is stored, too, and holds up no other."""
        try:
            found = self._find(analysis, network)
        except Unavailable:  # the store: it waits, and so does the question
            raise
        except PeerwayError as error:
            self._fail(analysis, network, error.text, error.code)
            return
        except Exception:
            # A fault of ours. It is not tried again for ever, and the loop that this goes on to writes it down.
            self._fail(analysis, network, "this should not happen; the operator's log says more", "internal")
            raise
        self.store.write(lambda tx: finish_analysis(tx, analysis.id, found))

    def _find(self, analysis: PathAnalysis, network: Network) -> Answer:
        question = analysis.question
        report = diagnose(network, question, guests=self._guests(question))
        fix = self._try(analysis, report) if analysis.fixes and report.remedies else None
        if not analysis.fixes:
            report = replace(report, remedies=())
        named = frozenset(point.id for point in (question.source, question.target) if point.id is not None)
        uid = None if analysis.all_accounts else analysis.owner_uid
        result = tell(report, network.snapshot, uid, named, fix)
        return Answer(network_revision=report.revision, reachable=REACHABLE[report.verdict], result=result)

    def _try(self, analysis: PathAnalysis, report: Report) -> Fix:
        """What comes of the remedies, as the one who asked would make them; they are weighed outside of the transaction."""
        role = Role.OPERATOR if analysis.all_accounts else Role.MEMBER
        caller = Caller(analysis.owner_uid, role, SYSTEM.key_id)

        def tried(tx: Writer) -> Tried:
            network = self.networks.within(tx)
            return try_remedies(tx, self.world, caller, network, analysis.question, report.remedies)

        return weigh(analysis.question, self.store.write(tried))

    def _guests(self, question: Question) -> dict[str, GuestView]:
        """What the network looks like from inside both ends, as far as the agent can tell."""
        ends = (point.id for point in (question.source, question.target) if point.kind in GUESTS)
        return {id: view for id in ends if id is not None and (view := self._inside(id)) is not None}

    def _inside(self, id: str) -> GuestView | None:
        try:
            return self.agent.guest_addresses(id)
        except (
            NotFound,
            Unavailable,
        ):  # not there yet, or nobody to ask: the report says that it is not known
            return None

    def _fail(self, analysis: PathAnalysis, network: Network, text: str, code: str) -> None:
        why = orjson.dumps({"code": code, "detail": text}).decode()
        answer = Answer(network_revision=network.revision, reachable=None, result=why)
        self.store.write(lambda tx: fail_analysis(tx, analysis.id, answer))
