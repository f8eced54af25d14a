"""What load balancers and databases have in common (NET-6): addresses, limits, who may, and shared VSwitches (NET-9)."""

import pytest

from peerway.app.usecases.databases import (
    CreateDatabase,
    DeleteDatabase,
    UpdateDatabase,
    create_database,
    delete_database,
    get_database,
    list_databases,
    update_database,
)
from peerway.app.usecases.instances import CreateInstance, DeleteInstance, create_instance, delete_instance
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
    CreateLoadBalancer,
    DeleteLoadBalancer,
    UpdateLoadBalancer,
    create_load_balancer,
    delete_load_balancer,
    get_load_balancer,
    list_load_balancers,
    update_load_balancer,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.shares import CreateShare, DeleteShare, create_share, delete_share
from peerway.app.usecases.vswitches import DeleteVSwitch, delete_vswitch
from peerway.domain.account import Caller, Role
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.service import Backend, Database, LoadBalancer

# ---- addresses -----------------------------------------------------------------------------------------------------------


def test_addresses_are_one_lot(estate, alice, vswitch, instance, balancer, database):
    """NET-6: instances, load balancers and databases of a VSwitch never have the same address."""
    taken = {instance.ipv4, balancer.address, database.address}
    assert len(taken) == 3
    for address in map(str, taken):
        for field, use_case, request in [
            ("ipv4", create_instance, CreateInstance(vswitch_id=vswitch.id, ipv4=address)),
            ("address", create_load_balancer, CreateLoadBalancer(vswitch_id=vswitch.id, address=address)),
            ("address", create_database, CreateDatabase(vswitch_id=vswitch.id, address=address)),
        ]:
            refused = estate.refused(AlreadyExists, use_case, alice, request)
            assert (refused.code, refused.data["field"]) == ("address_taken", field)


def test_addresses_run_out_together(estate, alice, vpc):
    """A /29 has four addresses for whoever comes first; one that is let go of is free again."""
    small = estate.vswitch(alice, vpc, "10.0.7.0/29")
    balancers = [
        estate.do(create_load_balancer, alice, CreateLoadBalancer(vswitch_id=small.id)) for _ in range(2)
    ]
    estate.do(create_database, alice, CreateDatabase(vswitch_id=small.id))
    estate.instance(alice, small)
    requests = [
        (create_instance, CreateInstance(vswitch_id=small.id)),
        (create_load_balancer, CreateLoadBalancer(vswitch_id=small.id)),
        (create_database, CreateDatabase(vswitch_id=small.id)),
    ]
    for use_case, request in requests:
        refused = estate.refused(Conflict, use_case, alice, request)
        assert (refused.code, refused.data["field"]) == ("addresses_used_up", "vswitch_id")
    gone = estate.do(delete_load_balancer, alice, DeleteLoadBalancer(id=balancers[0].id))
    assert estate.refused(Conflict, *requests[2][:1], alice, requests[2][1]).code == "addresses_used_up"
    estate.settle_one(gone)
    assert estate.do(create_database, alice, requests[2][1]).address == balancers[0].address


@pytest.mark.parametrize(
    "address", ["10.0.2.1", "10.0.1.0", "10.0.1.255", "10.0.1.253", "fd00::1", "x", "10.0.1.5/32"]
)
def test_address_is_a_usable_one_of_the_vswitch(estate, alice, vswitch, address):
    """Neither another range's nor a reserved one."""
    for use_case, request in [
        (create_load_balancer, CreateLoadBalancer(vswitch_id=vswitch.id, address=address)),
        (create_database, CreateDatabase(vswitch_id=vswitch.id, address=address)),
    ]:
        assert estate.refused(InvalidInput, use_case, alice, request).field == "address"


def test_what_is_in_a_vswitch_keeps_it(estate, alice, vswitch, balancer, database):
    """The error names what is left; a VSwitch that is being deleted takes nothing in."""
    delete = DeleteVSwitch(id=vswitch.id)
    assert estate.refused(InUse, delete_vswitch, alice, delete).data["by_id"] == balancer.id
    estate.settle_one(estate.do(delete_load_balancer, alice, DeleteLoadBalancer(id=balancer.id)))
    assert estate.refused(InUse, delete_vswitch, alice, delete).data["by_id"] == database.id
    estate.settle_one(estate.do(delete_database, alice, DeleteDatabase(id=database.id)))
    estate.do(delete_vswitch, alice, delete)
    estate.refused(IllegalState, create_load_balancer, alice, CreateLoadBalancer(vswitch_id=vswitch.id))
    estate.refused(IllegalState, create_database, alice, CreateDatabase(vswitch_id=vswitch.id))


# ---- who may, how many, repeats ------------------------------------------------------------------------------------------


def test_limits_hold_and_can_be_raised(estate, alice, vswitch, balancer, listener, backend, database):
    """NET-6: each count has a limit of its own, which an operator may change for one account."""
    other = estate.instance(alice, vswitch)
    rows = [
        ("load_balancers_per_account", create_load_balancer, CreateLoadBalancer(vswitch_id=vswitch.id)),
        (
            "listeners_per_load_balancer",
            create_listener,
            CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=80),
        ),
        ("backends_per_listener", add_backend, AddBackend(listener_id=listener.id, instance_id=other.id)),
        ("databases_per_account", create_database, CreateDatabase(vswitch_id=vswitch.id)),
        (
            "whitelist_ranges_per_database",
            update_database,
            UpdateDatabase(id=database.id, whitelist=("10.2.0.0/16", "10.3.0.0/16")),
        ),
    ]
    for name, use_case, request in rows:
        grant = GrantQuota(uid=alice.uid, name=name, limit=1)
        estate.do(grant_quota, estate.operator, grant)
        assert estate.refused(QuotaExceeded, use_case, alice, request).data["quota"] == name
        estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=2))
        estate.do(use_case, alice, request)


def test_repeat_with_a_token_is_harmless(estate, alice, vswitch, balancer, listener, instance):
    """Each create answers a repeat with what it made."""
    for use_case, request in [
        (create_load_balancer, CreateLoadBalancer(vswitch_id=vswitch.id, client_token="a-token-1")),
        (
            create_listener,
            CreateListener(load_balancer_id=balancer.id, protocol="udp", port=53, client_token="a-token-2"),
        ),
        (add_backend, AddBackend(listener_id=listener.id, instance_id=instance.id, client_token="a-token-3")),
        (create_database, CreateDatabase(vswitch_id=vswitch.id, client_token="a-token-4")),
    ]:
        made = estate.do(use_case, alice, request)
        revision = estate.revision
        assert estate.do(use_case, alice, request) == made
        assert estate.revision == revision


def mutations(vswitch, balancer, listener, instance, backend, database):
    """Everything that can be asked for, as (use case, request)."""
    return [
        (create_load_balancer, CreateLoadBalancer(vswitch_id=vswitch.id)),
        (update_load_balancer, UpdateLoadBalancer(id=balancer.id, name="x")),
        (delete_load_balancer, DeleteLoadBalancer(id=balancer.id)),
        (create_listener, CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=80)),
        (update_listener, UpdateListener(id=listener.id, name="x")),
        (delete_listener, DeleteListener(id=listener.id)),
        (add_backend, AddBackend(listener_id=listener.id, instance_id=instance.id)),
        (update_backend, UpdateBackend(id=backend.id, weight=1)),
        (remove_backend, RemoveBackend(id=backend.id)),
        (create_database, CreateDatabase(vswitch_id=vswitch.id)),
        (update_database, UpdateDatabase(id=database.id, name="x")),
        (delete_database, DeleteDatabase(id=database.id)),
    ]


@pytest.fixture
def everything(vswitch, balancer, listener, instance, backend, database):
    """One of each."""
    return vswitch, balancer, listener, instance, backend, database


def test_readers_and_strangers_change_nothing(estate, alice, bob, everything):
    """NET-1: a reader's credential reads; for another account nothing of it is there."""
    reader = Caller(alice.uid, Role.READER, alice.key_id)
    _, balancer, listener, _, _, database = everything
    for use_case, request in mutations(*everything):
        estate.refused(Forbidden, use_case, reader, request)
        estate.refused(NotFound, use_case, bob, request)
    reads = [
        (get_load_balancer, balancer.id),
        (list_listeners, balancer.id),
        (get_listener, listener.id),
        (list_backends, listener.id),
        (get_database, database.id),
    ]
    for use_case, id in reads:
        estate.ask(use_case, reader, id)
        estate.ask(use_case, estate.operator, id)
        with pytest.raises(NotFound):
            estate.ask(use_case, bob, id)
    for use_case in (list_load_balancers, list_databases):
        assert estate.ask(use_case, bob).items == ()
        assert len(estate.ask(use_case, estate.operator, all_accounts=True).items) == 1
        with pytest.raises(Forbidden):
            estate.ask(use_case, alice, all_accounts=True)


# ---- shared VSwitches ----------------------------------------------------------------------------------------------------


@pytest.fixture
def share(estate, alice, bob, vswitch):
    """The VSwitch, shared with Bob."""
    return estate.do(create_share, alice, CreateShare(vswitch_id=vswitch.id, user_uid=bob.uid))


def test_owner_balances_over_a_users_instance(estate, alice, bob, vswitch, listener, share):
    """NET-9: an instance of an account that shares the VPC can be behind the owner's load balancer, until it goes."""
    theirs = estate.instance(bob, vswitch)
    made = estate.do(add_backend, alice, AddBackend(listener_id=listener.id, instance_id=theirs.id))
    assert made.owner_uid == alice.uid
    estate.refused(NotFound, remove_backend, bob, RemoveBackend(id=made.id))
    estate.do(delete_instance, bob, DeleteInstance(id=theirs.id))
    assert estate.all(Backend) == []


def test_user_has_services_of_its_own(estate, alice, bob, vswitch, instance, balancer, share):
    """NET-9: in a shared VSwitch, over its own instances and nobody else's; they keep the share."""
    made = estate.do(create_load_balancer, bob, CreateLoadBalancer(vswitch_id=vswitch.id))
    assert (made.owner_uid, made.vpc_id) == (bob.uid, vswitch.vpc_id)
    listen = CreateListener(load_balancer_id=made.id, protocol="tcp", port=80)
    listener = estate.do(create_listener, bob, listen)
    mine = estate.instance(bob, vswitch)
    estate.do(add_backend, bob, AddBackend(listener_id=listener.id, instance_id=mine.id))
    for id in (instance.id, "i-nothing"):
        request = AddBackend(listener_id=listener.id, instance_id=id)
        assert estate.refused(NotFound, add_backend, bob, request).data["field"] == "instance_id"
    database = estate.do(create_database, bob, CreateDatabase(vswitch_id=vswitch.id))
    estate.do(delete_listener, bob, DeleteListener(id=listener.id))
    end = DeleteShare(id=share.id)
    for kept_by, use_case, request in [
        (mine, delete_instance, DeleteInstance(id=mine.id)),
        (made, delete_load_balancer, DeleteLoadBalancer(id=made.id)),
        (database, delete_database, DeleteDatabase(id=database.id)),
    ]:
        assert estate.refused(InUse, delete_share, alice, end).data["by_id"] == kept_by.id
        leaving = estate.do(use_case, bob, request)
        if kept_by is mine:
            estate.settle()
        else:
            estate.settle_one(leaving)
    estate.do(delete_share, alice, end)
    assert [one.id for one in estate.all(LoadBalancer)] == [balancer.id]
    assert estate.all(Database) == []
