"""Clocks tell aware times, and the virtual one moves when it is told to."""

from datetime import UTC, datetime, timedelta

import pytest

from peerway.app.clock import SystemClock, VirtualClock


def test_system_clock_tells_utc():
    """The machine's time, aware."""
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_virtual_clock_stands_still_until_advanced():
    """Seven days pass in no time (PEER-4)."""
    clock = VirtualClock()
    start = clock.now()
    assert clock.now() == start
    assert clock.advance(timedelta(days=7)) == clock.now() == start + timedelta(days=7)


def test_virtual_clock_does_not_go_back():
    """A step back is an error of the test."""
    with pytest.raises(ValueError, match="forward"):
        VirtualClock().advance(timedelta(seconds=-1))
