"""What `--wait` does, on a virtual clock."""

import httpx
import pytest

from peerway.cli.client import Client
from peerway.cli.errors import CommandError, Refused, WaitedTooLong
from peerway.cli.profile import Profile
from peerway.cli.waiting import wait_until_gone, wait_until_settled


class Time:
    """A clock that moves when someone sleeps."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def clock(self):
        return self.now


@pytest.fixture
def time():
    """A virtual clock."""
    return Time()


def client_through(*states):
    """A client of a resource that goes through states at each look and stays in the last; an int is a status, a dict the whole."""
    left = list(states)

    def answer(_request):
        state = left.pop(0) if len(left) > 1 else left[0]
        return (
            httpx.Response(state, json={})
            if isinstance(state, int)
            else httpx.Response(200, json=state if isinstance(state, dict) else {"state": state})
        )

    return Client(Profile("http://peerway.test"), transport=httpx.MockTransport(answer))


def wait(function, client, time, timeout_s=60.0):
    """Wait on the virtual clock."""
    return function(client, "/peerings/pcc-1", timeout_s, clock=time.clock, sleep=time.sleep)


def test_wait_ends_when_the_state_lasts(time):
    """A passing state is waited out; any other ends the wait."""
    assert (
        wait(wait_until_settled, client_through("updating", "updating", "active"), time)["state"] == "active"
    )
    assert time.now < 0.1


def test_wait_lasts_until_a_change_within_a_state_is_reached(time):
    """EC-9: what tells that the data plane is behind is waited for, though its state lasts."""
    behind, there = ({"state": "active", "settled": settled} for settled in (False, True))
    assert wait(wait_until_settled, client_through(behind, behind, there), time) == there


def test_wait_returns_at_once_for_a_request_that_needs_acceptance(time):
    """PEER-1: a pending request lasts until the other side acts, so there is nothing to wait for."""
    wait(wait_until_settled, client_through("pending"), time)
    assert time.now == 0


def test_wait_for_what_vanishes_fails(time):
    """A resource that someone deleted meanwhile will never be ready."""
    with pytest.raises(CommandError, match="pcc-1 is gone"):
        wait(wait_until_settled, client_through("creating", 404), time)


def test_wait_has_an_end(time):
    """After the time-out the command says so; it has looked more than once and not all the time."""
    with pytest.raises(WaitedTooLong, match="after 5 s"):
        wait(wait_until_settled, client_through("creating"), time, 5)
    assert time.now == pytest.approx(5)


@pytest.mark.parametrize("end", [404, "deleted"])
def test_wait_for_delete_ends_when_it_is_gone(time, end):
    """PEER-4: gone means not found, or deleted where the connection stays visible."""
    wait(wait_until_gone, client_through("deleting", "deleting", end), time)


def test_wait_for_delete_passes_a_refusal_on(time):
    """Only "not found" means gone."""
    with pytest.raises(Refused):
        wait(wait_until_gone, client_through(403), time)
