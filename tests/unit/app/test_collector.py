"""What is large and stays is kept from the collector of cycles."""

import gc

import pytest

from peerway.app.collector import MANY, uncollected


def test_uncollected_rests_the_collector_only_meanwhile():
    """The collector rests while something is made, and works again afterwards, whatever came of it."""
    assert gc.isenabled()
    assert uncollected(gc.isenabled) is False
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        uncollected(lambda: 1 // 0)
    assert gc.isenabled()


def test_uncollected_leaves_out_only_what_is_large():
    """What has few objects is looked at as ever; what has many is not."""
    before = gc.get_freeze_count()
    small = uncollected(lambda: [[] for _ in range(10)])
    assert gc.get_freeze_count() == before
    large = uncollected(lambda: [[] for _ in range(2 * MANY)])
    assert gc.get_freeze_count() > before
    gc.unfreeze()
    assert len(large) - len(small) == 2 * MANY - 10
