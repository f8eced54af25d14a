"""`AgentPort` for another process: reaches the agent by its socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from peerway.adapters.agent import guests, wire
from peerway.adapters.agent.address import connect
from peerway.app.dataplane import LinkCounters, Probe, ProbeResult
from peerway.domain.errors import NotFound, Unavailable
from peerway.domain.guest import GuestView

#: Beyond the probe's own time-out, how long the agent may take to answer, s.
GRACE_S: Final = 5.0

#: How long reading all links' counters may take, a change of the network before it included, s.
COUNTERS_S: Final = 20.0


class SocketAgent:
    """Speaks to the agent at a socket; safe for use from many threads."""

    def __init__(self, path: Path, dataplane_name: str) -> None:
        self.dataplane_name = dataplane_name
        self._path = path
        self._lock = threading.Lock()
        self._nudges: socket.socket | None = None

    def nudge(self) -> None:
        """Say that the store has changed; a nudge that can't be delivered at once is dropped."""
        with self._lock:
            try:
                if self._nudges is None:
                    self._nudges = connect(self._path)
                    self._nudges.settimeout(0)
                self._nudges.sendall(wire.NUDGE)
            except BlockingIOError:
                return
            except OSError:
                self._drop()

    def probe(self, probe: Probe) -> ProbeResult:
        """Have a probe sent."""
        answer = self._ask(wire.encode_probe(probe), probe.timeout_ms / 1000 + GRACE_S)
        return wire.decode_result(answer)

    def guest_addresses(self, endpoint_id: str) -> GuestView | None:
        """Have a look taken into an instance."""
        answer = self._ask({"op": "guest", "instance": endpoint_id}, GRACE_S)
        return guests.decode_view(answer["guest"])

    def link_counters(self) -> Mapping[tuple[str, str], LinkCounters] | None:
        """Have the links' counters read."""
        return wire.decode_counters(self._ask_all({"op": "counters"}, COUNTERS_S))

    def applied_revision(self) -> int:
        """Last revision that the data plane has reached; -1 when the agent does not answer."""
        with contextlib.suppress(Unavailable):
            return int(self._ask({"op": "hello"}, GRACE_S)["revision"])
        return -1

    def shell_socket(self) -> str | None:
        """Where local users run commands in instances; the memory data plane has none."""
        return None if self.dataplane_name == "memory" else str(self._path)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._nudges is not None:
            self._nudges.close()
            self._nudges = None

    def _ask(self, request: wire.Message, timeout_s: float) -> wire.Message:
        return self._ask_all(request, timeout_s)[0]

    def _ask_all(self, request: wire.Message, timeout_s: float) -> list[wire.Message]:
        """The answer, and what follows it."""
        answers: list[wire.Message] = []
        try:
            with connect(self._path) as connection:
                connection.settimeout(timeout_s)
                channel = wire.Channel(connection)
                channel.send(request)
                while not answers or answers[-1].get("more"):
                    answer, _ = channel.receive()
                    answers.append(_checked(answer))
        except (OSError, ValueError) as error:
            raise Unavailable("the agent does not answer") from error
        return answers


def _checked(answer: wire.Message | None) -> wire.Message:
    if answer is None:
        raise Unavailable("the agent went away")
    if "missing" in answer:
        raise NotFound("instance", str(answer["missing"]))
    if "error" in answer:
        raise Unavailable(str(answer["error"]))
    return answer
