"""What is known of a request while it is served: for the answer, the log and the metrics."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

#: Where a request's trace hangs in its ASGI scope.
KEY: Final = "peerway.trace"

#: Request ids that are taken over from callers.
GIVEN_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Trace:
    """One request."""

    #: Its id: the caller's `X-Request-Id`, or one of ours.
    request_id: str
    #: Account it acts for; empty until authenticated.
    uid: str = ""
    #: Template of the route that serves it; empty when there is none.
    route: str = ""


def start_trace(scope: Scope) -> Trace:
    """Begin a request's trace and hang it in its scope."""
    given = header(scope, b"x-request-id")
    taken = given is not None and GIVEN_ID.fullmatch(given) is not None
    trace = Trace(given.decode() if given is not None and taken else secrets.token_hex(10))
    scope[KEY] = trace
    return trace


def trace_of(scope: Scope) -> Trace:
    """The trace of a request."""
    trace: Trace = scope[KEY]
    return trace


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None
