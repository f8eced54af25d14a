"""Tencent Cloud's signatures: TC3-HMAC-SHA256 (in a header), and the older HmacSHA1 or HmacSHA256 (in a parameter).

Source: facts on the wire format, section C; the vectors in the tests were captured from the official clients.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from peerway.api.clouds.identity import Claim, bad_signature
from peerway.api.clouds.wire import Wire
from peerway.domain.errors import InvalidInput, Unauthenticated

#: How old or new a request may be, and how long a nonce of the older signature is remembered.
WINDOW: Final = timedelta(minutes=5)

ALGORITHM: Final = "TC3-HMAC-SHA256"

#: `Authorization` of TC3.
TC3: Final = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<key>[^/,\s]+)/(?P<date>[0-9-]{{10}})/(?P<service>[a-z0-9_-]{{1,40}})/tc3_request,"
    r"\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<sum>[0-9a-fA-F]{64})"
)

#: Headers that TC3 has to cover.
COVERED: Final = frozenset({"content-type", "host"})

#: Stands for the body where a client does not sign it.
UNSIGNED: Final = "UNSIGNED-PAYLOAD"

TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


def claim_tc3(wire: Wire, service: str) -> Claim:
    """Who says to have signed a request to a service in its headers; `Unauthenticated` or `InvalidInput` when one can't tell."""
    match = TC3.fullmatch(wire.headers.get("authorization", "").strip())
    if match is None:
        raise Unauthenticated("the Authorization header can't be read", code="incomplete_signature")
    if match["service"] != service:
        text = f"the credential is for {match['service']}, and the action is one of {service}"
        raise Unauthenticated(text, code="incomplete_signature")
    names = match["headers"].lower().split(";")
    if not set(names) >= COVERED:
        raise Unauthenticated("the signature must cover content-type and host", code="incomplete_signature")
    timestamp = wire.headers.get("x-tc-timestamp", "")
    signed_at = read_time(timestamp, "X-TC-Timestamp")
    scope = f"{match['date']}/{match['service']}/tc3_request"
    to_sign = [
        "\n".join((ALGORITHM, timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        for canonical in _canonical_forms(wire, names, match["headers"])
    ]

    def check(secret: str) -> None:
        key = f"TC3{secret}".encode()
        for step in (match["date"], match["service"], "tc3_request"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        stated = match["sum"].lower()
        made = [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in to_sign]
        fits = any(hmac.compare_digest(one, stated) for one in made)
        if not fits or f"{signed_at:%Y-%m-%d}" != match["date"]:
            raise bad_signature(to_sign[0])

    return Claim(match["key"], signed_at, WINDOW, None, check)


def claim_v1(wire: Wire, parameters: Mapping[str, str], *, without_files: bool = False) -> Claim:
    """Who says to have signed a request in its parameters, those of query and body together.

    `without_files` leaves out parameters that begin with `@`, as the clients of the API's second version do when they post.
    """
    for name in ("SecretId", "Timestamp", "Nonce", "Signature"):
        if not parameters.get(name):
            raise InvalidInput(name, "is required", code="missing")
    # Names are sorted, and signed, with a dot for each underscore.
    signed = sorted(
        (name.replace("_", "."), value)
        for name, value in parameters.items()
        if name != "Signature" and not (without_files and value.startswith("@"))
    )
    joined = "&".join(f"{name}={value}" for name, value in signed)
    to_sign = f"{wire.method}{wire.headers.get('host', '')}{wire.path or '/'}?{joined}"
    digest = hashlib.sha256 if parameters.get("SignatureMethod") == "HmacSHA256" else hashlib.sha1

    def check(secret: str) -> None:
        made = base64.b64encode(hmac.new(secret.encode(), to_sign.encode(), digest).digest())
        if not hmac.compare_digest(made, parameters["Signature"].encode("utf-8", "surrogatepass")):
            raise bad_signature(to_sign)

    timestamp = parameters["Timestamp"]
    nonce = f"{parameters['Nonce']} {timestamp}"
    return Claim(parameters["SecretId"], read_time(timestamp, "Timestamp"), WINDOW, nonce, check)


def read_time(text: str, field: str) -> datetime:
    """A time in seconds since 1970; `InvalidInput` for anything else."""
    try:
        if TIMESTAMP.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
    except ValueError:
        # There is no such year.
        pass
    raise InvalidInput(field, "must be seconds since 1970", text, code="bad_time")


def _canonical_forms(wire: Wire, names: list[str], signed_headers: str) -> list[str]:
    """The request as it may have been signed: clients differ in whether they write the headers' values in lower case."""
    body = wire.body if wire.method != "GET" else b""
    unsigned = wire.headers.get("x-tc-content-sha256") == UNSIGNED
    digest = hashlib.sha256(UNSIGNED.encode() if unsigned else body).hexdigest()
    query = wire.query if wire.method == "GET" else ""
    values = {name: wire.headers.get(name, "").strip() for name in names}
    forms = dict.fromkeys(
        tuple(f"{name}:{write(value)}\n" for name, value in values.items()) for write in (str, str.lower)
    )
    start = (wire.method, wire.path or "/", query)
    return ["\n".join((*start, "".join(headers), signed_headers, digest)) for headers in forms]
