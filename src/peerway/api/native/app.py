"""The native API as one ASGI application.

Owns the order of the layers: telemetry (and with it the last resort for exceptions), what stands in front, the door, and FastAPI
behind it for what is not an operation: the OpenAPI document, health, metrics, and whatever else is mounted later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import cache

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

import peerway
from peerway.api.native.changes import changes_operation
from peerway.api.native.door import Door, Paths, method_not_allowed
from peerway.api.native.errors import problem, unexpected
from peerway.api.native.health import HEALTH, health_routes
from peerway.api.native.openapi import build_document
from peerway.api.native.operation import PREFIX, Operation
from peerway.api.native.routers import (
    accounts,
    administration,
    catalogue,
    databases,
    gateways,
    instances,
    intents,
    lines,
    load_balancers,
    metrics,
    nat_gateways,
    network_acls,
    paths,
    peerings,
    quotas,
    reachability,
    route_tables,
    router_interfaces,
    security_groups,
    shares,
    vbrs,
    vpcs,
    vswitches,
)
from peerway.api.native.watch import Feed, watch_operation
from peerway.api.serving.limits import Buckets
from peerway.api.serving.services import Services
from peerway.api.serving.telemetry import Metrics, Telemetry
from peerway.api.serving.tools import Tools
from peerway.api.serving.trace import trace_of
from peerway.app.readings import Readings
from peerway.domain.errors import InvalidInput, NotFound, PeerwayError

#: Where the OpenAPI document is.
OPENAPI = f"{PREFIX}/openapi.json"


class Application(FastAPI):
    """FastAPI behind the layers that all requests pass; those come first, as FastAPI's own way in costs more than they do."""

    #: The outermost layer; set once, when the application is made.
    layers: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the process's start and stop."""
        if scope["type"] == "http":
            await self.layers(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_native_app(services: Services, front: Callable[[ASGIApp, Tools], ASGIApp]) -> FastAPI:
    """The application, with other doors in `front` of this one.

    `app.state.stop()` ends its watch streams; call it when the server begins to stop.
    """
    executor = ThreadPoolExecutor(services.threads, thread_name_prefix="api")
    metrics = Metrics(peerway.__version__, services.agent.dataplane_name)
    feed = Feed(services, metrics.watchers.set)
    operations = (*all_operations(), watch_operation(feed))
    # One nudge a commit, by the thread that commits: it costs the requests nothing.
    services.store.on_commit(lambda _revision: services.agent.nudge())

    async def in_thread(work: Callable[[], Response]) -> Response:
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    app = Application(
        title="Peerway",
        version=peerway.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(feed, executor),
        routes=[*health_routes(services, metrics, in_thread), _openapi_route(operations, in_thread)],
        exception_handlers={HTTPException: _tell_http_exception},
    )
    app.state.stop = feed.close
    limits = services.limits
    buckets = Buckets(limits.requests_per_second, limits.burst, services.monotonic)
    failures = Buckets(limits.failures_per_second, 10 * limits.failures_per_second, services.monotonic)
    tools = Tools(
        services, services.store.loop_writes(), executor, buckets, failures, Readings(services.networks)
    )
    public, unbounded = frozenset({OPENAPI, *HEALTH}), frozenset({"/watch"})
    behind = super(Application, app).__call__
    door = Door(behind, paths=Paths(operations), tools=tools, public=public, unbounded=unbounded)
    app.layers = Telemetry(
        front(door, tools), metrics=metrics, monotonic=services.monotonic, tell=problem, excuse=unexpected
    )
    return app


def all_operations() -> tuple[Operation, ...]:
    """Every operation but the watch, which needs a feed."""
    plain = (
        *peerings.OPERATIONS,
        *router_interfaces.OPERATIONS,
        *lines.OPERATIONS,
        *vbrs.OPERATIONS,
        *vpcs.OPERATIONS,
        *vswitches.OPERATIONS,
        *route_tables.OPERATIONS,
        *security_groups.OPERATIONS,
        *network_acls.OPERATIONS,
        *instances.OPERATIONS,
        *accounts.OPERATIONS,
        *gateways.OPERATIONS,
        *nat_gateways.OPERATIONS,
        *load_balancers.OPERATIONS,
        *databases.OPERATIONS,
        *shares.OPERATIONS,
        *paths.OPERATIONS,
        *reachability.OPERATIONS,
        *intents.OPERATIONS,
        *metrics.OPERATIONS,
        *quotas.OPERATIONS,
        *administration.OPERATIONS,
        *catalogue.OPERATIONS,
    )
    return (*plain, changes_operation(Paths(plain)))


def _lifespan(
    feed: Feed, executor: ThreadPoolExecutor
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(feed.run(), name="feed")
        try:
            yield
        finally:
            feed.close()
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            executor.shutdown()

    return lifespan


def _openapi_route(
    operations: tuple[Operation, ...], in_thread: Callable[[Callable[[], Response]], Awaitable[Response]]
) -> Route:
    @cache
    def document() -> bytes:
        return orjson.dumps(build_document(operations, peerway.__version__))

    async def openapi(_: Request) -> Response:
        """The OpenAPI document."""
        return await in_thread(lambda: Response(document(), media_type="application/json"))

    return Route(OPENAPI, openapi)


async def _tell_http_exception(request: Request, exception: Exception) -> Response:
    """FastAPI's own refusals (no such path, no such method) as problems."""
    error: PeerwayError = NotFound("path", request.url.path[:200])
    if isinstance(exception, HTTPException) and exception.status_code == 405:
        allowed = (exception.headers or {}).get("Allow", "")
        error = method_not_allowed(request.method, [method.strip() for method in allowed.split(",")])
    elif isinstance(exception, HTTPException) and exception.status_code != 404:
        error = InvalidInput("request", "can't be understood", code="malformed_request")
    return problem(error, trace_of(request.scope).request_id)
