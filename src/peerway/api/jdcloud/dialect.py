"""JD Cloud's way: `/v1/regions/...` for all services, which the signature tells apart; JSON bodies, and answers in JSON."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import orjson
from starlette.responses import Response

from peerway.api.clouds.action import Answer
from peerway.api.clouds.dialect import Asked
from peerway.api.clouds.door import DRY_RUN
from peerway.api.clouds.errors import Rows, tell
from peerway.api.clouds.parameters import decode
from peerway.api.clouds.wire import Raw, Wire, once, read_json, read_pairs, tree_of
from peerway.api.jdcloud.catalogue import PRODUCTS
from peerway.api.jdcloud.paths import Paths
from peerway.api.jdcloud.regions import region_of
from peerway.api.jdcloud.signatures import parameters_of, plain_path, signed_by
from peerway.domain.errors import InvalidInput, PeerwayError
from peerway.profiles.model import load_regions

#: What all paths begin with.
PREFIX: Final = "/v1"
#: Methods whose parameters are in the query.
QUERIES: Final = frozenset({"GET", "DELETE"})
ERRORS: Final[Rows] = tomllib.loads(
    (files("peerway.api.jdcloud") / "errors.toml").read_text(encoding="utf-8")
)


class JdCloud:
    """`Dialect` for all of JD Cloud's services."""

    name = "jdcloud"

    def __init__(self) -> None:
        self._regions = load_regions()
        self._paths = {product.name: Paths(product.actions.values()) for product in PRODUCTS}

    def takes(self, head: Wire) -> bool:
        """What is below the regions, and all that is signed this way."""
        below = f"{head.path}/".startswith(f"{PREFIX}/regions/")
        return below or head.headers.get("authorization", "").startswith("JDCLOUD")

    def claims(self, wire: Wire) -> bool:
        """The same: nobody else has such paths."""
        return self.takes(wire)

    def new_request_id(self) -> str:
        """A UUID."""
        return str(uuid.uuid4())

    def read(self, wire: Wire) -> Asked:
        """The action by service, method and path; parameters of the path go before those of the same name in the body."""
        signed = signed_by(wire)
        paths = self._paths.get(signed.service)
        if paths is None:
            raise InvalidInput("service", "is not known", signed.service, code="unknown_service")
        path = plain_path(wire.path)
        if not path.startswith(f"{PREFIX}/"):
            raise InvalidInput("path", "is not known", path, code="unknown_action")
        action, in_path = paths.find(wire.method, path.removeprefix(PREFIX))
        texts = wire.method in QUERIES
        tree = {**(_query(wire) if texts else read_json(wire.body)), **in_path}
        return Asked(action, tree, texts=texts, claim=signed.claim, region_id=self._region(in_path))

    def given(self, asked: Asked) -> dict[str, Any]:
        """The action's parameters; what it does not know is not looked at."""
        given = decode(asked.action.parameters, asked.tree, texts=asked.texts)
        given[DRY_RUN] = given.get("dryRun", False)
        return given

    def answer(self, wire: Wire, asked: Asked, content: Answer, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """The request's id, and the result where the action has one."""
        told = {"requestId": request_id} if content is None else {"requestId": request_id, "result": content}
        return _render(told, 200, request_id)

    def refuse(self, wire: Wire, asked: Asked | None, error: PeerwayError, request_id: str) -> Response:  # noqa: ARG002 - the port's
        """Status as a number and as a word, and a message."""
        action = asked.action if asked else None
        parameter = str(error.data.get("field", ""))
        if action is not None:
            parameter = action.parameter_of(parameter)
        tables = (action.errors, action.product.errors, ERRORS) if action else (ERRORS,)
        told = tell(error, parameter, tables)
        content = {"code": told.status, "status": told.code, "message": told.text}
        return _render({"requestId": request_id, "error": content}, told.status, request_id)

    def _region(self, in_path: Mapping[str, str]) -> str | None:
        name = in_path.get("regionId")
        if name is None:
            return None
        region_id = region_of(name)
        self._regions.require(region_id, "regionId")
        return region_id


def _query(wire: Wire) -> dict[str, Raw]:
    return tree_of(once(read_pairs(parameters_of(wire.query))))


def _render(content: Mapping[str, Any], status: int, request_id: str) -> Response:
    # The SDK looks for the id in this header where an answer has no body.
    headers = {"content-type": "application/json", "x-jdcloud-request-id": request_id}
    return Response(orjson.dumps(content), status, headers)
