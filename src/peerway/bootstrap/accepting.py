"""TLS and plain HTTP at one listening socket: the first byte of a connection tells which of them it speaks.

Owns a connection from its acceptance until its protocol has it. Some clients send a part of their calls by TLS whatever they are
told, so that a second port would not do.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

#: First byte of every TLS connection: the content type of a handshake (RFC 8446, section 5.1). No HTTP request begins so.
HANDSHAKE: Final = 0x16
#: Connections accepted in a row before others have their turn.
MOST_AT_ONCE: Final = 64
#: How long nobody is accepted when the process has no file descriptor left, s.
PAUSE_S: Final = 1.0


class TwoTongued:
    """Accepts at a listening socket and hands each connection over, by TLS or as it is.

    A connection that says nothing, or doesn't finish its handshake, is dropped after `patience_s`.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        patience_s: float,
    ) -> None:
        listener.settimeout(0)
        self._listener = listener
        self._protocol = protocol
        self._context = context
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        #: Connections whose first byte has not come, and what ends the wait for it.
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        #: Connections on the way to their protocol.
        self._handed: dict[asyncio.Task[None], socket.socket] = {}
        self._pause: asyncio.TimerHandle | None = None
        self._accept_again()

    def close(self) -> None:
        """Accept no more, and drop whoever has not got as far as a request."""
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()
        for connection in list(self._silent):
            self._drop(connection)
        for task in self._handed:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until those who were dropped are gone."""
        if self._handed:
            await asyncio.wait(self._handed)

    def _accept_again(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptor or memory is left. The listener stays readable, so looking again at once would only burn time.
                self._loop.remove_reader(self._listener)
                self._pause = self._loop.call_later(PAUSE_S, self._accept_again)
                return
            connection.settimeout(0)
            self._look(connection)

    def _look(self, connection: socket.socket) -> None:
        """Hand the connection over if its first byte is there; that byte stays where it is."""
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            if connection not in self._silent:
                self._silent[connection] = self._loop.call_later(self._patience_s, self._drop, connection)
                self._loop.add_reader(connection, self._look, connection)
            return
        except OSError:
            first = b""
        self._forget(connection)
        if not first:
            connection.close()
            return
        task = self._loop.create_task(self._hand_over(connection, by_tls=first[0] == HANDSHAKE))
        self._handed[task] = connection
        task.add_done_callback(self._handed_over)

    async def _hand_over(self, connection: socket.socket, *, by_tls: bool) -> None:
        if by_tls:
            await self._loop.connect_accepted_socket(
                self._protocol, connection, ssl=self._context, ssl_handshake_timeout=self._patience_s
            )
        else:
            await self._loop.connect_accepted_socket(self._protocol, connection)

    def _handed_over(self, task: asyncio.Task[None]) -> None:
        connection = self._handed.pop(task)
        if task.cancelled():
            connection.close()
        elif (error := task.exception()) is not None:
            connection.close()
            # A client that goes away or speaks no TLS is its own affair.
            if not isinstance(error, OSError):
                raise error

    def _drop(self, connection: socket.socket) -> None:
        self._forget(connection)
        connection.close()

    def _forget(self, connection: socket.socket) -> None:
        """Wait no longer for the connection's first byte."""
        timer = self._silent.pop(connection, None)
        if timer is not None:
            timer.cancel()
            self._loop.remove_reader(connection)
