"""Alibaba Cloud's signatures for any parameters: what an independent signer signs passes, and nothing else does."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.alibaba import FORM, Request, signed_v1, signed_v3

from peerway.api.alibaba.signatures import claim_of
from peerway.api.clouds.wire import once, read_pairs
from peerway.domain.errors import PeerwayError, Unauthenticated

SECRET = "s3cr3t"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PARAMETERS = st.dictionaries(TEXT.filter(bool).map(lambda name: f"p{name}"), TEXT, max_size=6)
SPLITS = st.tuples(PARAMETERS, PARAMETERS).map(
    lambda both: (both[0], {name: value for name, value in both[1].items() if name not in both[0]})
)


def check(request: Request) -> None:
    """Hold the request against the secret."""
    wire = request.wire
    pairs = read_pairs(wire.query)
    if wire.media_type == FORM:
        pairs += read_pairs(wire.body.decode())
    claim_of(wire, once(pairs)).check(SECRET)


def changed(text: bytes, place: int, to: int) -> bytes:
    """The text with another byte in one place."""
    place %= len(text)
    return text[:place] + bytes([to]) + text[place + 1 :]


@given(SPLITS, st.sampled_from(["GET", "POST"]), st.sampled_from(["HMAC-SHA1", "HMAC-SHA256"]))
def test_v1_of_any_parameters_passes(
    split: tuple[dict[str, str], dict[str, str]], method: str, digest: str
) -> None:
    """API-1: wherever a parameter is, in query or form, and whatever characters it has."""
    query, form = split
    check(signed_v1("AK", SECRET, query, form, method=method, digest=digest))


@given(SPLITS)
def test_v3_of_any_parameters_passes(split: tuple[dict[str, str], dict[str, str]]) -> None:
    """API-1: wherever a parameter is, in query or form, and whatever characters it has."""
    query, form = split
    check(signed_v3("AK", SECRET, ("2015-04-01", "A"), query, form))


@given(SPLITS, st.integers(0, 10_000), st.integers(0, 255))
def test_v3_notices_any_changed_byte_of_the_body(
    split: tuple[dict[str, str], dict[str, str]], place: int, to: int
) -> None:
    """A body is what its hash says."""
    query, form = split
    request = signed_v3("AK", SECRET, ("2015-04-01", "A"), query, {**form, "x": "y"})
    body = changed(request.body, place, to)
    assume(body != request.body)
    with pytest.raises((PeerwayError, UnicodeDecodeError)):
        check(replace(request, body=body))


@given(SPLITS, st.integers(0, 10_000), st.integers(33, 126), st.booleans())
def test_no_signature_survives_a_changed_parameter(
    split: tuple[dict[str, str], dict[str, str]], place: int, to: int, newer: bool
) -> None:
    """Any byte of the query that changes what it says makes the signature wrong, or the request unreadable."""
    query, form = split
    request = (
        signed_v3("AK", SECRET, ("2015-04-01", "A"), {**query, "q": "r"}, form)
        if newer
        else signed_v1("AK", SECRET, query, form)
    )
    after = changed(request.query.encode(), place, to).decode()
    # `%7e` says what `~` says.
    assume(
        sorted(parse_qsl(after, keep_blank_values=True))
        != sorted(parse_qsl(request.query, keep_blank_values=True))
    )
    with pytest.raises(PeerwayError):
        check(replace(request, query=after))


@given(SPLITS, st.data())
def test_no_signature_survives_a_parameter_more_or_less(
    split: tuple[dict[str, str], dict[str, str]], data: st.DataObject
) -> None:
    """Neither can one be added, nor taken away, nor moved under another name."""
    query, form = split
    request = signed_v1("AK", SECRET, query, {**form, "x": "y"})
    with pytest.raises(Unauthenticated):
        check(replace(request, query=f"{request.query}&added=1"))
    with pytest.raises(Unauthenticated):
        check(replace(request, body=request.body + b"&added=1"))
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
    del pairs[data.draw(st.integers(0, len(pairs) - 1))]
    with pytest.raises(Unauthenticated):
        check(replace(request, body=urlencode(pairs).encode()))


HEADER = st.text(
    st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc", "Zs"]), max_size=12
)


@given(
    st.sampled_from(["x-acs-action", "x-acs-version", "x-acs-signature-nonce", "host", "user-agent"]), HEADER
)
def test_v3_notices_any_changed_header(name: str, value: str) -> None:
    """A covered header is what it was when it was signed."""
    request = signed_v3("AK", SECRET, ("2015-04-01", "A"), user_agent="me")
    assume(value != request.headers[name])
    with pytest.raises(PeerwayError):
        check(replace(request, headers={**request.headers, name: value}))
