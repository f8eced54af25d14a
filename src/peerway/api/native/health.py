"""Whether this process lives, whether it can serve, and its numbers: for probes and Prometheus, without authentication."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peerway.api.native.call import answer
from peerway.api.serving.services import Services
from peerway.api.serving.telemetry import Metrics
from peerway.domain.errors import PeerwayError

#: Their paths.
HEALTH: Final = ("/healthz", "/readyz", "/metrics")

InThread = Callable[[Callable[[], Response]], Awaitable[Response]]


def health_routes(services: Services, metrics: Metrics, in_thread: InThread) -> list[Route]:
    """The routes `/healthz`, `/readyz` and `/metrics`."""

    async def healthz(_: Request) -> Response:
        """The event loop turns."""
        return answer({"status": "alive"})

    async def readyz(_: Request) -> Response:
        """The store can be reached and the agent is there."""
        return await in_thread(lambda: _readiness(services))

    async def numbers(_: Request) -> Response:
        """Prometheus' text format."""
        return await in_thread(lambda: _numbers(services, metrics))

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", numbers)]


def _readiness(services: Services) -> Response:
    store, agent = _store_answers(services), services.agent.applied_revision() >= 0
    content = {
        "status": "ready" if store and agent else "not ready",
        "store": "reachable" if store else "unreachable",
        "agent": "present" if agent else "absent",
        "dataplane": services.agent.dataplane_name,
    }
    return answer(content, 200 if store and agent else 503)


def _store_answers(services: Services) -> bool:
    try:
        services.store.ping()
    except PeerwayError:
        return False
    return True


def _numbers(services: Services, metrics: Metrics) -> Response:
    applied = services.agent.applied_revision()
    services.store.read(lambda tx: metrics.look(tx, applied))
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
