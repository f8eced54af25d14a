"""References of a file's changes to what earlier ones answered: `${a.id}`, `${a.secondary_cidrs.0}`.

Owns the syntax. A text that is nothing but a reference becomes the value itself, of whatever type; within a text it becomes text.
`$${` stands for `${`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from peerway.api.native.schemas.changes import NAME
from peerway.domain.errors import InvalidInput

#: `$${`, or a reference; whatever else begins like one has no second group.
_PATTERN: Final = re.compile(rf"\$\$\{{|\$\{{(?:({NAME})((?:\.[A-Za-z0-9_]+)+)\}})?")


def resolved(value: Any, answers: Mapping[str, Any], field: str) -> Any:
    """The value with all references in it replaced; `InvalidInput` naming the place of one that leads nowhere."""
    match value:
        case str():
            return _text(value, answers, field)
        case list():
            return [resolved(each, answers, f"{field}[{index}]") for index, each in enumerate(value)]
        case dict():
            return {name: resolved(each, answers, f"{field}.{name}") for name, each in value.items()}
        case _:
            return value


def _text(text: str, answers: Mapping[str, Any], field: str) -> Any:
    whole = _PATTERN.fullmatch(text)
    if whole is not None and whole.group(1):
        return _found(whole, answers, field)

    def replaced(found: re.Match[str]) -> str:
        if found.group() == "$${":
            return "${"
        if not found.group(1):
            raise InvalidInput(field, "must refer to an answer as ${name.field}", text)
        value = _found(found, answers, field)
        if not isinstance(value, str | int):
            raise InvalidInput(field, f"can't have {found.group()} in a text: it is no text", text)
        return str(value)

    return _PATTERN.sub(replaced, text)


def _found(found: re.Match[str], answers: Mapping[str, Any], field: str) -> Any:
    name, *steps = f"{found.group(1)}{found.group(2)}".split(".")
    if name not in answers:
        raise InvalidInput(field, f"refers to {name}, which is no earlier change's name", found.group())
    value = answers[name]
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise InvalidInput(field, f"refers to {step}, which the answer of {name} has not", found.group())
    return value
