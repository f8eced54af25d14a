"""Brings a database to the current schema. Owns no schema: that is in `versions`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

#: Key of PostgreSQL's advisory lock under which one process at a time changes the schema.
LOCK = 0x7065_6572


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run what is missing, in one transaction; nothing when the schema is current. Several processes may call it at once."""
    with engine.connect() as connection:
        begin(connection)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def begin(connection: Connection) -> None:
    """Begin a transaction and wait until no other process changes the schema."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
