"""The process that loads filters: libnftables in a process of its own, with few file descriptors open.

libnftables aborts its process when it gets a file descriptor of 1024 or more, and an agent holds one for each namespace. The
worker is sent a namespace and a text, enters the one and loads the other. It ends with the socket to the agent. Owns the
binding of the library.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import signal
import socket
import sys

from peerway.adapters.dataplane.kernel import syscalls

LIBRARY = "libnftables.so.1"


class Nftables:
    """libnftables, bound; `OSError` when it is not installed."""

    def __init__(self) -> None:
        library = ctypes.CDLL(LIBRARY)
        for name, result, arguments in (
            ("nft_ctx_new", ctypes.c_void_p, (ctypes.c_uint32,)),
            ("nft_ctx_free", None, (ctypes.c_void_p,)),
            ("nft_ctx_buffer_error", ctypes.c_int, (ctypes.c_void_p,)),
            ("nft_ctx_get_error_buffer", ctypes.c_char_p, (ctypes.c_void_p,)),
            ("nft_run_cmd_from_buffer", ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p)),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._library = library

    def load(self, text: bytes) -> str:
        """Run a text in the calling thread's namespace, as one transaction; returns what went wrong, or nothing."""
        context = self._library.nft_ctx_new(0)
        try:
            self._library.nft_ctx_buffer_error(context)
            if self._library.nft_run_cmd_from_buffer(context, text) == 0:
                return ""
            error: bytes = self._library.nft_ctx_get_error_buffer(context)
            return error.decode(errors="replace").strip() or "refused without a reason"
        finally:
            self._library.nft_ctx_free(context)


def _receive(connection: socket.socket) -> tuple[int, bytes] | None:
    head, fds, _, _ = socket.recv_fds(connection, 8, 1)
    if len(head) < 8 or not fds:
        return None
    size = int.from_bytes(head, "little")
    text = bytearray()
    while len(text) < size:
        part = connection.recv(min(size - len(text), 1 << 20))
        if not part:
            return None
        text += part
    return fds[0], bytes(text)


def serve(connection: socket.socket) -> None:
    """Load what arrives until the other side closes. The first answer says whether the library is there."""
    try:
        nftables = Nftables()
    except OSError as error:
        _answer(connection, f"{LIBRARY} is missing ({error}); install the package nftables")
        return
    _answer(connection, "")
    while (job := _receive(connection)) is not None:
        namespace, text = job
        try:
            syscalls.setns(namespace, syscalls.CLONE_NEWNET)
            _answer(connection, nftables.load(text))
        except OSError as error:
            _answer(connection, str(error))
        finally:
            os.close(namespace)


def _answer(connection: socket.socket, text: str) -> None:
    data = text.encode()[:60_000]
    connection.sendall(len(data).to_bytes(4, "little") + data)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
