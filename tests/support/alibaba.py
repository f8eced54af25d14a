"""Requests to Alibaba Cloud's door: those that its own clients made, and those of a signer that shares nothing with ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from peerway.api.clouds.wire import Wire

FORM = "application/x-www-form-urlencoded"
CAPTURES = Path(__file__).with_name("alibaba_captures.txt")
#: Keys of the captures, and a time at which all of them are fresh.
SECRETS = {
    "LTAI5tTESTtestTESTtest01": "sEcReTsEcReTsEcReTsEcReT012345",
    "AKLOCAL": "SKLOCAL",
    "AKPEER": "SKPEER",
}
CAPTURED_AT = datetime(2026, 11, 21, 8, 43, tzinfo=UTC)

#: What RFC 3986 lets stand for itself.
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"


@dataclass(frozen=True)
class Request:
    """One HTTP request as it goes over the wire."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    name: str = field(default="", compare=False)

    @property
    def wire(self) -> Wire:
        """The request as the door has it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Wire(self.method, "/", self.query, headers, self.body)

    def send(self, endpoint: str) -> tuple[int, str, bytes]:
        """Send exactly this; status, media type and body of the answer."""
        host, port = endpoint.rsplit(":", 1)
        lines = [f"{self.method} /?{self.query} HTTP/1.1" if self.query else f"{self.method} / HTTP/1.1"]
        headers = {"content-length": str(len(self.body)), **{n.lower(): v for n, v in self.headers.items()}}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + self.body)
            with http.client.HTTPResponse(connection, method=self.method) as response:
                response.begin()
                return response.status, response.headers["content-type"], response.read()


def captures() -> list[Request]:
    """The requests of the clients."""
    found = []
    for part in CAPTURES.read_text("utf-8").split("=== ")[1:]:
        name, _, text = part.partition("\n")
        head, _, body = text.partition("\n\n")
        line, *headers = head.split("\n")
        method, target, _ = line.split(" ")
        known = dict(header.split(": ", 1) for header in headers if header)
        length = int(known.pop("Content-Length", "0"))
        found.append(Request(method, target.partition("?")[2], known, body.strip("\n").encode(), name))
        assert len(found[-1].body) == length, name
    return found


def encoded(text: str) -> str:
    """Percent encoding after RFC 3986."""
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in text.encode())


def now_text() -> str:
    """The time as both signatures write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed_v1(
    key_id: str,
    secret: str,
    query: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    digest: str = "HMAC-SHA1",
    host: str = "127.0.0.1",
) -> Request:
    """A request with RPC v1; parameters in the query, and in a form when there is one."""
    common = {
        "AccessKeyId": key_id,
        "SignatureMethod": digest,
        "SignatureNonce": uuid.uuid4().hex,
        "SignatureVersion": "1.0",
        "Timestamp": now_text(),
        "Format": "JSON",
    }
    target = {**common, **query}
    ordered = sorted({**target, **(form or {})}.items())
    joined = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in ordered)
    text = f"{method}&%2F&{encoded(joined)}"
    make = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}[digest]
    made = base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), make).digest()).decode()
    headers = {"host": host, **({"content-type": FORM} if form else {})}
    body = urlencode(form).encode() if form else b""
    return Request(method, urlencode({**target, "Signature": made}), headers, body)


def signed_v3(  # noqa: PLR0913 - each is something that a request may have
    key_id: str,
    secret: str,
    action: tuple[str, str],
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    host: str = "127.0.0.1",
    body: bytes | None = None,
    leave_out: frozenset[str] = frozenset(),
    **headers: str,
) -> Request:
    """A request with V3; `action` is version and name, `leave_out` names headers that are sent and not signed."""
    content = body if body is not None else urlencode(form).encode() if form else b""
    sent = {
        "host": host,
        "x-acs-version": action[0],
        "x-acs-action": action[1],
        "x-acs-date": now_text(),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(content).hexdigest(),
        **({"content-type": FORM} if form else {}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    names = sorted(sent.keys() - leave_out)
    pairs = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted((query or {}).items()))
    lines = [method, "/", pairs, *(f"{name}:{sent[name].strip()}" for name in names), "", ";".join(names)]
    canonical = "\n".join([*lines, sent["x-acs-content-sha256"]])
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    authorization = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={';'.join(names)},Signature={made}"
    return Request(method, urlencode(query or {}), {**sent, "Authorization": authorization}, content)
