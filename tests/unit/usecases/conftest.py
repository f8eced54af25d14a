"""Fixtures of the use case tests: an estate with two tenants."""

import pytest
from tests.builders.estate import Estate

from peerway.app.usecases.databases import CreateDatabase, create_database
from peerway.app.usecases.listeners import AddBackend, CreateListener, add_backend, create_listener
from peerway.app.usecases.load_balancers import CreateLoadBalancer, create_load_balancer


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


@pytest.fixture
def vpc(estate, alice):
    """Alice's VPC."""
    return estate.vpc(alice)


@pytest.fixture
def vswitch(estate, alice, vpc):
    """A VSwitch in it."""
    return estate.vswitch(alice, vpc)


@pytest.fixture
def balancer(estate, alice, vswitch):
    """A load balancer."""
    return estate.do(create_load_balancer, alice, CreateLoadBalancer(vswitch_id=vswitch.id, name="web"))


@pytest.fixture
def listener(estate, alice, balancer):
    """It listens at TCP 443."""
    request = CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=443)
    return estate.do(create_listener, alice, request)


@pytest.fixture
def instance(estate, alice, vswitch):
    """An instance beside it."""
    return estate.instance(alice, vswitch)


@pytest.fixture
def backend(estate, alice, listener, instance):
    """The instance behind the listener."""
    request = AddBackend(listener_id=listener.id, instance_id=instance.id)
    return estate.do(add_backend, alice, request)


@pytest.fixture
def database(estate, alice, vswitch):
    """A database that one range may connect to."""
    return estate.do(
        create_database, alice, CreateDatabase(vswitch_id=vswitch.id, whitelist=("10.1.0.0/16",))
    )
