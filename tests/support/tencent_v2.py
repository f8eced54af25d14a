"""Requests to Tencent Cloud's API of the second version, signed by the tests' own hand."""

import time
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx
from tests.support.tencent import sign_v1

PATH = "/v2/index.php"
NONCES = count(1)


@dataclass
class Refusal(Exception):
    """An error that the service answered."""

    number: int
    word: str
    message: str


@dataclass
class TencentV2:
    """One account's way to the API."""

    endpoint: str
    key_id: str
    secret: str
    region: str = "gz"
    #: The time that requests are signed at; None for now.
    at: datetime | None = None

    def raw(self, action: str, parameters: Any, *, method: str = "GET", **common: str) -> httpx.Response:
        """The answer to a signed request; what is in `common` is signed in place of what would be there."""
        moment = int(self.at.timestamp()) if self.at else int(time.time())
        sent = {
            "Action": action,
            "Region": self.region,
            "Timestamp": str(moment),
            "Nonce": str(next(NONCES)),
            "SecretId": self.key_id,
            **dict(flattened(parameters)),
            **common,
        }
        sent = {name: value for name, value in sent.items() if value is not None}
        sent["Signature"] = sign_v1(self.secret, method, self.endpoint, PATH, sent)
        url = f"http://{self.endpoint}{PATH}"
        if method == "GET":
            return httpx.get(f"{url}?{urlencode(sent)}", timeout=30, trust_env=False)
        return httpx.post(url, data=sent, timeout=30, trust_env=False)

    def call(self, action: str, /, **parameters: Any) -> Any:
        """The answer's fields; `Refusal` when it is an error."""
        return told(self.raw(action, parameters))

    def refused(self, action: str, /, **parameters: Any) -> tuple[int, str]:
        """Number and word of the error that the request ends in."""
        try:
            done = self.call(action, **parameters)
        except Refusal as refusal:
            return refusal.number, refusal.word
        raise AssertionError(f"{action} succeeded: {done}")


def flattened(value: Any, name: str = "") -> list[tuple[str, str]]:
    """`{"a": [{"b": 1}]}` as `[("a.0.b", "1")]`."""
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list | tuple):
        inside = [(str(place), one) for place, one in enumerate(value)]
    else:
        return [(name, str(value))]
    return [pair for key, one in inside for pair in flattened(one, f"{name}.{key}" if name else key)]


def told(response: httpx.Response) -> Any:
    """The answer's fields, once it is known to be one that clients can read."""
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json"), (
        response.text
    )
    content = response.json()
    number, word, message = content.pop("code"), content.pop("codeDesc"), content.pop("message")
    assert type(number) is int
    if number:
        raise Refusal(number, word, message)
    assert (word, message) == ("Success", "")
    return content
