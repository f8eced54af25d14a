"""The runner of reconcilers: woken, in time, again after a failure, and stopped in between."""

import threading

import pytest

from peerway.app.runner import Runner

PATIENCE_S = 10


@pytest.fixture
def running():
    """Starts runners and stops them after the test."""
    started = []

    def begin(step, interval_s):
        runner = Runner("test", step, interval_s)
        runner.start()
        started.append(runner)
        return runner

    yield begin
    for runner in started:
        runner.stop()


def test_a_wake_runs_a_step_and_none_is_lost(running):
    """A wake that comes while a step runs has another step follow it."""
    entered, leave, again = threading.Event(), threading.Event(), threading.Event()

    def step():
        if entered.is_set() and leave.is_set():
            again.set()
        entered.set()
        leave.wait(PATIENCE_S)
        return False

    runner = running(step, 3600)
    assert entered.wait(PATIENCE_S)
    runner.wake()
    leave.set()
    assert again.wait(PATIENCE_S)


def test_a_step_with_more_to_do_is_followed_by_another(running):
    """A step that says there may be more is run again without a wake."""
    left = iter([True, True, False])
    done = threading.Event()

    def step():
        more = next(left, None)
        if more is False:
            done.set()
        return bool(more)

    running(step, 3600)
    assert done.wait(PATIENCE_S)


def test_a_failing_step_is_tried_again(running):
    """Level-triggered work goes on after a failure of a whole step."""
    tries = iter([OSError("the store is away")])
    done = threading.Event()

    def step():
        error = next(tries, None)
        if error is not None:
            raise error
        done.set()
        return False

    running(step, 0.01)
    assert done.wait(PATIENCE_S)


def test_stop_ends_the_wait(running):
    """A runner that waits for its next time is stopped at once."""
    looked = threading.Event()
    runner = running(lambda: looked.set() or False, 3600)
    assert looked.wait(PATIENCE_S)
    runner.stop()
