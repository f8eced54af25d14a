"""How health checks' probes are sent and their answers received, without waiting.

Owns the sockets of one target and the bytes of its packets. Everything is called in the loop's thread, while it is in the target's
namespace; after an `OSError` the prober is of no more use.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from peerway.adapters.dataplane.kernel.checks import ByLink, ByUplink, Target, ToHost, ToPort
from peerway.adapters.dataplane.kernel.loop import WRITE, Loop

#: Constants that the socket module lacks.
_ATTACH_FILTER, _TRANSPARENT, _ICMP_FILTER, _QDISC_BYPASS = 26, 19, 1, 20
_SOL_RAW, _SOL_PACKET = 255, 263
_ETH_P_IP, _ICMP, _ECHO_REQUEST, _ECHO_REPLY = 0x0800, 1, 8, 0
_ALL_BUT_REPLIES = struct.pack("=I", 0xFFFFFFFF & ~(1 << _ECHO_REPLY))
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

#: What an echo request carries and its answer brings back: whose it is, its number, when it was sent (monotonic clock, ns).
_TOKEN = struct.Struct("!QQQ")

#: Told of answers: number of the probe, round trip in seconds; None for one that was refused.
Heard = Callable[[int, float | None], None]


class Prober(Protocol):
    """The probes of one target."""

    def send(self, number: int) -> None:
        """Send a probe."""

    def give_up(self, number: int) -> None:
        """Stop waiting for an answer; one that comes all the same may still be told."""

    def close(self) -> None:
        """Stop altogether."""


def open_prober(target: Target, loop: Loop, heard: Heard) -> Prober:
    """A prober for the target, opened in the namespace that the thread is in."""
    match target.way:
        case ByLink():
            return Echoes(on_link(target, target.way), loop, heard, _Frames(target, target.way))
        case ByUplink(interface):
            return Echoes(from_router(target, interface), loop, heard)
        case ToHost():
            return Echoes(from_router(target), loop, heard)
        case ToPort(port):
            return Connections(target, port, loop, heard)


class Echoes:
    """Echo requests, all by one socket."""

    def __init__(self, near: socket.socket, loop: Loop, heard: Heard, frames: _Frames | None = None) -> None:
        self._near = near
        self._loop = loop
        self._heard = heard
        self._frames = frames
        self._key = int.from_bytes(os.urandom(8), "big")
        loop.watch(near, self._receive)

    def send(self, number: int) -> None:
        """Send a request."""
        message = echo_request(self._key, number, time.monotonic_ns())
        if self._frames is None:
            self._near.send(message)
        else:
            self._near.sendto(self._frames.around(message), self._frames.address)

    def give_up(self, number: int) -> None:
        """Nothing to let go of."""

    def close(self) -> None:
        """Close the socket."""
        self._loop.forget(self._near)
        self._near.close()

    def _receive(self) -> None:
        # An error that waits at the socket (unreachable) is only fetched: the request stays unanswered.
        with contextlib.suppress(OSError):
            for number, sent_ns in self._answers():
                self._heard(number, (time.monotonic_ns() - sent_ns) / 1e9)

    def _answers(self) -> Iterator[tuple[int, int]]:
        while True:
            token = echo_token(self._near.recv(512))
            if token is not None and token[0] == self._key:
                yield token[1:]


class Connections:
    """TCP connections, a socket each, cut off as soon as they stand."""

    def __init__(self, target: Target, port: int, loop: Loop, heard: Heard) -> None:
        self._source = (str(target.source), 0)
        self._target = (str(target.address), port)
        self._loop = loop
        self._heard = heard
        self._open: dict[int, socket.socket] = {}

    def send(self, number: int) -> None:
        """Begin a connection."""
        near = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        begun = time.monotonic()
        try:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            near.setsockopt(socket.IPPROTO_IP, _TRANSPARENT, 1)
            near.bind(self._source)
            with contextlib.suppress(BlockingIOError):  # it has begun
                near.connect(self._target)
        except OSError:
            near.close()
            raise
        self._open[number] = near
        self._loop.watch(near, lambda: self._ended(number, begun), WRITE)

    def give_up(self, number: int) -> None:
        """Let go of a connection that does not come about."""
        near = self._open.pop(number, None)
        if near is not None:
            self._loop.forget(near)
            near.close()

    def close(self) -> None:
        """Let go of all."""
        for number in list(self._open):
            self.give_up(number)

    def _ended(self, number: int, begun: float) -> None:
        near = self._open.get(number)
        if near is not None:
            refused = near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self.give_up(number)
            self._heard(number, None if refused else time.monotonic() - begun)


class _Frames:
    """The IPv4 packets around echo requests that go out on a link."""

    def __init__(self, target: Target, way: ByLink) -> None:
        #: Where the socket sends to: interface, protocol, two fields for receiving only, MAC address.
        self.address = (way.interface, _ETH_P_IP, 0, 0, way.far)
        self._ends = target.source.packed + target.address.packed

    def around(self, message: bytes) -> bytes:
        """The whole packet."""
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0x4000, 64, _ICMP, 0) + self._ends
        return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + message


def echo_request(key: int, number: int, now_ns: int) -> bytes:
    """An echo request, as ICMP carries it."""
    token = _TOKEN.pack(key, number, now_ns)
    head = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, key & 0xFFFF, number & 0xFFFF)
    return head[:2] + checksum(head + token).to_bytes(2, "big") + head[4:] + token


def echo_token(packet: bytes) -> tuple[int, int, int] | None:
    """Key, number and time in the IPv4 packet of an echo reply; None for any other packet."""
    start = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < start + 8 + _TOKEN.size or packet[start] != _ECHO_REPLY:
        return None
    key, number, sent_ns = _TOKEN.unpack_from(packet, start + 8)
    return key, number, sent_ns


def checksum(data: bytes) -> int:
    """The Internet checksum of an even number of bytes (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def from_router(target: Target, interface: str = "") -> socket.socket:
    """A raw socket of the router's own; it hears echo replies of the target only."""
    near = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _ICMP)
    try:
        near.setsockopt(_SOL_RAW, _ICMP_FILTER, _ALL_BUT_REPLIES)
        near.setsockopt(socket.IPPROTO_IP, _TRANSPARENT, 1)
        if interface:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        near.bind((str(target.source), 0))
        near.connect((str(target.address), 0))
    except OSError:
        near.close()
        raise
    return near


def on_link(target: Target, way: ByLink) -> socket.socket:
    """A packet socket on a link; it hears echo replies from target to source only, and passes the cap by."""
    near = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
    try:
        _attach(near, _only_replies(int(target.address), int(target.source)))
        near.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
        near.bind((way.interface, _ETH_P_IP))
    except OSError:
        near.close()
        raise
    return near


def _only_replies(sender: int, receiver: int) -> list[tuple[int, int, int, int]]:
    """A packet filter (classic BPF: code, jump if true, jump if false, operand) for echo replies between two addresses."""
    byte, word, header, indexed, equal, verdict = 0x30, 0x20, 0xB1, 0x50, 0x15, 0x06
    return [
        (byte, 0, 0, 9),
        (equal, 0, 8, _ICMP),
        (word, 0, 0, 12),
        (equal, 0, 6, sender),
        (word, 0, 0, 16),
        (equal, 0, 4, receiver),
        (header, 0, 0, 0),
        (indexed, 0, 0, 0),
        (equal, 0, 1, _ECHO_REPLY),
        (verdict, 0, 0, 0xFFFF),
        (verdict, 0, 0, 0),
    ]


def _attach(near: socket.socket, instructions: list[tuple[int, int, int, int]]) -> None:
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in instructions))
    near.setsockopt(
        socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(instructions), ctypes.addressof(program))
    )
