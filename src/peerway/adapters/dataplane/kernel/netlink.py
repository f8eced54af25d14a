"""A netlink socket that sends many requests at once and reads one acknowledgement.

Owns the exchange with the kernel; what the bytes mean is `codec`'s. A socket belongs to the network namespace of the thread that
opened it and may be used from any thread afterwards.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from peerway.adapters.dataplane.kernel.codec import Message, attributes

ROUTE_PROTOCOL, NETFILTER_PROTOCOL = 0, 12

_HEADER = struct.Struct("<IHHII")
_REQUEST, _ACK, _DUMP = 1, 4, 0x300
_ERROR, _DONE = 2, 3
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_CAPPED, _ACK_TLVS = 0x100, 0x200
_CHUNK = 48_000
#: Longer than any answer, which the kernel keeps below 32 KiB; memory for much more would be got from the kernel, and given back,
#: with each answer.
_BUFFER = 1 << 16
#: Requests asked at once: the answers must fit into the socket's buffer, in which the kernel counts up to 9 KiB for each.
_GROUP = 16


class Refusal(NamedTuple):
    """A request that the kernel refused."""

    #: Which one, counted from 0.
    position: int
    #: Error number.
    number: int
    #: Public text.
    text: str


class Netlink:
    """A netlink socket in the namespace of the calling thread."""

    def __init__(self, protocol: int = ROUTE_PROTOCOL) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def execute(self, messages: Sequence[Message]) -> list[Refusal]:
        """Send all in order; the kernel carries on after one that it refuses. Returns the refused ones."""
        refusals: list[Refusal] = []
        position = 0
        while position < len(messages):
            position = self._send_chunk(messages, position, refusals)
        return refusals

    def _send_chunk(self, messages: Sequence[Message], start: int, refusals: list[Refusal]) -> int:
        first = self._sequence + 1
        size, end = 0, start
        while end < len(messages) and (end == start or size + len(messages[end].body) < _CHUNK):
            size += len(messages[end].body) + 20
            end += 1
        parts = []
        for position in range(start, end):
            message = messages[position]
            ask = _REQUEST | message.flags | (_ACK if position == end - 1 else 0)
            parts.append(self._pack(message.type, ask, message.body))
        self._socket.send(b"".join(parts))
        last = self._sequence
        for sequence, number, text in self._errors(last):
            refusals.append(Refusal(start + sequence - first, number, text))
        return end

    def _errors(self, last: int) -> Iterator[tuple[int, int, str]]:
        while True:
            for type, flags, sequence, body in _messages(self._socket.recv(_BUFFER)):
                if type != _ERROR:
                    continue
                number = -struct.unpack_from("<i", body)[0]
                if number:
                    yield sequence, number, _reason(number, flags, body)
                if sequence == last:
                    return

    def dump(self, type: int, body: bytes) -> list[tuple[int, bytes]]:
        """All answers to a dump request: (message type, body after the header)."""
        self._socket.send(self._pack(type, _REQUEST | _DUMP, body))
        return self._collect()

    def get(self, requests: Sequence[tuple[int, bytes]]) -> list[bytes | None]:
        """Answers to single requests, in order; None where the kernel has no such thing."""
        answers: list[bytes | None] = []
        for start in range(0, len(requests), _GROUP):
            answers += self._get_group(requests[start : start + _GROUP])
        return answers

    def _get_group(self, requests: Sequence[tuple[int, bytes]]) -> list[bytes | None]:
        first = self._sequence + 1
        self._socket.send(b"".join(self._pack(type, _REQUEST, body) for type, body in requests))
        answers: list[bytes | None] = [None] * len(requests)
        missing = len(requests)
        while missing:
            for type, _, sequence, body in _messages(self._socket.recv(_BUFFER)):
                answers[sequence - first] = None if type == _ERROR else body
                missing -= 1
        return answers

    def _collect(self) -> list[tuple[int, bytes]]:
        result: list[tuple[int, bytes]] = []
        while True:
            for type, _, _, body in _messages(self._socket.recv(_BUFFER)):
                if type == _DONE:
                    return result
                if type == _ERROR:
                    number = -struct.unpack_from("<i", body)[0]
                    raise OSError(number, os.strerror(number))
                result.append((type, body))

    def _pack(self, type: int, flags: int, body: bytes) -> bytes:
        self._sequence += 1
        return _HEADER.pack(16 + len(body), type, flags, self._sequence, 0) + body + b"\0" * (-len(body) & 3)


def _messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    offset = 0
    while offset + 16 <= len(data):
        size, type, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield type, flags, sequence, data[offset + 16 : offset + size]
        offset += (size + 3) & ~3


def _reason(number: int, flags: int, body: bytes) -> str:
    reason = os.strerror(number)
    if flags & _ACK_TLVS and flags & _CAPPED:
        said = attributes(body, 20).get(1)
        if said:
            return reason + ": " + said.rstrip(b"\0").decode(errors="replace")
    return reason
