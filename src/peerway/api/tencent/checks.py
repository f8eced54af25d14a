"""What Tencent Cloud looks at in parameters before it does anything: strangers, ids that are none, values of a short list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peerway.api.clouds.parameters import Parameter
from peerway.api.clouds.wire import Raw
from peerway.domain.errors import InvalidInput


def check_known(parameters: Sequence[Parameter], tree: Mapping[str, Raw], path: str = "") -> None:
    """`InvalidInput` for a name that no parameter has, inside objects too."""
    known = {one.name: one for one in parameters}
    for name, value in tree.items():
        one = known.get(name)
        if one is None:
            raise InvalidInput(f"{path}{name}"[:100], "is not known", code="unknown_parameter")
        for inside, item in _objects(one, value, f"{path}{name}"):
            check_known(one.parts, item, f"{inside}.")


def check_ids(given: Mapping[str, Any], prefixes: Mapping[str, Sequence[str]]) -> None:
    """`InvalidInput` for an id that does not look like one."""
    for name in given.keys() & prefixes.keys():
        value = given[name]
        for id in value if isinstance(value, list) else (value,):
            prefix, _, rest = str(id).partition("-")
            if prefix not in prefixes[name] or len(rest) <= 1 or not (rest.isascii() and rest.isalnum()):
                raise InvalidInput(name, "is malformed", id, code="malformed_id")


def check_choices(given: Mapping[str, Any], allowed: Mapping[str, Sequence[str]]) -> None:
    """`InvalidInput` for a value that is none of those that the table allows."""
    for name, choices in allowed.items():
        if name in given and given[name] not in choices:
            raise InvalidInput(name, f"must be one of {', '.join(choices)}", given[name])


def _objects(one: Parameter, value: Raw, path: str) -> list[tuple[str, Mapping[str, Raw]]]:
    """The objects that a parameter's value has, with what they are called."""
    if not one.parts:
        return []
    if not one.many:
        found = [(path, value)]
    elif isinstance(value, dict):
        found = [(f"{path}.{place}", item) for place, item in value.items()]
    else:
        found = [
            (f"{path}.{place}", item) for place, item in enumerate(value if isinstance(value, list) else ())
        ]
    return [(name, item) for name, item in found if isinstance(item, dict)]
