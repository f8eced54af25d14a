"""Databases (NET-6): an address, a port, and who may connect."""

from ipaddress import ip_network

import pytest

from peerway.app.usecases.databases import (
    CreateDatabase,
    DeleteDatabase,
    UpdateDatabase,
    create_database,
    delete_database,
    list_databases,
    update_database,
)
from peerway.domain.errors import Forbidden, IllegalState, InvalidInput, NotFound
from peerway.domain.resource import Provisioning


def test_database_lives(estate, alice, vpc, database):
    """NET-6: its engine's usual port; texts and whitelist change while it is there."""
    assert (database.engine, database.port, database.vpc_id) == ("postgresql", 5432, vpc.id)
    assert estate.settle_one(database).state is Provisioning.AVAILABLE
    request = UpdateDatabase(
        id=database.id, name="orders", whitelist=("10.2.0.0/16", "10.2.0.0/16", "10.3.0.1/32")
    )
    changed = estate.do(update_database, alice, request)
    assert changed.whitelist == (ip_network("10.2.0.0/16"), ip_network("10.3.0.1/32"))
    assert estate.do(update_database, alice, UpdateDatabase(id=database.id, description="x")).name == "orders"
    assert [one.id for one in estate.ask(list_databases, alice, vpc_id=vpc.id).items] == [database.id]
    assert estate.ask(list_databases, alice, vpc_id="vpc-other").items == ()
    leaving = estate.do(delete_database, alice, DeleteDatabase(id=database.id))
    assert estate.do(delete_database, alice, DeleteDatabase(id=database.id)) == leaving
    estate.refused(IllegalState, update_database, alice, request)
    estate.settle_one(leaving)
    estate.refused(NotFound, delete_database, alice, DeleteDatabase(id=database.id))


def test_whitelist_is_empty_unless_given(estate, alice, vswitch, database):
    """Nobody may connect until somebody is let in."""
    made = estate.do(create_database, alice, CreateDatabase(vswitch_id=vswitch.id, engine="mysql"))
    assert (made.whitelist, made.port) == ((), 3306)
    emptied = estate.do(update_database, alice, UpdateDatabase(id=database.id, whitelist=()))
    assert emptied.whitelist == ()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"engine": "oracle"}, "engine"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"whitelist": "10.0.0.0/8"}, "whitelist"),
        ({"whitelist": ("10.0.0.1/8",)}, "whitelist"),
        ({"whitelist": ("10.0.0.1",)}, "whitelist"),
        ({"whitelist": ("fd00::/8",)}, "whitelist"),
        ({"whitelist": (None,)}, "whitelist"),
        ({"name": "x" * 129}, "name"),
    ],
)
def test_bad_database_is_refused(estate, alice, vswitch, database, fields, field):
    """Each wrong value is named, at the start and later."""
    request = CreateDatabase(vswitch_id=vswitch.id, **fields)
    assert estate.refused(InvalidInput, create_database, alice, request).field == field
    if field in {"whitelist", "name"}:
        later = UpdateDatabase(id=database.id, **fields)
        assert estate.refused(InvalidInput, update_database, alice, later).field == field


def test_only_operators_name_a_namespace_of_the_host(estate, alice, vswitch):
    """As for instances: it is a path of the host."""
    request = CreateDatabase(vswitch_id=vswitch.id, netns="/run/netns/orders")
    assert estate.refused(Forbidden, create_database, alice, request).code == "not_operator"
    own = estate.vswitch(estate.operator, estate.vpc(estate.operator))
    request = CreateDatabase(vswitch_id=own.id, netns="/run/netns/orders")
    assert estate.do(create_database, estate.operator, request).netns == "/run/netns/orders"
    request = CreateDatabase(vswitch_id=own.id, netns="run/netns/orders")
    assert estate.refused(InvalidInput, create_database, estate.operator, request).field == "netns"
