"""Fixtures of the migration tests."""

from tests.support.stores import database_names, make_url, postgres_url

__all__ = ["database_names", "make_url", "postgres_url"]
