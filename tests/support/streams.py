"""A TCP connection between two instances of a running installation that never stops sending, and how much has arrived."""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator

from tests.support.guests import shell_socket
from tests.support.live import PATIENCE_S
from tests.support.sites import Site

from peerway.adapters.agent.address import connect

#: Seconds between two lines of the receiver.
STEP_S = 0.05
#: Where the receiver listens.
PORT = 5201

#: Takes one connection, never a second one; says every step how many bytes have come, and at the end that it is the end.
RECEIVER = """
import os, select, socket, sys, time
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
os.write(1, b"ready\\n")
near, _ = server.accept()
server.close()
buffer, total, next_line = bytearray(1 << 20), 0, time.monotonic()
while True:
    if select.select([near], [], [], max(0, next_line - time.monotonic()))[0]:
        size = near.recv_into(buffer)
        if not size:
            break
        total += size
    if time.monotonic() >= next_line:
        os.write(1, b"%.6f %d\\n" % (time.monotonic(), total))
        next_line += float(sys.argv[3])
os.write(1, b"end\\n")
"""
#: Says what a full segment carries and what its frame is long, then sends until it is ended.
SENDER = """
import os, socket, sys
near = socket.socket()
near.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
near.connect((sys.argv[1], int(sys.argv[2])))
data = bytes(1 << 16)
near.send(data)
os.write(1, b"%d\\n" % near.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
while True:
    near.send(data)
"""
#: Ethernet, IPv4 and TCP headers with timestamps.
HEADERS = 14 + 20 + 32


class StreamLost(AssertionError):
    """The connection is gone."""


class Stream:
    """One connection, and what its receiver says."""

    def __init__(self, lines: Iterator[str], segment: int) -> None:
        self._lines = lines
        #: Bytes on the wire for each byte that arrives.
        self.overhead = (segment + HEADERS) / segment

    def count(self) -> tuple[float, int]:
        """The receiver's newest line: its clock, s, and the bytes that have come; `StreamLost` when that was all."""
        line = next(self._lines)
        if line == "end":
            raise StreamLost("the connection was lost")
        at, total = line.split()
        return float(at), int(total)

    def after(self, seconds: float) -> tuple[float, int]:
        """The first line so much later by the receiver's clock."""
        start, _ = self.count()
        while True:
            at, total = self.count()
            if at - start >= seconds:
                return at, total

    def rate_mbps(self, seconds: float) -> float:
        """What passes from now on, as a shaper counts it: whole frames."""
        before, first = self.count()
        after, last = self.after(seconds)
        return (last - first) * 8 / 1e6 / (after - before) * self.overhead

    def flows(self) -> bool:
        """Whether something arrives within a second."""
        before = self.count()[1]
        return any(self.count()[1] > before for _ in range(int(1 / STEP_S)))


@contextlib.contextmanager
def stream(one: Site, other: Site) -> Iterator[Stream]:
    """A connection from one site's instance to the other's; it ends with the block."""
    with contextlib.ExitStack() as stack:
        step = str(STEP_S)
        lines = stack.enter_context(running(other, RECEIVER, other.address, str(PORT), step))
        assert next(lines) == "ready"
        sender = stack.enter_context(running(one, SENDER, other.address, str(PORT)))
        yield Stream(lines, int(next(sender)))


@contextlib.contextmanager
def running(site: Site, program: str, *arguments: str) -> Iterator[Iterator[str]]:
    """A program in the site's instance, by the agent's socket; the lines that it prints."""
    id = site.instance["id"]
    agent = shell_socket(site.tenant, id)
    argv = [sys.executable, "-S", "-E", "-c", program, *arguments]
    request = {"op": "exec", "instance": id, "argv": argv, "env": {}, "tty": False}
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(os.fdopen(reading, "rb", buffering=0))
        connection = stack.enter_context(connect(agent))
        socket.send_fds(
            connection, [json.dumps(request).encode() + b"\n"], [nothing, writing, sys.stderr.fileno()]
        )
        os.close(writing)
        os.close(nothing)
        yield _newest(output.fileno())


def _newest(fd: int) -> Iterator[str]:
    """The lines of a pipe, those that have come together but the last left out."""
    os.set_blocking(fd, False)
    rest = b""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(fd, 65536):
                rest += piece
        whole, _, rest = rest.rpartition(b"\n")
        if whole:
            yield whole.decode().rpartition("\n")[2]
            deadline = time.monotonic() + PATIENCE_S
        time.sleep(STEP_S / 5)
    raise AssertionError("the program in the instance says nothing")
