"""What the API tells about itself: one log line and some numbers a request, and the numbers at `/metrics`.

Owns the outermost layer: no exception gets past it, and none of its text gets out. No secret may be logged: paths are logged as
their route's template, headers and bodies never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from peerway.api.serving.trace import Trace, start_trace
from peerway.app.store import Reader, where
from peerway.domain.errors import PeerwayError
from peerway.domain.intent import Intent, IntentState
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.vpc import Instance, Vpc

log = structlog.get_logger(__name__)

#: Upper ends of the latency histogram's buckets, s.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The numbers of one application."""

    def __init__(self, version: str, dataplane: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "route")
        self._requests = Counter(
            "peerway_http_requests", "Requests answered.", (*labels, "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "peerway_http_request_seconds", "Time to answer.", labels, buckets=BUCKETS, registry=self.registry
        )
        self.watchers = Gauge("peerway_watchers", "Open watch streams.", registry=self.registry)
        self._revision = Gauge(
            "peerway_store_revision", "Last revision of the store.", registry=self.registry
        )
        self._applied = Gauge(
            "peerway_dataplane_revision",
            "Last revision that the data plane has reached.",
            registry=self.registry,
        )
        self._peerings = Gauge(
            "peerway_peerings", "Peer connections by state.", ("state",), registry=self.registry
        )
        self._vpcs = Gauge("peerway_vpcs", "VPCs.", registry=self.registry)
        self._instances = Gauge("peerway_instances", "Instances.", registry=self.registry)
        self._intents = Gauge("peerway_intents", "Intents by state.", ("state",), registry=self.registry)
        build = Gauge("peerway_build_info", "Always 1.", ("version", "dataplane"), registry=self.registry)
        build.labels(version, dataplane).set(1)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:
            children = self._requests.labels(method, route, status), self._seconds.labels(method, route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def look(self, tx: Reader, applied: int) -> None:
        """Take the numbers that the store has."""
        self._revision.set(tx.revision)
        self._applied.set(applied)
        self._vpcs.set(tx.count(Vpc))
        self._instances.set(tx.count(Instance))
        for standing in IntentState:
            self._intents.labels(standing.value).set(tx.count(Intent, where("state", standing)))
        for state in PeeringState:
            self._peerings.labels(state.value).set(tx.count(Peering, where("state", state)))

    def text(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self.registry)


class Telemetry:
    """ASGI middleware, for HTTP only: gives each request an id, logs and counts its answer, and lets no exception through.

    `tell` makes the answer for an error that no door told, `excuse` the one for a failure of our own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        monotonic: Callable[[], float],
        tell: Callable[[PeerwayError, str], Response],
        excuse: Callable[[str], Response],
    ) -> None:
        self._app = app
        self._tell = tell
        self._excuse = excuse
        self._metrics = metrics
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        trace = start_trace(scope)
        started = self._monotonic()
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", trace.request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except PeerwayError as error:
            if status == 0:
                await self._tell(error, trace.request_id)(scope, receive, send_noting)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception(
                "request failed", request_id=trace.request_id, route=trace.route, method=scope["method"]
            )
            if status == 0:
                await self._excuse(trace.request_id)(scope, receive, send_noting)
        finally:
            self._note(scope["method"], trace, status, self._monotonic() - started)

    def _note(self, method: str, trace: Trace, status: int, seconds: float) -> None:
        shown = method if method in METHODS else "OTHER"
        self._metrics.count(shown, trace.route or "none", status, seconds)
        log.info(
            "request",
            request_id=trace.request_id,
            account=trace.uid,
            method=shown,
            route=trace.route,
            status=status,
            duration_ms=round(seconds * 1000, 3),
        )


#: Methods that count under their own name: callers can't make up new time series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
