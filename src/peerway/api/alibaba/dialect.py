"""Alibaba Cloud's RPC style: `/` with parameters in query, form and headers, answers in JSON or XML."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from peerway.api.alibaba.catalogue import PRODUCTS
from peerway.api.alibaba.errors import told
from peerway.api.alibaba.signatures import claim_of, is_v3
from peerway.api.alibaba.xml import to_xml
from peerway.api.clouds.action import Action, Answer
from peerway.api.clouds.dialect import Asked
from peerway.api.clouds.parameters import decode
from peerway.api.clouds.versions import Versions
from peerway.api.clouds.wire import Wire, once, read_pairs, tree_of
from peerway.domain.errors import InvalidInput, PeerwayError

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class AlibabaRpc:
    """`Dialect` for all of Alibaba Cloud's products."""

    name = "alibaba"

    def __init__(self) -> None:
        self._versions = Versions(PRODUCTS)

    def takes(self, head: Wire) -> bool:
        """The root, unless a browser only wants to look at it."""
        looked_at = head.method in {"GET", "HEAD"} and not head.query and "x-acs-action" not in head.headers
        return head.path in {"/", ""} and not looked_at

    def claims(self, wire: Wire) -> bool:
        """Everything at the root that nobody else claimed."""
        return self.takes(wire)

    def new_request_id(self) -> str:
        """An upper-case UUID."""
        return str(uuid.uuid4()).upper()

    def read(self, wire: Wire) -> Asked:
        """The action by version and name; query and form are one."""
        if wire.method not in {"GET", "POST"}:
            raise InvalidInput("method", "must be GET or POST", wire.method, code="method")
        flat = _parameters(wire)
        # What a v1 signature does not cover is not believed.
        headers = wire.headers if is_v3(wire) else {}
        action = self._action(headers, flat)
        claim = claim_of(wire, flat)
        region = flat.get("RegionId") or headers.get("x-acs-region-id") or None
        return Asked(
            action,
            tree_of(flat),
            texts=True,
            claim=claim,
            region_id=region,
            form=_answer_form(flat),
            # A client whose endpoint has a scheme sends that, too.
            host=wire.headers.get("host", "").rstrip("/").rpartition("/")[2],
        )

    def given(self, asked: Asked) -> dict[str, Any]:
        """The action's parameters; what it does not know is not looked at."""
        return decode(asked.action.parameters, asked.tree, texts=True)

    def answer(self, wire: Wire, asked: Asked, content: Answer, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """The fields of the answer and the request's id, flat."""
        fields = {**(content or {}), "RequestId": request_id}
        return _render(asked.form, f"{asked.action.name}Response", fields, 200, JSON)

    def refuse(self, wire: Wire, asked: Asked | None, error: PeerwayError, request_id: str) -> Response:
        """Code, message, request id, host, and where to read on."""
        action = asked.action if asked else None
        words = told(error, action)
        product = action.product.name if action else ""
        content = {
            "RequestId": request_id,
            "HostId": wire.headers.get("host", ""),
            "Code": words.code,
            "Message": words.text,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={words.code}&product={product}",
        }
        form = asked.form if asked else _form_wanted(wire)
        return _render(form, "Error", content, words.status, f"{JSON};charset=utf-8")

    def _action(self, headers: Mapping[str, str], flat: Mapping[str, str]) -> Action:
        name = flat.get("Action") or headers.get("x-acs-action", "")
        version = flat.get("Version") or headers.get("x-acs-version", "")
        return self._versions.find(name, version)


def _parameters(wire: Wire) -> dict[str, str]:
    """Parameters of query and body together; a body of another type than a form is not looked at."""
    pairs = read_pairs(wire.query)
    if wire.media_type == FORM and wire.body:
        try:
            pairs += read_pairs(wire.body.decode())
        except UnicodeDecodeError:
            raise InvalidInput("body", "must be UTF-8", code="malformed") from None
    return once(pairs)


def _form_wanted(wire: Wire) -> str:
    """The form of an answer to a request that can't be told from its parameters, if they can be read."""
    try:
        return _answer_form(_parameters(wire))
    except InvalidInput:
        return "json"


def _answer_form(flat: Mapping[str, str]) -> str:
    """RPC v1 answers in XML unless it is told otherwise, V3 in JSON."""
    asked = flat.get("Format", "")
    return "xml" if asked.upper() == "XML" or (not asked and "Signature" in flat) else "json"


def _render(form: str, root: str, content: Mapping[str, Any], status: int, media: str) -> Response:
    if form == "xml":
        return Response(to_xml(root, content), status, {"content-type": "text/xml;charset=utf-8"})
    return Response(orjson.dumps(content), status, {"content-type": media})
