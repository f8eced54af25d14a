"""The OpenAPI document of the native API, from the operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from peerway.api.native.errors import PROBLEM_TYPE
from peerway.api.native.operation import PREFIX, PREVIEW, Operation, declare

#: What the document says first.
DESCRIPTION: Final = """\
Everything Peerway does, under `/api/v1`.

Send the bearer token in `Authorization`. A create with an `Idempotency-Key` may be repeated: the same key with the same body \
returns the same resource. Lists come in pages: give `next` as `after` until it is null. Errors are problem documents (RFC 9457) \
whose `code` is stable and whose `errors` name fields and rules. With `?preview=true` an operation that \
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
    for writing in (operation for operation in described if operation.writes):
        shown = document["paths"][PREFIX + writing.path][writing.method.lower()]
        shown.setdefault("parameters", []).append(PREVIEW_PARAMETER)
    for path in document["paths"].values():
        for method, operation in path.items():
            _finish(method, operation)
    return document


def _finish(method: str, operation: dict[str, Any]) -> None:
    """Name the problems' media type, and the header that creates take."""
    for status, response in operation["responses"].items():
        if status >= "400":
            response["content"] = {PROBLEM_TYPE: response["content"]["application/json"]}
    if method == "post" and "201" in operation["responses"]:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
