"""When a verdict turns, on a clock that only the test moves."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.adapters.dataplane.kernel.checks import FIRST_PATIENCE_S, Probing


def run(probing: Probing, until: float, round_trip_s: Callable[[float], float | None]) -> list[float]:
    """Probe up to a time; `round_trip_s` says for each time of sending when the answer comes, None for never.

    The times at which the verdict turned.
    """
    answers: list[tuple[float, int, float]] = []
    turned: list[float] = []
    while True:
        now = min([probing.next_at, *(at for at, _, _ in answers)])
        if now > until:
            return turned
        before = probing.healthy
        for arrival in sorted(one for one in answers if one[0] <= now):
            answers.remove(arrival)
            probing.answer(arrival[1], arrival[2])
        probing.expire(now)
        if probing.due <= now:
            taken = round_trip_s(now)
            number = probing.send(now)
            if taken is not None:
                answers.append((now + taken, number, taken))
        if probing.healthy is not before:
            turned.append(now)


def test_a_verdict_needs_as_many_answers_in_a_row_as_the_threshold_says():
    """EC-11: the first verdict comes with the third answer; two answers and a miss are none."""
    probing = Probing(0.1, 3, due=0.0)
    assert run(probing, 0.15, lambda _: 0.001) == []
    assert run(probing, 0.25, lambda _: 0.001) == [pytest.approx(0.201)]
    assert probing.healthy is True


def test_a_cut_is_known_within_four_intervals_whenever_it_happens():
    """EC-11: 100 ms and 3 misses, as by default: at most 400 ms from the cut to the verdict."""
    for cut in (1.0, 1.001, 1.05, 1.0999):
        probing = Probing(0.1, 3, due=0.0)
        turned = run(probing, 2.0, lambda now, cut=cut: 0.001 if now < cut else None)
        assert [one > 1 for one in turned] == [False, True]
        assert turned[1] - cut <= 0.4


def test_two_misses_in_a_row_change_nothing():
    """A verdict does not turn on the loss of fewer probes than the threshold."""
    probing = Probing(0.1, 3, due=0.0)
    turned = run(probing, 5.0, lambda now: None if round(now * 10) % 3 else 0.001)
    assert turned == []
    probing = Probing(0.1, 3, due=0.0)
    run(probing, 0.95, lambda _: 0.001)
    assert run(probing, 5.0, lambda now: None if round(now * 10) % 3 else 0.001) == []
    assert probing.healthy is True


def test_a_long_line_is_healthy_though_answers_take_longer_than_the_interval():
    """A round trip of three intervals is no failure, from the first probe on."""
    probing = Probing(0.1, 3, due=0.0)
    turned = run(probing, 5.0, lambda _: 0.3)
    assert turned == [pytest.approx(0.5)]
    assert probing.healthy is True


def test_a_line_that_becomes_long_recovers():
    """Answers that come too late teach how long they take now."""
    probing = Probing(0.1, 3, due=0.0)
    turned = run(probing, 8.0, lambda now: 0.001 if now < 2 else 0.25)
    assert probing.healthy is True
    assert len(turned) == 3
    assert turned[2] < 4


def test_a_dead_target_is_known_though_nothing_ever_answered():
    """The first verdict on silence waits for no more than the patience of a start."""
    probing = Probing(0.1, 3, due=0.0)
    assert run(probing, 3.0, lambda _: None) == [pytest.approx(0.2 + FIRST_PATIENCE_S)]
    assert probing.healthy is False


def test_a_refusal_counts_at_once_and_an_answer_counts_once():
    """A probe has one end: what comes after it is passed over."""
    probing = Probing(1.0, 1, due=0.0)
    first = probing.send(0.0)
    probing.fail(first)
    assert probing.healthy is False
    probing.answer(first, 0.1)
    assert probing.healthy is False
    second = probing.send(1.0)
    probing.answer(second, 0.1)
    probing.fail(second)
    assert probing.healthy is True
    assert probing.expire(9.0) == []


def test_a_late_thread_makes_up_for_nothing():
    """After a pause the next probe goes out, and not all that were due meanwhile."""
    probing = Probing(0.1, 3, due=0.0)
    probing.send(0.0)
    probing.send(5.0)
    assert probing.due == 5.0
    probing.send(5.0)
    assert probing.due == pytest.approx(5.1)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_the_verdict_is_that_of_the_last_run_as_long_as_the_threshold(results: list[bool], threshold: int):
    """Whatever comes in, the verdict is what the last `threshold` equal results in a row said."""
    probing = Probing(1.0, threshold, due=0.0)
    expected: bool | None = None
    for position, result in enumerate(results):
        number = probing.send(float(position))
        if result:
            probing.answer(number, 0.1)
        else:
            probing.fail(number)
        tail = results[max(0, position + 1 - threshold) : position + 1]
        if len(tail) == threshold and len(set(tail)) == 1:
            expected = tail[0]
        assert probing.healthy is expected
