"""Parameters of actions: how a table writes them down, and how values of the wire become values of ours.

The notation, by example:

    VpcId*:s                     text, required
    Bandwidth:i  DryRun:b  Threshold:f
    Name:s(128)                  text of at most so many characters
    Ids[]:s                      list of texts
    VpcId:c                      list of texts in one, parted by commas
    Ids*:l                       list of texts, as JSON in a text
    Dimensions:j                 any value, as JSON in a text
    Tag[]{Key*:s, Value:s}       list of objects
    Channels{Mail:s, SMS:s}      object
    InstanceId*:s=id             the field of a use case's request that it sets
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from peerway.api.clouds.wire import Raw
from peerway.domain.errors import InvalidInput

#: Values by the parameters' names; those that were not given are not there.
Given = Mapping[str, Any]

#: Longest text, unless the table says otherwise; longest text that holds JSON or a list.
LONGEST: Final = 2048
LONGEST_JSON: Final = 65_536
#: Most items of a list.
MOST_ITEMS: Final = 1000

#: One parameter at the start of a list of them, up to what is inside its braces.
ITEM: Final = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?P<many>\[\])?(?P<required>\*)?"
    r"(?::(?P<kind>[a-z])(?:\((?P<most>\d+)\))?(?:=(?P<field>\w+))?\s*|(?P<open>\{))"
)

WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter."""

    #: Name on the wire.
    name: str
    #: `s`, `i`, `b`, `f`, `c`, `l` or `j`; empty for an object.
    kind: str
    #: Whether an action is refused without it.
    required: bool = False
    #: Whether it is a list.
    many: bool = False
    #: Longest text.
    most: int = LONGEST
    #: Parts of an object.
    parts: tuple[Parameter, ...] = ()
    #: Field of the use case's request, or empty.
    field: str = ""


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that a table's notation stands for; `ValueError` when it can't be read."""
    found, rest = _parse_list(text)
    if rest:
        raise ValueError(f"can't read parameters from here on: {rest}")
    return found


def _parse_list(text: str) -> tuple[tuple[Parameter, ...], str]:
    found: list[Parameter] = []
    rest = text.strip()
    while rest and not rest.startswith("}"):
        one, rest = _parse_item(rest)
        found.append(one)
        rest = rest.lstrip()
        if rest.startswith(","):
            rest = rest[1:].lstrip()
    return tuple(found), rest


def _parse_item(text: str) -> tuple[Parameter, str]:
    match = ITEM.match(text)
    if match is None:
        raise ValueError(f"can't read a parameter here: {text[:60]}")
    rest = text[match.end() :]
    parts: tuple[Parameter, ...] = ()
    field = match["field"] or ""
    if match["open"]:
        parts, rest = _parse_list(rest)
        if not rest.startswith("}"):
            raise ValueError(f"a brace is not closed: {text[:60]}")
        rest = rest[1:]
        named = re.match(r"=(\w+)", rest)
        if named:
            field, rest = named[1], rest[named.end() :]
    kind = match["kind"] or ""
    most = int(match["most"]) if match["most"] else LONGEST_JSON if kind in {"c", "l", "j"} else LONGEST
    one = Parameter(match["name"], kind, bool(match["required"]), bool(match["many"]), most, parts, field)
    return one, rest


def decode(parameters: tuple[Parameter, ...], tree: Mapping[str, Raw], *, texts: bool) -> dict[str, Any]:
    """The values of parameters; `InvalidInput` naming the first that is missing or wrong.

    `texts` says that all values came as text (a query or a form); else they have JSON's types. Nulls, and empty texts at the top of
    a query or form, are as good as not given.
    """
    given: dict[str, Any] = {}
    for one in parameters:
        raw = tree.get(one.name)
        if raw is None or (texts and raw == "" and not one.parts):
            if one.required:
                raise InvalidInput(one.name, "is required", code="missing")
            continue
        given[one.name] = _value(one, raw, one.name, texts=texts)
    return given


def _value(one: Parameter, raw: Raw, path: str, *, texts: bool) -> Any:
    if not one.many:
        return _single(one, raw, path, texts=texts)
    items = _items(raw, path, texts=texts)
    if len(items) > MOST_ITEMS:
        raise InvalidInput(path, f"must have at most {MOST_ITEMS} items", len(items), code="too_long")
    return [_single(one, item, f"{path}.{place}", texts=texts) for place, item in items]


def _items(raw: Raw, path: str, *, texts: bool) -> list[tuple[str, Raw]]:
    """Items of a list with what they are called: `Tag.2.Key` names the second."""
    if isinstance(raw, list):
        return [(str(place), item) for place, item in enumerate(raw)]
    if texts and isinstance(raw, dict):
        if not all(place.isascii() and place.isdigit() and len(place) <= 6 for place in raw):
            raise InvalidInput(path, "must have its items numbered", code="wrong_type")
        return sorted(raw.items(), key=lambda item: int(item[0]))
    raise InvalidInput(path, "must be a list", code="wrong_type")


def _single(one: Parameter, raw: Raw, path: str, *, texts: bool) -> Any:
    if one.parts:
        if not isinstance(raw, dict):
            raise InvalidInput(path, "must be an object", code="wrong_type")
        return _object(one.parts, raw, path, texts=texts)
    read = _TEXTS[one.kind] if texts else _JSON[one.kind]
    return read(one, raw, path)


def _object(
    parts: tuple[Parameter, ...], raw: Mapping[str, Raw], path: str, *, texts: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        value = raw.get(part.name)
        if value is None:
            if part.required:
                raise InvalidInput(f"{path}.{part.name}", "is required", code="missing")
            continue
        found[part.name] = _value(part, value, f"{path}.{part.name}", texts=texts)
    return found


def _text(one: Parameter, raw: Raw, path: str) -> str:
    if not isinstance(raw, str):
        raise InvalidInput(path, "must be text", code="wrong_type")
    if len(raw) > one.most:
        raise InvalidInput(path, f"must have at most {one.most} characters", raw, code="too_long")
    if "\0" in raw:
        raise InvalidInput(path, "must not contain NUL", code="wrong_type")
    return raw


def _whole(one: Parameter, raw: Raw, path: str) -> int:
    text = _text(one, raw, path)
    if not WHOLE.fullmatch(text):
        raise InvalidInput(path, "must be a whole number", text, code="wrong_type")
    return int(text)


def _number(one: Parameter, raw: Raw, path: str) -> float:
    text = _text(one, raw, path)
    if not DECIMAL.fullmatch(text):
        raise InvalidInput(path, "must be a number", text, code="wrong_type")
    return float(text)


def _flag(one: Parameter, raw: Raw, path: str) -> bool:
    text = _text(one, raw, path)
    if text.lower() not in {"true", "false"}:
        raise InvalidInput(path, "must be true or false", text, code="wrong_type")
    return text.lower() == "true"


def _commas(one: Parameter, raw: Raw, path: str) -> list[str]:
    return [part for part in (word.strip() for word in _text(one, raw, path).split(",")) if part]


def _any_json(one: Parameter, raw: Raw, path: str) -> Any:
    try:
        return orjson.loads(_text(one, raw, path))
    except orjson.JSONDecodeError:
        raise InvalidInput(path, "must be JSON", raw, code="wrong_type") from None


def _json_texts(one: Parameter, raw: Raw, path: str) -> list[str]:
    value = _any_json(one, raw, path)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidInput(path, "must be a JSON list of texts", raw, code="wrong_type")
    if any("\0" in item for item in value):
        raise InvalidInput(path, "must not contain NUL", code="wrong_type")
    return value


def _json_whole(_: Parameter, raw: Raw, path: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or abs(raw) >= 1 << 63:
        raise InvalidInput(path, "must be a whole number", raw, code="wrong_type")
    return raw


def _json_number(_: Parameter, raw: Raw, path: str) -> float:
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise InvalidInput(path, "must be a number", raw, code="wrong_type")
    return float(raw)


def _json_flag(_: Parameter, raw: Raw, path: str) -> bool:
    if not isinstance(raw, bool):
        raise InvalidInput(path, "must be true or false", raw, code="wrong_type")
    return raw


def _json_any(_: Parameter, raw: Raw, path: str) -> Any:  # noqa: ARG001 - the shape of the others
    return raw


_Read = Callable[[Parameter, Raw, str], Any]
_TEXTS: Final[Mapping[str, _Read]] = {
    "s": _text,
    "i": _whole,
    "f": _number,
    "b": _flag,
    "c": _commas,
    "l": _json_texts,
    "j": _any_json,
}
_JSON: Final[Mapping[str, _Read]] = {
    **_TEXTS,
    "i": _json_whole,
    "f": _json_number,
    "b": _json_flag,
    "j": _json_any,
}
