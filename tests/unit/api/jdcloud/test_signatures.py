"""JD Cloud's signatures, against requests that its own SDKs made."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from peerway.api.clouds.wire import Wire
from peerway.api.jdcloud.signatures import parameters_of, plain_path, signed_by
from peerway.domain.errors import Unauthenticated

SECRET = "JDSKEXAMPLEsecret0001"
CAPTURES = Path(__file__).with_name("captures.txt").read_text(encoding="utf-8")


def parse(text: str) -> Wire:
    """A captured request."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.splitlines()
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Wire(method, path, query, headers, body.strip().encode())


CAPTURED = {
    title: parse(text)
    for title, text in re.findall(r"^# (.*)\n((?:(?!^# ).*\n)*)", CAPTURES, flags=re.MULTILINE)
}
V2 = "JDCLOUD2 describeVpcPeerings"
V3 = "JDCLOUD3 describeVpcPeerings with filters"


def with_headers(wire, **headers):
    """The request with other headers."""
    return replace(wire, headers={**wire.headers, **{n.replace("_", "-"): v for n, v in headers.items()}})


def with_authorization(wire, old, new):
    """The request with something else in its Authorization."""
    assert old in wire.headers["authorization"]
    return with_headers(wire, authorization=wire.headers["authorization"].replace(old, new))


@pytest.mark.parametrize("title", CAPTURED)
def test_captured_requests_are_verified(title):
    """API-1: what both SDKs signed checks out with their secret, and with no other."""
    signed = signed_by(CAPTURED[title])
    assert signed.service == ("cps" if "cps" in title else "vpc")
    assert signed.claim.key_id == "JDAKEXAMPLE0001"
    assert signed.claim.signed_at == datetime(2026, 11, 21, 8, 16, 59, tzinfo=UTC)
    assert signed.claim.nonce == CAPTURED[title].headers["x-jdcloud-nonce"]
    signed.claim.check(SECRET)
    with pytest.raises(Unauthenticated) as refused:
        signed.claim.check("JDSKEXAMPLEsecret0002")
    assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("title", CAPTURED)
@pytest.mark.parametrize("part", ["method", "path", "query", "body", "host", "date", "region", "service"])
def test_whatever_is_changed_breaks_the_signature(title, part):
    """API-1: method, path, query, body, host, time and scope are all covered."""
    wire = CAPTURED[title]
    stamp = wire.headers["x-jdcloud-date"]
    changed = {
        "method": replace(wire, method="PATCH"),
        "path": replace(wire, path=wire.path + "x"),
        "query": replace(wire, query=f"{wire.query}&a=b"),
        "body": replace(wire, body=wire.body + b" "),
        "host": with_headers(wire, host="127.0.0.1:18081"),
        "date": with_headers(wire, x_jdcloud_date=stamp[:-2] + "0Z"),
        "region": with_authorization(wire, "/cn-", "/ap-"),
        "service": with_authorization(wire, "/jdcloud", "x/jdcloud"),
    }[part]
    with pytest.raises(Unauthenticated):
        signed_by(changed).claim.check(SECRET)


def test_the_stated_hash_of_the_body_has_to_be_true():
    """API-1: it is not signed itself, and must still be the body's."""
    wire = with_headers(CAPTURED[V3], x_jdcloud_content_sha256="0" * 64)
    with pytest.raises(Unauthenticated):
        signed_by(wire).claim.check(SECRET)


def test_older_signatures_cover_the_nonce_and_newer_ones_do_not():
    """API-1: as the clouds' clients do it; the nonce is remembered either way."""
    with pytest.raises(Unauthenticated):
        signed_by(with_headers(CAPTURED[V2], x_jdcloud_nonce="other")).claim.check(SECRET)
    other = signed_by(with_headers(CAPTURED[V3], x_jdcloud_nonce="other"))
    assert other.claim.nonce == "other"
    other.claim.check(SECRET)


def test_a_security_token_is_covered():
    """API-1: when it was signed, another one breaks the signature."""
    wire = CAPTURED["JDCLOUD3 with security token"]
    with pytest.raises(Unauthenticated):
        signed_by(with_headers(wire, x_jdcloud_security_token="eHh4")).claim.check(SECRET)


@pytest.mark.parametrize(
    ("title", "headers"),
    [
        (V3, {"authorization": ""}),
        (V3, {"authorization": "Bearer token"}),
        (V3, {"authorization": "JDCLOUD4-HMAC-SHA256 Credential=x"}),
        (V3, {"authorization": "JDCLOUD3-HMAC-SHA256"}),
        (V3, {"x_jdcloud_nonce": ""}),
        (V3, {"x_jdcloud_date": ""}),
        (V3, {"x_jdcloud_date": "20261121T081660Z1"}),
        (V3, {"x_jdcloud_date": "20261341T081659Z"}),
        (V3, {"x_jdcloud_date": "\u0662\u0660261121T081659Z"}),
        (V3, {"x_jdcloud_date": "20261122T081659Z"}),
    ],
)
def test_what_is_not_whole_is_refused(title, headers):
    """API-1: an Authorization, a nonce, and a time that is of the credential's day."""
    with pytest.raises(Unauthenticated):
        signed_by(with_headers(CAPTURED[title], **headers))


@pytest.mark.parametrize("old", ["jdcloud3_request", "content-type;host", "Signature=3"])
def test_a_mixed_up_authorization_is_refused(old):
    """API-1: the scope of one version under the other's name, a host that is not covered, a signature that is no number."""
    new = {"jdcloud3_request": "jdcloud2_request", "content-type;host": "content-type"}.get(
        old, "Signature=z"
    )
    with pytest.raises(Unauthenticated):
        signed_by(with_authorization(CAPTURED[V3], old, new))


def test_only_what_is_covered_is_read():
    """API-1: pairs without a name or an equals sign are not in the signed text, and not in the parameters."""
    wire = CAPTURED[V3]
    padded = replace(wire, query=f"&vpcId&=x&{wire.query}&&filters.2.name")
    signed_by(padded).claim.check(SECRET)
    assert parameters_of(padded.query) == wire.query
    assert plain_path("/v1//regions/%63n+1/") == "/v1/regions/cn 1/"
    assert plain_path("") == "/"
    # The SDK 1.6.180 would leave the name out here: that is no signature of these parameters.
    renamed = replace(wire, query="vpcId=a=b")
    assert parameters_of(renamed.query) == "vpcId=a=b"
