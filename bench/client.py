"""The HTTP client of all measurements: keep-alive, one thread, many connections, no library in the way. Runs as its own process.

`python -m bench.client` reads a job as JSON from standard input and writes what it saw to standard output. Server and client have a
process each, and both servers get this very client.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import cycle
from types import MappingProxyType
from typing import Final

from bench.dialects import Dialect, Server

#: How long one answer may take, s.
PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the client is to do."""

    #: Who is asked, and how.
    server: Server
    #: `pairs`: create and accept, `items` are pairs of VPC ids; `describe`: describe one, `items` are connection ids;
    #: `send`: `items` are whole requests, each with a text that its answer has in it.
    flow: str
    #: Connections that are used at once.
    connections: int
    #: New work is begun for this long, s; None: until all items are done.
    seconds: float | None
    #: What to work on; describing begins again when all are done.
    items: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Outcome:
    """What the client saw."""

    #: From the first request to the last answer, s.
    seconds: float = 0.0
    #: Items done.
    done: int = 0
    #: Time of each request, ms.
    latencies_ms: list[float] = field(default_factory=list)
    #: Ids of the connections that were made.
    ids: list[str] = field(default_factory=list)
    #: Processor time of the client, s.
    cpu_s: float = 0.0
    #: How often a server closed a connection that the client had kept.
    reconnects: int = 0

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.done / self.seconds


#: Yields requests, is sent the answers' bodies.
Flow = Generator[bytes, bytes, None]


def run(job: Job) -> Outcome:
    """Have a client process do the job."""
    argv = [sys.executable, "-m", "bench.client"]
    given = json.dumps(asdict(job)).encode()
    answer = subprocess.run(argv, input=given, stdout=subprocess.PIPE, check=True)
    return Outcome(**json.loads(answer.stdout))


def main() -> None:
    raw = json.loads(sys.stdin.buffer.read())
    server = Server(**raw.pop("server"))
    items = tuple(tuple(item) for item in raw.pop("items"))
    outcome = perform(Job(server=server, items=items, **raw))
    json.dump(asdict(outcome), sys.stdout)


def perform(job: Job) -> Outcome:
    """Do the job in this process."""
    outcome = Outcome()
    dialect = job.server.dialect()
    items = cycle(job.items) if job.flow == "describe" else iter(job.items)
    deadline = None if job.seconds is None else time.perf_counter() + job.seconds
    todo = until(deadline, items)
    flow = FLOWS[job.flow]
    lanes = [Lane(job.server, outcome, flow(dialect, todo, outcome)) for _ in range(job.connections)]
    cpu, start = time.process_time(), time.perf_counter()
    drive(lanes)
    outcome.seconds = time.perf_counter() - start
    outcome.cpu_s = time.process_time() - cpu
    if deadline is not None and time.perf_counter() < deadline:
        raise SystemExit("the client ran out of items: the rate would count idle time")
    return outcome


def until(deadline: float | None, items: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The items, as long as there is time."""
    for item in items:
        if deadline is not None and time.perf_counter() >= deadline:
            return
        yield item


def pairs(dialect: Dialect, todo: Iterator[tuple[str, ...]], outcome: Outcome) -> Flow:
    """Create a connection, accept it, and so on."""
    for requester, accepter in todo:
        id = dialect.id_of((yield dialect.create(requester, accepter)))
        yield dialect.accept(id)
        outcome.ids.append(id)
        outcome.done += 1


def describe(dialect: Dialect, todo: Iterator[tuple[str, ...]], outcome: Outcome) -> Flow:
    """Describe one connection after the other, and see that it is the right one."""
    for (id,) in todo:
        body = yield dialect.describe(id)
        assert dialect.id_of(body) == id
        outcome.done += 1


def send(_: Dialect, todo: Iterator[tuple[str, ...]], outcome: Outcome) -> Flow:
    """Send requests that are there already, and see that the answers are about the right thing."""
    for whole, wanted in todo:
        body = yield whole.encode("latin-1")
        assert wanted.encode() in body, body[:400]
        outcome.done += 1


#: By the names that jobs call them by.
FLOWS: Final[Mapping[str, Callable[[Dialect, Iterator[tuple[str, ...]], Outcome], Flow]]] = MappingProxyType(
    {"pairs": pairs, "describe": describe, "send": send}
)


class Lane:
    """One connection and what is said over it."""

    def __init__(self, server: Server, outcome: Outcome, flow: Flow) -> None:
        self._server = server
        self._outcome = outcome
        self._flow = flow
        self._received = b""
        self._sent_at = 0.0
        self.socket = connected(server)

    def fileno(self) -> int:
        """For the poll."""
        return self.socket.fileno()

    def begin(self) -> bool:
        """Send the first request; False when there is nothing to do."""
        try:
            self._send(next(self._flow))
        except StopIteration:
            return False
        return True

    def advance(self) -> bool:
        """Take what has arrived, and send the next request when the answer is whole; False when there is nothing left to do."""
        chunk = self.socket.recv(262144)
        if not chunk:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        self._received += chunk
        answer = split(self._received)
        if answer is None:
            return True
        self._outcome.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        self._received = b""
        head, body = answer
        try:
            request = self._flow.send(succeeded(head, body))
        except StopIteration:
            return False
        if closes(head):
            self._outcome.reconnects += 1
            self.socket.close()
            self.socket = connected(self._server)
        self._send(request)
        return True

    def _send(self, request: bytes) -> None:
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)


class Asker:
    """One connection for one question at a time, for those who need the very moment of the answer."""

    def __init__(self, server: Server) -> None:
        self._socket = connected(server)

    def ask(self, request: bytes) -> tuple[bytes, int]:
        """The answer's body, and when its last byte was there (monotonic clock, ns)."""
        self._socket.sendall(request)
        received = b""
        while (answer := split(received)) is None:
            chunk = self._socket.recv(262144)
            assert chunk, "the server closed the connection in the middle of an answer"
            received += chunk
        at = time.monotonic_ns()
        return succeeded(*answer), at

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def connected(server: Server) -> socket.socket:
    """A connection to the server, without delays of its own."""
    connection = socket.create_connection((server.host, server.port), PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def succeeded(head: bytes, body: bytes) -> bytes:
    """The body of an answer that is no error."""
    if not head.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
        raise SystemExit(f"unexpected answer: {head[:80]!r} {body[:400]!r}")
    return body


def drive(lanes: list[Lane]) -> None:
    """Serve all lanes until each has nothing left to do."""
    poll = select.poll()
    running: dict[int, Lane] = {}

    def watch(lane: Lane, step: Callable[[], bool]) -> None:
        before = lane.fileno()
        going = step()
        if not going or lane.fileno() != before:
            if running.pop(before, None):
                poll.unregister(before)
            if not going:
                lane.socket.close()
                return
        if lane.fileno() not in running:
            running[lane.fileno()] = lane
            poll.register(lane.fileno(), select.POLLIN)

    for lane in lanes:
        watch(lane, lane.begin)
    while running:
        ready = poll.poll(PATIENCE_S * 1000)
        if not ready:
            raise SystemExit("the server does not answer")
        for fd, _ in ready:
            watch(running[fd], running[fd].advance)


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """Head and body of an answer that has wholly arrived, else None."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    mark = head.lower().find(b"\r\ncontent-length:")
    if mark < 0:
        raise SystemExit(f"an answer without a length: {head[:200]!r}")
    length = int(head[mark + 17 :].split(b"\r\n", 1)[0])
    return (head, body) if len(body) >= length else None


def closes(head: bytes) -> bool:
    """Whether the server closes the connection after this answer."""
    return b"\r\nconnection: close" in head.lower() or head.startswith(b"HTTP/1.0")


if __name__ == "__main__":
    main()
