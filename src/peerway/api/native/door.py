"""The door: from an ASGI request under `/api/v1` to its operation, past authentication, rate limit and time limit.

Owns the way in. What is not under the prefix goes on to the application behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from peerway.api.native.auth import Authenticator
from peerway.api.native.call import Call
from peerway.api.native.operation import PREFIX, Inputs, Operation
from peerway.api.native.preconditions import IF_MATCH, if_match, precondition_of
from peerway.api.serving.tools import Tools
from peerway.api.serving.trace import header, trace_of
from peerway.app.usecases.limits import CALLER
from peerway.domain.errors import InvalidInput, NotFound, PeerwayError, Unavailable
from peerway.domain.text import check_token

#: Headers that carry what use cases call otherwise.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {"client_token": "Idempotency-Key", CALLER: "Authorization"}
)

#: Child key of a path parameter in the tree of paths; no segment of a path reads like it.
PARAMETER: Final = "/"


@dataclass(slots=True)
class Node:
    """A place in the tree of paths."""

    #: Next segments; `PARAMETER` stands for any.
    children: dict[str, Node] = field(default_factory=dict)
    #: Name of the parameter that leads here, if one does.
    parameter: str = ""
    #: Operations by method, with the readers of their parameters.
    operations: dict[str, tuple[Operation, Inputs]] = field(default_factory=dict)
    #: Where it branches off; None for the root.
    above: Node | None = field(default=None, repr=False)

    @property
    def shows(self) -> tuple[Operation, Inputs] | None:
        """The operation that shows the one resource that a path to here names, last; None when it names none."""
        if self.parameter and "GET" in self.operations:
            return self.operations["GET"]
        return None if self.above is None else self.above.shows


class Paths:
    """All operations by path and method; finding one costs its number of segments."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = Node()
        for operation in operations:
            self._add(operation)

    def find(self, path: str) -> tuple[Node, dict[str, str]] | None:
        """The place of a path below the prefix, and its parameters."""
        node, parameters = self._root, {}
        for segment in path.split("/")[1:]:
            child = node.children.get(segment)
            if child is None:
                child = node.children.get(PARAMETER)
                if child is None or not segment:
                    return None
                parameters[child.parameter] = segment
            node = child
        return (node, parameters) if node.operations else None

    def shows(self, path: str) -> Operation | None:
        """The operation that shows the one resource that a path names, last; None when it names none."""
        found = self.find(path)
        shows = None if found is None else found[0].shows
        return None if shows is None else shows[0]

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in operation.path.split("/")[1:]:
            name = segment[1:-1] if segment.startswith("{") else ""
            node = node.children.setdefault(PARAMETER if name else segment, Node(parameter=name, above=node))
        node.operations[operation.method] = (operation, Inputs(operation))


class Door:
    """ASGI middleware, for HTTP only, that serves the operations."""

    def __init__(
        self, app: ASGIApp, *, paths: Paths, tools: Tools, public: frozenset[str], unbounded: frozenset[str]
    ) -> None:
        self._app = app
        self._paths = paths
        self._tools = tools
        #: Paths that the application behind serves to everybody; they count under their own name.
        self._public = public
        #: Operations' paths that have no time limit.
        self._unbounded = unbounded
        self._authenticator = Authenticator(tools)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or hand it on."""
        if (
            scope["type"] != "http"
            or not scope["path"].startswith(PREFIX + "/")
            or scope["path"] in self._public
        ):
            await self._app(scope, receive, send)
            return
        call, operation, inputs = await self._admit(scope, receive)
        patience_s = None if operation.path in self._unbounded else self._tools.services.limits.timeout_s
        try:
            async with asyncio.timeout(patience_s):
                response = await operation.handler(call, **await inputs.read(call))
        except TimeoutError:
            raise Unavailable("the request took too long; ask again", code="timeout") from None
        except PeerwayError as error:
            name_field(error, scope["path_params"])
            raise
        await response(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive) -> tuple[Call, Operation, Inputs]:
        trace = trace_of(scope)
        path: str = scope["path"].removeprefix(PREFIX)
        found = self._paths.find(path)
        if found is not None:
            trace.route = PREFIX + next(iter(found[0].operations.values()))[0].path
        caller = await self._authenticator.authenticate(scope, trace.request_id)
        trace.uid = caller.uid
        if found is None:
            raise NotFound("path", scope["path"][:200])
        node, scope["path_params"] = found
        chosen = node.operations.get(scope["method"])
        if chosen is None:
            raise method_not_allowed(scope["method"], sorted(node.operations))
        call = Call(scope, receive, self._tools, caller, _client_token(scope))
        call.precondition = precondition_of(
            if_match(scope), IF_MATCH, chosen[0], node.shows, scope["path_params"]
        )
        return call, *chosen


def name_field(error: PeerwayError, parameters: Mapping[str, str]) -> None:
    """Call the error's field as requests do: what the path named is one, too, and some come in headers."""
    for name, given in parameters.items():
        if given == error.data.get("scope"):  # what is full
            error.data["field"] = name
        elif given == error.data.get("id"):
            error.data.setdefault("field", name)
    field = error.data.get("field")
    if field in HEADERS:
        error.data["field"] = HEADERS[str(field)]


def method_not_allowed(method: str, allowed: list[str]) -> InvalidInput:
    """The error for a path that has no such method."""
    error = InvalidInput("method", f"must be {' or '.join(allowed)}", method, code="method_not_allowed")
    error.data["allow"] = ", ".join(allowed)
    return error


def _client_token(scope: Scope) -> str | None:
    given = header(scope, b"idempotency-key")
    return None if given is None else check_token(given.decode("latin-1"), "Idempotency-Key")
