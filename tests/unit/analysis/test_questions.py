"""From a question about two points to the packet that asks it: which address, which sender, which way in."""

from ipaddress import ip_address

import pytest
from tests.builders.topology import Topology

from peerway.analysis.network import Network
from peerway.analysis.questions import IMAGINED, Posed, Unposable, pose
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.fabric.packets import CLIENT_PORT
from peerway.fabric.walk import exchange


@pytest.fixture
def topology():
    """An empty network."""
    return Topology()


def point(kind, id=None, address=None):
    """A point."""
    return Point(PointKind(kind), id, ip_address(address) if address else None)


def asked(topology, source, target, protocol="icmp", port=0, source_port=0):
    """The question posed to the topology."""
    question = Question(
        source=source,
        target=target,
        protocol=PathProtocol(protocol),
        port=port,
        source_port=source_port,
    )
    return pose(Network.of(topology.snapshot()), question)


def two(topology, **fields):
    """Two instances of one VSwitch."""
    switch = topology.vswitch(topology.vpc("10.0.0.0/16", **fields), "10.0.1.0/24")
    return topology.instance(switch), topology.instance(switch)


def test_instances_ask_from_and_for_their_first_addresses(topology):
    """Without an address, an instance stands for its IPv4 address, and the other one is who should get it (PATH-1)."""
    one, other = two(topology)
    posed = asked(topology, point("instance", one.id), point("instance", other.id), "tcp", 443)
    assert isinstance(posed, Posed)
    packet = posed.packet
    assert (packet.source, packet.destination, packet.sender) == (one.ipv4, other.ipv4, one.id)
    assert (packet.protocol, packet.port, posed.client_port) == (6, 443, CLIENT_PORT)
    assert posed.receiver == other.id


def test_question_without_ports_has_none_either_way(topology):
    """Echo requests have no ports, neither there nor for the answer (PATH-1)."""
    one, other = two(topology)
    posed = asked(topology, point("instance", one.id), point("instance", other.id))
    assert (posed.packet.protocol, posed.packet.port, posed.client_port) == (1, 0, 0)


def test_source_port_of_the_question_is_the_answers(topology):
    """A source port that is named is where answers go to (PATH-1)."""
    one, other = two(topology)
    posed = asked(topology, point("instance", one.id), point("instance", other.id), "udp", 53, 5353)
    assert (posed.packet.source_port, posed.client_port) == (5353, 5353)


def test_addresses_are_of_one_version(topology):
    """Where only one side has IPv4, IPv6 is taken; where no version is common, nothing can be asked (PATH-1)."""
    vpc = topology.vpc("10.0.0.0/16", ipv6="fd00:1::/56")
    switch = topology.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:1::/64")
    one, other = topology.instance(switch), topology.instance(switch)
    wide = asked(topology, point("instance", one.id), point("instance", other.id, str(other.ipv6)))
    assert (wide.packet.source, wide.packet.protocol) == (one.ipv6, 58)
    narrow = topology.instance(topology.vswitch(vpc, "10.0.2.0/24"))
    with pytest.raises(InvalidInput) as caught:
        asked(topology, point("instance", narrow.id), point("instance", other.id, str(other.ipv6)))
    assert caught.value.field == "target"


@pytest.mark.parametrize("kind", ["instance", "database", "load_balancer", "vswitch", "vbr"])
def test_points_that_are_not_there_are_named(topology, kind):
    """A point that is not in the network is not found, and the error says which (PATH-1)."""
    one, _ = two(topology)
    with pytest.raises(NotFound) as caught:
        asked(topology, point("instance", one.id), point(kind, "x-1"))
    assert (caught.value.data["field"], caught.value.data["id"]) == ("target", "x-1")


def test_foreign_address_of_an_instance_is_for_gateways_only(topology):
    """An instance asks from an address of its own; one that forwards may ask from any (PATH-1)."""
    one, other = two(topology)
    with pytest.raises(InvalidInput) as caught:
        asked(topology, point("instance", one.id, "10.9.9.9"), point("instance", other.id))
    assert caught.value.field == "source.address"
    topology.change(one, source_dest_check=False)
    posed = asked(topology, point("instance", one.id, "10.9.9.9"), point("instance", other.id))
    assert posed.packet.source == ip_address("10.9.9.9")


def test_vswitch_is_a_guest_that_is_imagined(topology):
    """A question about a VSwitch is asked by a guest without security groups at a free address; nothing else differs (PATH-1)."""
    one, other = two(topology)
    posed = asked(topology, point("vswitch", one.vswitch_id), point("instance", other.id))
    assert posed.packet.sender == f"{one.vswitch_id}{IMAGINED}"
    assert posed.packet.source not in {one.ipv4, other.ipv4}
    real = Network.of(topology.snapshot()).fabric
    guest = set(posed.network.fabric.routers[one.vpc_id].endpoints) - set(real.routers[one.vpc_id].endpoints)
    assert guest == {posed.packet.sender}
    assert exchange(posed.network.fabric, posed.packet, posed.client_port).answered


def test_vswitch_address_that_somebody_has_is_that_instance(topology):
    """An address of a VSwitch that is taken stands for who has it; one outside its range is refused (PATH-1)."""
    one, other = two(topology)
    posed = asked(topology, point("vswitch", one.vswitch_id, str(one.ipv4)), point("instance", other.id))
    assert posed.packet.sender == one.id
    with pytest.raises(InvalidInput) as caught:
        asked(topology, point("vswitch", one.vswitch_id, "10.0.2.9"), point("instance", other.id))
    assert caught.value.field == "source.address"


def test_load_balancer_is_asked_at_its_address(topology):
    """A load balancer as a target is its address, whichever instance answers for it (PATH-1)."""
    one, other = two(topology)
    balancer = topology.balancer(topology.resources[one.vswitch_id])
    topology.listener(balancer, 80, other)
    posed = asked(topology, point("instance", one.id), point("load_balancer", balancer.id), "tcp", 80)
    assert (posed.packet.destination, posed.receiver) == (balancer.address, None)
    named = point("load_balancer", balancer.id, str(balancer.address))
    assert asked(topology, point("instance", one.id), named, "tcp", 80) == posed
    with pytest.raises(InvalidInput) as caught:
        asked(topology, point("instance", one.id), point("load_balancer", balancer.id, "10.9.9.9"), "tcp", 80)
    assert caught.value.field == "target.address"


def test_border_router_is_the_customers_end_of_its_line(topology):
    """A VBR stands for the customer's address on its line, or for one behind it that is named (PATH-1)."""
    one, _ = two(topology)
    vbr = topology.vbr()
    end = asked(topology, point("vbr", vbr.id), point("instance", one.id))
    assert (end.packet.sender, end.packet.source) == (vbr.id, vbr.peer_gateway)
    behind = asked(topology, point("instance", one.id), point("vbr", vbr.id, "192.168.7.7"))
    assert (behind.packet.destination, behind.receiver) == (ip_address("192.168.7.7"), vbr.id)


def test_address_outside_comes_in_by_the_public_address_of_the_target(topology):
    """From an outside address, a target with a public address is asked at that, by the way in that it has (PATH-1, NET-8)."""
    one, _ = two(topology)
    topology.eip(topology.network(), "203.0.113.9", one)
    posed = asked(topology, point("address", address="198.51.100.1"), point("instance", one.id), "tcp", 80)
    assert (posed.packet.sender, posed.packet.destination) == (one.vpc_id, ip_address("203.0.113.9"))
    assert exchange(posed.network.fabric, posed.packet, posed.client_port).answered


def test_address_outside_without_a_way_in_is_not_enough_to_know(topology):
    """From an outside address to a private one, it is not known by which line the packet would come (PATH-1)."""
    one, _ = two(topology)
    posed = asked(topology, point("address", address="198.51.100.1"), point("instance", one.id), "tcp", 80)
    assert isinstance(posed, Unposable)
    assert "198.51.100.1" in posed.text
