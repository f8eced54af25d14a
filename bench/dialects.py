"""The two HTTP dialects that are compared: Peerway's native API, and EC2's query protocol as moto serves it. Requests as bytes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode


class Dialect(Protocol):
    """What a client says to have one thing done."""

    def create(self, requester: str, accepter: str) -> bytes:
        """Ask for a connection between two VPCs."""

    def accept(self, id: str) -> bytes:
        """Accept a connection."""

    def describe(self, id: str) -> bytes:
        """Ask for one connection."""

    def id_of(self, body: bytes) -> str:
        """Id of the connection in an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is and how it is spoken to."""

    #: `native` or `ec2`.
    kind: str
    #: Its address.
    host: str
    #: Its port.
    port: int
    #: Bearer tokens of the two accounts (native).
    tokens: tuple[str, str] = ("", "")
    #: The accepter's account (native).
    accepter_uid: str = ""

    def dialect(self) -> Dialect:
        """The requests that it understands."""
        if self.kind == "ec2":
            return Ec2(f"{self.host}:{self.port}")
        requester, accepter = self.tokens
        return Native(f"{self.host}:{self.port}", requester, accepter, self.accepter_uid)


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Native:
    """Peerway's own API."""

    host: str
    requester_token: str
    accepter_token: str
    accepter_uid: str

    def create(self, requester: str, accepter: str) -> bytes:
        sides = {"vpc_id": requester, "peer_uid": self.accepter_uid, "peer_vpc_id": accepter}
        return self.say("POST", "/peerings", self.requester_token, {"name": "link", **sides})

    def accept(self, id: str) -> bytes:
        return self.say("POST", f"/peerings/{id}/accept", self.accepter_token)

    def describe(self, id: str) -> bytes:
        return self.say("GET", f"/peerings/{id}", self.requester_token)

    def id_of(self, body: bytes) -> str:
        return str(json.loads(body)["id"])

    def say(self, method: str, path: str, token: str, content: dict[str, Any] | None = None) -> bytes:
        """Any request."""
        headers = {"Host": self.host, "Authorization": f"Bearer {token}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        elif method == "POST":
            headers["Content-Length"] = "0"
        body = b"" if content is None else json.dumps(content).encode()
        return request(method, f"/api/v1{path}", headers, body)


#: A credential of the form that EC2's clients send; moto looks at the scope and not at the signature.
CREDENTIAL: Final = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, Signature=" + "0" * 64
)

CONNECTION_ID: Final = re.compile(rb"<vpcPeeringConnectionId>(pcx-[0-9a-f]+)<")
VPC_ID: Final = re.compile(rb"<vpcId>(vpc-[0-9a-f]+)<")


@dataclass(frozen=True, slots=True)
class Ec2:
    """EC2's query protocol."""

    host: str

    def create_vpc(self, cidr: str) -> bytes:
        """Ask for a VPC."""
        return self._say("CreateVpc", CidrBlock=cidr)

    def vpc_id_of(self, body: bytes) -> str:
        """Id of the VPC in an answer."""
        return found(VPC_ID, body)

    def create(self, requester: str, accepter: str) -> bytes:
        return self._say("CreateVpcPeeringConnection", VpcId=requester, PeerVpcId=accepter)

    def accept(self, id: str) -> bytes:
        return self._say("AcceptVpcPeeringConnection", VpcPeeringConnectionId=id)

    def describe(self, id: str) -> bytes:
        return self._say("DescribeVpcPeeringConnections", **{"VpcPeeringConnectionId.1": id})

    def id_of(self, body: bytes) -> str:
        return found(CONNECTION_ID, body)

    def _say(self, action: str, **parameters: str) -> bytes:
        body = urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
        headers = {
            "Host": self.host,
            "Authorization": CREDENTIAL,
            "X-Amz-Date": "20260101T000000Z",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        return request("POST", "/", headers, body)


def found(pattern: re.Pattern[bytes], body: bytes) -> str:
    """What the pattern's group matches; the answer is wrong without it."""
    match = pattern.search(body)
    if match is None:
        raise SystemExit(f"no id in the answer: {body[:400]!r}")
    return match[1].decode()
