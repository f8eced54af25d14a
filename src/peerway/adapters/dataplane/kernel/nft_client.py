"""The driver's side of the filter worker: starts it when the first filter is to be loaded, and again when it has died.

Owns the conversation; the texts are `ruleset`'s.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress

from peerway.adapters.dataplane.kernel.namespaces import Visitor
from peerway.domain.errors import Unavailable


class FilterLoader:
    """Loads filters into namespaces. Used by one thread, and made by one that has entered none."""

    def __init__(self) -> None:
        # A socket keeps the namespace alive that its thread is in, so they are made by one that never goes anywhere.
        self._home = Visitor("peerway-filters")
        self._home.run(lambda: None)  # a thread begins where the one is that starts it
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def load(self, namespace: int, text: str) -> None:
        """Load a text into the namespace behind a file descriptor, as one transaction; `Unavailable` says why it can't be."""
        try:
            connection = self._connection or self._home.run(self._start)
            data = text.encode()
            socket.send_fds(connection, [len(data).to_bytes(8, "little")], [namespace])
            connection.sendall(data)
            wrong = _read_answer(connection)
        except OSError as error:
            self.close()
            raise Unavailable(f"the filter worker ended: {error}") from error
        if wrong:
            raise Unavailable(f"nftables refused the filter: {wrong.splitlines()[0][:300]}")

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "peerway.adapters.dataplane.kernel.nft_worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._connection = ours
        missing = _read_answer(ours)
        if missing:
            self.close()
            raise Unavailable(missing)
        return ours

    def close(self) -> None:
        """End the worker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            self._process.kill()
            self._process.wait()
            self._process = None


def _read_answer(connection: socket.socket) -> str:
    size = int.from_bytes(_exactly(connection, 4), "little")
    return _exactly(connection, size).decode()


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise OSError("no answer")
        data += part
    return data
