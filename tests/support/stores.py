"""Empty stores: on each engine as fixtures (`from tests.support.stores import ...` in a conftest), and quickly in memory."""

import itertools
from functools import cache

import psycopg
import pytest
from tests.support.postgres_server import postgres_server

from peerway.adapters.store import SqlStore, open_store
from peerway.adapters.store.engines import StoreEngine, engine_for
from peerway.adapters.store.migrations import upgrade
from peerway.app.clock import Clock, VirtualClock

FILE = "sqlite-file"
MEMORY = "sqlite-memory"
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)

#: Engines whose readers and writers don't wait for one another.
CONCURRENT = [FILE, POSTGRES]
EVERY = [FILE, MEMORY, POSTGRES]


def memory_store(clock: Clock) -> SqlStore:
    """An empty store in memory; its schema is copied, which is a hundred times faster than to make it by all migrations."""
    engine = engine_for("sqlite://")
    _migrated().connect().backup(engine.connect())
    return SqlStore(engine, clock)


@cache
def _migrated() -> StoreEngine:
    """An engine with the current schema and nothing in it."""
    engine = engine_for("sqlite://")
    upgrade(engine.alchemy)
    return engine


@pytest.fixture(scope="session")
def postgres_url():
    """A server of our own for the whole run."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def database_names():
    """Names that no database has yet."""
    return (f"store_{number}" for number in itertools.count())


@pytest.fixture
def make_url(request, tmp_path, database_names):
    """Engine -> the address of an empty store."""

    def make(engine):
        if engine == MEMORY:
            return "sqlite://"
        if engine == FILE:
            return f"sqlite:///{tmp_path}/peerway.sqlite"
        server, name = request.getfixturevalue("postgres_url"), next(database_names)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.replace("/postgres?", f"/{name}?")

    return make


@pytest.fixture(params=EVERY)
def store_url(request, make_url):
    """The address of an empty store on each engine in turn."""
    return make_url(request.param)


@pytest.fixture
def clock():
    """A clock that stands still."""
    return VirtualClock()


@pytest.fixture
def store(store_url, clock):
    """An empty store on each engine in turn."""
    opened = open_store(store_url, clock)
    yield opened
    opened.close()
