"""Names, texts and numbers that users give."""

import pytest

from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_description, check_flag, check_name, check_number, check_token


@pytest.mark.parametrize("text", ["", "web", "网络-1", "a" * 128, "🛰 link", 'it\'s "ok"'])
def test_names_that_pass(text):
    """Any printable text up to 128 characters is a name."""
    assert check_name(text) == text


@pytest.mark.parametrize("text", ["a" * 129, "\n", "a\x00b", "\x7f", "\u202e", "\ud800", None, 5, ["a"]])
def test_names_that_do_not(text):
    """Longer ones, control characters and what is no text are refused with the field."""
    with pytest.raises(InvalidInput) as caught:
        check_name(text, "label")
    assert caught.value.field == "label"


def test_descriptions_are_longer():
    """A description has up to 256 characters."""
    assert check_description("a" * 256)
    with pytest.raises(InvalidInput):
        check_description("a" * 257)


@pytest.mark.parametrize("token", ["", "a b", "é", "a" * 65, None])
def test_tokens_are_short_ascii(token):
    """A client token is 1 to 64 visible ASCII characters."""
    assert check_token("~" * 64)
    with pytest.raises(InvalidInput):
        check_token(token)


@pytest.mark.parametrize("value", [0, 11, 5.0, "5", True, None])
def test_numbers_are_whole_and_in_range(value):
    """Neither text, fractions nor booleans are numbers here."""
    assert check_number(10, "n", 1, 10) == 10
    with pytest.raises(InvalidInput):
        check_number(value, "n", 1, 10)


@pytest.mark.parametrize("value", ["true", 1, None])
def test_flags_are_booleans(value):
    """Only true and false are flags."""
    assert check_flag(False, "f") is False
    with pytest.raises(InvalidInput):
        check_flag(value, "f")
