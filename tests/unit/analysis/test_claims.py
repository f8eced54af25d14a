"""What a report claims, and what it must not: of the world outside, of choices, of what is still being made."""

from ipaddress import ip_address

import pytest
from tests.builders.topology import Topology

from peerway.analysis.diagnosis import ask, diagnose
from peerway.analysis.diagnosis.report import Verdict
from peerway.analysis.network import Network
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.domain.resource import Provisioning
from peerway.fabric.outcomes import Outcome

#: A NAT gateway's public address, an instance's, and one that is nobody's here.
GATEWAY, INSTANCE, BEYOND = "203.0.113.7", "203.0.113.9", "198.51.100.1"


class Land:
    """A VPC with a NAT gateway for an instance, and an instance with a public address in another VPC."""

    def __init__(self):
        self.topology = t = Topology()
        self.vpc, far = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
        self.switch = t.vswitch(self.vpc, "10.0.1.0/24")
        self.one = t.instance(self.switch)
        self.far = t.instance(t.vswitch(far, "10.1.1.0/24"))
        outside = t.network()
        self.gateway = t.nat_gateway(self.vpc, outside, GATEWAY)
        t.snat(self.gateway, "10.0.0.0/16", GATEWAY)
        t.route(self.vpc, "0.0.0.0/0", self.gateway)
        t.eip(outside, INSTANCE, self.far)

    def ask(self, source, target, protocol="tcp", port=80):
        """The report; the verdict alone is the same."""
        ends = (self.point(one) for one in (source, target))
        question = Question(
            **dict(zip(("source", "target"), ends, strict=True)), protocol=protocol, port=port
        )
        network = Network.of(self.topology.snapshot())
        report = diagnose(network, question)
        assert ask(network, question) is report.verdict
        return report

    @staticmethod
    def point(end):
        """An address, or a resource."""
        if isinstance(end, str):
            return Point(PointKind.ADDRESS, address=ip_address(end))
        kind = PointKind.LOAD_BALANCER if end.id.startswith("slb-") else PointKind.INSTANCE
        return Point(kind, end.id)


@pytest.fixture
def land():
    """Two VPCs with ways out."""
    return Land()


@pytest.mark.parametrize("address", [GATEWAY, INSTANCE])
def test_own_public_address_is_not_reached_by_leaving_for_it(land, address):
    """PATH-1: what leaves for a public address of the network itself has not arrived; why that is not known is said."""
    report = land.ask(land.one, address, PathProtocol.TCP)
    assert (report.verdict, report.request_outcome) == (Verdict.UNKNOWN, Outcome.LEFT)
    (blocker,) = report.blockers
    assert f"leaves by {land.gateway.id} towards {address}, which is a public address of this" in blocker.text
    assert blocker.remedy is None
    assert any(address in note for note in report.notes)


def test_outside_is_left_for_and_not_said_to_answer(land):
    """PATH-1: of an address outside it is said that packets leave for it, and that nobody knows here whether it answers."""
    report = land.ask(land.one, BEYOND, PathProtocol.TCP)
    assert report.verdict is Verdict.REACHABLE
    assert f"whether {BEYOND} answers is not known here. Its answer would come back." in report.sentences[0]
    (note,) = report.notes
    assert land.gateway.id in note


def test_what_is_being_made_is_noted(land):
    """PATH-1: a report about what the data plane has not made yet says so."""
    near = land.topology.instance(land.switch, state=Provisioning.CREATING)
    report = land.ask(land.one, near, PathProtocol.TCP)
    assert report.verdict is Verdict.REACHABLE
    assert [note.partition(" ")[0] for note in report.notes] == [near.id]
    assert land.ask(land.one, land.one, PathProtocol.TCP).notes == ()


@pytest.mark.parametrize("source", ["10.7.7.7", "192.168.1.1", "10.1.1.77", GATEWAY, "fd00::1"])
def test_nothing_comes_from_outside_with_an_address_of_the_inside(land, source):
    """PATH-1: private addresses and the network's own don't come in by the internet, even where the target has an address there."""
    target = INSTANCE if ":" not in source else "2001:db8::1"
    report = land.ask(source, target, PathProtocol.TCP)
    assert report.verdict is Verdict.UNKNOWN
    assert report.packet is None
    assert source in report.notes[0]
    assert land.ask(BEYOND, land.far, PathProtocol.TCP).verdict is Verdict.REACHABLE


def test_range_of_a_vpc_next_door_is_inside(land):
    """PATH-1: a public range that the target's VPC uses is no range outside of it."""
    odd = land.topology.vpc("198.51.100.0/24")
    land.topology.vswitch(odd, "198.51.100.0/25")
    assert land.ask(BEYOND, land.far, PathProtocol.TCP).verdict is Verdict.REACHABLE
    land.topology.peering(odd, land.topology.resources[land.far.vpc_id])
    assert land.ask(BEYOND, land.far, PathProtocol.TCP).verdict is Verdict.UNKNOWN


def test_failing_first_choice_is_not_all_that_there_is(land):
    """PATH-1, EC-11: who is chosen to answer itself fails; as another choice works, the connection's numbers decide."""
    balancer = land.topology.balancer(land.switch)
    listener = land.topology.listener(balancer, 80, land.one)
    alone = land.ask(land.one, balancer, PathProtocol.TCP)
    assert (alone.verdict, alone.request_outcome) == (Verdict.UNREACHABLE, Outcome.HAIRPIN)
    land.topology.backend(listener, land.topology.instance(land.switch), 80)
    report = land.ask(land.one, balancer, PathProtocol.TCP)
    assert (report.verdict, report.request_outcome) == (Verdict.UNKNOWN, Outcome.HAIRPIN)
    assert "depends on the connection" in report.sentences[0]
    assert "2 ways" in report.notes[0]
    assert "1 of them" in report.notes[0]
