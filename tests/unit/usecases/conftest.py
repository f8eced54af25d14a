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


@pytest.fixture
def vpcs(estate, alice, bob):
    """A VPC of each account, in two regions."""
    return estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16", "cn-beijing")


@pytest.fixture
def asked(estate, alice, vpcs):
    """A request for a peer connection that nobody has answered."""
    return estate.ask_for(alice, *vpcs)


@pytest.fixture
def faced(estate, alice, bob, vpcs):
    """Two idle interfaces that name each other."""
    return estate.face((alice, bob), vpcs)


@pytest.fixture
def joined(estate, alice, bob, vpcs):
    """Two interfaces that are joined."""
    return estate.join((alice, bob), vpcs)
