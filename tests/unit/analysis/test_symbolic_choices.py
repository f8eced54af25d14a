"""Where a connection's hash decides, the first choice is answered for, and told to be one."""

from __future__ import annotations

from tests.builders.topology import Topology

from peerway.analysis.network import Network
from peerway.analysis.symbolic import reach
from peerway.analysis.symbolic.spaces import block
from peerway.domain.security import Protocol


def test_reach_tells_of_the_first_choice_and_that_there_was_one():
    """A service has two instances behind it, one of which takes nothing; to an instance itself there is no choice (PATH-1)."""
    topology = Topology()
    vpc = topology.vpc()
    vswitch = topology.vswitch(vpc, "10.0.1.0/24")
    taking, silent = topology.group(vpc), topology.group(vpc, inner_access=False)
    topology.rule(taking, "10.0.0.0/16", protocol=Protocol.TCP)
    client = topology.instance(vswitch, taking)
    good, bad = topology.instance(vswitch, taking), topology.instance(vswitch, silent)
    balancer = topology.balancer(vswitch, 8)
    topology.listener(balancer, 80, good, bad)
    network = Network.of(topology.snapshot())
    first = reach(network, client.id, client.ipv4, balancer.address)
    assert first.chosen
    assert first.answered == block(6, 80, 80)
    assert set(first.receivers) == {good.id}
    assert not reach(network, client.id, client.ipv4, good.ipv4).chosen
