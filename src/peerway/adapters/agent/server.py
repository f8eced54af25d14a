"""The agent's side of its socket: takes nudges, sends probes, looks into instances, reads counters, runs commands.

One thread a connection; the data plane itself is only touched through what is safe beside `apply` (probes, looks into instances
and spawning).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from peerway.adapters.agent import guests, wire
from peerway.adapters.agent.address import listen
from peerway.app.dataplane import LinkCounters, Probe, ProbeResult
from peerway.domain.errors import NotFound, PeerwayError
from peerway.domain.guest import GuestView

log = structlog.get_logger(__name__)


class Command(Protocol):
    """A command that runs in an instance."""

    def fileno(self) -> int:
        """Descriptor that becomes readable when the command has ended."""

    def wait(self) -> int:
        """Its exit status, once it has ended."""

    def close(self) -> None:
        """End it, if it still runs."""


class Spawn(Protocol):
    """Starts a command in an instance."""

    def __call__(
        self, endpoint_id: str, argv: Sequence[str], stdio: tuple[int, int, int], *, env: Mapping[str, str]
    ) -> Command:
        """Start it with these standard streams; `NotFound` for an unknown instance."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What stands behind the door."""

    #: Sends a probe; `NotFound` for an unknown instance.
    probe: Callable[[Probe], ProbeResult]
    #: Looks into an instance; None without guests, `NotFound` for an unknown instance.
    look: Callable[[str], GuestView | None]
    #: Starts a command in an instance.
    spawn: Spawn
    #: Wakes the reconcilers.
    wake: Callable[[], None]
    #: Last revision that the data plane has reached.
    applied: Callable[[], int]
    #: What passed over links; None when the data plane carries no packets.
    counters: Callable[[], Mapping[tuple[str, str], LinkCounters] | None]


class AgentServer:
    """Listens at a path until closed."""

    def __init__(self, path: Path, abilities: Abilities) -> None:
        self._path = path
        self._abilities = abilities
        self._listener = listen(path)
        self._thread = threading.Thread(target=self._accept, name="agent-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; running commands go on until their callers leave."""
        self._path.unlink(missing_ok=True)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="agent-call", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            channel = wire.Channel(connection)
            while self._serve_one(channel, connection):
                pass

    def _serve_one(self, channel: wire.Channel, connection: socket.socket) -> bool:
        """Answer the next request; False when there is none, or none that can be understood."""
        fds: list[int] = []
        try:
            request, fds = channel.receive()
            if request is None:
                return False
            answer = self._answer(request, fds, connection)
        except (ValueError, KeyError, TypeError) as error:
            channel.send({"error": f"malformed request: {error}"})
            return False
        finally:
            wire.close_all(fds)
        if answer is not None:
            channel.send(answer)
        return True

    def _answer(
        self, request: wire.Message, fds: Sequence[int], connection: socket.socket
    ) -> wire.Message | None:
        try:
            return self._perform(request, fds, connection)
        except NotFound as error:
            return {"missing": error.data["id"], "error": error.text}
        except PeerwayError as error:
            return {"error": error.text}
        except OSError as error:
            # The machine's no, as when it is out of processes; the caller is told, and its connection stays.
            log.warning("a request failed", operation=request["op"], error=str(error))
            return {"error": f"the machine refuses: {error.strerror or error}"}

    def _perform(
        self, request: wire.Message, fds: Sequence[int], connection: socket.socket
    ) -> wire.Message | None:
        answer: wire.Message | None = None
        match request["op"]:
            case "nudge":
                self._abilities.wake()
            case "hello":
                answer = {"revision": self._abilities.applied()}
            case "probe":
                answer = wire.encode_result(self._abilities.probe(wire.decode_probe(request)))
            case "guest":
                answer = {"guest": guests.encode_view(self._abilities.look(str(request["instance"])))}
            case "counters":
                *first, answer = wire.encode_counters(self._abilities.counters())
                for part in first:
                    wire.Channel(connection).send(part)
            case "exec":
                answer = self._execute(request, fds, connection)
            case other:
                answer = {"error": f"unknown operation {other!r}"}
        return answer

    def _execute(self, request: wire.Message, fds: Sequence[int], connection: socket.socket) -> wire.Message:
        """Run a command; the caller's leaving ends it."""
        if len(fds) != wire.MAX_FDS:
            return {"error": "exec needs three descriptors"}
        argv = [str(word) for word in request["argv"]]
        env = os.environ | {str(name): str(value) for name, value in dict(request.get("env", {})).items()}
        command = self._abilities.spawn(str(request["instance"]), argv, (fds[0], fds[1], fds[2]), env=env)
        with contextlib.closing(command), selectors.DefaultSelector() as selector:
            ended = selector.register(command, selectors.EVENT_READ)
            selector.register(connection, selectors.EVENT_READ)
            if ended in (key for key, _ in selector.select()):
                return {"status": command.wait()}
        return {"error": "the caller left"}
