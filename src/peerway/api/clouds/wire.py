"""A request as it came, whole; and its parameters, by name.

Owns the bounds on what is looked at. What a parameter means is its dialect's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from peerway.api.serving.limits import read_body
from peerway.api.serving.services import Limits
from peerway.domain.errors import InvalidInput

#: Most parameters in a query or a form.
MOST_PARAMETERS: Final = 5000
#: Deepest nesting of a parameter's name, and of JSON.
DEEPEST: Final = 12

#: A parameter's value as it came: text, or what JSON has.
Raw = Any


@dataclass(frozen=True, slots=True)
class Wire:
    """One HTTP request."""

    #: Method, upper case.
    method: str
    #: Path as it was sent, still encoded.
    path: str
    #: Query as it was sent, without the question mark.
    query: str
    #: Headers, names in lower case; of several of one name the first counts.
    headers: Mapping[str, str]
    #: Body.
    body: bytes

    @property
    def media_type(self) -> str:
        """Type of the body, lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def head_of(scope: Scope) -> Wire:
    """The request without its body."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return Wire(scope["method"], raw.decode("latin-1"), scope["query_string"].decode("latin-1"), headers, b"")


async def body_of(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """The request's body; `TooLarge` or `InvalidInput` when it is too large or too slow."""
    return await read_body(scope, receive, limits.max_body_bytes, limits.body_timeout_s)


def read_pairs(text: str) -> list[tuple[str, str]]:
    """Parameters of a query or a form in their order; `InvalidInput` for too many, and for what is no UTF-8."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except UnicodeDecodeError:
        raise InvalidInput("parameters", "must be UTF-8", code="malformed") from None
    except ValueError:
        raise InvalidInput("parameters", f"must be at most {MOST_PARAMETERS}", code="malformed") from None
    return pairs


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name; `InvalidInput` for one that comes twice with different values."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise InvalidInput(name[:100], "must be given once", value, code="duplicate")
    return found


def tree_of(flat: Mapping[str, str]) -> dict[str, Raw]:
    """`{"Tag.1.Key": "a"}` as `{"Tag": {"1": {"Key": "a"}}}`; `InvalidInput` when a name is both a value and a branch."""
    tree: dict[str, Raw] = {}
    for name, value in flat.items():
        if "." not in name:
            if name in tree:
                raise _clash(name)
            tree[name] = value
            continue
        steps = name.split(".")
        if len(steps) > DEEPEST:
            raise InvalidInput(name[:100], "must not be nested so deep", code="malformed")
        node = tree
        for step in steps[:-1]:
            branch = node.setdefault(step, {})
            if not isinstance(branch, dict):
                raise _clash(name)
            node = branch
        if steps[-1] in node:
            raise _clash(name)
        node[steps[-1]] = value
    return tree


def _clash(name: str) -> InvalidInput:
    return InvalidInput(name[:100], "must not be both a value and a structure", code="malformed")


def read_json(body: bytes) -> dict[str, Raw]:
    """The object that a JSON body is; `InvalidInput` for anything else, and for nesting that is too deep."""
    try:
        value = orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError as error:
        raise InvalidInput("body", f"must be JSON: {error.msg}", code="malformed_json") from None
    if not isinstance(value, dict):
        raise InvalidInput("body", "must be a JSON object", code="malformed_json")
    if _depth(value, DEEPEST) == 0:
        raise InvalidInput("body", "must not be nested so deep", code="malformed_json")
    return value


def _depth(value: Raw, left: int) -> int:
    """How many more levels the value could have; 0 when it has too many already."""
    if left == 0:
        return 0
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return min((_depth(one, left - 1) for one in inside if isinstance(one, dict | list)), default=left)
