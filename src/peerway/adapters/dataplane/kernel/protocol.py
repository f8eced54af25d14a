"""What the holder and its clients say to each other: JSON datagrams on a sequenced-packet socket, file descriptors beside them.

Owns the shapes both sides share and the way to the socket.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Kinds of namespaces.
ROUTER, GUEST = "router", "guest"
#: The kernel passes at most 253 file descriptors in one message.
FDS_A_MESSAGE = 200
#: Largest message.
MESSAGE_BYTES = 1 << 17

_SOCKET = "holder.sock"


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes."""
    return json.dumps(message, separators=(",", ":")).encode()


def unpack(data: bytes) -> dict[str, Any]:
    """The message in the bytes; `ValueError` when they are none."""
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a message is an object")  # noqa: TRY004 - as for text that is no JSON
    return message


def receive(connection: socket.socket, most_fds: int) -> tuple[bytes, list[int]]:
    """One message and its file descriptors, which no command that is started later inherits.

    Python 3.11 passes no flags on to the kernel here, so they are closed to commands one by one.
    """
    data, fds, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, most_fds)
    for fd in fds:
        os.set_inheritable(fd, False)  # noqa: FBT003 - positional only
    return data, fds


def connect(state_dir: Path) -> socket.socket:
    """Connect to the holder of a state directory; `OSError` when none listens."""
    return _at(state_dir, lambda near, path: near.connect(path))


def listen(state_dir: Path) -> socket.socket:
    """A listening socket for a new holder; a dead one's is replaced."""
    (state_dir / _SOCKET).unlink(missing_ok=True)
    previous = os.umask(0o177)
    try:
        listener = _at(state_dir, lambda near, path: near.bind(path))
    finally:
        os.umask(previous)
    listener.listen(64)
    return listener


def _at(state_dir: Path, use: Callable[[socket.socket, str], None]) -> socket.socket:
    """A socket used at a short path that leads to the directory: socket paths end at 107 bytes, directories may not."""
    directory = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    near = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        use(near, f"/proc/self/fd/{directory}/{_SOCKET}")
    except BaseException:
        near.close()
        raise
    finally:
        os.close(directory)
    return near
