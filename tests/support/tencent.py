"""Requests to Tencent Cloud's API as a client makes them, signed by the tests' own hand."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

VERSION = "2017-03-12"
#: Services by their versions.
SERVICES = {VERSION: "vpc", "2018-07-24": "monitor", "2018-08-13": "tag"}


def sign_tc3(secret: str, key_id: str, headers: dict[str, str], body: bytes, service: str = "vpc") -> str:
    """`Authorization` for a POST to `/` that covers all of the headers, as they are written."""
    timestamp = headers["x-tc-timestamp"]
    date = f"{datetime.fromtimestamp(int(timestamp), UTC):%Y-%m-%d}"
    signed = sorted(name for name in headers if name in {"content-type", "host", "x-tc-action"})
    lines = "".join(f"{name}:{headers[name]}\n" for name in signed)
    canonical = f"POST\n/\n\n{lines}\n{';'.join(signed)}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date}/{service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{secret}".encode()
    for word in (date, service, "tc3_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    made = hmac.digest(key, f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}".encode(), "sha256").hex()
    return f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={';'.join(signed)}, Signature={made}"


def sign_v1(secret: str, method: str, host: str, path: str, parameters: dict[str, str]) -> str:
    """The signature in a parameter, by SHA-1."""
    joined = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    text = f"{method}{host}{path}?{joined}"
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


@dataclass
class Problem(Exception):
    """An error that the service answered."""

    code: str
    message: str


@dataclass
class Tencent:
    """One account's way to the API."""

    endpoint: str
    key_id: str
    secret: str
    region: str = "ap-guangzhou"
    #: The time that requests are signed at; None for now.
    at: datetime | None = None
    #: Headers that every request has beside its own.
    extra: dict[str, str] = field(default_factory=dict)
    #: Version of the service that is asked.
    version: str = VERSION

    def raw(self, action: str, body: Any = None, **headers: str) -> httpx.Response:
        """The answer to a signed request; header values may be given instead of what they would be."""
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        moment = int(self.at.timestamp()) if self.at else int(time.time())
        sent = {
            "content-type": "application/json",
            "host": self.endpoint,
            "x-tc-timestamp": str(moment),
            "x-tc-version": self.version,
            "x-tc-region": self.region,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        service = SERVICES.get(sent["x-tc-version"], "vpc")
        authorization = sign_tc3(self.secret, self.key_id, sent, content, service)
        sent = {"x-tc-action": action, "authorization": authorization} | sent | self.extra
        return httpx.post(
            f"http://{self.endpoint}/", content=content, headers=sent, timeout=30, trust_env=False
        )

    def call(self, action: str, /, **parameters: Any) -> Any:
        """What is inside `Response`; `Problem` when it is an error."""
        return told(self.raw(action, parameters))

    def code(self, action: str, /, **parameters: Any) -> str:
        """The code of the error that the request ends in."""
        code = self.code_or_none(action, **parameters)
        assert code is not None, f"{action} succeeded"
        return code

    def code_or_none(self, action: str, /, **parameters: Any) -> str | None:
        """The same, or None for a request that succeeds."""
        try:
            self.call(action, **parameters)
        except Problem as problem:
            return problem.code
        return None

    def old(self, action: str, method: str = "GET", **parameters: str) -> httpx.Response:
        """The answer to a request that is signed in its parameters; names of lists are numbered by the caller."""
        moment = int(self.at.timestamp()) if self.at else int(time.time())
        sent = {
            "Action": action,
            "Version": VERSION,
            "Region": self.region,
            "Timestamp": str(moment),
            "Nonce": "1",
            "SecretId": self.key_id,
            **parameters,
        }
        sent = {"Signature": sign_v1(self.secret, method, self.endpoint, "/", sent)} | sent
        if method == "GET":
            return httpx.get(f"http://{self.endpoint}/?{urlencode(sent)}", timeout=30, trust_env=False)
        return httpx.post(f"http://{self.endpoint}/", data=sent, timeout=30, trust_env=False)


def told(response: httpx.Response) -> Any:
    """What is inside `Response`, once it is known to be an answer that clients can read."""
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json"), (
        response.text
    )
    content = response.json()["Response"]
    assert content.pop("RequestId")
    if "Error" in content:
        raise Problem(content["Error"]["Code"], content["Error"]["Message"])
    return content


def client_of(account: Any, **fields: Any) -> Tencent:
    """The client of an account of a `Site`."""
    endpoint = str(account.client.base_url).removeprefix("http://").rstrip("/")
    return Tencent(endpoint, account.key_id, account.secret, **fields)


def vpc_of(cloud: Tencent, cidr: str = "10.0.0.0/16", **fields: Any) -> str:
    """A new VPC's id."""
    made = cloud.call("CreateVpc", VpcName="net", CidrBlock=cidr, **fields)
    id: str = made["Vpc"]["VpcId"]
    return id


def subnet_of(cloud: Tencent, vpc_id: str, cidr: str = "10.0.1.0/24", **fields: Any) -> str:
    """A new subnet's id."""
    zone = f"{cloud.region}-1"
    made = cloud.call("CreateSubnet", VpcId=vpc_id, SubnetName="sub", CidrBlock=cidr, Zone=zone, **fields)
    id: str = made["Subnet"]["SubnetId"]
    return id


def filters(**values: Any) -> list[dict[str, Any]]:
    """`Filters` from names, written with underscores, and their values."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else value}
        for name, value in values.items()
    ]
