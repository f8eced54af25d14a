"""A cable at an interface of the host's, with the world at its other end, and a leased line over it."""

from __future__ import annotations

import os
import subprocess
from ipaddress import ip_address
from itertools import count

from tests.builders.fabrics import transfer, vbr
from tests.support.kernel import outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import Fabric, Router, ToLink, ToUplink

#: A host beyond the provider's port.
WORLD = "203.0.113.7"
#: The far end of the test's cable may notice after a second only that the near one is on, and ARP asks once a second.
NOTICE_MS = 3500
HOST = "/proc/self/ns/net"

_numbers = count()


class Cable:
    """A cable between an interface of the host and the world."""

    def __init__(self, world: str) -> None:
        #: Path of the namespace at its far end.
        self.world = world
        #: Name of the host's interface.
        self.name = f"pwt{os.getpid() % 100000}-{next(_numbers)}"
        make = f"ip link add {self.name} type veth peer name up0 netns {world}"
        subprocess.run(make.split(), check=True)
        outside(HOST, f"ip link set {self.name} up")
        adds = (f"ip address add {one} dev {to}" for one, to in ((WORLD, "lo"), ("172.30.0.2/24", "up0")))
        outside(world, "ip link set lo up", "ip link set up0 up", *adds)

    def port(self, vlan: int = 0) -> Port:
        """The host's end as a port."""
        return Port(PortKind.INTERFACE, self.name, vlan)

    def at_home(self) -> bool:
        """Whether the host has the interface, under its own name, without a mark on it."""
        shown = subprocess.run(
            ["ip", "-d", "link", "show", self.name], check=False, capture_output=True, text=True
        ).stdout
        return bool(shown) and "group" in shown and "group default" in shown and "alias" not in shown

    def cut(self) -> None:
        """Take it away, wherever its ends are."""
        subprocess.run(["nsenter", f"--net={self.world}", "ip", "link", "del", "up0"], check=False)


def line(name: str, port: Port, *links: str, inside: str = "10.1.0.0/16") -> Router:
    """A VBR on a line of the host's, with the links that lead to a VPC of that range, VPC 1's unless said otherwise."""
    away = {f"{WORLD}/32": ToUplink(name), "172.30.0.0/24": ToUplink(name)}
    routes = {**away, inside: ToLink(links[0])} if links else away
    return vbr(name, port, routes, away, transfer("172.30.0.1/24", "172.30.0.2"))


def put(plane: KernelDataPlane, fabric: Fabric) -> None:
    """Apply; nothing may fail, and nothing may differ afterwards."""
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.apply(fabric).touched == 0
    assert plane.repair().touched == 0


def reaches(plane: KernelDataPlane, source: str, target: str, protocol: int = 1, port: int = 0) -> bool:
    """Whether an instance's probe is answered."""
    probe = Probe(source, ip_address(target), protocol, port, NOTICE_MS)
    return plane.probe(probe).verdict is Verdict.ANSWERED
