"""The store on SQLite and PostgreSQL: one schema, one door."""

from peerway.adapters.store.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
