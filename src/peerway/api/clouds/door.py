"""The clouds' door: from an ASGI request to an action's operation and back, past signature and rate limit.

Owns the order of the steps, the same for every dialect. What is no dialect's goes on to the application behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from peerway.api.clouds.action import Answer, Effect
from peerway.api.clouds.call import AnyCall, Call
from peerway.api.clouds.dialect import Asked, Dialect
from peerway.api.clouds.identity import Keyring
from peerway.api.clouds.parameters import Given
from peerway.api.clouds.wire import Wire, body_of, head_of
from peerway.api.serving.tools import Tools
from peerway.api.serving.trace import trace_of
from peerway.app.store import Reader
from peerway.app.usecases.access import require_member
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, PeerwayError, Unavailable

log = structlog.get_logger(__name__)

#: The parameter that asks whether an action would succeed.
DRY_RUN = "DryRun"


class CloudDoor:
    """ASGI middleware, for HTTP only, that serves the dialects' actions."""

    def __init__(self, app: ASGIApp, tools: Tools, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._tools = tools
        self._dialects = dialects
        self._keyring = Keyring(tools)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or hand it on."""
        head = head_of(scope) if scope["type"] == "http" and not _is_ours(scope["path"]) else None
        candidates = [dialect for dialect in self._dialects if head is not None and dialect.takes(head)]
        if head is None or not candidates:
            await self._app(scope, receive, send)
            return
        response = await self._serve(candidates, head, scope, receive)
        await response(scope, receive, send)

    async def _serve(
        self, candidates: Sequence[Dialect], head: Wire, scope: Scope, receive: Receive
    ) -> Response:
        """The answer, whatever happens: an error is told in the dialect's own way."""
        # Until the body is there, and for one that is too large, the head has to tell whose request it is.
        dialect = next((one for one in candidates if one.claims(head)), candidates[0])
        wire, asked = head, None
        request_id = dialect.new_request_id()
        trace = trace_of(scope)
        try:
            body = await body_of(scope, receive, self._tools.services.limits)
            if body:
                wire = replace(head, body=body)
                chosen = next((one for one in candidates if one.claims(wire)), dialect)
                if chosen is not dialect:
                    dialect, request_id = chosen, chosen.new_request_id()
            trace.request_id, trace.route = request_id, dialect.name
            asked = dialect.read(wire)
            trace.route = f"{dialect.name} {asked.action.product.name}.{asked.action.name}"
            caller = await self._keyring.admit(asked.claim, scope, request_id)
            trace.uid = caller.uid
            if asked.action.operation.effect is Effect.WRITE:
                # Before its parameters are looked at: that nothing is to be done is no answer to a reader.
                require_member(caller)
            content = await self._run(dialect, asked, caller)
            return dialect.answer(wire, asked, content, request_id)
        except PeerwayError as error:
            return dialect.refuse(wire, asked, error, request_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("request failed", request_id=request_id, route=trace.route)
            failure = PeerwayError("something went wrong on our side", code="internal")
            return dialect.refuse(wire, asked, failure, request_id)

    async def _run(self, dialect: Dialect, asked: Asked, caller: Caller) -> Answer:
        given = dialect.given(asked)
        try:
            async with asyncio.timeout(self._tools.services.limits.timeout_s):
                return await self._operate(asked, given, caller)
        except TimeoutError:
            raise Unavailable("the request took too long; ask again", code="timeout") from None

    async def _operate(self, asked: Asked, given: Given, caller: Caller) -> Answer:
        operation, services = asked.action.operation, self._tools.services
        calls: list[AnyCall] = []

        def work(tx: Any) -> Answer:
            call: AnyCall = Call(tx, services, caller, asked.region_id, asked.host)
            calls.append(call)
            return operation.run(call, given)

        content: Answer = None
        if operation.effect is not Effect.WRITE:
            content = await self._read(work, short=operation.finds(given))
        elif given.get(DRY_RUN):
            await self._tools.writes.write(lambda tx: tx.trial(work))
        else:
            content = await self._tools.writes.write(work)
        if given.get(DRY_RUN):
            raise Conflict("the request would have succeeded", code="dry_run")
        if calls[-1].wakes_worker:
            services.wake_worker()
        return content

    async def _read(self, work: Callable[[Reader], Answer], *, short: bool) -> Answer:
        services = self._tools.services
        if short and services.inline_reads:
            return services.store.read(work)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._tools.executor, services.store.read, work)


def _is_ours(path: str) -> bool:
    """Whether a path is the native API's, so that it need not be looked at further."""
    return path.startswith("/api/")
