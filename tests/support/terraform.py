"""Requests as Alibaba Cloud's Terraform provider sends them: RPC v1, by either of the two stacks that it is built on.

A `Provider` is one configured provider: account, region, endpoint. `call` sends what the newer stack sends (parameters in a form),
`query` what the older one sends (parameters in the target). `wait` polls as the provider does: that it ends is what tests show.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import ssl
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from tests.support.live import PATIENCE_S, eventually

#: Versions of the products.
VPC, ECS, PEER, STS = "2016-04-28", "2014-05-26", "2022-01-01", "2015-04-01"
CMS, BSS = "2019-01-01", "2017-12-14"


class Refused(AssertionError):
    """The door answered with an error."""

    def __init__(self, action: str, response: httpx.Response) -> None:
        super().__init__(f"{action}: {response.status_code} {response.text}")
        self.status = response.status_code
        self.answer: dict[str, Any] = response.json()
        self.code = str(self.answer["Code"])

    @property
    def retried(self) -> bool:
        """Whether the provider asks again whatever it does: throttling, and every failure of the server's."""
        return self.status >= 500 or self.code == "ServiceUnavailable" or "Throttling" in self.code

    @property
    def not_found(self) -> bool:
        """Whether the provider takes the thing for gone."""
        return self.status == 404 or "NotFound" in self.code


@dataclass
class Provider:
    """A configured provider."""

    #: `HOST:PORT`.
    endpoint: str
    key_id: str
    secret: str
    region: str = "cn-hangzhou"
    #: `http` or `https`.
    protocol: str = "http"
    #: What to trust with `https`.
    trust: ssl.SSLContext | bool = True
    tokens: Iterable[int] = field(default_factory=lambda: itertools.count(1))
    #: Actions in the order in which they were sent.
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = httpx.Client(verify=self.trust, trust_env=False, timeout=PATIENCE_S)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def token(self, action: str) -> str:
        """A client token as the provider builds them: at most 64 characters."""
        return f"TF-{action}-{next(iter(self.tokens))}-{uuid.uuid4()}"[:64]

    def call(
        self,
        action: str,
        version: str = VPC,
        method: str = "POST",
        *,
        target: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """One request by the newer stack: the action's parameters in a form, except for some of some reads."""
        own = _flat({"RegionId": self.region, **parameters})
        common = {**self._common(action, version), "Format": "json", **_flat(target or {})}
        return self._send(action, method, common, own, {"x-acs-action": action, "x-acs-version": version})

    def query(
        self,
        action: str,
        version: str = VPC,
        method: str = "POST",
        *,
        protocol: str = "",
        **parameters: Any,
    ) -> dict[str, Any]:
        """One request by the older stack: everything in the target; some are GETs, by HTTPS whatever is configured."""
        own = _flat({"RegionId": self.region, **parameters})
        common = {**self._common(action, version), "Format": "JSON", "SignatureType": ""}
        headers = {
            "x-acs-action": action,
            "x-acs-version": version,
            "x-sdk-client": "golang/1.0.0",
            "x-sdk-invoke-type": "normal",
            "content-type": "application/x-www-form-urlencoded",
        }
        return self._send(action, method, {**common, **own}, {}, headers, protocol)

    def code(self, send: Callable[..., Any], action: str, **parameters: Any) -> str:
        """The code of the error that the request is answered with."""
        try:
            answer = send(action, **parameters)
        except Refused as refused:
            return refused.code
        raise AssertionError(f"{action} was not refused: {answer}")

    def wait(
        self, what: str, look: Callable[[], str | None], *targets: str, fails: Sequence[str] = ()
    ) -> None:
        """Poll until a state is one of the targets; without targets until there is nothing. Fails at a state that is a failure."""

        def done() -> bool:
            state = look()
            assert state not in fails, f"{what} is {state}"
            return state in targets if targets else state is None

        eventually(f"{what} is {' or '.join(targets) or 'gone'}", done)

    def retried(self, *codes: str, send: Callable[[], Any]) -> Any:
        """Send until it is not refused with one of the codes, as the provider's retries do."""
        answers: list[Any] = []

        def attempt() -> bool:
            try:
                answers.append(send())
            except Refused as refused:
                if refused.code in codes or refused.retried:
                    return False
                raise
            return True

        eventually(f"not {' or '.join(codes)}", attempt)
        return answers[0]

    def _common(self, action: str, version: str) -> dict[str, str]:
        return {
            "AccessKeyId": self.key_id,
            "Action": action,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": uuid.uuid4().hex,
            "SignatureVersion": "1.0",
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Version": version,
        }

    def _send(
        self,
        action: str,
        method: str,
        target: Mapping[str, str],
        form: Mapping[str, str],
        headers: Mapping[str, str],
        protocol: str = "",
    ) -> dict[str, Any]:
        self.sent.append(action)
        signed = {**target, "Signature": sign(method, {**target, **form}, self.secret)}
        url = f"{protocol or self.protocol}://{self.endpoint}/?{urlencode(signed)}"
        body = urlencode(form) if form else ""
        kind = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        response = self._client.request(
            method, url, content=body if method == "POST" else None, headers={**headers, **kind}
        )
        if response.is_error:
            raise Refused(action, response)
        answer: dict[str, Any] = response.json()
        assert answer["RequestId"], action
        return answer


def sign(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """The signature of RPC v1."""
    pairs = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parameters.items()))
    text = f"{method}&%2F&{_encoded(pairs)}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


def filters(**wanted: str | Sequence[str]) -> list[dict[str, Any]]:
    """`Filter.N` for keys and their values."""
    return [
        {"Key": key, "Value": [values] if isinstance(values, str) else list(values)}
        for key, values in wanted.items()
    ]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Parameters by their names on the wire: `Filter.1.Value.2`."""
    if isinstance(value, Mapping):
        parts = [(f"{name}.{key}" if name else key, one) for key, one in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{name}.{place}", one) for place, one in enumerate(value, 1)]
    else:
        return {name: str(value).lower() if isinstance(value, bool) else str(value)}
    return {key: text for part, one in parts if one is not None for key, text in _flat(one, part).items()}


def _encoded(text: str) -> str:
    return quote(text, safe="~")
