"""Errors in a cloud's words: tables from our errors' codes to the cloud's codes, statuses and texts.

A key of a table is what an error is, from the most particular to the most general:

    not_found.vpc@VpcId     our code, the resource, and the parameter that named it
    not_found@VpcId         our code and the parameter
    not_found.vpc           our code and the resource
    quota_exceeded.vpcs     our code and the quota
    in_use/vswitch          our code and what stands in the way
    not_found               our code
    conflict                the kind, for all codes of that kind that have no key of their own

The tables of the action are looked at first, then its product's, then its dialect's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerway.domain.errors import PeerwayError

#: Rows by key: code, HTTP status, and the text, or none for our own.
Rows = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """An error as a cloud tells it."""

    #: The cloud's code.
    code: str
    #: HTTP status.
    status: int
    #: For people.
    text: str


def keys_of(error: PeerwayError, parameter: str) -> Iterable[str]:
    """What an error is, most particular first."""
    resource = error.data.get("resource") or error.data.get("quota")
    by = error.data.get("by")
    if by:
        yield f"{error.code}/{by}"
    if resource and parameter:
        yield f"{error.code}.{resource}@{parameter}"
    if parameter:
        yield f"{error.code}@{parameter}"
    if resource:
        yield f"{error.code}.{resource}"
    yield error.code
    yield error.kind.value


def tell(error: PeerwayError, parameter: str, tables: Iterable[Rows]) -> Told:
    """The error in the words of the first table that has any for it; `LookupError` when none has.

    Codes and texts may hold `{parameter}`, `{text}`, and the error's own data such as `{id}`, `{state}` or `{rule}`.
    """
    keys = tuple(keys_of(error, parameter))
    for table in tables:
        for key in keys:
            row = table.get(key)
            if row is not None:
                return _fill(row, error, parameter)
    raise LookupError(f"no words for {keys[0]}")


def _fill(row: Sequence[Any], error: PeerwayError, parameter: str) -> Told:
    code, status, *text = row
    known = _Known({**error.data, "text": error.text, "parameter": parameter or "request"})
    return Told(code.format_map(known), status, text[0].format_map(known) if text else error.text)


class _Known(dict[str, Any]):
    """Data for a text; what is not known reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""
