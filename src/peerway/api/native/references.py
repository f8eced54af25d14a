"""References of a file's changes to what earlier ones answered: `${a.id}`, `${a.secondary_cidrs.0}`.

Owns the syntax. A text that is nothing but a reference becomes the value itself, of whatever type; within a text it becomes text.
`$${` stands for `${`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from peerway.api.native.schemas.changes import NAME
from peerway.domain.errors import InvalidInput

#: Most bytes that the references of one change may bring into it: a small file must not become a large one.
MOST_BROUGHT: Final = 1 << 20

#: `$${`, or a reference; whatever else begins like one has no second group.
_PATTERN: Final = re.compile(rf"\$\$\{{|\$\{{(?:({NAME})((?:\.[A-Za-z0-9_]+)+)\}})?")


@dataclass(slots=True)
class References:
    """The references of one change."""

    #: Answers by the changes' names, as JSON.
    answers: Mapping[str, Any]
    #: Bytes that they may still bring in.
    left: int = MOST_BROUGHT

    def resolved(self, value: Any, field: str) -> Any:
        """The value with all references in it replaced; `InvalidInput` naming the place of one that leads nowhere."""
        match value:
            case str():
                return self._text(value, field)
            case list():
                return [self.resolved(each, f"{field}[{index}]") for index, each in enumerate(value)]
            case dict():
                return {name: self.resolved(each, f"{field}.{name}") for name, each in value.items()}
            case _:
                return value

    def _text(self, text: str, field: str) -> Any:
        whole = _PATTERN.fullmatch(text)
        if whole is not None and whole.group(1):
            return self._found(whole, field)

        def replaced(found: re.Match[str]) -> str:
            if found.group() == "$${":
                return "${"
            if not found.group(1):
                raise InvalidInput(field, "must refer to an answer as ${name.field}", text)
            value = self._found(found, field)
            if not isinstance(value, str | int):
                raise InvalidInput(field, f"can't have {found.group()} in a text: it is no text", text)
            return str(value)

        return _PATTERN.sub(replaced, text)

    def _found(self, found: re.Match[str], field: str) -> Any:
        value = _followed(found, self.answers, field)
        self.left -= len(json.dumps(value))
        if self.left < 0:
            raise InvalidInput(
                field, f"must not bring in more than {MOST_BROUGHT} bytes by references, with the others"
            )
        return value


def _followed(found: re.Match[str], answers: Mapping[str, Any], field: str) -> Any:
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
