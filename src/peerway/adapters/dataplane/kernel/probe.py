"""Probes: one real packet or connection from inside an instance's namespace, and what came back.

Owns the sockets' ways of telling. A socket belongs to the namespace it was opened in, so only its opening needs the visiting
thread.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Callable
from errno import ECONNREFUSED, EINPROGRESS

from peerway.app.dataplane import Probe, ProbeResult, Verdict
from peerway.domain.prefixes import Address

_ICMP, _ICMP6, _TCP, _UDP = 1, 58, 6, 17
_ECHO = {4: (8, 0), 6: (128, 129)}
_SILENT = ProbeResult(Verdict.SILENT)


def open_socket(probe: Probe) -> socket.socket:
    """The socket a probe needs, in the calling thread's namespace."""
    family = socket.AF_INET if probe.target.version == 4 else socket.AF_INET6
    if probe.protocol == _TCP:
        return socket.socket(family, socket.SOCK_STREAM)
    if probe.protocol == _UDP:
        return socket.socket(family, socket.SOCK_DGRAM)
    return socket.socket(family, socket.SOCK_RAW, _ICMP if probe.target.version == 4 else _ICMP6)


def ask(near: socket.socket, probe: Probe) -> ProbeResult:
    """Send and wait for the answer."""
    near.settimeout(0)
    ways: dict[int, Callable[[socket.socket, Probe, float], str | None]] = {_TCP: _connect, _UDP: _datagram}
    start = time.perf_counter()
    try:
        said = ways.get(probe.protocol, _echo)(near, probe, start + probe.timeout_ms / 1000)
    except OSError as error:
        return ProbeResult(Verdict.SILENT, detail=os.strerror(error.errno or 0))
    if said is None:
        return _SILENT
    return ProbeResult(Verdict.ANSWERED, (time.perf_counter() - start) * 1000, said)


def _connect(near: socket.socket, probe: Probe, deadline: float) -> str | None:
    number = near.connect_ex((str(probe.target), probe.port))
    if number == EINPROGRESS:
        if not _wait(near, deadline, write=True):
            return None
        number = near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number == 0:
        return "connected"
    if number == ECONNREFUSED:
        return "reset"
    raise OSError(number, os.strerror(number))


def _datagram(near: socket.socket, probe: Probe, deadline: float) -> str | None:
    near.connect((str(probe.target), probe.port))
    try:
        near.send(b"peerway")
        if not _wait(near, deadline):
            return None
        near.recv(2048)
    except ConnectionRefusedError:
        return "port unreachable"
    return "datagram"


def _echo(near: socket.socket, probe: Probe, deadline: float) -> str | None:
    request, reply = _ECHO[probe.target.version]
    token = os.urandom(20)
    packet = struct.pack("!BBH", request, 0, 0) + token
    if probe.target.version == 4:
        packet = struct.pack("!BBH", request, 0, _checksum(packet)) + token
    near.sendto(packet, (str(probe.target), 0))
    while _wait(near, deadline):
        data, sender = near.recvfrom(2048)
        if probe.target.version == 4:
            data = data[(data[0] & 15) * 4 :]
        if data[0] == reply and data[4:24] == token and _is(sender[0], probe.target):
            return "echo reply"
    return None


def _is(text: str, address: Address) -> bool:
    return text.split("%", 1)[0] == str(address)


def _wait(near: socket.socket, deadline: float, *, write: bool = False) -> bool:
    poll = select.poll()
    poll.register(near, select.POLLOUT if write else select.POLLIN)
    return bool(poll.poll(max(0.0, deadline - time.perf_counter()) * 1000))


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
