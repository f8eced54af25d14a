"""Where a connection's hash decides, each choice is answered for."""

from __future__ import annotations

from tests.builders.topology import Topology

from peerway.analysis.network import Network
from peerway.analysis.symbolic import every_choice, reach
from peerway.analysis.symbolic.spaces import EMPTY, block
from peerway.domain.security import Protocol


def test_every_choice_asks_each_backend():
    """A service with two instances behind it, one of which takes nothing: reach tells of the first and that there was a choice."""
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
    found = list(every_choice(network, client.id, client.ipv4, balancer.address))
    assert first.chosen
    assert found[0].fates == first.fates
    assert [each.answered for each in found] == [block(6, 80, 80), EMPTY]
    assert set(found[0].receivers) == {good.id}
