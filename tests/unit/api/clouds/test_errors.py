"""Errors in a cloud's words: the most particular row of the first table that has any."""

import pytest

from peerway.api.clouds.errors import tell
from peerway.domain.errors import IllegalState, InUse, InvalidInput, NotFound, QuotaExceeded


def told(error, parameter, *tables):
    """Code and text."""
    found = tell(error, parameter, tables)
    return found.code, found.text


def test_the_most_particular_key_counts():
    """Resource and parameter before the parameter alone, that before the resource, that before the code and the kind."""
    error = NotFound("vpc", "vpc-1")
    rows = {
        "not_found.vpc@VpcId": ["A", 404],
        "not_found@VpcId": ["B", 404],
        "not_found.vpc": ["C", 404],
        "not_found": ["D", 404],
    }
    for code, key in zip("ABCD", list(rows), strict=True):
        assert told(error, "VpcId", rows) == (code, "no vpc vpc-1")
        del rows[key]
    kinds = {"conflict": ["Kind", 400]}
    assert told(IllegalState("vpc", "vpc-1", "deleting", "peer"), "", kinds)[0] == "Kind"
    assert told(InUse("vpc", "vpc-1", "vswitch", "vsw-1"), "", {"in_use/vswitch": ["By", 400]})[0] == "By"
    full = QuotaExceeded("vpcs", 1, 1, scope="the account", field="vpc_id")
    assert told(full, "", {"quota_exceeded.vpcs": ["Q", 400, "{used}/{limit}"]}) == ("Q", "1/1")


def test_an_earlier_table_counts_before_a_later_one():
    """An action's own word before its product's, even where that one is more particular."""
    action, product = {"not_found": ["Own", 404]}, {"not_found.vpc": ["Product", 404]}
    assert told(NotFound("vpc", "x"), "", action, product)[0] == "Own"


def test_texts_are_filled_with_what_is_known():
    """What is not known reads as nothing, and braces of a request are no places to fill."""
    rows = {"invalid": ["Bad{parameter}", 400, "{parameter}: {rule} {value} {secret}"]}
    error = InvalidInput("f", "must not be", "{parameter}{0.__class__}")
    assert told(error, "F", rows) == ("BadF", "F: must not be {parameter}{0.__class__} ")
    assert told(error, "", rows)[0] == "Badrequest"


def test_an_error_without_a_word_is_found_out():
    """Tables have to be total; a test walks them."""
    with pytest.raises(LookupError):
        tell(NotFound("vpc", "x"), "", [{}])
