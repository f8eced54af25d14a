"""Tools of the kernel data plane's tests: networks, programs that run inside instances, and waiting for real events."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.builders.topology import Topology

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, router_namespace
from peerway.adapters.dataplane.kernel.probe import ask, open_socket
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.vpc import Instance, Vpc

#: How long to wait for something that should happen at once.
PATIENCE_S = 20.0

#: A TCP server: its address and port are the arguments.
LISTEN = """
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("!", end="", flush=True)
while True:
    listener.accept()[0].close()
"""


def need_root() -> None:
    """Skip for ordinary users: a user namespace has to be entered before there are threads, and a test process has some."""
    if os.geteuid() != 0:
        pytest.skip(
            "needs root, as the driver runs inside the test's process; tests/topology runs it for any user"
        )


def until(happened: Callable[[], bool], what: str) -> None:
    """Ask again and again until it has happened."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        os.sched_yield()


def pair(net: Topology, *, ipv6: bool = False) -> tuple[Vpc, Vpc, Instance, Instance]:
    """Two peered VPCs, 10.1.0.0/16 and 10.2.0.0/16, with an instance each."""
    made = []
    for number in (1, 2):
        vpc = net.vpc(f"10.{number}.0.0/16", ipv6=f"fd00:{number}::/56" if ipv6 else None)
        vswitch = net.vswitch(vpc, f"10.{number}.1.0/24", ipv6=f"fd00:{number}::/64" if ipv6 else None)
        made.append((vpc, net.instance(vswitch)))
    (one, here), (other, there) = made
    net.join(one, other)
    return one, other, here, there


def in_router(plane: KernelDataPlane, vpc: Vpc, *command: str) -> str:
    """Run a command in a router's namespace, as a careless administrator would."""
    return in_namespace(plane, router_namespace(vpc.id), *command)


def in_instance(plane: KernelDataPlane, instance: Instance, *command: str) -> str:
    """Run a command in an instance's namespace."""
    return in_namespace(plane, endpoint_namespace(instance.id), *command)


def in_namespace(plane: KernelDataPlane, name: str, *command: str) -> str:
    """Run a command in a namespace by the driver's name for it."""
    with plane._namespaces.opened(name) as fd:
        enter = ["nsenter", f"--net=/proc/self/fd/{fd}", *command]
        return subprocess.run(enter, pass_fds=[fd], check=True, capture_output=True, text=True).stdout


def socket_in(
    plane: KernelDataPlane, instance: Instance, family: int, kind: int, protocol: int = 0
) -> socket.socket:
    """A socket that belongs to an instance."""
    return socket_at(plane, endpoint_namespace(instance.id), family, kind, protocol)


def socket_at(plane: KernelDataPlane, name: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket in a namespace by the driver's name for it."""

    def enter() -> socket.socket:
        with plane._namespaces.opened(name) as fd:
            syscalls.setns(fd, syscalls.CLONE_NEWNET)
            return socket.socket(family, kind, protocol)

    return plane._visitor.run(enter)


def outside(path: str, *commands: str) -> str:
    """Run commands, one after the other, in the namespace at the path."""
    script = "set -e; " + "; ".join(commands)
    return subprocess.run(
        ["nsenter", f"--net={path}", "sh", "-c", script], check=True, capture_output=True, text=True
    ).stdout


def ask_from(
    plane: KernelDataPlane,
    path: str,
    source: str,
    target: str,
    protocol: int = 1,
    port: int = 0,
    *,
    timeout_ms: int = 900,
) -> Verdict:
    """Probe an address from another one in the namespace at the path."""
    probe = Probe("", ip_address(target), protocol, port, timeout_ms)

    def enter() -> socket.socket:
        with Path(path).open("rb") as file:
            syscalls.setns(file.fileno(), syscalls.CLONE_NEWNET)
            return open_socket(probe)

    with plane._visitor.run(enter) as near:
        near.bind((source, 0))
        return ask(near, probe).verdict


@contextmanager
def program(state_dir: Path, instance: Instance, source: str, *arguments: str) -> Iterator[socket.socket]:
    """A Python program inside an instance, talking over its stdin and stdout; killed at the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = theirs.fileno()
        command = [sys.executable, "-c", source, *arguments]
        with Shell(state_dir).spawn(instance.id, command, (fd, fd, 2)):
            theirs.close()
            ours.settimeout(PATIENCE_S)
            yield ours


@contextmanager
def listening(state_dir: Path, instance: Instance, port: int) -> Iterator[None]:
    """A TCP server in an instance."""
    with program(state_dir, instance, LISTEN, str(instance.ipv4), str(port)) as channel:
        assert channel.recv(1) == b"!"
        yield


@contextmanager
def foreign_namespace() -> Iterator[str]:
    """A network namespace that a process of somebody else's lives in, as a path."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdout.readline()
        yield f"/proc/{holder.pid}/ns/net"
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def interfaces(path: str) -> str:
    """What `ip link` shows in the namespace at the path."""
    return subprocess.run(
        ["nsenter", f"--net={path}", "ip", "link"], check=True, capture_output=True, text=True
    ).stdout
