"""The world outside: a namespace of the test's own with hosts that tell who asks them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.kernel import foreign_namespace, outside

#: A web server's address out there.
SERVER = "198.51.100.80"
#: Port that it answers at with the address of whoever connects.
PORT = 7

#: Answers every TCP connection with the client's address; says "ready" first.
TELLER = """
import os, socket, sys
server = socket.create_server(("", int(sys.argv[1])), backlog=64)
os.write(1, b"ready\\n")
while True:
    near, peer = server.accept()
    near.sendall(peer[0].encode())
    near.close()
"""
#: Asks a teller; prints its answer, or nothing when there is none.
ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])) as far:
        print(far.recv(64).decode())
except OSError:
    print()
"""


@dataclass(frozen=True, slots=True)
class Outside:
    """A namespace that stands for the internet."""

    #: Its path.
    path: str

    @property
    def port(self) -> str:
        """As operators name it."""
        return f"netns:{self.path}"

    def ask(self, address: str, port: int, patience_s: float = 1.0) -> str:
        """Whom a teller at that address sees; empty when nobody answers."""
        argv = [sys.executable, "-S", "-E", "-c", ASK, address, str(port), str(patience_s)]
        command = ["nsenter", f"--net={self.path}", *argv]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def interfaces(self) -> set[str]:
        """Names of its interfaces."""
        found = json.loads(outside(self.path, "ip -j link"))
        return {one["ifname"] for one in found}


@contextmanager
def world_outside() -> Iterator[Outside]:
    """The internet, with one server that tells who asks it."""
    with foreign_namespace() as path:
        outside(path, "ip link set lo up", f"ip address add {SERVER} dev lo")
        with telling(["nsenter", f"--net={path}"]):
            yield Outside(path)


@contextmanager
def telling(enter: list[str], port: int = PORT) -> Iterator[None]:
    """A teller in the namespace that the command enters."""
    argv = [*enter, sys.executable, "-S", "-E", "-c", TELLER, str(port)]
    teller = subprocess.Popen(argv, stdout=subprocess.PIPE)
    try:
        assert teller.stdout is not None
        assert teller.stdout.readline() == b"ready\n"
        yield
    finally:
        teller.kill()
        teller.wait()
        if teller.stdout is not None:
            teller.stdout.close()
