"""JD Cloud's signatures: JDCLOUD3-HMAC-SHA256 of today's SDKs, and JDCLOUD2-HMAC-SHA256 of older ones and the one for Go.

Source: facts on the wire format, sections C.3 and C.4; the vectors in the tests were captured from the official SDKs. JDCLOUD3
covers neither its nonce nor what has no `=` in the query: the nonce is remembered all the same, and the rest is not looked at.

One SDK (1.6.180) leaves out the name of a parameter whose value holds `=`. That is not accepted: who saw such a request could send
it again under another name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final
from urllib.parse import quote, unquote_plus

from peerway.api.clouds.identity import Claim, bad_signature
from peerway.api.clouds.wire import Wire
from peerway.domain.errors import Unauthenticated

#: How old or new a request may be, and how long its nonce is remembered; what JD Cloud allows is not known.
WINDOW: Final = timedelta(minutes=15)

#: `Authorization` of both.
AUTHORIZATION: Final = re.compile(
    r"(?P<name>JDCLOUD(?P<version>[23]))-HMAC-SHA256\s+"
    r"Credential=(?P<key>[^/,\s]+)/(?P<scope>(?P<date>[0-9]{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/jdcloud(?P=version)_request),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<sum>[0-9a-fA-F]{64})"
)

TIME: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
SLASHES: Final = re.compile(r"/+")


@dataclass(frozen=True, slots=True)
class Scheme:
    """What the two signatures do differently."""

    #: Headers that have to be covered.
    covered: frozenset[str]
    #: The ways in which clients write paths and queries down before they sign.
    paths: tuple[Callable[[str], str], ...]
    queries: tuple[Callable[[str], str], ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """Who says to have signed a request, and for which service."""

    #: Who.
    claim: Claim
    #: Service, as the credential's scope has it.
    service: str


def signed_by(wire: Wire) -> Signed:
    """What the request's signature says; `Unauthenticated` when that can't be told."""
    authorization = wire.headers.get("authorization", "")
    if not authorization.startswith("JDCLOUD"):
        raise Unauthenticated("the request is not signed", code="no_credentials")
    match = AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise Unauthenticated("the Authorization header can't be read", code="incomplete_signature")
    scheme = SCHEMES[match["version"]]
    missing = sorted(scheme.covered - set(match["headers"].lower().split(";")))
    if missing:
        raise Unauthenticated(f"the signature must cover {', '.join(missing)}", code="incomplete_signature")
    stamp, nonce = wire.headers.get("x-jdcloud-date", ""), wire.headers.get("x-jdcloud-nonce", "")
    if not nonce:
        raise Unauthenticated("x-jdcloud-nonce is missing", code="incomplete_signature")
    signed_at = _read_time(stamp)
    if stamp[:8] != match["date"]:
        raise Unauthenticated("x-jdcloud-date is not of the credential's day", code="incomplete_signature")
    return Signed(
        Claim(match["key"], signed_at, WINDOW, nonce, _checker(wire, match, scheme)), match["service"]
    )


def parameters_of(query: str) -> str:
    """The part of a query that JDCLOUD3 covers: what has a name and an equals sign."""
    return "&".join(pair for pair in query.split("&") if pair.find("=") > 0)


def plain_path(path: str) -> str:
    """A path as JDCLOUD3 covers it: decoded, with single slashes."""
    return SLASHES.sub("/", unquote_plus(path)) or "/"


def _checker(wire: Wire, match: re.Match[str], scheme: Scheme) -> Callable[[str], None]:
    payload = hashlib.sha256(wire.body).hexdigest()
    stated = wire.headers.get("x-jdcloud-content-sha256", payload).lower()

    def check(secret: str) -> None:
        key = f"{match['name']}{secret}".encode()
        for part in match["scope"].split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        candidates = list(_texts(wire, match, scheme, payload))
        for text in candidates:
            made = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
            if hmac.compare_digest(made, match["sum"].lower()) and stated == payload:
                return
        raise bad_signature(candidates[0])

    return check


def _texts(wire: Wire, match: re.Match[str], scheme: Scheme, payload: str) -> Iterator[str]:
    """The texts that a client may have signed for this request."""
    names = match["headers"]
    headers = "".join(f"{name}:{_header(wire.headers, name)}\n" for name in names.lower().split(";"))
    head = f"{match['name']}-HMAC-SHA256\n{wire.headers.get('x-jdcloud-date', '')}\n{match['scope']}\n"
    for path, query in product(scheme.paths, scheme.queries):
        canonical = f"{wire.method}\n{path(wire.path)}\n{query(wire.query)}\n{headers}\n{names}\n{payload}"
        yield head + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").strip()


def _path_v3(path: str) -> str:
    return quote(plain_path(path), safe="/~")


def _query_v3(query: str) -> str:
    pairs = (pair.partition("=") for pair in parameters_of(query).split("&") if pair)
    encoded = sorted([_anew(name), _anew(value)] for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name)


def _anew(text: str) -> str:
    return quote(unquote_plus(text), safe="~")


def _as_sent(text: str) -> str:
    return text


def _query_v2(query: str) -> str:
    pairs = sorted(pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, _, value in pairs)


def _read_time(text: str) -> datetime:
    """A time such as `20261121T081659Z`."""
    wrong = Unauthenticated("x-jdcloud-date must be like 20261121T081659Z", code="incomplete_signature")
    if not TIME.fullmatch(text):
        raise wrong
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None


#: The two signatures by the number in their names.
SCHEMES: Final[Mapping[str, Scheme]] = {
    "3": Scheme(frozenset({"host"}), (_path_v3,), (_query_v3,)),
    "2": Scheme(
        frozenset({"host", "x-jdcloud-date", "x-jdcloud-nonce"}), (quote, _as_sent), (_query_v2, _as_sent)
    ),
}
