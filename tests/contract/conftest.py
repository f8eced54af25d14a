"""Fixtures of the contract suites."""

from tests.support.stores import clock, database_names, make_url, postgres_url, store, store_url

__all__ = ["clock", "database_names", "make_url", "postgres_url", "store", "store_url"]
