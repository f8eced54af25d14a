"""Who uses which connection when: a pool for files and servers, turns on the only connection for memory.

Owns the beginning and the end of reading transactions. The writer's transactions are `writer`'s business.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Protocol

from peerway.adapters.store.engines import Connection, StoreEngine
from peerway.domain.errors import InvalidInput, PeerwayError, Unavailable


class Connections(Protocol):
    """The connections of one store."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that shows one state of the store until the end. The engine's errors leave as the domain's."""

    def turn(self) -> AbstractContextManager[object]:
        """The right to use the writer's connection."""

    def writing(self, wait_s: float) -> Connection:
        """A connection for a writer, which waits that long for another one; it gives it back by `release`."""

    def release(self, connection: Connection) -> None:
        """Take a writer's connection back."""

    def close(self) -> None:
        """Hang up, at once or as soon as who reads now is done."""


class PooledConnections:
    """As many connections as there are readers at a time; idle ones are used again, the one used last first."""

    def __init__(self, engine: StoreEngine) -> None:
        self._engine = engine
        self._idle: deque[Connection] = deque()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a read transaction."""
        connection = self._begin()
        try:
            yield connection
        except self._engine.errors as error:
            raise translated(self._engine, error) from error
        finally:
            self._end(connection)

    def turn(self) -> AbstractContextManager[object]:
        """Always free: the writer's connection is its own."""
        return nullcontext()

    def writing(self, wait_s: float) -> Connection:
        """A new connection."""
        return self._engine.connect(wait_s)

    def release(self, connection: Connection) -> None:
        """Hang up."""
        connection.close()

    def close(self) -> None:
        """Hang up idle connections; the others follow when they are given back."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _begin(self) -> Connection:
        """A connection with its transaction begun; idle ones that turn out to be dead are thrown away."""
        if self._closed:
            raise Unavailable("the store is closed", code="store_closed")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._begin_new()
            try:
                connection.execute(self._engine.begin_read)
            except self._engine.errors:
                connection.close()
            else:
                return connection

    def _begin_new(self) -> Connection:
        try:
            connection = self._engine.connect()
            connection.execute(self._engine.begin_read)
        except self._engine.errors as error:
            raise translated(self._engine, error) from error
        return connection

    def _end(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except self._engine.errors:
            connection.close()
        else:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)


class OnlyConnection:
    """One connection and turns on it: what is in memory exists once."""

    def __init__(self, engine: StoreEngine) -> None:
        self._engine = engine
        self._turn = threading.RLock()
        self._depth = 0
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The connection, as long as nobody else has it; a read within a read sees the same."""
        with self._turn:
            if self._closed:
                raise Unavailable("the store is closed", code="store_closed")
            connection = self._engine.connect()
            try:
                if not self._depth:
                    connection.execute(self._engine.begin_read)
                self._depth += 1
                yield connection
            except self._engine.errors as error:
                raise translated(self._engine, error) from error
            finally:
                self._depth -= 1
                if not self._depth:
                    connection.execute("ROLLBACK")

    def turn(self) -> AbstractContextManager[object]:
        """Waits until nobody reads."""
        return self._turn

    def writing(self, wait_s: float) -> Connection:  # noqa: ARG002 - there is no other writer
        """The connection."""
        return self._engine.connect()

    def release(self, connection: Connection) -> None:
        """Nothing: it is not the writer's."""

    def close(self) -> None:
        """Let the memory go."""
        with self._turn:
            self._closed = True
            self._engine.connect().close()


def translated(engine: StoreEngine, error: Exception) -> PeerwayError:
    """What callers get to see of an engine's error."""
    if isinstance(error, engine.value_errors):
        return InvalidInput("request", "has a value that can't be stored", code="unstorable")
    return Unavailable("the store can't be reached or can't do this right now", code="store_unavailable")
