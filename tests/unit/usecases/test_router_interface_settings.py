"""What a router interface is made with and what of it changes: specs, settings, the other side's name, lists, limits."""

import pytest

from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.router_interface_views import view_of
from peerway.app.usecases.router_interfaces import (
    CreateRouterInterface,
    UpdateRouterInterface,
    create_router_interface,
    get_router_interface,
    list_router_interfaces,
    update_router_interface,
)
from peerway.app.usecases.vpcs import DeleteVpc, delete_vpc
from peerway.domain.errors import IllegalState, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.router_interface import SPECS, InterfaceState

S = InterfaceState


def test_new_interface_is_idle_and_tells_its_router(estate, alice, vpcs):
    """EC-1: by the VPC's id or its router's; region, type and role are kept."""
    made = estate.interface(alice, vpcs[0].router_id, "initiator", "cn-beijing", spec="Small.2", name="n")
    assert (made.id[:3], made.state, made.owner_uid) == ("ri-", S.IDLE, alice.uid)
    assert (made.router_id, made.vpc_id, made.router_type) == (vpcs[0].router_id, vpcs[0].id, "vrouter")
    assert (made.region_id, made.opposite_region_id, made.spec) == ("cn-hangzhou", "cn-beijing", "Small.2")
    again = estate.interface(alice, vpcs[0].id, "acceptor")
    assert (again.router_id, again.opposite_region_id, again.spec) == (
        vpcs[0].router_id,
        "cn-hangzhou",
        "Negative",
    )


def test_specs_are_the_seeds(estate):
    """EC-6: MB/s of the seed times eight; Large.2 is 256 MB/s."""
    assert {name: mbps / 8 for name, mbps in SPECS.items()} == {
        "Small.1": 1.25,
        "Small.2": 2.5,
        "Small.5": 6.25,
        "Middle.1": 12.5,
        "Middle.2": 25,
        "Middle.5": 62.5,
        "Large.1": 125,
        "Large.2": 256,
    }


@pytest.mark.parametrize(
    ("role", "region", "spec", "got"),
    [
        ("initiator", "cn-hangzhou", None, "Large.2"),
        ("initiator", "cn-hangzhou", "Large.2", "Large.2"),
        ("initiator", "cn-hangzhou", "Small.1", "spec_inside_region"),
        ("initiator", "cn-beijing", "Small.1", "Small.1"),
        ("initiator", "cn-beijing", None, "invalid"),
        ("initiator", "cn-beijing", "Huge.9", "invalid"),
        ("initiator", "cn-beijing", "Negative", "invalid"),
        ("initiator", "cn-hangzhou", "Negative", "spec_inside_region"),
        ("acceptor", "cn-beijing", None, "Negative"),
        ("acceptor", "cn-hangzhou", "Negative", "Negative"),
        ("acceptor", "cn-beijing", "Small.1", "spec_of_acceptor"),
    ],
)
def test_spec_follows_role_and_regions(estate, alice, vpcs, role, region, spec, got):
    """EC-6: an acceptor is Negative, an initiator never; a link inside one region is Large.2."""
    request = CreateRouterInterface(router_id=vpcs[0].id, role=role, opposite_region_id=region, spec=spec)
    if got in {*SPECS, "Negative"}:
        assert estate.do(create_router_interface, alice, request).spec == got
    else:
        error = estate.refused(InvalidInput, create_router_interface, alice, request)
        assert (error.field, error.code) == ("spec", got)


def test_acceptor_takes_no_spec(estate, bob, joined):
    """EC-6: only the initiator's spec changes."""
    request = UpdateRouterInterface(id=joined[1].id, spec="Large.1")
    assert estate.refused(InvalidInput, update_router_interface, bob, request).code == "spec_of_acceptor"
    same = UpdateRouterInterface(id=joined[1].id, spec="Negative")
    assert estate.do(update_router_interface, bob, same) == joined[1]


def test_vpc_that_is_going_takes_no_interface(estate, alice, vpcs):
    """EC-1: not on a router that is being removed."""
    estate.do(delete_vpc, alice, DeleteVpc(id=vpcs[0].id))
    request = CreateRouterInterface(router_id=vpcs[0].id, role="acceptor")
    estate.refused(IllegalState, create_router_interface, alice, request)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "both"}, "role"),
        ({"opposite_region_id": "mars"}, "opposite_region_id"),
        ({"name": "x" * 129}, "name"),
        ({"description": "\n"}, "description"),
        ({"check_interval_ms": 1}, "check_interval_ms"),
        ({"check_threshold": 0}, "check_threshold"),
        ({"check_source": "fd00::1"}, "check_source"),
        ({"check_target": "224.0.0.1"}, "check_target"),
        ({"check_target": "nowhere"}, "check_target"),
        ({"names": 1}, "names"),
        ({"groups": "yes"}, "groups"),
        ({"opposite_interface_id": ""}, "opposite_interface_id"),
        ({"opposite_router_id": "a b"}, "opposite_router_id"),
        ({"opposite_owner_uid": "x" * 65}, "opposite_owner_uid"),
        ({"role": "initiator", "opposite_router_id": "vbr-1"}, "opposite_router_id"),
    ],
)
def test_new_interface_names_the_field_that_breaks_a_rule(estate, alice, vpcs, fields, field):
    """EC-1: bad input is refused with the field and the rule."""
    request = CreateRouterInterface(**{"router_id": vpcs[0].id, "role": "acceptor", **fields})
    assert estate.refused(InvalidInput, create_router_interface, alice, request).field == field


def test_settings_change_in_every_state_that_lasts(estate, alice, joined):
    """EC-3: texts, health check and what is let through; null brings the check's own addresses back."""
    changed = estate.do(
        update_router_interface,
        alice,
        UpdateRouterInterface(
            id=joined[0].id,
            name="n",
            description="d",
            names=True,
            groups=True,
            check_source="10.0.0.9",
            check_target="172.16.0.2",
            check_interval_ms=50,
            check_threshold=5,
        ),
    )
    assert (changed.name, changed.description, changed.names, changed.groups) == ("n", "d", True, True)
    assert (str(changed.check_source), str(changed.check_target)) == ("10.0.0.9", "172.16.0.2")
    assert (changed.check_interval_ms, changed.check_threshold) == (50, 5)
    assert (changed.state, changed.generation) == (S.ACTIVE, joined[0].generation)
    back = estate.do(
        update_router_interface,
        alice,
        UpdateRouterInterface(id=joined[0].id, check_source=None, check_target=None),
    )
    assert (back.check_source, back.check_target) == (None, None)


def test_what_is_not_told_of_an_own_interface_is_looked_up(estate, alice):
    """EC-3: between one's own VPCs the interface's id is enough; another router can be named by its VPC."""
    one, other = estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16")
    acceptor = estate.interface(alice, other.id, "acceptor")
    initiator = estate.interface(alice, one.id, "initiator", opposite_interface_id=acceptor.id)
    assert (initiator.opposite_router_id, initiator.opposite_owner_uid) == (other.router_id, alice.uid)
    told = UpdateRouterInterface(id=acceptor.id, opposite_router_id=one.id)
    assert estate.do(update_router_interface, alice, told).opposite_router_id == one.router_id


def test_nothing_is_looked_up_of_another_accounts(estate, alice, bob, vpcs):
    """NET-1: an id of another account's interface or VPC tells nothing."""
    foreign = estate.interface(bob, vpcs[1].id, "acceptor", "cn-hangzhou")
    made = estate.interface(alice, vpcs[0].id, "acceptor", "cn-beijing", opposite_interface_id=foreign.id)
    assert (made.opposite_router_id, made.opposite_owner_uid) == (None, None)
    view = estate.store.read(lambda tx: view_of(tx, estate.world, made))
    assert view.opposite.state is None
    request = UpdateRouterInterface(id=made.id, opposite_router_id=vpcs[1].id)
    estate.refused(NotFound, update_router_interface, alice, request)


def test_opposite_can_be_taken_back_while_idle(estate, alice, faced):
    """EC-3: null forgets whom the interface was to be joined to."""
    request = UpdateRouterInterface(
        id=faced[0].id, opposite_interface_id=None, opposite_router_id=None, opposite_owner_uid=None
    )
    after = estate.do(update_router_interface, alice, request)
    assert (after.opposite_interface_id, after.opposite_router_id, after.opposite_owner_uid) == (None,) * 3


def test_opposite_named_again_after_joining_is_no_change(estate, alice, joined):
    """EC-3: what is there already may be said in any state that lasts."""
    assert estate.name(alice, *joined) == joined[0]


def test_each_side_sees_its_own_interface_only(estate, alice, bob, joined):
    """NET-1: the other side is shown beside the own one, never by itself."""
    assert estate.ask(get_router_interface, alice, joined[0].id) == joined[0]
    with pytest.raises(NotFound):
        estate.ask(get_router_interface, alice, joined[1].id)
    assert estate.ask(list_router_interfaces, bob).items == (joined[1],)


def test_list_can_be_narrowed(estate, alice, joined, vpcs):
    """EC-1: by state, role, router, VPC and other side."""
    idle = estate.interface(alice, vpcs[0].id, "acceptor")

    def listed(**options):
        return {found.id for found in estate.ask(list_router_interfaces, alice, **options).items}

    assert listed() == {joined[0].id, idle.id}
    assert listed(state="active") == {joined[0].id}
    assert listed(role="acceptor") == {idle.id}
    assert listed(router_id=vpcs[0].router_id) == listed(router_id=vpcs[0].id) == {joined[0].id, idle.id}
    assert listed(router_id=vpcs[1].router_id) == set()
    assert listed(opposite_interface_id=joined[1].id) == {joined[0].id}


def test_account_and_router_have_five(estate, alice, vpcs):
    """EC-7: the sixth is refused, of the account and of one router; an operator may raise both."""
    for _ in range(5):
        estate.interface(alice, vpcs[0].id, "acceptor")
    sixth = CreateRouterInterface(router_id=vpcs[0].id, role="acceptor")
    error = estate.refused(QuotaExceeded, create_router_interface, alice, sixth)
    assert (error.data["quota"], error.data["limit"], error.data["used"]) == (
        "router_interfaces_per_account",
        5,
        5,
    )
    grant(estate, alice, "router_interfaces_per_account", 7)
    error = estate.refused(QuotaExceeded, create_router_interface, alice, sixth)
    assert error.data["quota"] == "router_interfaces_per_router"
    elsewhere = estate.vpc(alice, "10.9.0.0/16")
    estate.interface(alice, elsewhere.id, "acceptor")
    grant(estate, alice, "router_interfaces_per_router", 6)
    estate.do(create_router_interface, alice, sixth)


def grant(estate, caller, name, limit):
    """Give the account another limit."""
    estate.do(grant_quota, estate.operator, GrantQuota(uid=caller.uid, name=name, limit=limit))


def test_client_token_makes_one_interface(estate, alice, vpcs):
    """EC-1: a repeat with the same token gives the same interface."""
    request = CreateRouterInterface(router_id=vpcs[0].id, role="acceptor", client_token="t")
    first, second = (estate.do(create_router_interface, alice, request) for _ in range(2))
    assert first == second
