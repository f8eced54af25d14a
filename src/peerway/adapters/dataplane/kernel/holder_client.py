"""The driver's side of the holder: find it, start it, ask it.

Owns the start of the holder process and the conversation with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from peerway.adapters.dataplane.kernel.protocol import (
    FDS_A_MESSAGE,
    connect,
    listen,
    pack,
    receive,
    unpack,
)
from peerway.domain.errors import Unavailable


class HolderClient:
    """A connection to the holder. Safe to share between threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = Lock()
        reply, fds = self._ask({"op": "hello"})
        #: Process id of the holder, as seen from outside its namespaces.
        self.pid: int = reply["pid"]
        #: File descriptor of the holder's user namespace; None when it lives in the caller's.
        self.user_fd: int | None = fds[0] if fds else None

    def make(self, names: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Namespaces by name, made where missing: name → file descriptor, the caller's to close."""
        return self._collect("make", list(names), [name for name, _ in names])

    def all(self) -> dict[str, int]:
        """Every namespace the holder keeps: name → file descriptor, the caller's to close."""
        names = self._ask({"op": "names"})[0]["names"]
        return self._collect("get", names, names)

    def drop(self, names: Sequence[str]) -> None:
        """Let go of namespaces and kill what runs in them."""
        for page in _pages(names):
            self._ask({"op": "drop", "names": page})

    def warm(self, count: int) -> None:
        """Keep so many namespaces ready."""
        self._ask({"op": "warm", "count": count})

    def alive(self) -> bool:
        """Whether the holder is still there."""
        try:
            self._ask({"op": "ping"})
        except Unavailable:
            return False
        return True

    def end(self) -> None:
        """End the holder, and with it every namespace; returns when it is gone."""
        with contextlib.suppress(Unavailable):
            self._ask({"op": "end"})
            self._connection.recv(1)
        self.close()

    def close(self) -> None:
        """Disconnect; the holder stays."""
        self._connection.close()
        if self.user_fd is not None:
            os.close(self.user_fd)
            self.user_fd = None

    def _collect(self, operation: str, items: Sequence[Any], names: Sequence[str]) -> dict[str, int]:
        fds: list[int] = []
        for page in _pages(items):
            fds += self._ask({"op": operation, "names": page})[1]
        return dict(zip(names, fds, strict=True))

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        with self._lock:
            try:
                self._connection.send(pack(request))
                data, fds = receive(self._connection, FDS_A_MESSAGE)
            except OSError as error:
                raise Unavailable(
                    f"the holder of the network namespaces is gone: {error.strerror}"
                ) from error
        if not data:
            raise Unavailable("the holder of the network namespaces is gone")
        reply = unpack(data)
        if "error" in reply:
            raise Unavailable(f"the holder of the network namespaces refused: {reply['error']}")
        return reply, fds


def reach_holder(state_dir: Path) -> HolderClient:
    """Connect to the state directory's holder, started if there is none; `Unavailable` says why it can't run here."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(state_dir):
        try:
            return HolderClient(connect(state_dir))
        except (OSError, Unavailable):
            return _start(state_dir)


def end_holder(state_dir: Path) -> None:
    """End the state directory's holder, and with it everything made in the kernel; without one, do nothing."""
    if not state_dir.is_dir():
        return
    with _locked(state_dir):
        try:
            holder = HolderClient(connect(state_dir))
        except (OSError, Unavailable):
            return
        holder.end()


def _start(state_dir: Path) -> HolderClient:
    with listen(state_dir) as listener, (state_dir / "holder.log").open("ab") as log:
        started = subprocess.run(
            [sys.executable, "-m", "peerway.adapters.dataplane.kernel.holder", str(listener.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            check=False,
        )
    if started.returncode:
        raise Unavailable(
            f"the holder of the network namespaces can't start here; {state_dir / 'holder.log'} says why"
        )
    return HolderClient(connect(state_dir))


@contextlib.contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    with (state_dir / "holder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pages(items: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), FDS_A_MESSAGE):
        yield list(items[start : start + FDS_A_MESSAGE])
