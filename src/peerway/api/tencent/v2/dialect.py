"""The second version: `/v2/index.php`, everything in parameters and signed there; every answer has a number for a code, and a word.

What an action does not know among its parameters is left alone: the clients of the time send their own along.
"""

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
from peerway.api.clouds.wire import Wire, once, read_pairs, tree_of
from peerway.api.tencent.checks import check_choices
from peerway.api.tencent.regions import region_of
from peerway.api.tencent.signatures import claim_v1
from peerway.api.tencent.v2.catalogue import PRODUCTS
from peerway.domain.errors import InvalidInput, PeerwayError
from peerway.profiles.model import load_regions

PATH: Final = "/v2/index.php"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

#: What stands where other dialects have an HTTP status is the number of the code; the status is always 200.
ERRORS: Final[Rows] = tomllib.loads(
    (files("peerway.api.tencent.v2") / "errors.toml").read_text(encoding="utf-8")
)


class TencentV2:
    """`Dialect` for Tencent Cloud's API of the second version."""

    name = "tencent-v2"

    def __init__(self) -> None:
        self._regions = load_regions()
        self._actions: dict[str, Action] = {
            action.name: action for product in PRODUCTS for action in product.actions.values()
        }

    def takes(self, head: Wire) -> bool:
        """Whatever is sent to the one path there is."""
        return head.path == PATH

    def claims(self, wire: Wire) -> bool:
        """All of it."""
        return wire.path == PATH

    def new_request_id(self) -> str:
        """A UUID, for logs: answers have none."""
        return str(uuid.uuid4())

    def read(self, wire: Wire) -> Asked:
        """The action by its name, from the query or the form."""
        if wire.method not in {"GET", "POST"}:
            raise InvalidInput("method", "must be GET or POST", wire.method, code="method")
        if wire.body and wire.media_type != FORM:
            raise InvalidInput("Content-Type", f"must be {FORM}", wire.media_type, code="media_type")
        flat = once([*read_pairs(wire.query), *read_pairs(wire.body.decode("latin-1"))])
        name = flat.get("Action", "")
        if not name:
            raise InvalidInput("Action", "is required", code="missing")
        action = self._actions.get(name)
        if action is None:
            raise InvalidInput("Action", "is not a known action", name, code="unknown_action")
        claim = claim_v1(wire, flat, without_files=wire.method == "POST")
        region_id = self._region(flat.get("Region", ""))
        return Asked(action, tree_of(flat), texts=True, claim=claim, region_id=region_id)

    def given(self, asked: Asked) -> dict[str, Any]:
        """The action's parameters."""
        given = decode(asked.action.parameters, asked.tree, texts=True)
        check_choices(given, asked.action.extra.get("allows", {}))
        return given

    def answer(self, wire: Wire, asked: Asked, content: Answer, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """The fields of the answer beside a code of 0."""
        return _render({"code": 0, "message": "", "codeDesc": "Success", **(content or {})})

    def refuse(self, wire: Wire, asked: Asked | None, error: PeerwayError, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """The code, the word for it and a message."""
        action = asked.action if asked else None
        parameter = str(error.data.get("field", ""))
        if action is not None:
            parameter = action.parameter_of(parameter)
        tables = (action.errors, action.product.errors, ERRORS) if action else (ERRORS,)
        told = tell(error, parameter, tables)
        return _render({"code": told.status, "message": told.text, "codeDesc": told.code})

    def _region(self, code: str) -> str:
        if not code:
            raise InvalidInput("Region", "is required", code="missing")
        region_id = region_of(code)
        if region_id not in self._regions.by_id:
            raise InvalidInput("Region", "is not a known region", code, code="unknown_region")
        return region_id


def _render(content: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(content), 200, {"content-type": JSON})
