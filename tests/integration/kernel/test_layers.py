"""Ordered rules as layers of disjoint boxes: the same verdicts as asking one rule after the other. Needs no privileges."""

from hypothesis import given
from hypothesis import strategies as st

from peerway.adapters.dataplane.kernel.layers import Box, layers

#: A small world of 4-bit addresses, 4 protocols and 8 ports, so that boxes meet.
ADDRESS_BITS, PROTOCOLS, PORTS = 4, 4, 8


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box with a proper prefix."""
    free = draw(st.integers(0, ADDRESS_BITS))
    network = draw(st.integers(0, 2**ADDRESS_BITS - 1)) >> free << free
    protocols = sorted(draw(st.tuples(st.integers(0, PROTOCOLS - 1), st.integers(0, PROTOCOLS - 1))))
    ports = sorted(draw(st.tuples(st.integers(0, PORTS - 1), st.integers(0, PORTS - 1))))
    return Box(network, free, (protocols[0], protocols[1]), (ports[0], ports[1]), draw(st.booleans()))


def first_match(boxes: list[Box], address: int, protocol: int, port: int) -> Box | None:
    """The first box that holds a packet: the slow twin that layers must agree with."""
    for box in boxes:
        low, high = box.protocols
        if address >> box.free << box.free != box.network or not low <= protocol <= high:
            continue
        if box.ports[0] <= port <= box.ports[1]:
            return box
    return None


@given(st.lists(boxes(), max_size=12))
def test_layers_agree_with_the_first_match(rules: list[Box]) -> None:
    """For every packet of the small world, the first layer with a hit gives the verdict of the first matching rule."""
    stacked = layers(rules)
    for address in range(2**ADDRESS_BITS):
        for protocol in range(PROTOCOLS):
            for port in range(PORTS):
                expected = first_match(rules, address, protocol, port)
                hits = (first_match(list(layer), address, protocol, port) for layer in stacked)
                found = next((hit for hit in hits if hit is not None), None)
                assert (found is None) == (expected is None)
                assert found is None or expected is None or found.accept == expected.accept


@given(st.lists(boxes(), max_size=12))
def test_boxes_of_a_layer_are_disjoint(rules: list[Box]) -> None:
    """No packet is in two boxes of one layer: the kernel's maps refuse that."""
    for layer in layers(rules):
        for address in range(2**ADDRESS_BITS):
            for protocol in range(PROTOCOLS):
                for port in range(PORTS):
                    assert sum(first_match([box], address, protocol, port) is not None for box in layer) <= 1


def test_common_lists_need_few_layers() -> None:
    """A thousand rules for a thousand networks below one wide rule are two layers."""
    wide = Box(0, 32, (6, 6), (22, 22), accept=False)
    narrow = [Box(number << 8, 8, (6, 6), (0, 65535), accept=True) for number in range(1000)]
    assert [len(layer) for layer in layers([wide, *narrow])] == [1, 1000]
    assert [len(layer) for layer in layers([*narrow, wide])] == [1000, 1]


def test_covered_rules_are_left_out() -> None:
    """A rule that can never be the first match is not loaded."""
    outer = Box(0, 32, (0, 255), (0, 65535), accept=True)
    inner = Box(10 << 24, 24, (6, 6), (80, 80), accept=False)
    assert layers([outer, inner]) == [[outer]]
