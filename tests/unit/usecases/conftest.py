"""Fixtures of the use case tests: an estate with two tenants."""

import pytest
from tests.builders.estate import Estate


@pytest.fixture
def estate():
    """Accounts and networks on a fresh store in memory."""
    estate = Estate()
    yield estate
    estate.close()


@pytest.fixture
def alice(estate):
    """The account that asks."""
    return estate.tenant("alice", real_name=True)


@pytest.fixture
def bob(estate):
    """The account that is asked."""
    return estate.tenant("bob")


@pytest.fixture
def carol(estate):
    """An account that has nothing to do with it."""
    return estate.tenant("carol")
