"""What is made ready of a router is never used once the part that it was made from is another (PATH-1)."""

from dataclasses import dataclass
from ipaddress import ip_address

import pytest
from tests.builders.topology import ACCEPT_ALL, DROP, EGRESS, Topology

from peerway.analysis import trace
from peerway.analysis.network import Network
from peerway.domain.errors import NotFound
from peerway.domain.gateway import Eip, ExternalNetwork
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioning
from peerway.domain.security import NetworkAcl, SecurityGroup
from peerway.domain.service import Listener
from peerway.domain.vpc import Instance, Vpc
from peerway.fabric import walk as slow
from peerway.fabric.packets import Packet


@dataclass
class Joined:
    """Two VPCs with a link; the first has a public instance and a service, and both lead a range on over the link."""

    topology: Topology
    one: Vpc
    other: Vpc
    acl: NetworkAcl
    group: SecurityGroup
    backend: Instance
    far: Instance
    peering: Peering
    network: ExternalNetwork
    eip: Eip
    listener: Listener


@pytest.fixture
def joined():
    """Beside the two, a third VPC whose packets the second one's way onward would have to let pass."""
    topology = Topology()
    one, other = topology.vpc("10.1.0.0/16"), topology.vpc("10.2.0.0/16")
    acl, group = topology.acl(other, ACCEPT_ALL, ACCEPT_ALL), topology.group(other)
    here, there = topology.vswitch(one, "10.1.1.0/24"), topology.vswitch(other, "10.2.1.0/24", acl=acl)
    public, backend, far = topology.instance(here), topology.instance(here), topology.instance(there, group)
    topology.rule(group)
    peering = topology.join(one, other)
    topology.route(one, "30.0.0.0/16", peering)
    topology.route(other, "30.0.0.0/16", peering)
    third = topology.vpc("10.3.0.0/16")
    topology.instance(topology.vswitch(third, "10.3.1.0/24"))
    topology.route(third, "30.0.0.0/16", topology.join(third, other))
    network = topology.network()
    eip = topology.eip(network, "203.0.113.1", public)
    listener = topology.listener(topology.balancer(here, 8), 80, backend)
    return Joined(topology, one, other, acl, group, backend, far, peering, network, eip, listener)


EDITS = {
    "a service moves": lambda t, at: t.change(at.listener, port=8080),
    "an instance goes": lambda t, at: t.change(at.backend, state=Provisioning.DELETING),
    "an instance moves": lambda t, at: t.change(at.far, ipv4=ip_address("10.2.1.99")),
    "a public range becomes a VSwitch's": lambda t, at: t.vswitch(at.one, "30.0.1.0/24"),
    "a link goes": lambda t, at: t.change(at.peering, state=PeeringState.DELETED),
    "a link fails": lambda t, at: t.change(at.peering, state=PeeringState.SUSPENDED),
    "a public address goes": lambda t, at: t.change(at.eip, vpc_id=None, target=None, target_id=None),
    "a public address changes": lambda t, at: t.change(at.eip, address=ip_address("203.0.113.2")),
    "a network closes": lambda t, at: t.change(at.network, port="nowhere"),
    "an instance leaves its group": lambda t, at: t.change(at.far, security_group_ids=()),
    "a group drops what comes": lambda t, at: t.rule(at.group, action=DROP),
    "a group drops what goes": lambda t, at: t.rule(at.group, action=DROP, direction=EGRESS),
    "an ACL drops what comes": lambda t, at: t.change(at.acl, ingress=()),
    "an ACL drops what goes": lambda t, at: t.change(at.acl, egress=()),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_station_is_never_stale(joined, edit):
    """After each kind of edit every packet fares as if nothing had been made ready; so it does before it, asked again later."""
    topology = joined.topology
    network = Network.of(topology.snapshot())
    packets = list(crossing(topology))
    before = {packet: said(trace.exchange, network, packet) for packet in packets}
    edit(topology, joined)
    after = network.after(topology.revision, topology.resources.values())
    changed = 0
    for packet in packets:
        now = said(slow.exchange, after.fabric, packet)
        assert said(trace.exchange, after, packet) == now
        assert said(trace.exchange, network, packet) == before[packet]
        assert said(slow.exchange, network.fabric, packet) == before[packet]
        changed += now != before[packet]
    assert changed


def said(ask, *about):
    """The answer, or that the sender is not there."""
    try:
        return ask(*about)
    except NotFound as error:
        return error.code


def crossing(topology):
    """Packets from everywhere to everywhere: instances, the service, outside, a range that the link leads to."""
    inside = [one for one in topology.resources.values() if isinstance(one, Instance)]
    vpcs = [one.id for one in topology.resources.values() if isinstance(one, Vpc)][:1]
    senders = [(one.id, one.ipv4) for one in inside]
    targets = ["10.1.1.8", "10.2.1.99", "30.0.1.1", "203.0.113.1", "203.0.113.2", "192.0.2.1"]
    for destination in [one.ipv4 for one in inside] + [ip_address(text) for text in targets]:
        for sender, source in [*senders, *((id, ip_address("192.0.2.1")) for id in vpcs)]:
            for port in (80, 8080):
                yield Packet(source, destination, 6, port, sender)
