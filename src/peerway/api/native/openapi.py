"""The OpenAPI document of the native API, from the operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from peerway.api.native.door import Paths
from peerway.api.native.errors import PROBLEM_TYPE
from peerway.api.native.operation import PREFIX, PREVIEW, PROBLEMS, Operation, declare
from peerway.api.native.preconditions import IF_MATCH

#: What the document says first.
DESCRIPTION: Final = """\
Everything Peerway does, under `/api/v1`.

Send the bearer token in `Authorization`. A create with an `Idempotency-Key` may be repeated: the same key with the same body \
returns the same resource. Lists come in pages: give `next` as `after` until it is null. Errors are problem documents (RFC 9457) \
whose `code` is stable and whose `errors` name fields and rules. An answer that shows one resource has its `ETag`; a write \
with `If-Match` is done only while the resource still has it. With `?preview=true` an operation that \
changes something answers with what it would do, and does nothing.
"""

#: The header that makes a create repeatable.
IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes repeats of this request harmless: 1 to 64 visible ASCII characters.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
}

#: The header that makes a write depend on the resource.
IF_MATCH_PARAMETER: Final = {
    "name": IF_MATCH,
    "in": "header",
    "required": False,
    "description": "Do it only while the resource has one of these ETags (`*`: while it is there); else 412.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 1024, "example": '"12"'},
}

#: The header of an answer that shows one resource.
ETAG_HEADER: Final = {
    "description": "The resource's revision in quotes, for `If-Match`.",
    "schema": {"type": "string"},
}

#: The parameter of every operation that changes something.
PREVIEW_PARAMETER: Final = {
    "name": PREVIEW,
    "in": "query",
    "required": False,
    "description": "Answer with what the operation would do, and store nothing.",
    "schema": {"type": "boolean", "default": False},
}


def build_document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The document; costs about a second, so it is built when first asked for."""
    described = tuple(operations)
    document = get_openapi(
        title="Peerway",
        version=version,
        summary="A self-hosted VPC interconnect",
        description=DESCRIPTION,
        routes=[declare(operation) for operation in described],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": "A credential's token."}
    document["security"] = [{"bearer": []}]
    paths = Paths(described)
    for operation in described:
        shown = document["paths"][PREFIX + operation.path][operation.method.lower()]
        _show_conditions(operation, shown, paths.shows(operation.path))
    for path in document["paths"].values():
        for method, finished in path.items():
            _finish(method, finished)
    return document


def _show_conditions(operation: Operation, shown: dict[str, Any], shows: Operation | None) -> None:
    """Name what every write takes, what one on a resource takes, and what shows a resource answers."""
    if operation.writes:
        shown.setdefault("parameters", []).append(PREVIEW_PARAMETER)
    if operation.writes and shows is not None:
        shown["parameters"].append(IF_MATCH_PARAMETER)
        shown["responses"]["412"] = {**shown["responses"]["409"], "description": PROBLEMS[412]}
    if operation == shows:
        shown["responses"]["200"]["headers"] = {"ETag": ETAG_HEADER}


def _finish(method: str, operation: dict[str, Any]) -> None:
    """Name the problems' media type, and the header that creates take."""
    for status, response in operation["responses"].items():
        if status >= "400":
            response["content"] = {PROBLEM_TYPE: response["content"]["application/json"]}
    if method == "post" and "201" in operation["responses"]:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
