"""What stops packets, found all at once, is what stops them one after the other; and what is said to lift it does."""

from __future__ import annotations

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind, topologies
from tests.builders.wide import wide_topologies

from peerway.analysis.diagnosis import ask, diagnose
from peerway.analysis.diagnosis.report import Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.questions import pose
from peerway.analysis.remedies.effects import remedied
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.domain.service import Database
from peerway.domain.vpc import Instance
from peerway.fabric.walk import exchange

#: Kinds of points by what they are.
KINDS = {
    Instance: PointKind.INSTANCE,
    Database: PointKind.DATABASE,
    VirtualBorderRouter: PointKind.VBR,
}


@st.composite
def questions(draw, topology):
    """A question between two things of the network."""
    things = of_kind(topology, *KINDS)
    assume(things)
    ends = [draw(st.sampled_from(things)) for _ in range(2)]
    protocol = draw(st.sampled_from(list(PathProtocol)))
    port = draw(st.sampled_from([22, 80, 443, 5432])) if protocol.has_ports else 0
    source, target = (Point(KINDS[type(end)], end.id) for end in ends)
    return Question(source=source, target=target, protocol=protocol, port=port)


def _check(network, question):
    """The claims of this file about one question."""
    try:
        posed = pose(network, question)
    except (InvalidInput, NotFound):
        event("can't be posed")
        return
    report = diagnose(network, question)
    event(report.verdict)
    if posed.stopped_sender is not None:
        first = report.blockers[0]
        assert (report.verdict, report.request) == (Verdict.UNREACHABLE, ())
        assert (first.way, first.hop, first.text) == (Way.REQUEST, None, f"{posed.stopped_sender} is stopped")
        return
    truth = exchange(posed.network.fabric, posed.packet, posed.client_port)
    assert (report.verdict is Verdict.REACHABLE) is (not report.blockers)
    steps = [(hop.router_id, hop.check, hop.subject, hop.source, hop.outcome) for hop in report.request]
    assert steps == [
        (one.router_id, one.check, one.subject, one.source, one.outcome) for one in truth.request.steps
    ]
    if not report.blockers:
        assert truth.answered
        return
    first = report.blockers[0]
    walk = truth.request if first.way is Way.REQUEST else truth.reply
    last = walk.steps[-1]
    assert (first.hop.router_id, first.hop.check, first.hop.subject) == (
        last.router_id,
        last.check,
        last.subject,
    )
    assert first.hop.outcome is last.outcome
    for blocker in report.blockers:
        assert (blocker.remedy is None) is bool(blocker.why_none)
    if all(blocker.remedy is not None for blocker in report.blockers):
        event("all lifted")
        assert ask(remedied(network, report.remedies), question) is Verdict.REACHABLE
        for remedy in report.remedies:
            rest = [other for other in report.remedies if other is not remedy]
            assert ask(remedied(network, rest), question) is not Verdict.REACHABLE


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_blockers_equal_repeated_exchanges(data):
    """The first blocker is what stops the packet, there is none iff it is answered, and the remedies lift them all (PATH-1)."""
    topology = data.draw(topologies())
    network = Network.of(topology.snapshot())
    for _ in range(3):
        _check(network, data.draw(questions(topology)))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_blockers_equal_repeated_exchanges_with_lines_and_ways_out(data):
    """The same where there are lines, router interfaces, address translation and services (PATH-1)."""
    topology = data.draw(wide_topologies())
    network = Network.of(topology.snapshot())
    for _ in range(3):
        _check(network, data.draw(questions(topology)))
