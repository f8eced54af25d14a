"""Alibaba Cloud's signatures, against requests that its own clients made."""

from dataclasses import replace

import pytest
from tests.support.alibaba import (
    CAPTURED_AT,
    FORM,
    SECRETS,
    Request,
    captures,
    signed_v1,
    signed_v3,
)

from peerway.api.alibaba.signatures import claim_of
from peerway.api.clouds.identity import Claim
from peerway.api.clouds.wire import once, read_pairs
from peerway.domain.errors import InvalidInput, Unauthenticated

KEY, SECRET = "AK", "SK"
IDENTITY = ("2015-04-01", "GetCallerIdentity")


def claim(request: Request) -> Claim:
    """What the request claims."""
    wire = request.wire
    pairs = read_pairs(wire.query)
    if wire.media_type == FORM:
        pairs += read_pairs(wire.body.decode())
    return claim_of(wire, once(pairs))


def code(request: Request) -> str:
    """The code that the request is refused with, when its secret is right."""
    with pytest.raises((Unauthenticated, InvalidInput)) as refused:
        claim(request).check(SECRET)
    return refused.value.code


@pytest.mark.parametrize("captured", captures(), ids=lambda request: request.name)
def test_what_the_clients_sent_is_signed_right(captured: Request) -> None:
    """API-1, API-2: V3, v1 of the same client, the old client, and both stacks of Terraform."""
    found = claim(captured)
    found.check(SECRETS[found.key_id])
    assert abs(found.signed_at - CAPTURED_AT) < found.window
    assert found.nonce
    with pytest.raises(Unauthenticated):
        found.check("another secret")
    # The last byte of the query, and of the body where there is one.
    with pytest.raises(Unauthenticated):
        claim(replace(captured, query=f"{captured.query}x=")).check(SECRETS[found.key_id])
    if captured.body:
        with pytest.raises(Unauthenticated):
            claim(replace(captured, body=captured.body + b"x")).check(SECRETS[found.key_id])


def test_a_wrong_signature_tells_the_string_that_was_signed() -> None:
    """Facts 3.4: the old client compares it with its own, and then knows that the secret is wrong."""
    (captured,) = [one for one in captures() if "legacy" in one.name]
    with pytest.raises(Unauthenticated) as refused:
        claim(captured).check("wrong")
    told = str(refused.value.data["string_to_sign"])
    assert told.startswith("POST&%2F&AccessKeyId%3DLTAI5tTESTtestTESTtest01%26Action%3DCreateRouteEntry%26")
    assert "%26SignatureType%3D%26" in told
    assert "RouteEntryName%3Dr%2520~%252A%252B%25E6%25B5%258B" in told


@pytest.mark.parametrize("digest", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_v1_takes_both_digests_and_methods(digest: str, method: str) -> None:
    """Facts 4.3: the method is part of what is signed, and so is the name of the digest."""
    request = signed_v1(KEY, SECRET, {"Action": "A", "Version": "1"}, method=method, digest=digest)
    claim(request).check(SECRET)
    assert code(replace(request, method="PUT")) == "bad_signature"


def test_a_session_token_is_taken_and_not_needed() -> None:
    """Facts 4.1: both signatures cover it like any other header or parameter."""
    token = {"x-acs-security-token": "t", "x-acs-accesskey-id": KEY}
    request = signed_v3(KEY, SECRET, IDENTITY, **token)
    claim(request).check(SECRET)
    assert code(replace(request, headers={**request.headers, "x-acs-security-token": "u"})) == "bad_signature"
    claim(signed_v1(KEY, SECRET, {"Action": "A", "Version": "1", "SecurityToken": "t"})).check(SECRET)


@pytest.mark.parametrize(
    "name",
    ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"],
)
def test_v3_must_cover_what_is_asked_of_whom_and_when(name: str) -> None:
    """A signature that leaves one of them out is good for other requests, too: it is none."""
    request = signed_v3(KEY, SECRET, IDENTITY, leave_out=frozenset({name}))
    assert code(request) == "incomplete_signature"


@pytest.mark.parametrize("name", ["x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce", "host"])
def test_v3_must_have_the_headers_that_it_says_to_cover(name: str) -> None:
    """A header that is named and not there is as good as not covered."""
    request = signed_v3(KEY, SECRET, IDENTITY)
    headers = {one: value for one, value in request.headers.items() if one != name}
    assert code(replace(request, headers=headers)) == "incomplete_signature"


def test_v3_covers_every_header_of_its_own_and_the_type_of_a_body() -> None:
    """Nobody on the way can add a region, or have a body overlooked."""
    request = signed_v3(KEY, SECRET, IDENTITY)
    claim(request).check(SECRET)
    added = replace(request, headers={**request.headers, "x-acs-region-id": "cn-beijing"})
    assert code(added) == "incomplete_signature"
    form = signed_v3(KEY, SECRET, IDENTITY, form={"a": "b"}, leave_out=frozenset({"content-type"}))
    claim(form).check(SECRET)
    retyped = replace(form, headers={**form.headers, "content-type": "text/plain"})
    assert code(retyped) == "incomplete_signature"
    typed = signed_v3(KEY, SECRET, IDENTITY, body=b"{}", content_type="application/json")
    claim(typed).check(SECRET)


def test_v3_hashes_the_body_that_came() -> None:
    """The hash in the header is held against the body, and not only against the signature."""
    request = signed_v3(KEY, SECRET, IDENTITY, form={"a": "b"})
    assert code(replace(request, body=b"a=c")) == "bad_signature"
    assert code(replace(request, body=b"")) == "bad_signature"


def test_v3_signs_the_host_as_it_came() -> None:
    """Facts 5: a client whose endpoint has a scheme sends that as its host, with port and slash."""
    claim(signed_v3(KEY, SECRET, IDENTITY, host="http://127.0.0.1:8080/")).check(SECRET)


def test_v3_takes_names_in_any_case_and_values_with_blanks() -> None:
    """Headers have no case, and what is around a value does not count."""
    request = signed_v3(KEY, SECRET, IDENTITY, user_agent="a  b")
    sent = {**request.headers, "user-agent": "  a  b "}
    loud = {name.upper(): value for name, value in sent.items() if name != "Authorization"}
    claim(replace(request, headers={**loud, "authorization": request.headers["Authorization"]})).check(SECRET)


UNREADABLE = [
    "ACS3-HMAC-SHA256",
    "ACS3-HMAC-SHA256 Credential=AK",
    "ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
    "ACS3-HMAC-SHA256 \xff",
]


@pytest.mark.parametrize("authorization", UNREADABLE)
def test_an_authorization_that_can_not_be_read_is_no_signature(authorization: str) -> None:
    """`IncompleteSignature`, whatever it is."""
    request = signed_v3(KEY, SECRET, IDENTITY)
    headers = {**request.headers, "Authorization": authorization}
    assert code(replace(request, headers=headers)) == "incomplete_signature"


@pytest.mark.parametrize(
    ("left_out", "word"),
    [("AccessKeyId", "missing"), ("Timestamp", "missing"), ("SignatureNonce", "missing"), ("Signature", "missing")],
)  # fmt: skip
def test_v1_needs_its_parameters(left_out: str, word: str) -> None:
    """Each of them is asked for by its name."""
    request = signed_v1(KEY, SECRET, {"Action": "A", "Version": "1"})
    pairs = [pair for pair in request.query.split("&") if not pair.startswith(f"{left_out}=")]
    assert code(replace(request, query="&".join(pairs))) == word


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("Timestamp", "yesterday", "bad_time"),
        ("Timestamp", "2026-11-21T08:31:54", "bad_time"),
        ("SignatureMethod", "MD5", "incomplete_signature"),
        ("SignatureNonce", "n" * 257, "invalid"),
    ],
)
def test_v1_parameters_have_to_make_sense(name: str, value: str, word: str) -> None:
    """A time is a time, a digest one that is known, a nonce short enough to be remembered."""
    known = {"Action": "A", "Version": "1", **({name: value} if name != "SignatureMethod" else {})}
    request = signed_v1(KEY, SECRET, known)
    if name == "SignatureMethod":
        request = replace(request, query=request.query.replace("HMAC-SHA1", value))
    assert code(request) == word
