"""Which of the kernel's counters count for a link's end (MON-1)."""

import pytest

from peerway.adapters.dataplane.kernel.counters import Amount, Passed, join_ends
from peerway.app.dataplane import LinkCounters
from peerway.fabric.model import Link, LinkEnd

ENDS = (LinkEnd("vpc-a", "r1"), LinkEnd("vpc-b", "r2"))
NEAR, FAR = ("pcc-1", "vpc-a"), ("pcc-1", "vpc-b")


def link(cap_mbps):
    """A link with that cap."""
    return Link("pcc-1", ENDS, up=True, cap_mbps=cap_mbps)


def passed(number, *, shaped=True):
    """What an end counts; each figure another."""
    shaper = Amount(number + 4, number + 5) if shaped else None
    return Passed(Amount(number, number + 1), Amount(number + 2, number + 3), shaper, number + 6)


def test_shapers_count_on_capped_links():
    """What one end's shaper let through is what the other end received."""
    found = join_ends([link(100)], {NEAR: passed(100), FAR: passed(200)})
    assert found == {NEAR: LinkCounters(104, 105, 204, 205, 106), FAR: LinkCounters(204, 205, 104, 105, 206)}


def test_interfaces_count_on_links_without_a_cap():
    """Each end by itself, also while the other one is away."""
    near = LinkCounters(100, 101, 102, 103, 106)
    assert join_ends([link(None)], {NEAR: passed(100)}) == {NEAR: near}
    assert join_ends([link(None)], {NEAR: passed(100), FAR: passed(200)})[NEAR] == near


@pytest.mark.parametrize("far", [{}, {FAR: passed(200, shaped=False)}])
def test_end_of_a_capped_link_waits_for_both_shapers(far):
    """Totals from another place would read as traffic."""
    assert join_ends([link(100)], {NEAR: passed(100), **far}) == {}
