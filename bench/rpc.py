"""JSON-RPC over a Unix socket, as OVSDB servers (RFC 7047) and the control sockets of OVN's daemons speak it."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

#: How long an answer may take, s: a database with 100,000 logical flows is read in this time, too.
PATIENCE_S: Final = 600.0


class Rpc:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._decoder = json.JSONDecoder()
        self._rest = ""

    def call(self, method: str, params: Sequence[Any]) -> Any:
        """The result of one call; fails when the other side says no."""
        number = next(self._numbers)
        self._send({"method": method, "params": list(params), "id": number})
        while (message := self._receive()).get("id") != number:
            if message.get("method") == "echo":
                self._send({"result": message["params"], "error": None, "id": message["id"]})
        assert not message.get("error"), message["error"]
        return message["result"]

    def transact(self, database: str, operations: Sequence[dict[str, Any]]) -> list[Any]:
        """Have a database carry out all operations or none."""
        results: list[Any] = self.call("transact", [database, *operations])
        failed = [one for one in results if one and "error" in one]
        assert not failed, failed
        return results

    def _send(self, message: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode())

    def _receive(self) -> dict[str, Any]:
        while True:
            text = self._rest.lstrip()
            if text.endswith("}"):
                with contextlib.suppress(ValueError):
                    message, end = self._decoder.raw_decode(text)
                    self._rest = text[end:]
                    return dict(message)
            chunk = self._connection.recv(1 << 20)
            assert chunk, "the other side has ended"
            self._rest = text + chunk.decode()


@contextlib.contextmanager
def speaking(path: Path) -> Iterator[Rpc]:
    """A connection to the socket at the path; `OSError` when nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(path))
        yield Rpc(connection)


def ovs_map(values: dict[str, str]) -> list[Any]:
    """A map column's value."""
    return ["map", [[key, value] for key, value in values.items()]]


def ovs_set(values: Sequence[Any]) -> list[Any]:
    """A set column's value."""
    return ["set", list(values)]


def named(name: str) -> list[str]:
    """A row that the same transaction inserts."""
    return ["named-uuid", name]
