"""Live connections between two instances, and networks whose rules let them be."""

from __future__ import annotations

import socket

from tests.builders.topology import Topology
from tests.support.kernel import PATIENCE_S, in_router, pair, socket_in

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.domain.security import Protocol, SecurityRule
from peerway.domain.vpc import Instance, Vpc

#: Long enough for a packet that is not dropped to arrive on this one machine.
QUIET_S = 0.15


class Flow:
    """A TCP connection between two instances."""

    def __init__(
        self, plane: KernelDataPlane, client: Instance, server: Instance, *, version: int = 4
    ) -> None:
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        address = str(server.ipv4 if version == 4 else server.ipv6), 5000
        with socket_in(plane, server, family, socket.SOCK_STREAM) as listener:
            listener.bind(address)
            listener.listen()
            listener.settimeout(PATIENCE_S)
            self.client = socket_in(plane, client, family, socket.SOCK_STREAM)
            self.client.settimeout(PATIENCE_S)
            self.client.connect(address)
            self.server, _ = listener.accept()

    def carries(self, sender: socket.socket, receiver: socket.socket) -> bool:
        """Whether a byte sent now arrives."""
        sender.send(b"x")
        receiver.settimeout(QUIET_S)
        try:
            return bool(receiver.recv(1))
        except TimeoutError:
            return False

    def carries_both_ways(self) -> bool:
        """Whether a byte each way arrives."""
        there, back = self.carries(self.client, self.server), self.carries(self.server, self.client)
        return there and back

    def close(self) -> None:
        """Close both ends."""
        self.client.close()
        self.server.close()


def guarded(net: Topology) -> tuple[Instance, Instance, SecurityRule, SecurityRule]:
    """A pair whose server lets two things in: TCP to 5000, and pings."""
    _, other, here, there = pair(net)
    group = net.group(other)
    net.change(there, security_group_ids=(group.id,))
    tcp = net.rule(group, "10.1.0.0/16", protocol=Protocol.TCP, ports=(5000, 5000))
    ping = net.rule(group, "10.1.0.0/16", protocol=Protocol.ICMP)
    return here, there, tcp, ping


def open_pair(net: Topology, *, ipv6: bool = False) -> tuple[Vpc, Vpc, Instance, Instance]:
    """A peered pair of instances whose groups let everything in."""
    one, other, here, there = pair(net, ipv6=ipv6)
    members = []
    for vpc, instance in ((one, here), (other, there)):
        group = net.group(vpc)
        for remote in ("0.0.0.0/0", "::/0"):
            net.rule(group, remote)
        members.append(net.change(instance, security_group_ids=(group.id,)))
    return one, other, members[0], members[1]


def offloaded(plane: KernelDataPlane, vpc: Vpc) -> int:
    """How many connections of a router take the short way."""
    return in_router(plane, vpc, "cat", "/proc/net/nf_conntrack").count("[OFFLOAD]")
