"""Preconditions (RFC 9110, 13.1.1): a write with `If-Match` is done only while the resource is as its caller last saw it.

Owns the header and the check, for all operations. A resource's ETag is its revision. What "the resource" is, the paths say: the one
that `GET` shows at the request's path, or at the longest part of it. It is looked at as its own `GET` does, in the transaction that
writes; so what the caller may not see is gone for it, and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from peerway.api.native.call import Call, revision_of, tag
from peerway.api.native.inner import InnerCall, finished
from peerway.api.native.operation import Inputs, Operation
from peerway.app.store import Writer
from peerway.domain.errors import Conflict, InvalidInput, NotFound

#: The header.
IF_MATCH: Final = "If-Match"

#: What is told of a resource that does not meet the condition.
RULE: Final = "must be the ETag of the resource as it is now"

#: Longest header that is looked at.
LONGEST: Final = 1024

_TAG = r'(?:W/)?"[!#-~]*"'
_TAGS: Final = re.compile(rf"{_TAG}(?:\s*,\s*{_TAG})*")


@dataclass(frozen=True, slots=True)
class Precondition:
    """One request's condition."""

    #: What was given.
    given: str
    #: What it was given as: the header, or a field.
    field: str
    #: The operation that shows the resource, and the reader of its parameters.
    shows: tuple[Operation, Inputs]
    #: Parameters of the request's path; it begins with that operation's.
    parameters: Mapping[str, str]

    def check(self, call: Call, tx: Writer) -> None:
        """`Conflict` with the code `precondition_failed` unless the caller's resource is there and has one of the ETags."""
        operation, inputs = self.shows
        named = inputs.of_path(self.parameters)
        (id,) = named.values()
        look = InnerCall(call, self.parameters, tx)
        try:
            finished(operation.handler(look, **named))
        except NotFound:
            raise self._failed(f"{id} is not there, or no longer", id) from None
        revision = revision_of(look.content)
        if self.given != "*" and tag(revision) not in re.findall(_TAG, self.given):
            raise self._failed(f"{id} has changed since: its ETag is {tag(revision)}", id, revision)

    def _failed(self, text: str, id: str, revision: int | None = None) -> Conflict:
        return Conflict(
            text,
            code="precondition_failed",
            field=self.field,
            rule=RULE,
            value=self.given[:100],
            id=id,
            revision=revision,
        )


def precondition_of(
    given: str | None,
    field: str,
    operation: Operation,
    shows: tuple[Operation, Inputs] | None,
    parameters: Mapping[str, str],
) -> Callable[[Call, Writer], None] | None:
    """The check to make before the operation writes; None when nothing is asked. `InvalidInput` where nothing can be asked."""
    if given is None:
        return None
    if not operation.writes or shows is None:
        raise InvalidInput(field, "is only for operations that change one resource", given)
    if given != "*" and (len(given) > LONGEST or not _TAGS.fullmatch(given)):
        raise InvalidInput(field, 'must be ETags in quotes, such as "12", or *', given)
    return Precondition(given, field, shows, parameters).check


def if_match(scope: Scope) -> str | None:
    """The header as it was given; several make one list."""
    found: list[bytes] = [value for name, value in scope["headers"] if name == b"if-match"]
    return b", ".join(found).decode("latin-1").strip() if found else None
