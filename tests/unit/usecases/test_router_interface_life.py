"""The life of router interfaces through the use cases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from peerway.app.usecases.router_interface_views import view_of
from peerway.app.usecases.router_interfaces import (
    ActivateRouterInterface,
    ConnectRouterInterface,
    DeactivateRouterInterface,
    DeleteRouterInterface,
    UpdateRouterInterface,
    activate_router_interface,
    connect_router_interface,
    deactivate_router_interface,
    delete_router_interface,
    get_router_interface,
    update_router_interface,
)
from peerway.app.usecases.settle import settle_router_interface
from peerway.app.usecases.vpcs import DeleteVpc, delete_vpc
from peerway.domain.account import Caller, Role
from peerway.domain.errors import (
    Conflict,
    Forbidden,
    IllegalState,
    InUse,
    NotFound,
)
from peerway.domain.route_table import NextHop, RouteEntry, RoutePath
from peerway.domain.router_interface import InterfaceState, RouterInterface
from peerway.domain.vpc import Vpc

S = InterfaceState
#: Verb -> what it takes from a stable state.
VERBS = {
    "connect": (connect_router_interface, ConnectRouterInterface, {}),
    "activate": (activate_router_interface, ActivateRouterInterface, {}),
    "deactivate": (deactivate_router_interface, DeactivateRouterInterface, {}),
    "delete": (delete_router_interface, DeleteRouterInterface, {}),
    "rename": (update_router_interface, UpdateRouterInterface, {"name": "new"}),
    "name opposite": (update_router_interface, UpdateRouterInterface, {"opposite_interface_id": "ri-x"}),
    "change spec": (update_router_interface, UpdateRouterInterface, {"spec": "Middle.1"}),
}
#: What a verb of the initiator's leads to from each state; whatever is not here is refused.
CELLS = {
    (S.IDLE, "connect"): S.CONNECTING,
    (S.IDLE, "delete"): S.DELETING,
    (S.IDLE, "rename"): S.IDLE,
    (S.IDLE, "name opposite"): S.IDLE,
    (S.IDLE, "change spec"): S.IDLE,
    (S.ACTIVE, "deactivate"): S.DEACTIVATING,
    (S.ACTIVE, "rename"): S.ACTIVE,
    (S.ACTIVE, "change spec"): S.MODIFYING,
    (S.INACTIVE, "activate"): S.ACTIVATING,
    (S.INACTIVE, "delete"): S.DELETING,
    (S.INACTIVE, "rename"): S.INACTIVE,
    (S.INACTIVE, "change spec"): S.INACTIVE,
}


def now(estate, interface):
    """The interface as it is stored."""
    return estate.get(RouterInterface, interface.id)


def view(estate, interface):
    """What is shown beside the interface."""
    return estate.store.read(lambda tx: view_of(tx, estate.world, tx.get(RouterInterface, interface.id)))


def verb(estate, caller, name, interface):
    """Do it."""
    use_case, request, fields = VERBS[name]
    return estate.do(use_case, caller, request(id=interface.id, **fields))


def put_in(estate, interface, state):
    """Store the interface in a state, whatever led there."""
    moved = replace(now(estate, interface), state=state)
    estate.store.write(lambda tx: tx.update(moved))


def test_pair_becomes_active_together_with_one_time_of_connection(estate, alice, faced):
    """EC-2: Idle, Connecting and AcceptingConnecting, Active; the initiator's call moves both."""
    one, other = faced
    verb(estate, alice, "connect", one)
    assert (now(estate, one).state, now(estate, other).state) == (S.CONNECTING, S.ACCEPTING_CONNECTING)
    estate.clock.advance(timedelta(seconds=5))
    estate.settle()
    a, b = now(estate, one), now(estate, other)
    assert (a.state, b.state) == (S.ACTIVE, S.ACTIVE)
    assert a.connected_at == b.connected_at == estate.clock.now()
    assert (a.observed_generation, b.observed_generation) == (a.generation, b.generation)


@pytest.mark.parametrize("first", [0, 1], ids=["initiator", "acceptor"])
def test_one_side_alone_does_not_become_active(estate, alice, faced, first):
    """EC-2: while the data plane has reached one side only, both are still connecting."""
    verb(estate, alice, "connect", faced[0])
    sides = [now(estate, side) for side in faced]

    def settle(side):
        estate.store.write(lambda tx: settle_router_interface(tx, estate.world, side.id, side.generation))

    settle(sides[first])
    settle(sides[first])
    assert [now(estate, side).state for side in faced] == [S.CONNECTING, S.ACCEPTING_CONNECTING]
    settle(sides[1 - first])
    assert [now(estate, side).state for side in faced] == [S.ACTIVE, S.ACTIVE]


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("name", VERBS)
def test_cell_of_states_and_operations(estate, alice, faced, state, name):
    """EC-3, EC-4, EC-5: what a state does not allow is refused with state and operation, and changes nothing."""
    one, other = faced
    put_in(estate, one, state)
    if (state, name) in CELLS:
        assert verb(estate, alice, name, one).state is CELLS[state, name]
        return
    use_case, request, fields = VERBS[name]
    error = estate.refused(IllegalState, use_case, alice, request(id=one.id, **fields))
    assert (error.data["id"], error.data["state"]) == (one.id, state.value)
    assert now(estate, other).state is S.IDLE


@pytest.mark.parametrize("state", [s for s in S if s is not S.IDLE])
def test_connect_asks_for_an_idle_acceptor(estate, alice, faced, state):
    """EC-2: the other side's state counts, too."""
    put_in(estate, faced[1], state)
    error = estate.refused(
        IllegalState, connect_router_interface, alice, ConnectRouterInterface(id=faced[0].id)
    )
    assert error.data["id"] == faced[1].id


def test_a_side_that_is_off_stops_both_directions_and_comes_back_alone(estate, alice, bob, joined):
    """EC-4: each side switches itself; packets pass while both are on."""
    one, other = joined
    assert view(estate, one).carries
    assert view(estate, other).carries
    verb(estate, bob, "deactivate", other)
    assert not view(estate, one).carries
    estate.settle()
    assert (now(estate, one).state, now(estate, other).state) == (S.ACTIVE, S.INACTIVE)
    assert view(estate, one).opposite.state == "inactive"
    verb(estate, alice, "deactivate", one)
    estate.settle()
    verb(estate, bob, "activate", other)
    estate.settle()
    assert not view(estate, other).carries
    verb(estate, alice, "activate", one)
    estate.settle()
    assert view(estate, other).carries
    assert now(estate, one).connected_at == joined[0].connected_at


def test_spec_of_the_initiator_is_the_cap_of_both_sides(estate, alice, joined):
    """EC-6: the acceptor's Negative counts for nothing."""
    one, other = joined
    assert [view(estate, side).bandwidth_mbps for side in joined] == [10, 10]
    changed = verb(estate, alice, "change spec", one)
    assert (changed.state, changed.spec) == (S.MODIFYING, "Middle.1")
    estate.settle()
    assert now(estate, one).state is S.ACTIVE
    assert [view(estate, side).bandwidth_mbps for side in joined] == [100, 100]
    shown = view(estate, other).opposite
    assert (shown.spec, shown.bandwidth_mbps, shown.state) == ("Middle.1", 100, "active")
    assert (view(estate, one).opposite.spec, view(estate, one).opposite.bandwidth_mbps) == ("Negative", None)


def test_spec_that_is_there_already_is_no_change(estate, alice, joined):
    """EC-6: asking for the present spec does not touch the data plane."""
    before = now(estate, joined[0])
    after = estate.do(update_router_interface, alice, UpdateRouterInterface(id=before.id, spec="Small.1"))
    assert after == before


def test_delete_takes_the_interface_out_and_the_other_side_says_so(estate, alice, bob, vpcs, joined):
    """EC-5: after the data plane has let go, the other side is still active, shows `deleted`, and carries nothing."""
    one, other = joined
    verb(estate, alice, "deactivate", one)
    estate.settle()
    assert verb(estate, alice, "delete", one).state is S.DELETING
    assert view(estate, other).opposite.state == "deleting"
    estate.settle()
    assert now(estate, one) is None
    left = now(estate, other)
    assert (left.state, left.opposite_deleted) == (S.ACTIVE, True)
    assert (view(estate, other).opposite.state, view(estate, other).carries) == ("deleted", False)
    again = estate.join((alice, bob), vpcs)
    assert [side.state for side in again] == [S.ACTIVE, S.ACTIVE]
    assert not view(estate, other).carries


def test_left_initiator_stands_in_nobodys_way(estate, alice, bob, vpcs, joined):
    """EC-7: a pair whose acceptor is gone is no joined pair; its initiator's spec changes no more."""
    one, other = joined
    verb(estate, bob, "deactivate", other)
    estate.settle()
    verb(estate, bob, "delete", other)
    estate.settle()
    error = estate.refused(
        Conflict, update_router_interface, alice, UpdateRouterInterface(id=one.id, spec="Large.1")
    )
    assert error.code == "opposite_deleted"
    assert [side.state for side in estate.join((alice, bob), vpcs)] == [S.ACTIVE, S.ACTIVE]
    verb(estate, alice, "deactivate", one)
    estate.settle()
    verb(estate, alice, "delete", one)
    estate.settle()
    assert now(estate, one) is None


def test_deleting_an_idle_interface_tells_the_other_side_nothing(estate, alice, bob, faced):
    """EC-5: two that were never joined are strangers again."""
    verb(estate, alice, "delete", faced[0])
    estate.settle()
    assert not now(estate, faced[1]).opposite_deleted
    assert view(estate, faced[1]).opposite.state is None


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_interface_in_use_by_a_route_is_not_deleted(estate, alice, vpcs, joined, several):
    """EC-5: `in_use` names the entry, whether it leads to one interface or to several."""
    one, _ = joined
    verb(estate, alice, "deactivate", one)
    estate.settle()
    entry = RouteEntry(
        id="rte-1",
        owner_uid=alice.uid,
        created_at=estate.clock.now(),
        vpc_id=vpcs[0].id,
        route_table_id=vpcs[0].system_table_id,
        destination=vpcs[1].cidr,
        next_hop=NextHop.ROUTER_INTERFACE,
        next_hop_id=None if several else one.id,
        paths=(RoutePath("ri-other"), RoutePath(one.id, 0)) if several else (),
    )
    estate.store.write(lambda tx: tx.insert(entry))
    error = estate.refused(InUse, delete_router_interface, alice, DeleteRouterInterface(id=one.id))
    assert (error.data["by"], error.data["by_id"]) == ("route_entry", "rte-1")


def test_vpc_with_an_interface_is_not_deleted(estate, alice, vpcs):
    """EC-1: an interface needs its router."""
    made = estate.interface(alice, vpcs[0].id, "acceptor")
    error = estate.refused(InUse, delete_vpc, alice, DeleteVpc(id=vpcs[0].id))
    assert (error.data["by"], error.data["by_id"]) == ("router_interface", made.id)
    verb(estate, alice, "delete", made)
    estate.settle()
    assert estate.do(delete_vpc, alice, DeleteVpc(id=vpcs[0].id)).state == "deleting"


@pytest.mark.parametrize("name", VERBS)
def test_another_accounts_interface_is_not_there(estate, carol, joined, name):
    """NET-1: a stranger's call answers like that for a missing one."""
    use_case, request, fields = VERBS[name]
    estate.refused(NotFound, use_case, carol, request(id=joined[0].id, **fields))


@pytest.mark.parametrize("name", VERBS)
def test_readers_change_nothing(estate, alice, joined, name):
    """NET-1: a reader's credential only reads."""
    reader = Caller(alice.uid, Role.READER, "key")
    use_case, request, fields = VERBS[name]
    estate.refused(Forbidden, use_case, reader, request(id=joined[0].id, **fields))
    assert estate.ask(get_router_interface, reader, joined[0].id) == joined[0]


def test_older_pass_does_not_settle_a_newer_change(estate, alice, joined):
    """EC-4: the data plane's word counts for the generation that it reached."""
    off = verb(estate, alice, "deactivate", joined[0])
    estate.store.write(lambda tx: settle_router_interface(tx, estate.world, off.id, off.generation - 1))
    assert now(estate, off).state is S.DEACTIVATING
    assert estate.get(Vpc, off.vpc_id) is not None


def test_both_owners_hear_of_a_joined_pair(estate, alice, bob, faced):
    """EC-4, NET-1: the change log tells each side of the other's switching, and nothing before they are being joined."""
    one, other = faced

    def heard(work):
        before = estate.revision
        work()
        changes = estate.store.read(lambda tx: tx.changes(before))
        return {(change.id, change.uids) for change in changes}

    both = {
        (side.id, uids)
        for side, uids in zip(faced, ((alice.uid, bob.uid), (bob.uid, alice.uid)), strict=True)
    }
    assert heard(lambda: verb(estate, alice, "rename", one)) == {(one.id, (alice.uid,))}
    assert heard(lambda: verb(estate, alice, "connect", one)) == both
    assert heard(estate.settle) >= both
    assert heard(lambda: verb(estate, bob, "deactivate", other)) == {(other.id, (bob.uid, alice.uid))}
