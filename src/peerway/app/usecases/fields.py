"""Fields of requests: those that an update leaves out, and checks that several resources share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Any, Final, TypeVar

from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_description, check_name

Choice = TypeVar("Choice", bound=StrEnum)

#: What makes a field's stored value of the one that a request has; it is given the field's name for its errors.
Check = Callable[[object, str], object]


class Unset(Enum):
    """The type of `UNSET`."""

    #: The only value.
    UNSET = "unset"


#: "Not given" in update requests, where None means "none".
UNSET: Final = Unset.UNSET

#: The texts that most resources have.
TEXTS: Final[Mapping[str, Check]] = {"name": check_name, "description": check_description}


def given(request: object, **checks: Check) -> dict[str, Any]:
    """What an update request sets of the fields named, checked, for `replace`: `given(request, name=check_name)`."""
    asked = {name: getattr(request, name) for name in checks}
    return {name: checks[name](value, name) for name, value in asked.items() if value is not UNSET}


def choose(kind: type[Choice], value: object, field: str) -> Choice:
    """The member of the enumeration that the text names, or `InvalidInput` with the choices."""
    try:
        return kind(str(value))
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(kind)}", value) from None


def required(value: object, field: str) -> object:
    """The value; `InvalidInput` for None, where a field can be left out but not emptied."""
    if value is None:
        raise InvalidInput(field, "must not be null")
    return value
