"""Sets of what can be asked: the algebra equals that of plain sets, and the text says what is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerway.analysis.symbolic.spaces import ALL, BARE, EMPTY, Space, block

#: A corner of all that can be asked, around every border of the line.
ASKED = [
    *((protocol, port) for protocol in (6, 17) for port in (0, 1, 2, 3, 79, 80, 81, 65534, 65535)),
    *((protocol, 0) for protocol in (0, 1, 5, 7, 16, 18, 58, 254, 255)),
]


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """A few blocks together, or all but them."""
    found = EMPTY
    for _ in range(draw(st.integers(0, 4))):
        protocol = draw(st.sampled_from((6, 6, 17, 17, 1, 5, 7, 58, 255, None)))
        low, high = sorted(draw(st.tuples(*[st.sampled_from((0, 1, 2, 79, 80, 81, 65534, 65535))] * 2)))
        found |= block(protocol, low, high)
    return ~found if draw(st.booleans()) else found


def members(space: Space) -> set[tuple[int, int]]:
    """What of the corner is in a set."""
    return {asked for asked in ASKED if asked in space}


@given(spaces(), spaces())
def test_algebra_equals_plain_sets(one, other):
    """Union, intersection, difference and complement hold what plain sets hold; equal sets are equal values."""
    assert members(one | other) == members(one) | members(other)
    assert members(one & other) == members(one) & members(other)
    assert members(one - other) == members(one) - members(other)
    assert members(~one) == set(ASKED) - members(one)
    assert (one - other) | (one & other) == one
    assert len(one | other) + len(one & other) == len(one) + len(other)
    assert (one == other) is (not (one - other) and not (other - one))


@given(spaces())
def test_ranges_make_the_set_again(space):
    """The ranges of a set rise, don't touch, and make the same set again."""
    made, ranges = EMPTY, list(space)
    for protocol, low, high in ranges:
        made |= block(protocol, low, high)
    assert made == space
    assert ranges == sorted(ranges)
    assert sum(high - low + 1 for _, low, high in ranges) == len(space)


@given(spaces(), st.sampled_from((0, 1, 80, 65535)))
def test_protocols_at_a_port_keep_all_their_ports(space, port):
    """A protocol is there with all its ports when the one port is in the set; those without ports stay as they are."""
    found = space.protocols_at(port)
    for protocol in (6, 17):
        assert found & block(protocol) == (block(protocol) if (protocol, port) in space else EMPTY)
    assert found & BARE == space & BARE


def test_text_names_protocols_and_ports():
    """Sets read as people write them."""
    web = block(6, 80, 80) | block(6, 443, 445)
    assert str(EMPTY) == "nothing"
    assert str(ALL) == "everything"
    assert str(web | block(1)) == "tcp 80, 443-445; icmp"
    assert str(block(17) | block(47)) == "udp; gre"
    assert str(ALL - block(6) - block(1)) == "udp; every protocol without ports but icmp"
    assert str(BARE | block(6, 22, 22)) == "tcp 22; every protocol without ports"
