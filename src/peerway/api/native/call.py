"""One authenticated request, as handlers see it: who asks, and ways to read and write the store for it.

Owns how work meets the event loop and how results become bytes. May not know any resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from peerway.api.native.schemas.previews import preview_of
from peerway.api.serving.tools import Tools
from peerway.app.store import Reader, Writer
from peerway.app.usecases.previews.rehearsals import Rehearsal, rehearse
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import RateLimited
from peerway.domain.resource import Resource

T = TypeVar("T")
P = ParamSpec("P")
#: A use case's request.
Asked = TypeVar("Asked")

#: Times end in Z; text keys only.
FORMAT: Final = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class Call(Request):
    """A request with its caller. A `Request` so that the OpenAPI generator knows that it is no parameter."""

    def __init__(
        self, scope: Scope, receive: Receive, tools: Tools, caller: Caller, token: str | None
    ) -> None:
        super().__init__(scope, receive)
        self.tools = tools
        self.services = tools.services
        #: The catalogues.
        self.world: World = tools.services.world
        #: Who asks.
        self.caller = caller
        #: The idempotency key, or None.
        self.token = token
        #: Whether the caller only wants to know what the request would do.
        self.preview = False
        #: What must hold before anything is written; None for nothing.
        self.precondition: Callable[[Call, Writer], None] | None = None

    def wake_worker(self) -> None:
        """Tell the worker that there is something for it to do, once it is stored."""
        if not self.preview:
            self.services.wake_worker()

    def spend(self, requests: int) -> None:
        """Count the request as that many more; `RateLimited` when its account may not ask so often."""
        if not self.tools.accounts.take(self.caller.uid, requests):
            raise RateLimited("too many requests from this account")

    async def point(self, work: Callable[[Reader], object]) -> Response:
        """Answer with what a short read finds: a few rows by their keys."""
        if self.services.inline_reads:
            return tagged(self.services.store.read(work))
        return tagged(await self.in_thread(lambda: self.services.store.read(work)))

    async def read(self, work: Callable[[Reader], object]) -> Response:
        """Answer with what a read of any length finds."""
        return await self.render_in_thread(lambda: self.services.store.read(work))

    async def write(self, work: Callable[[Writer], object], status: int = 200) -> Response:
        """Answer with the outcome of a transaction, once it is durable; in a preview, with what it would be."""
        held = self.guarded(work)
        if not self.preview:
            return tagged(await self.tools.writes.write(held), status)

        def tried(known: int) -> Callable[[Writer], Rehearsal[object]]:
            return lambda tx: rehearse(tx, self.world, self.caller, held, known)

        return await self.foretell(tried, status)

    def guarded(self, work: Callable[[Writer], object]) -> Callable[[Writer], object]:
        """The work, done only when the precondition holds in the same transaction."""
        check = self.precondition
        if check is None:
            return work

        def held(tx: Writer) -> object:
            check(self, tx)
            return work(tx)

        return held

    async def foretell(
        self, tried: Callable[[int], Callable[[Writer], Rehearsal[object]]], status: int
    ) -> Response:
        """Answer with what would be, and store nothing.

        The network is read before and looked at after the transaction, in a thread; the transaction only tries the work.
        """
        async with self.tools.previews:
            network = await self.in_thread(lambda: self.services.store.read(self.services.networks.at))
            rehearsal = await self.write_long(tried(network.revision))
            return await self.render_in_thread(
                lambda: preview_of(self.caller, self.tools.readings.atlas(network), rehearsal, status)
            )

    async def write_long(self, work: Callable[[Writer], T]) -> T:
        """Run `work`, which may take long, in a transaction, without holding up the loop."""
        return await self.tools.writes.write_long(work)

    async def run(
        self, use_case: Callable[[Writer, World, Caller, Asked], object], request: Asked, status: int = 200
    ) -> Response:
        """Answer with what a use case makes of a request."""
        return await self.write(lambda tx: use_case(tx, self.world, self.caller, request), status)

    async def find(self, use_case: Callable[[Reader, World, Caller, str], object], id: str) -> Response:
        """Answer with what a use case finds by an id."""
        return await self.point(lambda tx: use_case(tx, self.world, self.caller, id))

    async def list_by(
        self,
        use_case: Callable[Concatenate[Reader, World, Caller, P], object],
        *of: P.args,
        **query: P.kwargs,
    ) -> Response:
        """Answer with the list that a use case gives."""
        return await self.read(lambda tx: use_case(tx, self.world, self.caller, *of, **query))

    async def render_in_thread(self, work: Callable[[], object]) -> Response:
        """Run and render `work` in a thread, so that a long list does not hold up other requests."""
        return Response(await self.in_thread(lambda: encode(work())), media_type="application/json")

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.tools.executor, work)


def answer(content: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(encode(content), status, media_type="application/json")


def tagged(content: object, status: int = 200) -> Response:
    """A JSON answer, with the ETag of the resource that it shows."""
    response = answer(content, status)
    revision = revision_of(content)
    if revision is not None:
        response.headers["ETag"] = tag(revision)
    return response


def revision_of(content: object) -> int | None:
    """The revision of the resource that an answer shows; None when it shows none."""
    if isinstance(content, Resource):
        return content.revision
    found = content.get("revision") if isinstance(content, Mapping) else None
    return found if isinstance(found, int) else None


def tag(revision: int | None) -> str:
    """The ETag of a resource at a revision."""
    return f'"{revision}"'


def encode(content: object) -> bytes:
    """JSON of values of the domain: prefixes, addresses and amounts as text, times as ISO 8601 in UTC."""
    return orjson.dumps(content, default=_as_text, option=FORMAT)


def _as_text(value: Any) -> object:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)
