"""The world outside for the kernel's tests: NAT gateways into a namespace, and connections between its hosts and instances."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from pathlib import Path

from tests.builders import fabrics
from tests.support.kernel import PATIENCE_S, outside, socket_at

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import (
    DestinationNat,
    Endpoint,
    Fabric,
    SourceNat,
    ToUplink,
    Translation,
    Uplink,
)

#: The two hosts of the world outside.
WORLD, OTHER = "9.9.9.9", "9.9.9.8"
#: The NAT gateway.
GATEWAY = "ngw-1"
#: Long enough for a packet that is not dropped to arrive on this one machine.
QUIET_S, QUIET_MS = 0.2, 150
#: Linux's socket option for the known path MTU.
IP_MTU = 14


def public(number: int) -> IPv4Address:
    """One of the public addresses."""
    return IPv4Address(f"203.0.113.{number}")


def private(host: int) -> IPv4Address:
    """The address of an instance of vpc-1."""
    return IPv4Address(f"10.1.1.{host}")


def name(host: int) -> str:
    """The namespace of an instance of vpc-1."""
    return endpoint_namespace(fabrics.endpoint(1, host).id)


def leaving(source: str, *numbers: int) -> SourceNat:
    """A source entry."""
    return SourceNat(ip_network(source), tuple(map(public, numbers)), f"snat-{source}")


def coming(number: int, host: int, protocol: int | None = None, *ports: int) -> DestinationNat:
    """A destination entry: public address, instance, and for a protocol and port that of both sides."""
    asked, given = ports or (0, 0)
    return DestinationNat(public(number), private(host), f"dnat-{number}", protocol, asked, given)


def leaked(path: str) -> int:
    """Packets with private sources that the world has seen."""
    words = outside(path, "nft list chain ip watch in").split()
    return int(words[words.index("packets") + 1])


def door(path: str, *entries: SourceNat | DestinationNat, id: str = GATEWAY) -> Uplink:
    """A NAT gateway into the world."""
    translation = Translation(
        tuple(one for one in entries if isinstance(one, SourceNat)),
        tuple(one for one in entries if isinstance(one, DestinationNat)),
    )
    transfer = fabrics.transfer("198.18.0.1/30", "198.18.0.2")
    return Uplink(id, Port(PortKind.NETNS, path), up=True, transfers=(transfer,), translation=translation)


def network(uplink: Uplink, *endpoints: Endpoint, revision: int = 1, **fields: object) -> Fabric:
    """A VPC whose default route is the uplink; instances with these endings unless said otherwise."""
    made = endpoints or tuple(fabrics.endpoint(1, host) for host in (10, 11, 40, 41, 100))
    router = fabrics.vpc(1, {"0.0.0.0/0": ToUplink(uplink.id)}, uplinks={uplink.id: uplink}, **fields)
    router = replace(router, endpoints={one.id: one for one in made})
    return Fabric(revision, {"vpc-1": router})


def put(plane: KernelDataPlane, fabric: Fabric) -> None:
    """Apply; nothing may fail, and nothing may differ afterwards."""
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}


def socket_outside(plane: KernelDataPlane, path: str, kind: int, protocol: int = 0) -> socket.socket:
    """A socket in the world."""

    def enter() -> socket.socket:
        with Path(path).open("rb") as file:
            syscalls.setns(file.fileno(), syscalls.CLONE_NEWNET)
            return socket.socket(socket.AF_INET, kind, protocol)

    return plane._visitor.run(enter)


class Ends:
    """Sockets of both sides, closed together."""

    def __init__(self, plane: KernelDataPlane, path: str) -> None:
        self._plane, self._path = plane, path
        self._open: list[socket.socket] = []

    def inside(self, host: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of an instance."""
        return self.keep(socket_at(self._plane, name(host), socket.AF_INET, kind))

    def outside(self, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket in the world."""
        return self.keep(socket_outside(self._plane, self._path, kind))

    def keep(self, made: socket.socket) -> socket.socket:
        """Close this one with the others."""
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(PATIENCE_S)
        self._open.append(made)
        return made

    def join(
        self,
        client: socket.socket,
        target: IPv4Address | str,
        server: socket.socket,
        at: IPv4Address | str,
        ports: tuple[int, int] = (80, 80),
    ) -> tuple[socket.socket, socket.socket, str]:
        """A connection to the target, which the server gets at its own address; both ends, and whom the server sees."""
        server.bind((str(at), ports[1]))
        server.listen()
        client.connect((str(target), ports[0]))
        far, (seen, _) = server.accept()
        self._open.append(far)
        return client, far, seen

    def close(self) -> None:
        """Close all."""
        for one in self._open:
            one.close()


@contextmanager
def ends(plane: KernelDataPlane, path: str) -> Iterator[Ends]:
    """Sockets for a test."""
    made = Ends(plane, path)
    try:
        yield made
    finally:
        made.close()


def carries(near: socket.socket, far: socket.socket, within_s: float = QUIET_S) -> bool:
    """Whether a byte sent now arrives soon; a connection that is reset carries nothing."""
    far.settimeout(0)
    with suppress(BlockingIOError, ConnectionError):
        far.recv(1000)
    far.settimeout(within_s)
    try:
        near.send(b"x")
        return far.recv(1) == b"x"
    except (TimeoutError, ConnectionError):
        return False


def flows(near: socket.socket, far: socket.socket) -> bool:
    """Whether a connection goes on: what was lost meanwhile is sent again, after a pause that doubles."""
    return carries(near, far, PATIENCE_S)


def source_of(plane: KernelDataPlane, path: str, host: int) -> str | None:
    """The address by which the world knows an instance; None when nothing arrives."""
    with ends(plane, path) as both:
        near, far = both.inside(host, socket.SOCK_DGRAM), both.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        near.sendto(b"ask", (WORLD, 53))
        far.settimeout(QUIET_S)
        try:
            _, sender = far.recvfrom(10)
        except TimeoutError:
            return None
        far.sendto(b"told", sender)
        assert near.recv(10) == b"told"
        return str(sender[0])


def with_exit(path: str, *endpoints: Endpoint) -> Uplink:
    """A VPC's direct exit: public addresses one to one."""
    entries: list[SourceNat | DestinationNat] = []
    for one in endpoints:
        if one.public is not None:
            address = one.addresses[0]
            assert isinstance(address, IPv4Address)
            entries += [
                SourceNat(ip_network(f"{address}/32"), (one.public,), f"eip-{one.id}"),
                DestinationNat(one.public, address, f"eip-{one.id}"),
            ]
    return door(path, *entries, id="vpc-1")
