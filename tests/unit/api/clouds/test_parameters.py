"""The notation of parameters in tables, and how values of the wire become values of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.api.clouds.parameters import MOST_ITEMS, decode, parse_parameters
from peerway.domain.errors import InvalidInput


def decoded(notation, tree, *, texts=True):
    """The values of parameters written down like that."""
    return decode(parse_parameters(notation), tree, texts=texts)


def wrong(notation, tree, *, texts=True):
    """Field and code of the refusal."""
    with pytest.raises(InvalidInput) as refused:
        decoded(notation, tree, texts=texts)
    return refused.value.field, refused.value.code


def test_every_kind_of_text_has_its_value():
    """A query and a form have texts only; flags are written in any case."""
    notation = "S:s, I:i, B:b, F:f, C:c, L:l, J:j, O{P:i}, T[]{K*:s, V:s}, N[]:s"
    tree = {
        "S": "x",
        "I": "-7",
        "B": "TrUe",
        "F": "1.5",
        "C": "a, b,,",
        "L": '["a","b"]',
        "J": '{"a":[1]}',
        "O": {"P": "1"},
        "T": {"2": {"K": "k2"}, "1": {"K": "k1", "V": ""}},
        "N": {"10": "j", "9": "i"},
    }
    assert decoded(notation, tree) == {
        "S": "x",
        "I": -7,
        "B": True,
        "F": 1.5,
        "C": ["a", "b"],
        "L": ["a", "b"],
        "J": {"a": [1]},
        "O": {"P": 1},
        "T": [{"K": "k1", "V": ""}, {"K": "k2"}],
        "N": ["i", "j"],
    }


def test_json_has_types_of_its_own():
    """A number in quotes is a text there."""
    tree = {"S": "x", "I": 7, "B": False, "F": 2, "J": [None], "T": [{"K": "k"}], "N": ["a"], "Z": None}
    notation = "S:s, I:i, B:b, F:f, J:j, T[]{K*:s}, N[]:s, Z:s"
    assert decoded(notation, tree, texts=False) == {
        **{name: value for name, value in tree.items() if value is not None},
        "F": 2.0,
    }


@pytest.mark.parametrize(
    ("notation", "tree", "texts", "told"),
    [
        ("A*:s", {}, True, ("A", "missing")),
        ("A*:s", {"A": ""}, True, ("A", "missing")),
        ("A:s(3)", {"A": "long"}, True, ("A", "too_long")),
        ("A:s", {"A": "\0"}, True, ("A", "wrong_type")),
        ("A:s", {"A": {"B": "x"}}, True, ("A", "wrong_type")),
        ("A:i", {"A": "1.0"}, True, ("A", "wrong_type")),
        ("A:i", {"A": "٣"}, True, ("A", "wrong_type")),
        ("A:i", {"A": "9" * 30}, True, ("A", "wrong_type")),
        ("A:b", {"A": "1"}, True, ("A", "wrong_type")),
        ("A:f", {"A": "nan"}, True, ("A", "wrong_type")),
        ("A:l", {"A": '{"a":1}'}, True, ("A", "wrong_type")),
        ("A:l", {"A": '["\\u0000"]'}, True, ("A", "wrong_type")),
        ("A:j", {"A": "{"}, True, ("A", "wrong_type")),
        ("A[]:s", {"A": "x"}, True, ("A", "wrong_type")),
        ("A[]:s", {"A": {"x": "y"}}, True, ("A", "wrong_type")),
        ("A[]:s", {"A": {"9" * 9: "y"}}, True, ("A", "wrong_type")),
        ("A[]{K*:s}", {"A": {"1": {"V": "x"}}}, True, ("A.1.K", "missing")),
        ("A[]{K*:s}", {"A": {"1": "x"}}, True, ("A.1", "wrong_type")),
        ("A[]:s", {"A": {str(n): "x" for n in range(MOST_ITEMS + 1)}}, True, ("A", "too_long")),
        ("A:i", {"A": "1"}, False, ("A", "wrong_type")),
        ("A:i", {"A": True}, False, ("A", "wrong_type")),
        ("A:i", {"A": 1 << 63}, False, ("A", "wrong_type")),
        ("A:b", {"A": "true"}, False, ("A", "wrong_type")),
        ("A:f", {"A": "1"}, False, ("A", "wrong_type")),
        ("A:s", {"A": 1}, False, ("A", "wrong_type")),
        ("A[]:s", {"A": {"1": "x"}}, False, ("A", "wrong_type")),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(notation, tree, texts, told):
    """The first parameter that is missing or wrong, by its name on the wire."""
    assert wrong(notation, tree, texts=texts) == told


@pytest.mark.parametrize("notation", ["A", "A:", "A{B:s", "A:s}", "1:s", "A:s =x", "A:s, ,B:s"])
def test_a_table_that_can_not_be_read_is_an_error_at_the_start(notation):
    """Not something to find out by a request."""
    with pytest.raises(ValueError, match=r"can't read|not closed"):
        parse_parameters(notation)


def test_a_parameter_names_the_field_it_sets():
    """Of a text, a list and an object."""
    found = parse_parameters("A*:s=a, B[]{C:s}=b, D:i(3)=d")
    assert [(one.name, one.field, one.required) for one in found] == [
        ("A", "a", True),
        ("B", "b", False),
        ("D", "d", False),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("SIBFCLJOTN"), JSON), st.booleans())
def test_any_value_is_taken_or_refused(tree, texts):
    """Whatever a request has: a value of ours or `InvalidInput`, and no other error."""
    notation = "S:s, I:i, B:b, F:f, C:c, L:l, J:j, O{P:i}, T[]{K*:s, V:s}, N[]:s"
    try:
        given_values = decoded(notation, tree, texts=texts)
    except InvalidInput:
        return
    assert given_values.keys() <= tree.keys()
