"""Both engines: the migrations lead to the schema that the code uses, in one step or several, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text
from tests.support.resources import vpc
from tests.support.stores import FILE, POSTGRES

from peerway.adapters.store import migrations, open_store
from peerway.adapters.store.engines import engine_for
from peerway.adapters.store.migrations import upgrade
from peerway.adapters.store.tables import METADATA
from peerway.domain.errors import Unavailable
from peerway.domain.vpc import Vpc


@pytest.fixture(params=[FILE, POSTGRES])
def url(request, make_url):
    """An empty database."""
    return make_url(request.param)


@pytest.fixture
def alchemy(url):
    """SQLAlchemy's engine for it."""
    engine = engine_for(url).alchemy
    yield engine
    engine.dispose()


def schema(alchemy):
    """Tables, their columns, constraints and indexes as the engine has them."""
    found = MetaData()
    found.reflect(alchemy)
    return {
        table.name: (
            [(column.name, str(column.type), column.nullable) for column in table.columns],
            sorted(str(constraint.name) for constraint in table.constraints),
            sorted(str(index.name) for index in table.indexes),
        )
        for table in found.sorted_tables
    }


def test_migrations_make_the_schema_of_the_code(alchemy):
    """An empty database brought to the head differs in nothing from `tables`."""
    upgrade(alchemy)
    with alchemy.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrations_and_tables_have_the_same_names(alchemy, tmp_path):
    """Constraints, too, are those of `tables`, by name: errors and later migrations refer to them."""
    upgrade(alchemy)
    made = schema(alchemy)
    version = made.pop("alembic_version")
    assert version
    with alchemy.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert schema(alchemy) == made


def test_upgrade_is_repeatable(alchemy):
    """On a current schema nothing happens."""
    upgrade(alchemy)
    before = schema(alchemy)
    upgrade(alchemy)
    assert schema(alchemy) == before


def test_processes_may_upgrade_at_once(url):
    """Several that start together on an empty database all find the schema made."""
    with ThreadPoolExecutor(4) as together:
        for opened in list(together.map(open_store, [url] * 4)):
            opened.ping()
            opened.close()


def test_data_survive_opening_again(url):
    """Opening a store keeps what is in it."""
    first = open_store(url)
    stored = first.write(lambda tx: tx.insert(vpc()))
    first.close()
    second = open_store(url)
    assert second.read(lambda tx: tx.get(Vpc, "vpc-a")) == stored
    second.close()


def test_store_of_a_newer_version_is_left_alone(url, alchemy):
    """An older Peerway does not touch a schema it doesn't know."""
    upgrade(alchemy)
    with alchemy.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable) as refused:
        open_store(url)
    assert refused.value.code == "store_newer"


def test_history_is_one_line():
    """Revisions follow one another, with one head and one base, numbered in order."""
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    history = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert history == [f"{number:04}" for number in range(len(history), 0, -1)]
