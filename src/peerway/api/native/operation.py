"""Operations: a handler with its method, path and answer, declared once; executed directly, documented by FastAPI.

FastAPI reads the declaration for the OpenAPI document. It does not run it: its general way from request to handler takes
about 75 µs, as much as many handlers do, and here all parameters are of three sorts.
"""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Union, get_args
from urllib.parse import parse_qsl

import orjson
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.types import Scope

from peerway.api.native.call import Call
from peerway.api.native.errors import PROBLEM_TYPE, Problem, invalid_request
from peerway.api.native.schemas.previews import Preview
from peerway.api.serving.limits import read_body
from peerway.api.serving.trace import header
from peerway.domain.errors import InvalidInput

Handler = Callable[..., Awaitable[Response]]

#: Where all operations are.
PREFIX: Final = "/api/v1"

#: The query parameter that asks what an operation would do.
PREVIEW: Final = "preview"

#: Most parameters in one query.
MOST_PARAMETERS: Final = 50

#: What each problem status means, for the OpenAPI document.
PROBLEMS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "The body is no JSON.",
        401: "The bearer token is missing, unknown or disabled.",
        403: "The credential's role does not allow it.",
        404: "No such resource for this account.",
        409: "Not possible in the current state, in use, there already, or a quota is reached.",
        408: "The body took too long to arrive.",
        412: "The resource has changed since it had the ETag in `If-Match`, or is gone.",
        413: "The body is too large.",
        415: "The body is not announced as JSON.",
        422: "A field breaks a rule.",
        429: "Too many requests from this account.",
        503: "Not possible right now; ask again.",
    }
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the API."""

    #: HTTP method.
    method: str
    #: Path below `/api/v1`.
    path: str
    #: What serves it: `async (call, <path parameters>, query?, body?) -> Response`. Its docstring is the documentation.
    handler: Handler
    #: Type of the answer, for the OpenAPI document; None for a handler that documents itself in `extra`.
    answer: Any
    #: Status of success.
    status: int = 200
    #: Parts of the OpenAPI document that the signature does not tell.
    extra: Mapping[str, Any] | None = None
    #: Whether it stores nothing although its method is not GET.
    asks: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes something, so that it can be previewed."""
        return self.method != "GET" and not self.asks


class Inputs:
    """Reads a handler's parameters from a request."""

    def __init__(self, operation: Operation) -> None:
        parameters = inspect.signature(operation.handler, eval_str=True).parameters
        self._path = {
            name: _adapter(parameter.annotation)
            for name, parameter in parameters.items()
            if f"{{{name}}}" in operation.path
        }
        query, body = parameters.get("query"), parameters.get("body")
        self._query = None if query is None else _adapter(get_args(query.annotation)[0])
        self._body = None if body is None else _adapter(body.annotation)
        self._writes = operation.writes

    async def read(self, call: Call) -> dict[str, Any]:
        """The handler's arguments; `InvalidInput` naming the first field that breaks a rule.

        Notes on the call whether it is a preview only.
        """
        raw = call.scope["query_string"]
        query = read_query(raw) if raw else {}
        call.preview = self._preview(query.pop(PREVIEW, None))
        path = self.of_path(call.path_params)
        values = path | self.of_query(query)
        return values if self._body is None else values | self.of_body(await _json(call))

    def of_path(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Path parameters."""
        return {name: _check(kind, given[name], name) for name, kind in self._path.items()}

    def of_query(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Query parameters."""
        if self._query is not None:
            return {"query": _check(self._query, dict(given), "query")}
        if given:
            raise InvalidInput("query", "must be empty: the operation takes no query parameters")
        return {}

    def of_body(self, given: object) -> dict[str, Any]:
        """The body; a body that is not asked for is not looked at."""
        return {} if self._body is None else {"body": _check(self._body, given, "body")}

    def _preview(self, given: str | None) -> bool:
        if given is None:
            return False
        if not self._writes:
            raise InvalidInput(PREVIEW, "is only for operations that change something", given)
        if given not in {"true", "false"}:
            raise InvalidInput(PREVIEW, "must be true or false", given)
        return given == "true"


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _check(kind: TypeAdapter[Any], value: object, prefix: str) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise invalid_request(error, prefix) from None


def read_query(query: bytes) -> dict[str, str]:
    """A query's parameters by name; `InvalidInput` when one is named twice or there are too many."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise InvalidInput("query", f"must have at most {MOST_PARAMETERS} parameters") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("query", "must name no parameter twice")
    return found


async def _json(call: Call) -> object:
    _require_json(call.scope)
    limits = call.services.limits
    body = await read_body(call.scope, call.receive, limits.max_body_bytes, limits.body_timeout_s)
    try:
        value = orjson.loads(body)
        # orjson takes the last of two equal names; whoever checked the request before may have looked at the first.
        json.loads(body, object_pairs_hook=_each_once)
    except orjson.JSONDecodeError as error:
        text = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise InvalidInput("body", f"must be JSON: {text}", code="malformed_json") from None
    except RecursionError:
        raise InvalidInput("body", "must not be nested so deep", code="malformed_json") from None
    return value


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        (twice, _), *_ = counts.most_common(1)
        raise InvalidInput(twice[:100], "must be given once", code="malformed_json")
    return found


def _require_json(scope: Scope) -> None:
    kind = (header(scope, b"content-type") or b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        shown = kind.decode("latin-1") or None
        raise InvalidInput("content-type", "must be application/json", shown, code="unsupported_media_type")


def declare(operation: Operation) -> APIRoute:
    """The operation for FastAPI's OpenAPI generator."""
    tag = operation.path.split("/")[1]
    summary, _, description = (inspect.getdoc(operation.handler) or "").partition("\n")
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": PROBLEMS[status], "content": {PROBLEM_TYPE: {}}}
        for status in problems_of(operation)
    }
    if operation.answer is not None:
        responses[operation.status] = {"model": operation.answer, "description": "Success."}
    if operation.writes and operation.answer is not None:
        plain = operation.status == 200
        responses[200] = {
            "model": Union[operation.answer, Preview] if plain else Preview,  # noqa: UP007 - values, not names
            "description": "Success, or what it would do." if plain else "What it would do.",
        }
    return APIRoute(
        PREFIX + operation.path,
        operation.handler,
        methods=[operation.method],
        status_code=operation.status,
        response_model=None,
        summary=summary.rstrip("."),
        description=description.strip(),
        responses=responses,
        tags=[tag],
        operation_id=operation.handler.__name__,
        openapi_extra=dict(operation.extra) if operation.extra else None,
    )


def problems_of(operation: Operation) -> list[int]:
    """Statuses of the problems that the operation may answer with."""
    found = {401, 403, 404, 409, 422, 429, 503}
    if "body" in inspect.signature(operation.handler).parameters:
        found |= {400, 408, 413, 415}
    return sorted(found)
