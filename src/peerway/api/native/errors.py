"""Errors as the native API tells them: HTTP statuses and RFC 9457 problem documents.

The two tables are the whole mapping. No text is made up here for an unexpected failure but one that says nothing.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from peerway.domain.errors import InvalidInput, Kind, PeerwayError

#: Media type of problem documents.
PROBLEM_TYPE: Final = "application/problem+json"

#: Most field errors in one problem document.
MOST_ERRORS: Final = 20

#: HTTP status and title by kind.
KINDS: Final[Mapping[Kind, tuple[int, str]]] = MappingProxyType(
    {
        Kind.INVALID: (422, "A value breaks a rule"),
        Kind.UNAUTHENTICATED: (401, "Not authenticated"),
        Kind.FORBIDDEN: (403, "Not allowed"),
        Kind.NOT_FOUND: (404, "Not found"),
        Kind.CONFLICT: (409, "Not possible in the current state"),
        Kind.QUOTA: (409, "Quota reached"),
        Kind.TOO_LARGE: (413, "Request too large"),
        Kind.RATE: (429, "Too many requests"),
        Kind.UNAVAILABLE: (503, "Not possible right now"),
    }
)

#: Codes whose status is another than their kind's.
CODES: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "malformed_json": (400, "Malformed JSON"),
        "malformed_request": (400, "Malformed request"),
        "method_not_allowed": (405, "Method not allowed"),
        "body_too_slow": (408, "Request too slow"),
        "head_too_slow": (408, "Request too slow"),
        "head_too_large": (431, "Request head too large"),
        "unsupported_media_type": (415, "Unsupported media type"),
        "precondition_failed": (412, "Precondition failed"),
    }
)

#: Rule by pydantic's error type, where pydantic's own words don't read well after a field's name.
RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "is required",
        "extra_forbidden": "is not a known field",
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "int_parsing": "must be a whole number",
        "int_parsing_size": "is too large",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "list_type": "must be a list",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
        "dict_type": "must be an object",
    }
)


class FieldError(BaseModel):
    """One field that breaks one rule."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"field": "cidr", "rule": "must be an IPv4 CIDR", "value": "x"}]}
    )

    field: str = Field(description="Name of the field, with its place in lists: `rules[0].priority`.")
    rule: str = Field(description="The rule; reads as a sentence after the field's name.")
    value: str | None = Field(None, description="The value that was given, cut to 100 characters.")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="`urn:peerway:problem:` and the code.")
    title: str = Field(description="What sort of error it is.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, for people.")
    code: str = Field(description="What happened, for programs; stable.")
    retry: bool = Field(
        description="Whether the same request may succeed later without a change by the caller."
    )
    errors: list[FieldError] = Field(description="Fields that break rules.")
    data: dict[str, str | int] = Field(description="Typed facts about the error, such as `state` or `limit`.")
    request_id: str = Field(description="Id of the request, also in the log.")


class InvalidRequest(InvalidInput):
    """Several fields break rules; the first of them is the error's own."""

    def __init__(self, errors: Sequence[Mapping[str, str | None]]) -> None:
        first = errors[0]
        super().__init__(str(first["field"]), str(first["rule"]), first["value"])
        self.errors = errors


def status_of(error: PeerwayError) -> tuple[int, str]:
    """HTTP status and title of an error."""
    return CODES.get(error.code) or KINDS[error.kind]


def problem(error: PeerwayError, request_id: str) -> Response:
    """The answer that tells an error."""
    status, title = status_of(error)
    data = {name: value for name, value in error.data.items() if name not in {"field", "rule", "value"}}
    content = {
        "type": f"urn:peerway:problem:{error.code}",
        "title": title,
        "status": status,
        "detail": error.text,
        "code": error.code,
        "retry": error.retry,
        "errors": _field_errors(error),
        "data": data,
        "request_id": request_id,
    }
    return Response(orjson.dumps(content), status, headers=_headers(status, error), media_type=PROBLEM_TYPE)


def unexpected(request_id: str) -> Response:
    """The answer to a failure of our own; the log knows more."""
    content = {
        "type": "urn:peerway:problem:internal",
        "title": "Internal error",
        "status": 500,
        "detail": "something went wrong on our side; the log has it under the request's id",
        "code": "internal",
        "retry": True,
        "errors": [],
        "data": {},
        "request_id": request_id,
    }
    return Response(orjson.dumps(content), 500, media_type=PROBLEM_TYPE)


def invalid_request(error: ValidationError, prefix: str = "") -> InvalidRequest:
    """Pydantic's findings as ours, each with the path of its field."""
    found = error.errors(include_url=False, include_context=False)[:MOST_ERRORS]
    return InvalidRequest([_field_error(one, prefix) for one in found])


def _field_error(found: Mapping[str, Any], prefix: str) -> Mapping[str, str | None]:
    kind, given = found["type"], found["input"]
    rule = RULES.get(kind) or _in_our_words(found["msg"])
    shown = None if kind == "missing" or given is None else _shown(given)
    return {"field": _path(found["loc"]) or prefix or "body", "rule": rule, "value": shown}


def _shown(given: object) -> str:
    """The value as text, of a length and depth that are bounded whatever was sent."""
    return (given if isinstance(given, str) else reprlib.repr(given))[:100]


def _in_our_words(message: str) -> str:
    """`String should have at most 3 characters` → `must have at most 3 characters`."""
    _, should, rest = message.partition(" should ")
    return f"must {rest}" if should else message.removeprefix("Value error, ")


def _path(location: Sequence[str | int]) -> str:
    """`("rules", 0, "priority")` → `rules[0].priority`."""
    path = ""
    for step in location:
        if isinstance(step, str) and step.startswith("~"):  # a choice between shapes, not a field
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _field_errors(error: PeerwayError) -> Sequence[Mapping[str, str | int | None]]:
    if isinstance(error, InvalidRequest):
        return error.errors
    field = error.data.get("field")
    if field is None:
        return ()
    missing = error.kind is Kind.NOT_FOUND
    rule = error.data.get("rule", "names nothing that is there" if missing else error.text)
    value = error.data.get("value", error.data.get("id"))
    return ({"field": field, "rule": rule, "value": value},)


def _headers(status: int, error: PeerwayError) -> dict[str, str] | None:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="peerway"'}
    if status in {429, 503}:
        return {"Retry-After": "1"}
    if status == 405:
        return {"Allow": str(error.data.get("allow", ""))}
    return None
