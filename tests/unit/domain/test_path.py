"""Points and questions as people write them (PATH-1)."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.domain.errors import InvalidInput
from peerway.domain.path import KINDS_OF_IDS, Point, PointKind, Question, check_question, parse_point

ADDRESSES = st.ip_addresses()


@given(ADDRESSES, st.sampled_from(sorted(KINDS_OF_IDS.items())), st.booleans())
def test_point_is_read_from_what_names_it(address, named, narrowed):
    """An id, `ID@ADDRESS` and an address are read as what they are."""
    prefix, kind = named
    id = f"{prefix}0123456789abcdefghij"
    assert parse_point(str(address), "source") == Point(PointKind.ADDRESS, None, address)
    text = f"{id}@{address}" if narrowed else id
    assert parse_point(text, "source") == Point(kind, id, address if narrowed else None)


@pytest.mark.parametrize(
    "text", ["", "@", "10.0.0.0/8", "10.0.0.1@10.0.0.2", "vpc-1", "instance", "fe80::1%eth0", "i"]
)
def test_text_that_names_no_point_is_refused(text):
    """What is neither an address nor an id of a point names the field and what it may be."""
    with pytest.raises(InvalidInput) as caught:
        parse_point(text, "target")
    assert caught.value.field == "target"


def test_address_of_a_point_is_named_as_such():
    """A wrong address beside an id is the address' fault."""
    with pytest.raises(InvalidInput) as caught:
        parse_point("vsw-1@nonsense", "source")
    assert caught.value.field == "source.address"


def test_way_back_turns_ends_and_ports():
    """PATH-2: the other way round, the target asks the source, from the port that was asked for."""
    one, other = Point(PointKind.INSTANCE, "i-1"), Point(PointKind.ADDRESS, None, ip_address("10.0.0.1"))
    asked = Question(source=one, target=other, port=443, source_port=50000)
    assert asked.reversed == Question(source=other, target=one, port=50000, source_port=443)
    assert asked.reversed.reversed == asked


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "::1", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "::ffff:10.0.0.1"],
)
@pytest.mark.parametrize("field", ["source", "target"])
def test_address_that_no_router_forwards_is_no_point(field, text):
    """PATH-1: what stays within a host or a link has no path; to say that it is reached, or not, would be wrong for both."""
    points = {"source": Point(PointKind.INSTANCE, "i-1"), "target": Point(PointKind.INSTANCE, "i-2")}
    points[field] = Point(PointKind.ADDRESS, None, ip_address(text))
    with pytest.raises(InvalidInput) as caught:
        check_question(Question(**points))
    assert caught.value.field == field
