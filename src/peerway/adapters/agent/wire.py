"""What goes over the agent's socket: one JSON line each way, file descriptors beside the first.

Requests: `{"op": "nudge"}` (no answer), `{"op": "hello"}`, `{"op": "probe", ...}`, `{"op": "guest", ...}`, `{"op": "counters"}`,
`{"op": "exec", ...}`. Answers carry `error` or the operation's fields; one with `more` is followed by another. The socket is local
and mode 0600: who can open it is the installation's own user.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Final

from peerway.app.dataplane import LinkCounters, Probe, ProbeResult, Verdict

#: Longest line that is read, bytes.
MAX_LINE: Final = 1 << 20

#: Most ends of links in one line of counters: less than half of the longest line.
ENDS: Final = 2000

#: Most file descriptors with one request: standard input, output and error.
MAX_FDS: Final = 3

#: The most frequent request, ready to be sent.
NUDGE: Final = b'{"op": "nudge"}\n'

Message = dict[str, Any]


class Channel:
    """One side of a connection: whole messages out of a stream of bytes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def send(self, message: Message) -> None:
        """Write one message."""
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> tuple[Message | None, list[int]]:
        """Read one message and the descriptors that came with it; None at the end of the stream.

        `ValueError` on a line that is no message; the descriptors are closed then, as nobody else knows them.
        """
        fds: list[int] = []
        try:
            return self._read(fds), fds
        except ValueError:
            close_all(fds)
            raise

    def _read(self, fds: list[int]) -> Message | None:
        """The next message; what descriptors come on the way are put into `fds`."""
        while b"\n" not in self._rest:
            data, control, _, _ = self._connection.recvmsg(65536, socket.CMSG_SPACE(MAX_FDS * 4))
            fds.extend(_descriptors(control))
            if not data:
                return None
            self._rest += data
            if len(self._rest) > MAX_LINE:
                raise ValueError("line too long")
        line, _, self._rest = self._rest.partition(b"\n")
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError("not an object")  # noqa: TRY004 - the sender's fault, like malformed JSON
        return message


def close_all(fds: Iterable[int]) -> None:
    """Close descriptors that came with a message."""
    for fd in fds:
        os.close(fd)


def _descriptors(control: list[tuple[int, int, bytes]]) -> array.array[int]:
    numbers = array.array("i")
    for level, kind, payload in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    return numbers


def encode_probe(probe: Probe) -> Message:
    """A probe as a request."""
    return {
        "op": "probe",
        "source_id": probe.source_id,
        "target": str(probe.target),
        "protocol": probe.protocol,
        "port": probe.port,
        "timeout_ms": probe.timeout_ms,
    }


def decode_probe(message: Message) -> Probe:
    """The probe in a request."""
    return Probe(
        source_id=str(message["source_id"]),
        target=ip_address(message["target"]),
        protocol=int(message["protocol"]),
        port=int(message["port"]),
        timeout_ms=int(message["timeout_ms"]),
    )


def encode_result(result: ProbeResult) -> Message:
    """A probe's result as an answer."""
    return {"verdict": result.verdict.value, "round_trip_ms": result.round_trip_ms, "detail": result.detail}


def decode_result(message: Message) -> ProbeResult:
    """The result in an answer."""
    return ProbeResult(Verdict(message["verdict"]), message["round_trip_ms"], message["detail"])


def encode_counters(counters: Mapping[tuple[str, str], LinkCounters] | None) -> Iterator[Message]:
    """Counters as answers, all but the last of which say that there are more."""
    if counters is None:
        yield {"counters": None}
        return
    rows = [
        [
            *end,
            one.sent_bytes,
            one.sent_packets,
            one.received_bytes,
            one.received_packets,
            one.capped_packets,
        ]
        for end, one in counters.items()
    ]
    for start in range(0, max(len(rows), 1), ENDS):
        yield {"counters": rows[start : start + ENDS], "more": start + ENDS < len(rows)}


def decode_counters(answers: Iterable[Message]) -> dict[tuple[str, str], LinkCounters] | None:
    """The counters in answers."""
    found: dict[tuple[str, str], LinkCounters] = {}
    for answer in answers:
        if answer["counters"] is None:
            return None
        for link_id, router_id, *counts in answer["counters"]:
            found[str(link_id), str(router_id)] = LinkCounters(*map(int, counts))
    return found
