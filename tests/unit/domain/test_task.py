"""How far tickets are, by the state of what they are about."""

import pytest

from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.peering import PeeringState
from peerway.domain.task import UNDER_WAY, TaskState, peering_task_state

ACTIONS = ("peering.create", "peering.accept", "peering.reject", "peering.enable", "peering.update")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", [state for state in PeeringState if PEERING.states[state].stable])
def test_a_task_of_a_connection_that_stays_as_it_is_is_over(action, state):
    """API-3: what polls comes to an end."""
    assert peering_task_state(action, state) is not TaskState.RUNNING


@pytest.mark.parametrize("action", ["peering.create", "peering.accept", "peering.update"])
def test_a_task_fails_with_the_connection(action):
    """API-3: what was asked for is not there."""
    for state in (None, PeeringState.DELETING, PeeringState.DELETED):
        assert peering_task_state(action, state) is TaskState.FAILED


@pytest.mark.parametrize(("action", "states"), UNDER_WAY.items())
def test_a_task_runs_while_the_data_plane_is_about_it(action, states):
    """API-3: only in states that don't last."""
    for state in states:
        assert not PEERING.states[state].stable
        assert peering_task_state(action, state) is TaskState.RUNNING


def test_answers_and_deletions_are_done():
    """API-3: an answer is given once and for all; what was to go is gone."""
    for action in ("peering.reject", "peering.enable", "peering.delete"):
        for state in (None, PeeringState.DELETED):
            assert peering_task_state(action, state) is TaskState.DONE
