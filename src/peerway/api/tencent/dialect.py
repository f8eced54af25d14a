"""Tencent Cloud's API 3.0: `/` with the action in a header, or, as of old, in a parameter; answers in JSON."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import orjson
from starlette.responses import Response

from peerway.api.clouds.action import Action, Answer
from peerway.api.clouds.dialect import Asked
from peerway.api.clouds.errors import Rows, tell
from peerway.api.clouds.parameters import decode
from peerway.api.clouds.versions import Versions
from peerway.api.clouds.wire import Raw, Wire, once, read_json, read_pairs, tree_of
from peerway.api.tencent.catalogue import PRODUCTS
from peerway.api.tencent.checks import check_choices, check_ids, check_known
from peerway.api.tencent.regions import region_of
from peerway.api.tencent.signatures import ALGORITHM, claim_tc3, claim_v1
from peerway.domain.errors import InvalidInput, PeerwayError, Unauthenticated
from peerway.profiles.model import load_regions

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
ERRORS: Final[Rows] = tomllib.loads(
    (files("peerway.api.tencent") / "errors.toml").read_text(encoding="utf-8")
)

#: Parameters that every request may have beside its action's when it is signed in its parameters.
COMMON: Final = frozenset(
    (
        *("Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod"),
        *("Token", "Language", "RequestClient", "RequestSource"),
    )
)


class TencentV3:
    """`Dialect` for Tencent Cloud's API 3.0."""

    name = "tencent"

    def __init__(self) -> None:
        self._regions = load_regions()
        self._versions = Versions(PRODUCTS)

    def takes(self, head: Wire) -> bool:
        """The root, when the head says that it is signed this way or leaves that to parameters."""
        if head.path not in {"/", ""}:
            return False
        in_parameters = "SecretId=" in head.query or (head.method == "POST" and head.media_type == FORM)
        return _in_headers(head) or in_parameters

    def claims(self, wire: Wire) -> bool:
        """Whether headers or parameters are this cloud's."""
        if _in_headers(wire):
            return True
        form = wire.body if wire.media_type == FORM else b""
        return any(
            part.startswith(b"SecretId=") for part in (*wire.query.encode().split(b"&"), *form.split(b"&"))
        )

    def new_request_id(self) -> str:
        """A UUID."""
        return str(uuid.uuid4())

    def read(self, wire: Wire) -> Asked:
        """The action by version and name, from headers or from parameters."""
        if wire.method not in {"GET", "POST"}:
            raise InvalidInput("method", "must be GET or POST", wire.method, code="method")
        if not _in_headers(wire):
            return self._read_v1(wire)
        headers = wire.headers
        action = self._versions.find(headers.get("x-tc-action", ""), headers.get("x-tc-version", ""))
        if "authorization" not in headers:
            raise Unauthenticated("the request is not signed", code="no_credentials")
        tree, texts = _parameters(wire)
        region_id = self._region(action, headers.get("x-tc-region", ""))
        claim = claim_tc3(wire, action.product.name)
        return Asked(action, tree, texts=texts, claim=claim, region_id=region_id)

    def given(self, asked: Asked) -> dict[str, Any]:
        """The action's parameters; what it does not know is refused."""
        check_known(asked.action.parameters, asked.tree)
        given = decode(asked.action.parameters, asked.tree, texts=asked.texts)
        check_ids(given, asked.action.product.extra.get("ids", {}))
        check_choices(given, asked.action.extra.get("allows", {}))
        return given

    def answer(self, wire: Wire, asked: Asked, content: Answer, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """The fields of the answer and the request's id, inside `Response`."""
        return _render({**(content or {}), "RequestId": request_id})

    def refuse(self, wire: Wire, asked: Asked | None, error: PeerwayError, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """Code and message; the status is that of an answer."""
        action = asked.action if asked else None
        parameter = str(error.data.get("field", ""))
        if action is not None:
            parameter = action.parameter_of(parameter)
        tables = (action.errors, action.product.errors, ERRORS) if action else (ERRORS,)
        told = tell(error, parameter, tables)
        return _render({"Error": {"Code": told.code, "Message": told.text}, "RequestId": request_id})

    def _read_v1(self, wire: Wire) -> Asked:
        form = read_pairs(wire.body.decode("latin-1")) if wire.media_type == FORM and wire.body else []
        flat = once([*read_pairs(wire.query), *form])
        action = self._versions.find(flat.get("Action", ""), flat.get("Version", ""))
        claim = claim_v1(wire, flat)
        own = {name: value for name, value in flat.items() if name not in COMMON}
        region_id = self._region(action, flat.get("Region", ""))
        return Asked(action, tree_of(own), texts=True, claim=claim, region_id=region_id)

    def _region(self, action: Action, code: str) -> str | None:
        """The region that the request names; some actions need none."""
        if not code:
            if action.extra.get("anywhere"):
                return None
            raise InvalidInput("Region", "is required", code="missing")
        region_id = region_of(code)
        if region_id not in self._regions.by_id:
            raise InvalidInput("Region", "is not a known region", code, code="unknown_region")
        return region_id


def _in_headers(head: Wire) -> bool:
    return "x-tc-action" in head.headers or head.headers.get("authorization", "").startswith(ALGORITHM)


def _parameters(wire: Wire) -> tuple[Mapping[str, Raw], bool]:
    """Parameters of a request that is signed in its headers, and whether they are texts."""
    if wire.method == "GET":
        return tree_of(once(read_pairs(wire.query))), True
    if wire.media_type != JSON:
        raise InvalidInput("Content-Type", f"must be {JSON}", wire.media_type, code="media_type")
    return read_json(wire.body), False


def _render(content: Mapping[str, Any]) -> Response:
    # Clients look for errors in answers of exactly this type and status only.
    return Response(orjson.dumps({"Response": content}), 200, {"content-type": JSON})
