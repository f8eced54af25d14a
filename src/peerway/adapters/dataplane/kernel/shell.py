"""Running commands inside instances, for `peerway exec` and the like.

Owns the client side of it: the holder starts the command, with the caller's file descriptors as its standard streams, and says
how it ended. Needs no rights beyond reaching the holder's socket. When the caller goes away, the command is hung up; when the
instance or the holder ends, it is killed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from peerway.adapters.dataplane.kernel.names import endpoint_namespace
from peerway.adapters.dataplane.kernel.protocol import MESSAGE_BYTES, connect, pack, unpack
from peerway.domain.errors import NotFound, Unavailable


class Command:
    """A running command."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        #: Process id, as the holder sees it.
        self.pid = pid
        self._status: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """For waiting on several things: readable when the command has ended."""
        return self._connection.fileno()

    def wait(self, timeout_s: float | None = None) -> int:
        """Exit status as a shell says it (128 + N after signal N); `TimeoutError` when it is still running."""
        self._connection.settimeout(timeout_s)
        while self._status is None:
            data = self._connection.recv(MESSAGE_BYTES)
            if not data:
                raise Unavailable("the holder of the network namespaces is gone, and the command with it")
            self._status = unpack(data).get("exit")
        return self._status

    def signal(self, number: int) -> None:
        """Send a signal to the command and its children."""
        self._connection.send(pack({"op": "signal", "signal": number}))

    def close(self) -> None:
        """Hang up; a command that still runs is killed."""
        self._connection.close()


class Shell:
    """Starts commands in the instances of one holder; `names` gives an instance's /etc/resolv.conf, None for that of the host."""

    def __init__(self, state_dir: Path, names: Callable[[str], str | None] = lambda _: None) -> None:
        self._state_dir = state_dir
        self._names = names

    def spawn(
        self,
        endpoint_id: str,
        argv: Sequence[str],
        stdio: tuple[int, int, int] = (0, 1, 2),
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Command:
        """Start a command; `NotFound` when the instance has no namespace here. A terminal on stdin becomes the command's own."""
        try:
            connection = connect(self._state_dir)
        except OSError as error:
            raise Unavailable("no data plane is running here") from error
        request = {
            "op": "spawn",
            "name": endpoint_namespace(endpoint_id),
            "argv": list(argv),
            "env": dict(os.environ if env is None else env),
            "cwd": cwd or str(Path.cwd()),
            "names": self._names(endpoint_id),
        }
        socket.send_fds(connection, [pack(request)], list(stdio))
        reply: dict[str, Any] = unpack(connection.recv(MESSAGE_BYTES) or b"{}")
        if "pid" not in reply:
            connection.close()
            if str(reply.get("error", "")).startswith("KeyError"):
                raise NotFound("instance", endpoint_id)
            raise Unavailable(f"the command could not be started: {reply.get('error', 'the holder is gone')}")
        return Command(connection, reply["pid"])
