"""Live connections between two instances, and networks whose rules let them be."""

from __future__ import annotations

import socket

from tests.builders.topology import Topology
from tests.support.kernel import PATIENCE_S, pair, socket_in

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.domain.security import Protocol, SecurityRule
from peerway.domain.vpc import Instance

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
