"""Requests as they come: queries, forms and JSON, with the bounds on what is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.api.clouds.wire import (
    DEEPEST,
    MOST_PARAMETERS,
    Wire,
    head_of,
    once,
    read_json,
    read_pairs,
    tree_of,
)
from peerway.domain.errors import InvalidInput


def test_names_with_dots_are_branches():
    """`Tag.1.Key` is a place in a tree."""
    flat = {"A": "1", "T.1.K": "k", "T.1.V": "v", "T.2.K": "l"}
    assert tree_of(flat) == {"A": "1", "T": {"1": {"K": "k", "V": "v"}, "2": {"K": "l"}}}


@pytest.mark.parametrize("flat", [{"T": "1", "T.1": "2"}, {"T.1": "2", "T": "1"}, {"T.1.K": "1", "T.1": "2"}])
def test_a_name_is_a_value_or_a_branch(flat):
    """In whichever order they come."""
    with pytest.raises(InvalidInput):
        tree_of(flat)


def test_what_is_too_much_is_refused():
    """Parameters, and levels of names and of JSON."""
    with pytest.raises(InvalidInput):
        read_pairs("&".join("a=1" for _ in range(MOST_PARAMETERS + 1)))
    with pytest.raises(InvalidInput):
        tree_of({".".join("a" * (DEEPEST + 1)): "1"})
    with pytest.raises(InvalidInput):
        read_json(b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1))
    assert read_json(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)
    with pytest.raises(InvalidInput):
        read_json(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize("text", ["a=%ff", "%c3%28=1", "a=%ed%a0%80"])
def test_what_is_no_utf8_is_refused(text):
    """Broken bytes, and halves of surrogate pairs."""
    with pytest.raises(InvalidInput):
        read_pairs(text)


def test_a_parameter_comes_once():
    """Twice with one value is once; with two it can't be told which is meant."""
    assert once([("a", "1"), ("b", ""), ("a", "1")]) == {"a": "1", "b": ""}
    with pytest.raises(InvalidInput):
        once([("a", "1"), ("a", "2")])


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b'{"a":\xff}', b'{"a":NaN}'])
def test_a_body_is_an_object(body):
    """Or nothing at all, which is an empty one."""
    assert read_json(b" ") == {}
    with pytest.raises(InvalidInput):
        read_json(body)


def test_of_two_headers_the_first_counts():
    """And the query is as it came."""
    headers = [(b"host", b"a"), (b"host", b"b"), (b"content-type", b"A/B; charset=x")]
    scope = {
        "method": "GET",
        "path": "/é",
        "raw_path": b"/%C3%A9",
        "query_string": b"a=%20",
        "headers": headers,
    }
    found = head_of(scope)
    assert found == Wire("GET", "/%C3%A9", "a=%20", {"host": "a", "content-type": "A/B; charset=x"}, b"")
    assert found.media_type == "a/b"


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_query_is_read_or_refused(text):
    """Whatever it is: pairs and a tree, or `InvalidInput`."""
    try:
        tree = tree_of(once(read_pairs(text)))
    except InvalidInput:
        return
    assert isinstance(tree, dict)


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body):
    """Whatever it is: an object, or `InvalidInput`."""
    try:
        found = read_json(body)
    except InvalidInput:
        return
    assert isinstance(found, dict)
