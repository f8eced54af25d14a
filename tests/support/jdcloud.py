"""A client of JD Cloud's doors that signs by its own reading of the documents, not by the SDK or the code under test."""

import hashlib
import hmac
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote_plus

import httpx
from tests.support.api import Account, Site

#: What tells requests of one second apart.
NONCES = itertools.count()


def sha256(body: bytes) -> str:
    """The hash as hex."""
    return hashlib.sha256(body).hexdigest()


def sign_v3(
    key_id: str, secret: str, method: str, target: str, host: str, body: bytes, now: datetime, service: str
) -> dict[str, str]:
    """Headers of a request signed with JDCLOUD3."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/cn-north-1/{service}/jdcloud3_request"
    path, _, query = target.partition("?")
    pairs = sorted(
        [quote(unquote_plus(part), safe="~") for part in pair.split("=", 1)]
        for pair in query.split("&")
        if "=" in pair
    )
    plain = re.sub("/+", "/", unquote_plus(path))
    canonical = "\n".join(
        (
            method,
            quote(plain, safe="/~"),
            "&".join("=".join(pair) for pair in pairs),
            f"content-type:application/json\nhost:{host}\n",
            "content-type;host",
            sha256(body),
        )
    )
    text = f"JDCLOUD3-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode())}"
    key = f"JDCLOUD3{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-jdcloud-date": stamp,
        "x-jdcloud-nonce": f"nonce-{next(NONCES)}",
        "x-jdcloud-content-sha256": sha256(body),
        "authorization": f"JDCLOUD3-HMAC-SHA256 Credential={key_id}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    }


class Refused(AssertionError):
    """The door answered with an error."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.request.url}: {response.text}")
        error = response.json()["error"]
        assert error["code"] == response.status_code
        self.code: int = error["code"]
        self.status: str = error["status"]
        self.message: str = error["message"]


@dataclass
class JdClient:
    """One account's way to a service in a region."""

    site: Site
    account: Account
    service: str = "vpc"
    region: str = "cn-north-1"
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One signed request; the path begins below the region unless it begins with `/v1`."""
        target = path if path.startswith("/v1") else f"/v1/regions/{self.region}/{path}"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client = self.account.client
        host = client.base_url.netloc.decode()
        made = sign_v3(
            *(self.account.key_id, self.account.secret, method, target, host, content),
            self.site.services.clock.now(),
            self.service,
        )
        return client.request(
            method, client.base_url.join(target), content=content, headers=made | self.headers | headers
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result of a request that succeeds; `Refused` otherwise."""
        response = self.send(method, path, body)
        told = response.json()
        assert told["requestId"] == response.headers["x-jdcloud-request-id"]
        if "error" in told:
            raise Refused(response)
        assert response.status_code == 200
        return told.get("result")

    def vpc(self, cidr: str, name: str = "net") -> str:
        """A new VPC."""
        if self.service == "cps":
            spec = {"cidr": cidr, "name": name, "description": ""}
            return str(self.ask("PUT", "vpcs", {"vpcSpec": spec})["vpcId"])
        return str(self.ask("POST", "vpcs/", {"vpcName": name, "addressPrefix": cidr})["vpcId"])
