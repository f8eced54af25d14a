"""HTTP at the socket: bounds on the heads of requests, problem documents for what is no HTTP, answers in one piece.

Owns what happens before there is a request that the application could be asked.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from peerway.api.native.errors import problem
from peerway.domain.errors import InvalidInput

#: Bytes of a head (request line and headers) after which no more of it is waited for.
MOST_HEAD: Final = 64 * 1024


#: How long clients get to answer the good-bye of TLS when the server stops, s.
GOODBYE_S: Final = 0.5


class Gathering:
    """A transport that sends what is written piece by piece at once: each piece would cost as much, and wake the client."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send at the next flush, at the latest when the loop has done what it is at."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)

    def flush(self) -> None:
        """Send now what has been written."""
        if self._pieces:
            data, self._pieces = b"".join(self._pieces), []
            self._transport.write(data)

    def close(self) -> None:
        """Send what has been written, then hang up."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol. A head that is too long, too slow or malformed is told so, and ends its connection."""

    #: How long a head may take to arrive, s.
    patience_s: float = 10.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = True
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        self._gathering = Gathering(transport, self.loop)
        super().connection_made(self._gathering)  # type: ignore[arg-type]
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_timer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops. A client that only keeps its connection hears so; by TLS it needn't be listening to be left."""
        super().shutdown()
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(GOODBYE_S, self.transport.abort)

    def on_message_begin(self) -> None:
        """The first byte of a head has come."""
        super().on_message_begin()
        self._in_head, self._size = True, 0
        if self._timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """The whole answer has been written."""
        self._gathering.flush()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Take what has come; of a head, not without end."""
        size = self._size + len(data) if self._in_head else 0
        super().data_received(data)
        self._size = size
        if self._in_head and size > MOST_HEAD and not self.transport.is_closing():
            self._refuse(
                InvalidInput("headers", f"must have at most {MOST_HEAD} bytes", code="head_too_large")
            )

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words say nothing to callers
        """What came is no HTTP."""
        self._refuse(InvalidInput("request", "must be HTTP/1.1", code="malformed_request"))

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.patience_s, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._refuse(
            InvalidInput("headers", f"must arrive within {self.patience_s:g} s", code="head_too_slow")
        )

    def _refuse(self, error: InvalidInput) -> None:
        """Answer and hang up."""
        self._stop_timer()
        answer = problem(error, secrets.token_hex(10))
        headers = [*answer.raw_headers, (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[answer.status_code] + head + b"\r\n" + bytes(answer.body))
        self.transport.close()
