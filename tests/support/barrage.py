"""Many real packets at once: requests from any namespaces of a data plane, and what became of each.

Every request has a source port, an ICMP identifier and a token of its own, so that none can be taken for another. Guests answer
UDP themselves and note what arrived, TCP is answered by their kernels with resets, echo by their kernels too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace
from peerway.adapters.dataplane.kernel.probers import checksum
from peerway.domain.prefixes import Address

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58

#: As long as a loaded machine may need for an answer; silence is believed after the other.
ANSWER_S, SILENCE_S = 5.0, 0.1

#: Ports that clients get from their systems.
CLIENT_PORTS = range(32768, 61000)

_ECHO = {ICMP: (8, 0), ICMP6: (128, 129)}
_PKTINFO = 8  # IP_PKTINFO, which the socket module lacks
_FILES = {4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class Shot:
    """One request."""

    #: Instance whose namespace sends it, or path of a namespace outside.
    sender: str
    #: Its source address.
    source: Address
    #: Where to.
    destination: Address
    #: IP protocol.
    protocol: int
    #: Port; 0 for echo.
    port: int
    #: Whether an answer is waited for longer than silence is believed.
    expected: bool


@dataclass(slots=True)
class Fate:
    """What became of a request."""

    #: Whether its answer came back.
    answered: bool = False
    #: Instance, or path of a namespace outside, that heard it; known of UDP only.
    heard_by: str | None = None


@dataclass
class Barrage:
    """Sends from, and listens in, the namespaces of a data plane."""

    #: What carries the packets.
    plane: KernelDataPlane
    #: UDP ports that are answered.
    ports: Sequence[int]
    _client_ports: Iterator[int] = field(default_factory=lambda: cycle(CLIENT_PORTS))
    _heard: dict[bytes, str] = field(default_factory=dict)

    # ---- who answers -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def answering(self, places: Sequence[str]) -> Iterator[select.epoll]:
        """Have these instances, or namespaces outside, answer UDP, and their kernels whoever asks at once."""
        with contextlib.ExitStack() as stack:
            poll = stack.enter_context(contextlib.closing(select.epoll()))
            self._answerers: dict[int, tuple[socket.socket, str]] = {}
            for place in places:
                for near in self._in(place, self._listen):
                    stack.enter_context(near)
                    poll.register(near, select.EPOLLIN)
                    self._answerers[near.fileno()] = near, place
            yield poll

    def _in(self, place: str, work: Callable[[], list[socket.socket]]) -> list[socket.socket]:
        """Do it in the namespace."""

        def enter() -> list[socket.socket]:
            if place.startswith("/"):
                with Path(place).open("rb") as file:
                    syscalls.setns(file.fileno(), syscalls.CLONE_NEWNET)
                    return work()
            with self.plane._namespaces.opened(endpoint_namespace(place)) as fd:
                syscalls.setns(fd, syscalls.CLONE_NEWNET)
                return work()

        return self.plane._visitor.run(enter)

    def _listen(self) -> list[socket.socket]:
        made = []
        for family in _FILES.values():
            for port in self.ports:
                near = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                if family == socket.AF_INET6:
                    near.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    near.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                else:
                    near.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)
                near.bind(("", port))
                made.append(near)
        return made

    def _answer(self, near: socket.socket, place: str) -> None:
        """Send back what came, from the address that it came to."""
        with contextlib.suppress(OSError):
            while True:
                data, notes, _, peer = near.recvmsg(64, 128)
                self._heard[data] = place
                for level, kind, note in notes:
                    # Without the interface that it came by: the answer is routed like any packet.
                    four = level == socket.IPPROTO_IP
                    back = bytes(4) + note[8:12] * 2 if four else note[:16] + bytes(4)
                    near.sendmsg([data], [(level, kind, back)], 0, peer)

    # ---- who asks --------------------------------------------------------------------------------------------------------

    def send(self, poll: select.epoll, shots: Sequence[Shot]) -> list[Fate]:
        """Send all at once; what became of each."""
        volley = Volley(poll, shots, self._answer_at)
        with contextlib.ExitStack() as stack:
            for index, shot in enumerate(shots):
                volley.fire(index, stack.enter_context(self._open(shot)))
            volley.wait()
        for fate, token in zip(volley.fates, volley.tokens, strict=True):
            fate.heard_by = self._heard.pop(token, None)
        return volley.fates

    def _answer_at(self, number: int) -> bool:
        """Answer at the socket of that number, if it is one that answers."""
        if number in self._answerers:
            self._answer(*self._answerers[number])
        return number in self._answerers

    def _open(self, shot: Shot) -> socket.socket:
        family = _FILES[shot.source.version]
        kind = {TCP: socket.SOCK_STREAM, UDP: socket.SOCK_DGRAM}.get(shot.protocol, socket.SOCK_RAW)
        protocol = shot.protocol if kind == socket.SOCK_RAW else 0

        def make() -> list[socket.socket]:
            near = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
            port = next(self._client_ports) if kind != socket.SOCK_RAW else 0
            near.bind((str(shot.source), port))
            return [near]

        return self._in(shot.sender, make)[0]


class Volley:
    """Requests that are under way together."""

    def __init__(self, poll: select.epoll, shots: Sequence[Shot], answer: Callable[[int], bool]) -> None:
        self.fates = [Fate() for _ in shots]
        self.tokens = [os.urandom(16) for _ in shots]
        self._poll = poll
        self._shots = shots
        self._answer = answer
        self._waiting: dict[int, tuple[int, socket.socket]] = {}

    def fire(self, index: int, near: socket.socket) -> None:
        """Send a request by its socket."""
        shot = self._shots[index]
        try:
            if _send(near, shot, self.tokens[index]):
                self._waiting[near.fileno()] = index, near
                self._poll.register(near, select.EPOLLOUT if shot.protocol == TCP else select.EPOLLIN)
        except ConnectionRefusedError:
            self.fates[index].answered = True
        except OSError:
            return  # the sender's own kernel knows no way

    def wait(self) -> None:
        """Take in answers until all that are expected came, and it has been silent for long enough."""
        start = last = time.monotonic()
        while (left := self._deadline(start, last) - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left):
                if not self._answer(number):
                    self._hear(number)
                last = time.monotonic()
        for number in list(self._waiting):
            self._forget(number)

    def _deadline(self, start: float, last: float) -> float:
        missing = any(self._shots[index].expected for index, _ in self._waiting.values())
        return start + ANSWER_S if missing else last + SILENCE_S

    def _hear(self, number: int) -> None:
        index, near = self._waiting[number]
        shot = self._shots[index]
        self.fates[index].answered = _is_answer(near, shot, self.tokens[index])
        if shot.protocol == TCP or self.fates[index].answered:
            self._forget(number)

    def _forget(self, number: int) -> None:
        self._poll.unregister(number)
        del self._waiting[number]


def _send(near: socket.socket, shot: Shot, token: bytes) -> bool:
    """Send a request; False for one that failed at once."""
    target = str(shot.destination), shot.port
    if shot.protocol == TCP:
        number = near.connect_ex(target)
        if number == errno.ECONNREFUSED:
            raise ConnectionRefusedError
        return number in {0, errno.EINPROGRESS}
    if shot.protocol == UDP:
        near.connect(target)
        near.send(token)
    else:
        near.sendto(_echo_request(shot.protocol, token), (target[0], 0))
    return True


def _is_answer(near: socket.socket, shot: Shot, token: bytes) -> bool:
    """Whether what has come is the answer; everything else is thrown away."""
    if shot.protocol == TCP:
        return near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in {0, errno.ECONNREFUSED}
    with contextlib.suppress(OSError):
        while True:
            data, peer = near.recvfrom(2048)
            if shot.protocol == UDP and data == token:
                return True
            if shot.protocol in _ECHO and _is_echo(data, peer[0], shot, token):
                return True
    return False


def _is_echo(data: bytes, peer: str, shot: Shot, token: bytes) -> bool:
    body = data[(data[0] & 15) * 4 :] if shot.protocol == ICMP else data
    reply = _ECHO[shot.protocol][1]
    same = peer.split("%", 1)[0] == str(shot.destination)
    return same and body[:1] == bytes([reply]) and body[8:] == token


def _echo_request(protocol: int, token: bytes) -> bytes:
    """With an identifier from the token; the kernel fills in the checksum of ICMPv6."""
    head = struct.pack("!BBH", _ECHO[protocol][0], 0, 0) + token[:4]
    if protocol == ICMP6:
        return head + token
    return head[:2] + checksum(head + token).to_bytes(2, "big") + head[4:] + token
