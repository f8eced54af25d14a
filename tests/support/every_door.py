"""One way to all of the clouds' doors: any action of any catalogue, signed, and its answer held against the cloud's envelope."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from tests.support.alibaba import signed_v1, signed_v3
from tests.support.api import Account
from tests.support.jdcloud import sign_v3
from tests.support.tencent import sign_tc3, sign_v1
from tests.support.tencent_v2 import NONCES, PATH, flattened

from peerway.api.alibaba.catalogue import PRODUCTS as ALIBABA
from peerway.api.clouds.action import Action
from peerway.api.jdcloud.catalogue import PRODUCTS as JDCLOUD
from peerway.api.tencent.catalogue import PRODUCTS as TENCENT
from peerway.api.tencent.v2.catalogue import PRODUCTS as TENCENT_V2

#: Products by door.
DOORS = {"alibaba": ALIBABA, "tencent": TENCENT, "tencent-v2": TENCENT_V2, "jdcloud": JDCLOUD}
#: What each door calls the region that tests are in.
REGIONS = {
    "alibaba": "cn-hangzhou",
    "tencent": "cn-hangzhou",
    "tencent-v2": "cn-hangzhou",
    "jdcloud": "cn-hangzhou",
}

#: How long an answer may take, s.
PATIENCE_S = 20
#: What codes look like: never one of our own words.
CODE = re.compile(r"[A-Z][A-Za-z0-9_]*(\.[A-Za-z0-9_.]+)?|[A-Z_]+")
PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Sent:
    """One request."""

    door: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """One answer; `code` is empty when what was asked was done."""

    status: int
    code: str
    text: str
    body: str


def actions() -> Iterator[tuple[str, Action]]:
    """All actions of all doors."""
    for door, products in DOORS.items():
        for product in products:
            for action in product.actions.values():
                yield door, action


def takes_region(action: Action) -> bool:
    """Whether the action has its region among its parameters."""
    return any(one.name in {"RegionId", "regionId"} for one in action.parameters)


class Knocker:
    """Whoever has an access key, at all doors of one site."""

    def __init__(self, account: Account, endpoint: str = "") -> None:
        self.account = account
        self.endpoint = endpoint or str(account.client.base_url).removeprefix("http://").rstrip("/")
        host, _, port = self.endpoint.rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def ask(self, door: str, action: Action, tree: Mapping[str, Any], way: str = "") -> Answer:
        """The answer to an action; `way` is one of the door's other signatures or methods."""
        return self.send(SIGNERS[door](self, action, dict(tree), way))

    def send(self, sent: Sent) -> Answer:
        """The answer, once it is known to be one of the door's cloud."""
        self._connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
        headers = {"host": self.endpoint, "content-length": str(len(sent.body)), **sent.headers}
        for name, value in headers.items():
            self._connection.putheader(name, value.encode("utf-8"))
        self._connection.endheaders(sent.body)
        response = self._connection.getresponse()
        return read_answer(sent.door, response.status, response.headers["content-type"], response.read())


def read_answer(door: str, status: int, media: str, body: bytes) -> Answer:
    """An answer in the envelope of the door's cloud; fails on any other, and on a failure of ours."""
    text = body.decode("utf-8")
    shown = f"{door}: {status} {media} {text[:500]}"
    code, message = READERS[door](status, media, text)
    assert status < 500, shown
    assert code == "" or CODE.fullmatch(code), shown
    assert not code.startswith("InternalError"), shown
    return Answer(status, code, message, text)


def _read_alibaba(status: int, media: str, text: str) -> tuple[str, str]:
    if media.startswith("text/xml"):
        root = ET.fromstring(text)  # noqa: S314 - of our own making
        fields: Any = {one.tag: one.text or "" for one in root}
        # Names of lists may be those of fields, too.
        assert (root.tag == "Error") == (status != 200), text
    else:
        assert media.startswith("application/json"), media
        fields = json.loads(text)
    assert re.fullmatch(r"[0-9A-F-]{36}", fields["RequestId"]), text
    if status == 200:
        return "", ""
    assert fields.keys() >= {"Code", "Message", "HostId", "Recommend"}, text
    return fields["Code"], fields["Message"]


def _read_tencent(status: int, media: str, text: str) -> tuple[str, str]:
    assert (status, media) == (200, "application/json"), (status, media)
    (inside,) = json.loads(text).values()
    assert inside["RequestId"]
    error = inside.get("Error")
    return (error["Code"], error["Message"]) if error else ("", "")


def _read_tencent_v2(status: int, media: str, text: str) -> tuple[str, str]:
    assert (status, media) == (200, "application/json"), (status, media)
    fields = json.loads(text)
    assert type(fields["code"]) is int
    assert (fields["code"] == 0) == (fields["codeDesc"] == "Success"), text
    assert fields["code"] != 6000, text
    return (fields["codeDesc"], fields["message"]) if fields["code"] else ("", "")


def _read_jdcloud(status: int, media: str, text: str) -> tuple[str, str]:
    assert media == "application/json", media
    fields = json.loads(text)
    assert fields["requestId"]
    if status == 200:
        assert "error" not in fields
        return "", ""
    error = fields["error"]
    assert error["code"] == status
    return error["status"], error["message"]


READERS = {
    "alibaba": _read_alibaba,
    "tencent": _read_tencent,
    "tencent-v2": _read_tencent_v2,
    "jdcloud": _read_jdcloud,
}


def alibaba_flat(tree: Mapping[str, Any]) -> dict[str, str]:
    """`{"Tag": [{"Key": "a"}]}` as `{"Tag.1.Key": "a"}`."""
    return dict(_numbered(tree, ""))


def _numbered(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _numbered(one, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for place, one in enumerate(value, 1):
            yield from _numbered(one, f"{name}.{place}")
    else:
        yield name, "true" if value is True else "false" if value is False else str(value)


def _sign_alibaba(by: Knocker, action: Action, tree: dict[str, Any], way: str) -> Sent:
    if "RegionId" not in tree and takes_region(action):
        tree = {"RegionId": REGIONS["alibaba"], **tree}
    flat = alibaba_flat(tree)
    key, host = (by.account.key_id, by.account.secret), by.endpoint
    names = {"Action": action.name, "Version": action.product.version}
    if way in {"", "v1"}:
        request = signed_v1(*key, names, flat, host=host)
    elif way == "xml":
        request = signed_v1(*key, {**names, **flat, "Format": "XML"}, host=host, method="GET")
    else:
        request = signed_v3(*key, (action.product.version, action.name), form=flat, host=host)
    return Sent(
        "alibaba",
        request.method,
        f"/?{request.query}" if request.query else "/",
        request.headers,
        request.body,
    )


def _sign_tencent(by: Knocker, action: Action, tree: dict[str, Any], way: str) -> Sent:
    key_id, secret = by.account.key_id, by.account.secret
    now, product = str(int(time.time())), action.product
    if way == "v1":
        flat = {
            "Action": action.name,
            "Version": product.version,
            "Region": REGIONS["tencent"],
            "Timestamp": now,
            "Nonce": str(next(NONCES)),
            "SecretId": key_id,
            **dict(flattened(tree)),
        }
        flat["Signature"] = sign_v1(secret, "POST", by.endpoint, "/", flat)
        form = {"content-type": "application/x-www-form-urlencoded"}
        return Sent("tencent", "POST", "/", form, urlencode(flat).encode())
    body = json.dumps(tree).encode()
    headers = {
        "content-type": "application/json",
        "host": by.endpoint,
        "x-tc-timestamp": now,
        "x-tc-version": product.version,
        "x-tc-region": REGIONS["tencent"],
    }
    headers["authorization"] = sign_tc3(secret, key_id, headers, body, product.name)
    return Sent("tencent", "POST", "/", {**headers, "x-tc-action": action.name}, body)


def _sign_tencent_v2(by: Knocker, action: Action, tree: dict[str, Any], way: str) -> Sent:
    flat = {
        "Action": action.name,
        "Region": REGIONS["tencent-v2"],
        "Timestamp": str(int(time.time())),
        "Nonce": str(next(NONCES)),
        "SecretId": by.account.key_id,
        **dict(flattened(tree)),
    }
    method = "POST" if way == "post" else "GET"
    signed = {name: value for name, value in flat.items() if method == "GET" or not value.startswith("@")}
    flat["Signature"] = sign_v1(by.account.secret, method, by.endpoint, PATH, signed)
    query = urlencode(flat)
    if method == "GET":
        return Sent("tencent-v2", "GET", f"{PATH}?{query}", {})
    form = {"content-type": "application/x-www-form-urlencoded"}
    return Sent("tencent-v2", "POST", PATH, form, query.encode())


def _sign_jdcloud(by: Knocker, action: Action, tree: dict[str, Any], _way: str) -> Sent:
    tree = {"regionId": REGIONS["jdcloud"], **tree}
    method = str(action.extra["method"])
    in_path = PARAMETER.findall(action.extra["path"])
    path = "/v1" + PARAMETER.sub(lambda found: quoted(str(tree.get(found[1], "x"))), action.extra["path"])
    rest = {name: value for name, value in tree.items() if name not in in_path}
    body = b""
    if method in {"GET", "DELETE"}:
        flat = alibaba_flat(rest)
        path += f"?{urlencode(flat)}" if flat else ""
    else:
        body = json.dumps(rest).encode()
    headers = sign_v3(
        *(by.account.key_id, by.account.secret, method, path, by.endpoint, body),
        datetime.now(UTC),
        action.product.name,
    )
    return Sent("jdcloud", method, path, headers, body)


def quoted(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe=":")


SIGNERS = {
    "alibaba": _sign_alibaba,
    "tencent": _sign_tencent,
    "tencent-v2": _sign_tencent_v2,
    "jdcloud": _sign_jdcloud,
}
