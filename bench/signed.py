"""Requests to the clouds' doors, signed as their clients sign them, as bytes. They are made before the clock starts."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

from tests.support import alibaba, jdcloud, tencent, tencent_v2

from bench.dialects import request

#: What tells requests of one moment apart.
NONCES: Final = count(1)

#: Versions of Alibaba Cloud's products.
VPC_PEER, VPC = "2022-01-01", "2016-04-28"

#: Where everything is, as each cloud calls it.
ALIBABA_REGION, TENCENT_REGION, JD_REGION = "cn-shanghai", "ap-shanghai", "cn-east-2"


@dataclass(frozen=True, slots=True)
class Signer:
    """An account's key, and where it is used."""

    host: str
    key_id: str
    secret: str

    def alibaba_v3(self, version: str, action: str, **parameters: str) -> bytes:
        """Alibaba Cloud, V3."""
        made = alibaba.signed_v3(
            self.key_id, self.secret, (version, action), None, parameters, host=self.host
        )
        return _whole(made)

    def alibaba_v1(self, version: str, action: str, **parameters: str) -> bytes:
        """Alibaba Cloud, RPC v1."""
        query = {"Version": version, "Action": action, **parameters}
        return _whole(alibaba.signed_v1(self.key_id, self.secret, query, method="GET", host=self.host))

    def tencent_v3(self, action: str, **parameters: Any) -> bytes:
        """Tencent Cloud, TC3."""
        body = json.dumps(parameters).encode()
        headers = {
            "content-type": "application/json",
            "host": self.host,
            "x-tc-action": action,
            "x-tc-timestamp": str(int(time.time())),
            "x-tc-version": tencent.VERSION,
            "x-tc-region": TENCENT_REGION,
        }
        headers["authorization"] = tencent.sign_tc3(self.secret, self.key_id, headers, body)
        return request("POST", "/", headers, body)

    def tencent_v1(self, action: str, **parameters: str) -> bytes:
        """Tencent Cloud's API 3.0, signed in its parameters."""
        return self._tencent("/", {"Version": tencent.VERSION, "Action": action, **parameters})

    def tencent_v2(self, action: str, **parameters: str) -> bytes:
        """Tencent Cloud's API of the second version."""
        return self._tencent(tencent_v2.PATH, {"Action": action, **parameters})

    def jdcloud_3(self, path: str) -> bytes:
        """JD Cloud, JDCLOUD3; the path is below the region."""
        target, now = f"/v1/regions/{JD_REGION}/{path}", datetime.now(UTC)
        made = jdcloud.sign_v3(self.key_id, self.secret, "GET", target, self.host, b"", now, "vpc")
        return request("GET", target, {"host": self.host, **made})

    def jdcloud_2(self, path: str) -> bytes:
        """JD Cloud, JDCLOUD2; a path without a query."""
        target, stamp = f"/v1/regions/{JD_REGION}/{path}", datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.host, "x-jdcloud-date": stamp, "x-jdcloud-nonce": f"bench-{next(NONCES)}"}
        scope = f"{stamp[:8]}/{JD_REGION}/vpc/jdcloud2_request"
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        names = ";".join(headers)
        canonical = f"GET\n{target}\n\n{lines}\n{names}\n{hashlib.sha256(b'').hexdigest()}"
        text = f"JDCLOUD2-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"JDCLOUD2{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        headers["authorization"] = (
            f"JDCLOUD2-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders={names}, "
            f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
        )
        return request("GET", target, headers)

    def _tencent(self, path: str, own: dict[str, str]) -> bytes:
        sent = {
            "Region": TENCENT_REGION,
            "Timestamp": str(int(time.time())),
            "Nonce": str(next(NONCES)),
            "SecretId": self.key_id,
            **own,
        }
        sent["Signature"] = tencent.sign_v1(self.secret, "GET", self.host, path, sent)
        return request("GET", f"{path}?{urlencode(sent)}", {"host": self.host})


def _whole(made: alibaba.Request) -> bytes:
    target = f"/?{made.query}" if made.query else "/"
    return request(made.method, target, dict(made.headers), made.body)
