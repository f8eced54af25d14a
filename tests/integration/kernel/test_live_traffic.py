"""What happens to packets on their way when the network changes under them, and to those that lie about their source."""

import socket
import struct
import time
from contextlib import suppress
from ipaddress import ip_address
from threading import Thread

import pytest
from tests.builders.topology import Topology
from tests.support.flows import Flow, guarded
from tests.support.kernel import (
    PATIENCE_S,
    foreign_namespace,
    in_instance,
    in_router,
    interfaces,
    pair,
    socket_in,
    until,
)

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.probe import _checksum
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.security import Protocol
from peerway.domain.vpc import Instance
from peerway.fabric.model import Fabric, Link

pytestmark = pytest.mark.kernel

#: Linux's socket option for the known path MTU.
IP_MTU = 14


@pytest.mark.parametrize("first", ["client", "server"])
def test_revoked_rule_cuts_a_live_flow_in_both_directions(plane: KernelDataPlane, first: str) -> None:
    """NET-7: after the rule is gone not one byte passes, whichever side sends first and even if only that side sends."""
    net = Topology()
    here, there, tcp, _ = guarded(net)
    plane.apply(net.fabric())
    flow = Flow(plane, here, there)
    assert flow.carries(flow.client, flow.server)
    assert flow.carries(flow.server, flow.client)
    net.remove(tcp)
    assert plane.apply(net.fabric()).failures == {}
    sides = [(flow.client, flow.server), (flow.server, flow.client)]
    for sender, receiver in sides if first == "client" else sides[::-1]:
        assert not flow.carries(sender, receiver)
    flow.close()


def test_allowed_flow_survives_a_change_of_rules(plane: KernelDataPlane) -> None:
    """NET-7: what is still allowed goes on, and a rule that comes back lets the same connection go on."""
    net = Topology()
    here, there, tcp, ping = guarded(net)
    plane.apply(net.fabric())
    flow = Flow(plane, here, there)
    net.remove(ping)
    plane.apply(net.fabric())
    assert flow.carries(flow.server, flow.client)
    assert flow.carries(flow.client, flow.server)
    net.remove(tcp)
    plane.apply(net.fabric())
    assert not flow.carries(flow.client, flow.server)
    net.put(tcp)
    plane.apply(net.fabric())
    flow.server.settimeout(PATIENCE_S)
    assert flow.server.recv(1) == b"x"
    flow.close()


def test_deleted_link_cuts_a_live_flow(plane: KernelDataPlane) -> None:
    """PEER-4: a connection over a deleted peer connection gets nothing across any more."""
    net = Topology()
    _, _, here, there = pair(net)
    fabric = net.fabric()
    plane.apply(fabric)
    flow = Flow(plane, here, there)
    assert flow.carries(flow.client, flow.server)
    net.remove(next(one for id, one in net.resources.items() if id.startswith("pcc")))
    plane.apply(net.fabric())
    assert not flow.carries(flow.client, flow.server)
    assert not flow.carries(flow.server, flow.client)
    flow.close()


@pytest.mark.parametrize("source", ["10.1.1.99", "10.2.1.77", "172.16.0.1"])
def test_spoofed_ipv4_source_is_dropped(plane: KernelDataPlane, source: str) -> None:
    """An instance sends from its own addresses only: a neighbour's, a peer's or a stranger's is dropped."""
    net = Topology()
    _one, _, here, there = pair(net)
    net.instance(net.resources[here.vswitch_id], ipv4="10.1.1.99")
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "address", "add", f"{source}/32", "dev", "eth0")
    assert _datagrams(plane, here, there, [source, str(here.ipv4)]) == [str(here.ipv4)]


def test_spoofed_ipv6_source_is_dropped(plane: KernelDataPlane) -> None:
    """The same for IPv6."""
    net = Topology()
    _, _, here, there = pair(net, ipv6=True)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "address", "add", "fd00:1::99/128", "dev", "eth0", "nodad")
    assert _datagrams(plane, here, there, ["fd00:1::99", str(here.ipv6)]) == [str(here.ipv6)]


def test_gateway_may_send_foreign_sources(plane: KernelDataPlane) -> None:
    """NET-5: a self-built gateway sends what it forwards."""
    net = Topology()
    _, _, here, there = pair(net)
    net.change(here, source_dest_check=False)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "address", "add", "172.16.0.1/32", "dev", "eth0")
    sources = ["172.16.0.1", str(here.ipv4)]
    assert _datagrams(plane, here, there, sources) == sources


def _datagrams(plane: KernelDataPlane, here: Instance, there: Instance, sources: list[str]) -> list[str]:
    """Send one datagram from each source, the honest one last; returns the sources of those that arrived."""
    family = socket.AF_INET if ip_address(sources[0]).version == 4 else socket.AF_INET6
    target = str(there.ipv4 if family == socket.AF_INET else there.ipv6)
    arrived: list[str] = []
    with socket_in(plane, there, family, socket.SOCK_DGRAM) as receiver:
        receiver.bind((target, 5000))
        receiver.settimeout(PATIENCE_S)
        for source in sources:
            with socket_in(plane, here, family, socket.SOCK_DGRAM) as sender:
                sender.bind((source, 0))
                sender.sendto(b"x", (target, 5000))
        while not arrived or arrived[-1] != sources[-1]:
            arrived.append(receiver.recvfrom(10)[1][0])
    return arrived


def test_cap_is_a_shaper_on_both_ends_and_changes_while_packets_flow(plane: KernelDataPlane) -> None:
    """PEER-9: a cap is a token bucket on each end; another cap changes it without dropping the connection."""
    net = Topology()
    one, other, here, there = pair(net)
    fabric = net.fabric()
    plane.apply(fabric)
    flow = Flow(plane, here, there)
    (link,) = fabric.links.values()
    for cap, shown in ((100, "rate 100Mbit"), (1000, "rate 1Gbit"), (None, "noqueue")):
        capped = Link(link.id, link.ends, up=True, cap_mbps=cap)
        assert plane.apply(type(fabric)(fabric.revision, fabric.routers, {link.id: capped})).failures == {}
        for vpc in (one, other):
            queues = in_router(plane, vpc, "tc", "qdisc").splitlines()
            assert any(shown in line and "dev l" in line for line in queues), queues
        assert flow.carries(flow.client, flow.server)
        assert dict(plane.observe().drift) == {}
    flow.close()


def test_stream_outlives_every_change_of_its_cap(plane: KernelDataPlane) -> None:
    """EC-6, PEER-9: one connection that never stops sending takes each new rate; bench/ measures how exactly."""
    net = Topology()
    one, _other, here, there = pair(net)
    fabric = net.fabric()
    plane.apply(fabric)
    flow = Flow(plane, here, there)
    flow.server.settimeout(PATIENCE_S)
    sender = Thread(target=_send_on, args=(flow.client,))
    sender.start()
    (link,) = fabric.links.values()
    try:
        for cap in (50, 200, 100):
            capped = Link(link.id, link.ends, up=True, cap_mbps=cap)
            assert plane.apply(Fabric(fabric.revision, fabric.routers, {link.id: capped})).failures == {}
            half_a_second = cap * 62_500
            # first what was under way, and what TCP needs to find the new rate
            _receive(flow.server, half_a_second)
            start, before = time.monotonic(), plane.counters()[link.id, one.id].sent_bytes
            _receive(flow.server, half_a_second)
            sent = plane.counters()[link.id, one.id].sent_bytes - before
            assert abs(sent * 8e-6 / (time.monotonic() - start) / cap - 1) < 0.1
    finally:
        flow.close()
        sender.join()


def _send_on(client: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client.sendall(bytes(1 << 16))


def _receive(server: socket.socket, amount: int) -> None:
    while amount > 0:
        got = len(server.recv(1 << 18))
        assert got, "the connection ended"
        amount -= got


def test_packet_too_big_reaches_the_sender_of_an_allowed_flow(plane: KernelDataPlane) -> None:
    """Errors about an allowed connection pass its filters: without them path MTU discovery would break."""
    net = Topology()
    here, there, tcp, _ = guarded(net)
    net.rule(net.resources[tcp.security_group_id], "10.1.0.0/16", protocol=Protocol.UDP, ports=(5000, 5000))
    plane.apply(net.fabric())
    with (
        socket_in(plane, here, socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket_in(plane, there, socket.AF_INET, socket.SOCK_DGRAM) as far,
        socket_in(plane, there, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw,
    ):
        far.bind((str(there.ipv4), 5000))
        far.settimeout(PATIENCE_S)
        near.connect((str(there.ipv4), 5000))
        near.send(b"x")
        far.recv(1)
        ports = struct.pack("!HHHH", near.getsockname()[1], 5000, 9, 0)
        inner = (
            struct.pack("!BBHHHBBH4s4s", 69, 0, 29, 1, 0, 64, 17, 0, here.ipv4.packed, there.ipv4.packed)
            + ports
        )
        body = struct.pack("!BBHHH", 3, 4, 0, 0, 900) + inner
        raw.sendto(body[:2] + struct.pack("!H", _checksum(body)) + body[4:], (str(here.ipv4), 0))
        until(lambda: near.getsockopt(socket.IPPROTO_IP, IP_MTU) == 900, "the sender learned the smaller MTU")


def test_attached_namespace_joins_and_leaves(plane: KernelDataPlane) -> None:
    """`peerway attach`: a namespace that is already there becomes an instance, and is left as it was."""
    net = Topology()
    _one, _, here, there = pair(net)
    with foreign_namespace() as path:
        guest = net.instance(net.resources[here.vswitch_id], netns=path)
        assert plane.apply(net.fabric()).failures == {}
        assert plane.probe(Probe(guest.id, there.ipv4)).verdict is Verdict.ANSWERED
        assert dict(plane.observe().drift) == {}
        net.remove(guest)
        assert plane.apply(net.fabric()).failures == {}
        plane._reaper.settle()
        assert "peerway0" not in interfaces(path)
        gone = net.instance(net.resources[here.vswitch_id], netns="/run/netns/there-is-none")
        assert set(plane.apply(net.fabric()).failures) == {gone.id}
