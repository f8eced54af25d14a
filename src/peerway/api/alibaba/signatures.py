"""Alibaba Cloud's signatures: V3 (ACS3-HMAC-SHA256, in a header) and RPC v1 (HMAC-SHA1 or -SHA256, in a parameter).

Source: facts on the wire format, section 4; the vectors in the tests were captured from the official clients.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

from peerway.api.clouds.identity import Claim, bad_signature
from peerway.api.clouds.wire import Wire
from peerway.domain.errors import InvalidInput, Unauthenticated

#: How old or new a request may be, and how long its nonce is remembered.
WINDOW: Final = timedelta(minutes=15)

ALGORITHM: Final = "ACS3-HMAC-SHA256"

#: `Authorization` of V3.
V3: Final = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<key>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<sum>[0-9a-fA-F]{{64}})"
)

#: Headers that V3 has to cover: what is asked, of whom, when.
COVERED: Final = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"}
)

#: Texts that stand for themselves, as most names and ids do; and times.
PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]*")
TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

_DIGESTS: Final = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


#: Longest nonce; they are remembered for a while.
LONGEST_NONCE: Final = 256

FORM: Final = "application/x-www-form-urlencoded"


def is_v3(wire: Wire) -> bool:
    """Whether the request says to be signed by V3; then its headers count, and else its parameters alone."""
    return wire.headers.get("authorization", "").startswith(ALGORITHM)


def claim_of(wire: Wire, parameters: Mapping[str, str]) -> Claim:
    """Who says to have signed the request; `Unauthenticated` or `InvalidInput` when that can't be told.

    `parameters` are those of query and body together.
    """
    if is_v3(wire):
        return _claim_v3(wire, wire.headers["authorization"])
    if "Signature" in parameters:
        return _claim_v1(wire, parameters)
    if "AccessKeyId" in parameters:
        raise InvalidInput("Signature", "is required", code="missing")
    raise Unauthenticated("the request is not signed", code="no_credentials")


def _claim_v3(wire: Wire, authorization: str) -> Claim:
    match = V3.fullmatch(authorization.strip())
    if match is None:
        raise Unauthenticated("the Authorization header can't be read", code="incomplete_signature")
    headers = wire.headers
    names = match["headers"].lower().split(";")
    _check_covered(wire, frozenset(names))
    payload = hashlib.sha256(wire.body).hexdigest()
    canonical = "\n".join(
        (
            wire.method,
            wire.path or "/",
            canonical_query(wire.query),
            *(f"{name}:{headers.get(name, '').strip()}" for name in names),
            "",
            match["headers"],
            payload,
        )
    )
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"

    def check(secret: str) -> None:
        made = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        stated = headers["x-acs-content-sha256"].lower()
        if not hmac.compare_digest(made, match["sum"].lower()) or stated != payload:
            raise bad_signature(to_sign)

    nonce = _nonce(headers["x-acs-signature-nonce"])
    return Claim(match["key"], read_time(headers["x-acs-date"]), WINDOW, nonce, check)


def _check_covered(wire: Wire, names: frozenset[str]) -> None:
    """`Unauthenticated` unless the signed headers are there and tell all that is believed of the request.

    The body's hash is always signed; the type of one that is no form has to be, or somebody on the way could have it overlooked.
    """
    told = {name for name in wire.headers if name.startswith("x-acs-")}
    if wire.body and wire.media_type != FORM:
        told.add("content-type")
    missing = (COVERED | told) - names
    if missing:
        text = f"the signature must cover {', '.join(sorted(missing))}"
        raise Unauthenticated(text, code="incomplete_signature")
    absent = COVERED - wire.headers.keys()
    if absent:
        raise Unauthenticated(f"there is no {', '.join(sorted(absent))}", code="incomplete_signature")


def _nonce(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_NONCE:
        rule = f"must have 1 to {LONGEST_NONCE} characters"
        raise InvalidInput("SignatureNonce", rule, text)
    return text


def _claim_v1(wire: Wire, parameters: Mapping[str, str]) -> Claim:
    for name in ("AccessKeyId", "Timestamp", "SignatureNonce"):
        if not parameters.get(name):
            raise InvalidInput(name, "is required", code="missing")
    digest = _DIGESTS.get(parameters.get("SignatureMethod", "HMAC-SHA1").upper())
    if digest is None:
        raise Unauthenticated("SignatureMethod is not known", code="incomplete_signature")
    pairs = sorted((name, value) for name, value in parameters.items() if name != "Signature")
    joined = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    # Encoded once more; there is nothing else in it that needs to be.
    twice = joined.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    to_sign = f"{wire.method}&%2F&{twice}"

    def check(secret: str) -> None:
        made = base64.b64encode(hmac.new(f"{secret}&".encode(), to_sign.encode(), digest).digest())
        if not hmac.compare_digest(made, parameters["Signature"].encode("utf-8", "surrogatepass")):
            raise bad_signature(to_sign)

    signed_at = read_time(parameters["Timestamp"])
    return Claim(parameters["AccessKeyId"], signed_at, WINDOW, _nonce(parameters["SignatureNonce"]), check)


def canonical_query(query: str) -> str:
    """The query's parameters by name, encoded anew."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)


def encode(text: str) -> str:
    """RFC 3986: everything but letters, digits and `-_.~`."""
    return text if PLAIN.fullmatch(text) else quote(text, safe="~")


def read_time(text: str) -> datetime:
    """A time such as `2026-11-21T08:31:54Z`; `InvalidInput` for anything else."""
    try:
        if TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidInput("Timestamp", "must be like 2026-11-21T08:31:54Z", text, code="bad_time")
