"""The two engines: how to connect, how to begin, and what their errors mean.

Everything that differs between SQLite and PostgreSQL is here, beside the dialects in SQLAlchemy. Connections are the drivers' own,
in the mode in which every statement stands for itself until `BEGIN`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.pool import NullPool, StaticPool

#: How long a writer waits for another process's transaction before it is told to try again.
WAIT_S = 5

#: Pause before a new file is asked again to keep its log beside it, s.
REST_S = 0.002

#: How SQLite works. The log is moved to the file every 32 MiB: seldom enough that the same pages are written once for many commits.
#: The file is read through the page cache of the system, which all connections share.
PRAGMAS = (
    "synchronous=FULL",
    "wal_autocheckpoint=8192",
    "cache_size=-65536",
    "mmap_size=1073741824",
    "temp_store=MEMORY",
)


class Cursor(Protocol):
    """What both drivers' cursors have in common, as far as it is used."""

    rowcount: int

    def fetchone(self) -> Any:
        """Next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows left."""

    def executemany(self, sql: str, rows: Sequence[Sequence[object]], /) -> Any:
        """Run once a row."""


class Connection(Protocol):
    """What both drivers' connections have in common, as far as it is used."""

    def execute(self, sql: str, values: Sequence[object] = ..., /) -> Cursor:
        """Run, and give the cursor with the rows."""

    def cursor(self) -> Cursor:
        """A cursor."""

    def close(self) -> None:
        """Hang up; what is not committed is undone."""


class StoreEngine(ABC):
    """One engine at one address."""

    #: Every error of the driver.
    errors: ClassVar[type[Exception]]
    #: Errors that say that a value can't be stored.
    value_errors: ClassVar[tuple[type[Exception], ...]]
    #: Begins a transaction that only reads, on one state of the store.
    begin_read: ClassVar[str]
    #: Begins a transaction that writes.
    begin_write: ClassVar[str]
    #: Whether all transactions share one connection, one after the other.
    one_connection: bool = False
    #: Whether statements take microseconds and no connection waits for another of this process, so that an event loop may run them.
    inline: bool = False
    #: SQLAlchemy's side of it, for the schema and its migrations.
    alchemy: Engine

    @property
    def dialect(self) -> Dialect:
        """For compiling statements."""
        return self.alchemy.dialect

    @abstractmethod
    def connect(self, wait_s: float = WAIT_S) -> Connection:
        """A new connection that waits that long for another's transaction."""

    @abstractmethod
    def lost_race(self, error: Exception) -> bool:
        """Whether nothing happened and the same transaction may go through when it is tried again."""

    @abstractmethod
    def in_transaction(self, connection: Connection) -> bool:
        """Whether a transaction is open, be it only to be undone."""

    @abstractmethod
    def usable(self, connection: Connection) -> bool:
        """Whether the connection still stands."""


class SqliteEngine(StoreEngine):
    """A file, or the memory of this process."""

    errors = sqlite3.Error
    value_errors = (sqlite3.DataError,)
    begin_read = "BEGIN"
    begin_write = "BEGIN IMMEDIATE"

    def __init__(self, path: str) -> None:
        self._path = path
        self.one_connection = path in {"", ":memory:"}
        self.inline = not self.one_connection
        pool = StaticPool if self.one_connection else NullPool
        self._only = self._open() if self.one_connection else None
        self.alchemy = create_engine("sqlite://", creator=self.connect, poolclass=pool)

    def connect(self, wait_s: float = WAIT_S) -> Connection:
        """A new connection; in memory always the same one."""
        return self._only or self._open(wait_s)

    def _open(self, wait_s: float = WAIT_S) -> Connection:
        if not self.one_connection:
            _make_private(self._path)
        connection: Any = sqlite3.connect(
            self._path or ":memory:",
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=1024,
        )
        self._keep_log(connection, time.monotonic() + wait_s)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return cast("Connection", connection)

    def _keep_log(self, connection: sqlite3.Connection, patience: float) -> None:
        """Have the log of writes beside the file (WAL).

        Of several that open a new file at once SQLite turns some away here without having them wait, whatever its time-out says.
        """
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.Error as error:
                if not self.lost_race(error) or time.monotonic() >= patience:
                    raise
                time.sleep(REST_S)
            else:
                return

    def lost_race(self, error: Exception) -> bool:
        """Another process writes."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

    def in_transaction(self, connection: Any) -> bool:
        """As the driver knows it."""
        return bool(connection.in_transaction)

    def usable(self, connection: Connection) -> bool:  # noqa: ARG002 - a file does not hang up
        """Always."""
        return True


def _make_private(path: str) -> None:
    """Make a file that is missing, for this user only; the log beside it takes over its mode.

    What can't be made is left to SQLite, whose error says so.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


class PostgresEngine(StoreEngine):
    """A PostgreSQL server."""

    errors = psycopg.Error
    value_errors = (psycopg.DataError,)
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"

    def __init__(self, url: str) -> None:
        self._url = url
        self.alchemy = create_engine(
            "postgresql+psycopg://", creator=self.connect, poolclass=NullPool, paramstyle="format"
        )

    def connect(self, wait_s: float = WAIT_S) -> Connection:
        """A new connection."""
        settings = f"-c synchronous_commit=on -c lock_timeout={wait_s * 1000:.0f}ms -c timezone=UTC"
        connection: Any = psycopg.connect(
            self._url, autocommit=True, options=settings, application_name="peerway"
        )
        return cast("Connection", connection)

    def lost_race(self, error: Exception) -> bool:
        """Another process holds the revision, or the server chose this transaction as a deadlock's victim."""
        return isinstance(
            error,
            psycopg.errors.LockNotAvailable
            | psycopg.errors.DeadlockDetected
            | psycopg.errors.SerializationFailure,
        )

    def in_transaction(self, connection: Any) -> bool:
        """As the server said last."""
        return connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}

    def usable(self, connection: Any) -> bool:
        """Whether the server has not hung up."""
        return not connection.broken


def engine_for(url: str) -> StoreEngine:
    """The engine of an address: `sqlite:///PATH` (four slashes for an absolute one), `sqlite://`, `postgresql://...`."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteEngine(rest.removeprefix("/"))
    if scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
        return PostgresEngine(f"postgresql://{rest}")
    raise ValueError(f"no store at {scheme}://: sqlite:///PATH, sqlite:// or postgresql://...")
