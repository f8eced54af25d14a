"""Prefixes: reading, overlap and containment against sets of addresses."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import (
    FORBIDDEN_RANGES,
    contains,
    first_overlap,
    is_private,
    overlaps,
    parse_prefix,
)
from peerway.domain.route_table import check_destination, may_route
from peerway.domain.vpc import check_vpc_cidr, unique_local_cidr


@st.composite
def prefixes(draw):
    """Prefixes of both versions, close together, so that overlap is common."""
    if draw(st.booleans()):
        length = draw(st.integers(20, 32))
        return IPv4Network(((10 << 24) + draw(st.integers(0, 4095)), length), strict=False)
    length = draw(st.integers(116, 128))
    return IPv6Network(((0xFD << 120) + draw(st.integers(0, 4095)), length), strict=False)


def addresses(prefix):
    """All addresses, slowly."""
    return set(prefix)


@given(prefixes(), prefixes())
def test_overlap_and_containment_are_those_of_sets(one, other):
    """NET-3: overlap is a common address, containment a subset; IP versions have nothing in common."""
    assert overlaps(one, other) == bool(addresses(one) & addresses(other))
    assert contains(one, other) == (addresses(other) <= addresses(one))
    assert overlaps(one, other) == overlaps(other, one) == (contains(one, other) or contains(other, one))


@given(st.lists(prefixes(), max_size=5), st.lists(prefixes(), max_size=5))
def test_first_overlap_finds_one_when_there_is_one(ones, others):
    """PEER-6: two lists overlap exactly when a pair does, and the pair is told."""
    found = first_overlap(ones, others)
    assert (found is not None) == any(overlaps(one, other) for one in ones for other in others)
    if found:
        assert overlaps(*found)


@given(prefixes())
def test_text_of_a_prefix_reads_back(prefix):
    """NET-3: what is printed can be read."""
    assert parse_prefix(str(prefix), "cidr") == prefix


@given(prefixes(), st.integers(1, 4095))
def test_host_bits_are_refused_with_the_right_range(prefix, offset):
    """NET-3: a host address with a length is told the range it meant."""
    host = prefix.network_address + offset % prefix.num_addresses
    if host == prefix.network_address:
        return
    with pytest.raises(InvalidInput) as caught:
        parse_prefix(f"{host}/{prefix.prefixlen}", "cidr")
    assert str(prefix) in caught.value.rule


@given(st.one_of(st.text(max_size=50), st.integers(), st.none(), st.binary(max_size=10), st.floats()))
def test_anything_is_read_or_refused(value):
    """NET-3: no input makes the reader fail in another way, and what it reads is canonical."""
    try:
        prefix = parse_prefix(value, "cidr")
    except InvalidInput:
        pass
    else:
        assert ip_network(value, strict=True) == prefix


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/0.255.255.255",
        "fe80::%1/64",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10/8",
        "/8",
        "10.0.0.0/",
    ],
)
def test_unusual_forms_are_refused(text):
    """NET-3: an address, a slash and a length, nothing else."""
    with pytest.raises(InvalidInput):
        parse_prefix(text, "cidr")


@given(prefixes(), st.lists(prefixes(), max_size=3))
def test_routes_written_by_the_system_pass_the_users_rules(destination, vswitches):
    """NET-5, PEER-8: `may_route` says yes exactly where `check_destination` does."""
    try:
        check_destination(str(destination), vswitches)
    except InvalidInput:
        assert not may_route(destination, vswitches)
    else:
        assert may_route(destination, vswitches)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_vpc_range_is_allowed_or_named(number, length):
    """NET-3, NET-10: what is allowed is /8 to /28 and private or public, never special."""
    cidr = IPv4Network((number, length), strict=False)
    try:
        check_vpc_cidr(str(cidr))
    except InvalidInput:
        assert not 8 <= length <= 28 or first_overlap((cidr,), FORBIDDEN_RANGES)
    else:
        assert 8 <= length <= 28
        assert first_overlap((cidr,), FORBIDDEN_RANGES) is None
        assert is_private(cidr) or not cidr.is_private


@given(st.text(min_size=1, max_size=30))
def test_unique_local_ranges_are_what_they_say(seed):
    """NET-3: a /56 below fd00::/8, the same for the same seed."""
    cidr = unique_local_cidr(seed)
    assert cidr.prefixlen == 56
    assert cidr.subnet_of(IPv6Network("fd00::/8"))
    assert cidr == unique_local_cidr(seed)
