"""The change log as server-sent events: by revision, resumable, each account its own.

Owns the streams and what wakes them. A watch reads the log from the store each time, so that none can be lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Final

import orjson
from fastapi import Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Parameters
from peerway.api.serving.services import Services
from peerway.api.serving.trace import header
from peerway.app.store import Change
from peerway.domain.account import Caller, Role
from peerway.domain.errors import Forbidden, InvalidInput, RateLimited

#: Changes read from the log at once.
BATCH: Final = 500

#: Headers of a stream: nobody in between may keep or gather it.
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Feed:
    """Knows when there is something new, for all watches of one application."""

    def __init__(self, services: Services, gauge: Callable[[int], None]) -> None:
        self._store = services.store
        self._limits = services.limits
        self._gauge = gauge
        self._woken = asyncio.Event()
        self._open: Counter[str] = Counter()
        #: Whether all streams are to end.
        self.closing = False

    async def run(self) -> None:
        """Look for other processes' writes until cancelled; this process's own wake at once."""
        loop = asyncio.get_running_loop()

        def committed(_: int) -> None:
            if self._open:
                loop.call_soon_threadsafe(self.wake)

        unsubscribe = self._store.on_commit(committed)
        seen = -1
        try:
            while True:
                revision = await asyncio.to_thread(self._store.latest_revision) if self._open else seen
                if revision != seen:
                    seen = revision
                    self.wake()
                await asyncio.sleep(self._limits.poll_s)
        finally:
            unsubscribe()

    def wake(self) -> None:
        """Have all watches look at the log."""
        self._woken.set()
        self._woken = asyncio.Event()

    def close(self) -> None:
        """End all streams, and each that is opened from now on."""
        self.closing = True
        self.wake()

    @property
    def woken(self) -> asyncio.Event:
        """Set at the next wake; to be taken before looking at the log."""
        return self._woken

    def enter(self, uid: str) -> None:
        """Count a stream in; `RateLimited` when the account has too many."""
        if self._open[uid] >= self._limits.watchers_per_account:
            raise RateLimited(
                "too many watch streams of this account", limit=self._limits.watchers_per_account
            )
        self._open[uid] += 1
        self._gauge(self._open.total())

    def leave(self, uid: str) -> None:
        """Count a stream out."""
        self._open[uid] -= 1
        if not self._open[uid]:
            del self._open[uid]
        self._gauge(self._open.total())


class Stream(StreamingResponse):
    """Server-sent events; tells when it has ended, however it did."""

    def __init__(self, events: AsyncIterator[bytes], on_end: Callable[[], None]) -> None:
        super().__init__(events, headers=HEADERS, media_type="text/event-stream")
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events end or the client goes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()


class WatchQuery(Parameters):
    """Where to begin."""

    after: int | None = Field(
        None,
        ge=0,
        le=2**62,
        description="Revision to begin after; left out: from now on. `Last-Event-ID` goes first.",
    )
    all_accounts: bool = Field(False, description="Changes of all accounts; operators only.")


def watch_operation(feed: Feed) -> Operation:
    """The operation that opens a stream of the feed."""

    async def watch(call: Call, query: Annotated[WatchQuery, Query()]) -> Response:
        """Watch changes as server-sent events.

        Each event has the revision as its `id`, `changed` or `removed` as its `event`, and as `data` a JSON object with
        `revision`, `kind` and `id`. A client that comes back with `Last-Event-ID` (or `after`) misses nothing. Lines that begin
        with a colon are heartbeats.
        """
        if query.all_accounts and call.caller.role is not Role.OPERATOR:
            raise Forbidden("only an operator may do this", code="not_operator")
        after = _resume_point(call)
        if after is None:
            after = query.after
        if after is None:
            after = await call.in_thread(call.services.store.latest_revision)
        feed.enter(call.caller.uid)
        seen_by = None if query.all_accounts else call.caller
        return Stream(_events(call, feed, after, seen_by), lambda: feed.leave(call.caller.uid))

    stream = {
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        }
    }
    return Operation("GET", "/watch", watch, None, extra=stream)


async def _events(call: Call, feed: Feed, after: int, seen_by: Caller | None) -> AsyncIterator[bytes]:
    yield f": watching after {after}\n\n".encode()
    while not feed.closing:
        woken = feed.woken
        changes = await call.in_thread(partial(_changes, call, after))
        shown = [_event(change) for change in changes if seen_by is None or seen_by.uid in change.uids]
        after = changes[-1].revision if changes else after
        if shown:
            yield b"".join(shown)
        if len(changes) < BATCH and not await _wait(woken, call.services.limits.heartbeat_s):
            yield b": still here\n\n"


def _changes(call: Call, after: int) -> list[Change]:
    return call.services.store.read(lambda tx: tx.changes(after, BATCH))


async def _wait(woken: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _event(change: Change) -> bytes:
    word = "removed" if change.removed else "changed"
    data = orjson.dumps({"revision": change.revision, "kind": change.kind, "id": change.id})
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (change.revision, word.encode(), data)


def _resume_point(call: Call) -> int | None:
    given = header(call.scope, b"last-event-id")
    if given is None:
        return None
    if not given.isdigit() or len(given) > 18:
        raise InvalidInput("Last-Event-ID", "must be a revision", given.decode("latin-1"))
    return int(given)
