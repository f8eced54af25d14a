"""The life of a router interface: every cell of the table, and the table's own promises."""

from datetime import UTC, datetime, timedelta

import pytest

from peerway.domain.errors import IllegalState
from peerway.domain.lifecycle.router_interface import (
    ROUTER_INTERFACE,
    InterfaceEffect,
    InterfaceEvent,
    carries,
    move,
)
from peerway.domain.router_interface import InterfaceRole, InterfaceState, RouterInterface, RouterType

S, E, F = InterfaceState, InterfaceEvent, InterfaceEffect
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CELLS = [(state, event) for state in S for event in E]
#: What the seed and Alibaba's documents allow, written down a second time.
ALLOWED = {
    (S.IDLE, E.UPDATE): S.IDLE,
    (S.IDLE, E.NAME_OPPOSITE): S.IDLE,
    (S.IDLE, E.MODIFY): S.IDLE,
    (S.IDLE, E.CONNECT): S.CONNECTING,
    (S.IDLE, E.BE_CONNECTED): S.ACCEPTING_CONNECTING,
    (S.IDLE, E.DELETE): S.DELETING,
    (S.CONNECTING, E.PROGRAMMED): S.ACTIVE,
    (S.ACCEPTING_CONNECTING, E.PROGRAMMED): S.ACTIVE,
    (S.ACTIVE, E.UPDATE): S.ACTIVE,
    (S.ACTIVE, E.MODIFY): S.MODIFYING,
    (S.ACTIVE, E.DEACTIVATE): S.DEACTIVATING,
    (S.MODIFYING, E.PROGRAMMED): S.ACTIVE,
    (S.DEACTIVATING, E.PROGRAMMED): S.INACTIVE,
    (S.INACTIVE, E.UPDATE): S.INACTIVE,
    (S.INACTIVE, E.MODIFY): S.INACTIVE,
    (S.INACTIVE, E.ACTIVATE): S.ACTIVATING,
    (S.INACTIVE, E.DELETE): S.DELETING,
    (S.ACTIVATING, E.PROGRAMMED): S.ACTIVE,
    (S.DELETING, E.PROGRAMMED): S.DELETING,
}


def interface(state, role=InterfaceRole.INITIATOR, id="ri-1", opposite="ri-2"):
    """An interface in that state."""
    return RouterInterface(
        id=id,
        owner_uid="1",
        created_at=NOW,
        region_id="cn-hangzhou",
        vpc_id=f"vpc-{id}",
        router_id=f"vrt-{id}",
        router_type=RouterType.VROUTER,
        role=role,
        spec="Large.2",
        opposite_region_id="cn-hangzhou",
        opposite_interface_id=opposite,
        opposite_router_id=f"vrt-{opposite}",
        opposite_owner_uid="1",
        state=state,
        state_since=NOW,
        generation=3,
    )


@pytest.mark.parametrize(("state", "event"), CELLS, ids=lambda part: part.value)
def test_cell(state, event):
    """EC-2 ... EC-5: a move that is allowed is made, any other is refused with state and event and changes nothing."""
    before, later = interface(state), NOW + timedelta(hours=1)
    if (state, event) not in ALLOWED:
        with pytest.raises(IllegalState) as caught:
            move(before, event, later)
        assert caught.value.data == {
            "resource": "router_interface",
            "id": "ri-1",
            "state": state.value,
            "event": event.value,
        }
        return
    after, _ = move(before, event, later)
    moved = state is not ALLOWED[state, event]
    assert after.state is ALLOWED[state, event]
    assert after.state_since == (later if moved else NOW)
    assert after.generation == 3 + (moved and not ROUTER_INTERFACE.states[after.state].stable)


def test_every_state_is_described():
    """EC-5: the table has facts for each state."""
    assert set(ROUTER_INTERFACE.states) == set(S)


@pytest.mark.parametrize("state", S)
def test_transitional_states_take_the_data_planes_word_only(state):
    """EC-5: no operation is accepted in a transitional state."""
    alone = ROUTER_INTERFACE.events(state) == (E.PROGRAMMED,)
    assert alone is not ROUTER_INTERFACE.states[state].stable


def test_effects_are_those_of_joining_and_removing():
    """EC-2: joining stamps the time on both sides; only a finished deletion removes."""
    effects = {key: made for key, (_, made) in ROUTER_INTERFACE.moves.items() if made}
    assert effects == {
        (S.CONNECTING, E.PROGRAMMED): (F.STAMP,),
        (S.ACCEPTING_CONNECTING, E.PROGRAMMED): (F.STAMP,),
        (S.DELETING, E.PROGRAMMED): (F.REMOVE,),
    }


@pytest.mark.parametrize("one", S)
@pytest.mark.parametrize("other", S)
def test_packets_pass_while_both_sides_are_on(one, other):
    """EC-4: one side that is off, or on its way there, stops both directions."""
    sides = interface(one), interface(other, InterfaceRole.ACCEPTOR, "ri-2", "ri-1")
    on = {S.CONNECTING, S.ACCEPTING_CONNECTING, S.ACTIVATING, S.ACTIVE, S.MODIFYING}
    assert carries(*sides) is ({one, other} <= on)


def test_nothing_passes_between_interfaces_that_do_not_name_each_other():
    """EC-3: both sides must name each other."""
    assert not carries(interface(S.ACTIVE), interface(S.ACTIVE, InterfaceRole.ACCEPTOR, "ri-2", "ri-3"))
    assert not carries(interface(S.ACTIVE), None)
