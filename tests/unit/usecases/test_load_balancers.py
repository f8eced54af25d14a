"""Load balancers (NET-6): their listeners, and the instances behind them."""

import pytest

from peerway.app.usecases.health import known_health, record_health
from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.listeners import (
    AddBackend,
    CreateListener,
    DeleteListener,
    RemoveBackend,
    UpdateBackend,
    UpdateListener,
    add_backend,
    create_listener,
    delete_listener,
    get_listener,
    list_backends,
    list_listeners,
    remove_backend,
    update_backend,
    update_listener,
)
from peerway.app.usecases.load_balancers import (
    DeleteLoadBalancer,
    UpdateLoadBalancer,
    delete_load_balancer,
    list_load_balancers,
    update_load_balancer,
)
from peerway.domain.errors import (
    AlreadyExists,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
)
from peerway.domain.resource import Provisioning
from peerway.domain.service import Backend, BackendHealth, Listener

CHECK = ("check", "check_interval_ms", "check_threshold")


def verdict(estate, listener, instance, word):
    """What a check says."""
    estate.store.write(lambda tx: record_health(tx, {f"{listener.id}/{instance.id}": word}))


def test_load_balancer_lives(estate, alice, vpc, balancer):
    """Creating until the data plane has it; gone when the data plane has let go of it."""
    assert (balancer.vpc_id, balancer.state) == (vpc.id, Provisioning.CREATING)
    assert estate.settle_one(balancer).state is Provisioning.AVAILABLE
    request = UpdateLoadBalancer(id=balancer.id, description="the shop's")
    assert estate.do(update_load_balancer, alice, request).description == "the shop's"
    assert [one.name for one in estate.ask(list_load_balancers, alice, vpc_id=vpc.id).items] == ["web"]
    assert estate.ask(list_load_balancers, alice, vpc_id="vpc-other").items == ()
    leaving = estate.do(delete_load_balancer, alice, DeleteLoadBalancer(id=balancer.id))
    assert leaving.state is Provisioning.DELETING
    revision = estate.revision
    assert estate.do(delete_load_balancer, alice, DeleteLoadBalancer(id=balancer.id)) == leaving
    assert estate.revision == revision
    estate.refused(IllegalState, update_load_balancer, alice, request)
    listen = CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=80)
    estate.refused(IllegalState, create_listener, alice, listen)
    estate.settle_one(leaving)
    estate.refused(NotFound, delete_load_balancer, alice, DeleteLoadBalancer(id=balancer.id))


def test_listener_keeps_its_load_balancer(estate, alice, balancer, listener, backend):
    """The listener goes first, and takes its backends along."""
    request = DeleteLoadBalancer(id=balancer.id)
    assert estate.refused(InUse, delete_load_balancer, alice, request).data["by_id"] == listener.id
    estate.do(delete_listener, alice, DeleteListener(id=listener.id))
    assert estate.all(Listener) == estate.all(Backend) == []
    estate.do(delete_load_balancer, alice, request)


def test_ports_are_listened_at_once(estate, alice, balancer, listener):
    """One listener a protocol and port; another protocol's port is another port."""
    again = CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=443)
    refused = estate.refused(AlreadyExists, create_listener, alice, again)
    assert (refused.code, refused.data["field"]) == ("listener_exists", "port")
    udp = CreateListener(load_balancer_id=balancer.id, protocol="udp", port=443)
    other = estate.do(create_listener, alice, udp)
    assert estate.ask(list_listeners, alice, balancer.id).items == (listener, other)
    assert estate.ask(get_listener, alice, other.id) == other


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"protocol": "http"}, "protocol"),
        ({"protocol": "TCP"}, "protocol"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": True}, "port"),
        ({"check": "yes"}, "check"),
        ({"check_interval_ms": 99}, "check_interval_ms"),
        ({"check_interval_ms": 60_001}, "check_interval_ms"),
        ({"check_threshold": 0}, "check_threshold"),
        ({"check_threshold": 11}, "check_threshold"),
        ({"name": "x" * 129}, "name"),
    ],
)
def test_bad_listener_is_refused(estate, alice, balancer, listener, fields, field):
    """Each wrong value is named, when listening begins and later."""
    given = {"protocol": "tcp", "port": 80} | fields
    request = CreateListener(load_balancer_id=balancer.id, **given)
    assert estate.refused(InvalidInput, create_listener, alice, request).field == field
    if field in {*CHECK, "name"}:
        later = UpdateListener(id=listener.id, **fields)
        assert estate.refused(InvalidInput, update_listener, alice, later).field == field


def test_check_is_changed_and_its_verdicts_end_with_it(estate, alice, listener, instance, backend):
    """A verdict counts as long as there is a check; without one a backend's health is unknown."""
    request = UpdateListener(id=listener.id, name="tls", check_interval_ms=500, check_threshold=2)
    changed = estate.do(update_listener, alice, request)
    assert (changed.name, changed.check_interval_ms, changed.check_threshold) == ("tls", 500, 2)
    verdict(estate, listener, instance, word=False)
    assert estate.get(Backend, backend.id).health is BackendHealth.ABNORMAL
    assert estate.store.read(known_health) == {f"{listener.id}/{instance.id}": False}
    estate.do(update_listener, alice, UpdateListener(id=listener.id, check=False))
    assert estate.get(Backend, backend.id).health is BackendHealth.UNKNOWN


def test_late_verdict_changes_nothing(estate, alice, listener, instance, backend):
    """A backend that is gone is passed over."""
    estate.do(remove_backend, alice, RemoveBackend(id=backend.id))
    revision = estate.revision
    verdict(estate, listener, instance, word=False)
    assert estate.revision == revision


def test_backend_answers_at_the_listeners_port_or_another(estate, alice, vswitch, listener, backend):
    """The listener's port and a full share, unless others are named."""
    assert (backend.port, backend.weight, backend.health) == (443, 100, BackendHealth.UNKNOWN)
    other = estate.instance(alice, vswitch)
    request = AddBackend(listener_id=listener.id, instance_id=other.id, port=8443, weight=0)
    made = estate.do(add_backend, alice, request)
    assert (made.port, made.weight) == (8443, 0)
    assert estate.do(update_backend, alice, UpdateBackend(id=made.id, weight=7)).weight == 7
    assert [one.id for one in estate.ask(list_backends, alice, listener.id).items] == [backend.id, made.id]
    estate.do(remove_backend, alice, RemoveBackend(id=made.id))
    estate.refused(NotFound, update_backend, alice, UpdateBackend(id=made.id, weight=7))


def test_instance_is_behind_a_listener_once(estate, alice, listener, instance, backend):
    """Whatever its port."""
    request = AddBackend(listener_id=listener.id, instance_id=instance.id, port=8080)
    refused = estate.refused(AlreadyExists, add_backend, alice, request)
    assert (refused.code, refused.data["field"]) == ("backend_exists", "instance_id")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"weight": -1}, "weight"),
        ({"weight": 101}, "weight"),
    ],
)
def test_bad_backend_is_refused(estate, alice, vswitch, listener, backend, fields, field):
    """Each wrong value is named."""
    other = estate.instance(alice, vswitch)
    request = AddBackend(listener_id=listener.id, instance_id=other.id, **fields)
    assert estate.refused(InvalidInput, add_backend, alice, request).field == field
    if field == "weight":
        later = UpdateBackend(id=backend.id, **fields)
        assert estate.refused(InvalidInput, update_backend, alice, later).field == field


def test_backend_is_an_instance_of_the_vpc(estate, alice, bob, vswitch, listener, instance, database):
    """NET-6: not of another VPC, not another kind, not one that is going."""
    far = estate.instance(alice, estate.vswitch(alice, estate.vpc(alice, "10.5.0.0/16"), "10.5.1.0/24"))
    foreign = estate.instance(bob, estate.vswitch(bob, estate.vpc(bob)))
    for id in (far.id, foreign.id, database.id, "i-nothing"):
        request = AddBackend(listener_id=listener.id, instance_id=id)
        assert estate.refused(NotFound, add_backend, alice, request).data["field"] == "instance_id"
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    request = AddBackend(listener_id=listener.id, instance_id=instance.id)
    estate.refused(IllegalState, add_backend, alice, request)


def test_deleted_instance_is_behind_nothing(estate, alice, instance, backend):
    """As the clouds do: a backend does not keep its instance."""
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    assert estate.all(Backend) == []
