"""The VPCs' name servers: sockets in the routers' namespaces, served by one thread.

Owns the sockets and how much of them one VPC may have. What is answered is `answers`'. A flood of questions in one VPC waits in its
own sockets, and drops there, while the others are served.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.answers import answer
from peerway.adapters.dataplane.kernel.directory import Directory
from peerway.adapters.dataplane.kernel.loop import Loop
from peerway.adapters.dataplane.kernel.monitor import Enter
from peerway.adapters.dataplane.kernel.names import RESOLVER4, router_namespace
from peerway.fabric.model import Fabric, Router, ToResolver

#: Where it listens.
ADDRESS: Final = (str(RESOLVER4), 53)

#: Questions that a VPC may ask in a row, and how many more each second. A new question takes some 0.4 ms of the agent.
BURST, PER_SECOND = 500, 500

#: Answers that are remembered, which takes a repeated question down to some 0.01 ms.
REMEMBERED: Final = 4096

#: Connections that a VPC may have at once, and how long one may be idle, s.
CONNECTIONS, IDLE_S = 32, 5.0

#: Largest question in a stream; real ones have some dozens of bytes.
QUESTION_BYTES: Final = 4096

#: Pause before trying again what could not be opened, and before taking more than there was room for, s.
AGAIN_S, REST_S = 1.0, 0.05

_TRANSPARENT = 19
_LENGTH = struct.Struct("!H")


class Answering(Protocol):
    """A name server without its sockets."""

    def __call__(self, question: bytes, *, stream: bool) -> bytes | None:
        """The answer to a question, which came in a stream or not; None for none."""


class Resolver:
    """Name servers for all routers that lead to one. One thread tells it what there is."""

    def __init__(self) -> None:
        self._loop = Loop("peerway-names")
        self._looked: dict[str, tuple[Router, bool]] = {}
        self._served: set[str] = set()
        self._directory = Directory(Fabric(0))
        self._servers: dict[str, _Server] = {}
        #: Answers of this directory, by VPC, question without its identity, and whether it came in a stream.
        self._known: dict[tuple[str, bytes, bool], bytes | None] = {}

    def serve(self, fabric: Fabric, enter: Enter) -> None:
        """Answer from this fabric, in its routers and in no others; when namespaces can't be entered, nothing changes."""
        self._looked = {id: (router, self._leads_here(id, router)) for id, router in fabric.routers.items()}
        wanted = {id for id, (_, leads) in self._looked.items() if leads}
        names = {router_namespace(id): id for id in wanted - self._served}
        homes = {names[name]: home for name, home in enter(names.keys()).items()}
        if wanted or self._served:
            self._loop.call(lambda: self._take(fabric, wanted, homes))
        self._served = wanted

    def serves(self, router_id: str) -> bool:
        """Whether a router has a name server; for any thread."""
        return router_id in self._served

    def close(self) -> None:
        """End the thread and close all sockets."""
        self.serve(Fabric(0), lambda _: {})
        self._loop.close()

    def _leads_here(self, id: str, router: Router) -> bool:
        """Whether somebody in the VPC can ask."""
        known = self._looked.get(id)
        return known[1] if known is not None and known[0] is router else has_name_server(router)

    def _take(self, fabric: Fabric, wanted: set[str], homes: Mapping[str, int]) -> None:
        """Begin and end name servers, in the thread."""
        self._directory = Directory(fabric, self._directory.zones)
        self._known.clear()
        for id in self._servers.keys() - wanted:
            self._servers.pop(id).close()
        for id, home in homes.items():
            self._servers[id] = _Server(self._loop, home, self._answering(id))

    def _answering(self, vpc_id: str) -> Answering:
        def ask(question: bytes, *, stream: bool) -> bytes | None:
            key = vpc_id, question[2:], stream
            if key not in self._known:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[key] = answer(self._directory, vpc_id, question, stream=stream)
            known = self._known[key]
            return known and question[:2] + known[2:]

        return ask


def has_name_server(router: Router) -> bool:
    """Whether the router has instances and a way to a name server for them."""
    return bool(router.endpoints) and any(
        isinstance(entry.hop, ToResolver) for fib in router.fibs.values() for entry in fib.entries
    )


@dataclass(slots=True)
class Allowance:
    """How much one VPC may ask: a number of questions in a row, and some more each second."""

    #: Questions it may ask at once.
    left: float
    #: When that was true.
    since: float

    def spend(self, now: float) -> bool:
        """Take one; False when there is none left."""
        self.left = min(BURST, self.left + (now - self.since) * PER_SECOND)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class _Server:
    """One VPC's sockets; lives in the thread."""

    def __init__(self, loop: Loop, home: int, answering: Answering) -> None:
        self.loop = loop
        self.answering = answering
        self.connections: set[_Connection] = set()
        self._allowance = Allowance(BURST, time.monotonic())
        self._home: int | None = home
        self._sockets: list[socket.socket] = []
        self._open()

    def may_ask(self) -> bool:
        """Whether there is room for one question more now."""
        return self._allowance.spend(time.monotonic())

    def close(self) -> None:
        """Close everything."""
        for connection in list(self.connections):
            connection.close()
        for near in self._sockets:
            self.loop.forget(near)
            near.close()
        self._sockets.clear()
        self._leave()

    def _open(self) -> None:
        """Listen; again later if it can't be done now, as while another agent still does."""
        if self._home is None:
            return
        try:
            syscalls.setns(self._home, syscalls.CLONE_NEWNET)
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                self._sockets.append(listen(kind))
        except OSError:
            while self._sockets:
                self._sockets.pop().close()
            self.loop.at(time.monotonic() + AGAIN_S, self._open)
            return
        self._leave()
        datagrams, streams = self._sockets
        self._serve(datagrams, lambda: self._answer_one(datagrams))
        self._serve(streams, lambda: self._accept(streams))

    def _serve(self, near: socket.socket, work: Callable[[], None]) -> None:
        """Do the work whenever something has come in, one at a time, so that the thread looks at the others in between.

        Without room for more, and when the machine is out of something, all waits, and drops, in the socket for a while.
        """

        def ready() -> None:
            with contextlib.suppress(OSError):
                if self.may_ask():
                    work()
                    return
            self.loop.forget(near)
            self.loop.at(time.monotonic() + REST_S, resume)

        def resume() -> None:
            if near in self._sockets:
                self.loop.watch(near, ready)

        self.loop.watch(near, ready)

    def _leave(self) -> None:
        if self._home is not None:
            os.close(self._home)
            self._home = None

    def _answer_one(self, near: socket.socket) -> None:
        question, sender = near.recvfrom(QUESTION_BYTES)
        reply = self.answering(question, stream=False)
        if reply is not None:
            with contextlib.suppress(OSError):  # nobody is there any more
                near.sendto(reply, sender)

    def _accept(self, near: socket.socket) -> None:
        connection, _ = near.accept()
        if len(self.connections) < CONNECTIONS:
            self.connections.add(_Connection(self, connection))
        else:
            connection.close()


class _Connection:
    """A stream of questions; lives in the thread."""

    def __init__(self, server: _Server, near: socket.socket) -> None:
        self._server = server
        self._near = near
        self._rest = b""
        self._used = time.monotonic()
        near.settimeout(0)
        server.loop.watch(near, self._receive)
        server.loop.at(self._used + IDLE_S, self._look)

    def close(self) -> None:
        """End it."""
        self._server.connections.discard(self)
        self._server.loop.forget(self._near)
        self._near.close()

    def _look(self) -> None:
        """End it when nothing was asked for too long."""
        if self not in self._server.connections:
            return
        if time.monotonic() >= self._used + IDLE_S:
            self.close()
        else:
            self._server.loop.at(self._used + IDLE_S, self._look)

    def _receive(self) -> None:
        try:
            data = self._near.recv(QUESTION_BYTES)
            self._rest += data
            if not data or not self._answer_all():
                self.close()
        except OSError:
            self.close()

    def _answer_all(self) -> bool:
        """Answer what is complete; False for what ends the connection."""
        while len(self._rest) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._rest)
            if size > QUESTION_BYTES:
                return False
            question, rest = self._rest[_LENGTH.size : _LENGTH.size + size], self._rest[_LENGTH.size + size :]
            if len(question) < size:
                return True
            self._rest, self._used = rest, time.monotonic()
            if not self._server.may_ask():
                return False
            reply = self._server.answering(question, stream=True)
            if reply is None:
                return False
            message = _LENGTH.pack(len(reply)) + reply
            if self._near.send(message) < len(message):  # who does not read is not waited for
                return False
        return True


def listen(kind: socket.SocketKind) -> socket.socket:
    """A socket of a name server in the namespace that the thread is in, which need not have the address yet."""
    near = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK)
    try:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        near.setsockopt(socket.IPPROTO_IP, _TRANSPARENT, 1)
        near.bind(ADDRESS)
        if kind == socket.SOCK_STREAM:
            near.listen(CONNECTIONS)
    except OSError:
        near.close()
        raise
    return near
