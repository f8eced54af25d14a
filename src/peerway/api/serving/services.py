"""What the native API is built from, and how much it takes. Values only; who makes them is `bootstrap`'s business."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from peerway.app.agent import AgentPort
from peerway.app.clock import Clock, SystemClock
from peerway.app.following import NetworkFollower
from peerway.app.store import Store
from peerway.app.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request, one account and one process may ask for."""

    #: Largest request body.
    max_body_bytes: int = 1 << 20
    #: Requests a second that one account may make for long.
    requests_per_second: float = 2000
    #: Requests that one account may make at once after a pause.
    burst: int = 20_000
    #: Failed authentications a second that one address may make for long; ten times that at once.
    failures_per_second: float = 10
    #: How long a request's body may take to arrive.
    body_timeout_s: float = 10.0
    #: How long a request may take before its caller is told to ask again.
    timeout_s: float = 30.0
    #: Watch streams of one account in one process.
    watchers_per_account: int = 32
    #: How long a watch stream may be silent before it sends a comment.
    heartbeat_s: float = 15.0
    #: How often a watch looks for what other processes wrote.
    poll_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the handlers work with."""

    #: The only truth.
    store: Store
    #: Catalogues, ids and secrets.
    world: World
    #: The process at the data plane.
    agent: AgentPort
    #: The network that questions are asked of. A process keeps one: what guards its writes and works behind it has the same.
    networks: NetworkFollower
    #: Tells the worker that an analysis was asked for; one in another process looks by itself, only later.
    wake_worker: Callable[[], None] = lambda: None
    #: Bounds.
    limits: Limits = field(default_factory=Limits)
    #: Whether the store answers point reads so fast (an embedded file) that they may run in the event loop.
    inline_reads: bool = True
    #: Threads for lists, probes and whatever else may take long.
    threads: int = 8
    #: The time by which signed requests are too old or too new.
    clock: Clock = field(default_factory=SystemClock)
    #: Seconds of a clock that never goes back.
    monotonic: Callable[[], float] = time.monotonic
