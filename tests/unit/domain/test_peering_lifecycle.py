"""The life of a peer connection: every cell of the table, and the table's own promises."""

from datetime import UTC, datetime, timedelta

import pytest

from peerway.domain.errors import IllegalState
from peerway.domain.lifecycle.peering import PEERING, PeeringEvent, is_overdue, move
from peerway.domain.peering import Peering, PeeringSide, PeeringState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CELLS = [(state, event) for state in PeeringState for event in PeeringEvent]


def peering(state):
    """A connection in that state, with a deadline."""
    return Peering(
        id="pcc-1",
        owner_uid="1",
        created_at=NOW,
        name="",
        profile="native",
        requester=PeeringSide("1", "cn-hangzhou", "vpc-1"),
        accepter=PeeringSide("2", "cn-beijing", "vpc-2"),
        state=state,
        state_since=NOW,
        expires_at=NOW + timedelta(days=7),
        generation=3,
    )


@pytest.mark.parametrize(("state", "event"), CELLS, ids=lambda part: part.value)
def test_cell(state, event):
    """PEER-2: a move in the table is made, any other is refused with state and event and changes nothing."""
    before = peering(state)
    if (state, event) not in PEERING.moves:
        with pytest.raises(IllegalState) as caught:
            move(before, event, NOW)
        assert caught.value.data == {
            "resource": "peering",
            "id": "pcc-1",
            "state": state.value,
            "event": event.value,
        }
        return
    later = NOW + timedelta(hours=1)
    after, effects = move(before, event, later)
    assert (after.state, effects) == PEERING.moves[state, event]
    assert (after.state_since, after.expires_at) == (later, None)
    assert after.generation == 3 + (not PEERING.states[after.state].stable)


def test_every_state_is_described():
    """PEER-2: the table has facts for each state."""
    assert set(PEERING.states) == set(PeeringState)


@pytest.mark.parametrize("state", PeeringState)
def test_terminal_states_are_those_without_a_way_out(state):
    """PEER-2: terminal means that no event leads on."""
    assert PEERING.states[state].terminal is (PEERING.events(state) == ())


@pytest.mark.parametrize("state", PeeringState)
def test_transitional_states_end_by_the_data_planes_word(state):
    """PEER-2: what does not last is ended by `programmed`, and only that state has it."""
    assert (PeeringEvent.PROGRAMMED in PEERING.events(state)) is not PEERING.states[state].stable


@pytest.mark.parametrize("state", PeeringState)
def test_deadlines_have_an_event_that_the_state_allows(state):
    """PEER-3: a deadline leads somewhere."""
    info = PEERING.states[state]
    assert (info.deadline is None) is (info.on_deadline is None)
    assert info.on_deadline is None or info.on_deadline in PEERING.events(state)


@pytest.mark.parametrize("state", PeeringState)
def test_what_carries_is_live(state):
    """PEER-4: only a connection that counts carries packets, and it can always be ended."""
    info = PEERING.states[state]
    assert info.live or not info.carries
    assert info.terminal or state is PeeringState.DELETING or PeeringEvent.DELETE in PEERING.events(state)


def test_every_state_is_reached_from_a_first_one():
    """PEER-2: from creating and pending every state can be reached."""
    reached = {PeeringState.CREATING, PeeringState.PENDING}
    for _ in PeeringState:
        reached |= {end for (start, _), (end, _) in PEERING.moves.items() if start in reached}
    assert reached == set(PeeringState)


def test_diagram_draws_every_move():
    """PEER-2: the documentation's picture is the table."""
    drawn = PEERING.mermaid()
    for (start, event), (end, _) in PEERING.moves.items():
        assert f"{start.value} --> {end.value}: {event.value}" in drawn


def test_deadline_is_passed_when_its_time_has_come():
    """PEER-3: at the very moment, not before; without a deadline never."""
    subject = peering(PeeringState.PENDING)
    assert not is_overdue(subject, subject.expires_at - timedelta(microseconds=1))
    assert is_overdue(subject, subject.expires_at)
    accepted, _ = move(subject, PeeringEvent.ACCEPT, NOW)
    assert not is_overdue(accepted, NOW + timedelta(days=365))
