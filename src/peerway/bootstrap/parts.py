"""Parts that several processes share, made from settings."""

from __future__ import annotations

import gc
import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import structlog

from peerway.adapters.dataplane.kernel.capabilities import usable
from peerway.adapters.entropy import SystemEntropy
from peerway.adapters.sealer import FernetSealer
from peerway.adapters.store import SqlStore, open_store
from peerway.app.agent import AgentPort
from peerway.app.clock import SystemClock
from peerway.app.following import NetworkFollower
from peerway.app.store import Store
from peerway.app.world import World
from peerway.domain.errors import InvalidInput
from peerway.domain.port import PortKind, parse_port
from peerway.profiles.model import load_access_points, load_limits, load_profiles, load_regions
from peerway.profiles.prices import load_price_books
from peerway.settings import Common, DataPlaneChoice, LogFormat

#: Name of the agent's socket in the data folder.
AGENT_SOCKET: Final = "agent.sock"

#: Name of the folder in the data folder that the kernel data plane keeps its state in.
KERNEL_STATE: Final = "kernel"


@dataclass(slots=True)
class Parts:
    """What the API and the worker are made of; in one process they share it."""

    #: The only truth.
    store: Store
    #: Catalogues, ids and secrets.
    world: World
    #: The process at the data plane.
    agent: AgentPort
    #: The network that questions are asked of.
    networks: NetworkFollower = field(default_factory=NetworkFollower)
    #: Tells the worker that there is something to do; nothing where that is another process.
    wake_worker: Callable[[], None] = lambda: None


def make_data_folder(options: Common) -> Path:
    """The data folder, made for this user only when it is missing; `InvalidInput` when it can't be written to."""
    try:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=options.data):
            return options.data
    except OSError as error:
        raise InvalidInput("data", f"can't be written to: {error.strerror}", options.data) from error


def make_store(options: Common) -> SqlStore:
    """The store, brought to the current schema; `InvalidInput` when there can be none at that address."""
    try:
        return open_store(options.store_url)
    except ValueError as error:
        raise InvalidInput("database", f"can't be used: {error}") from error


def make_world(options: Common, line_port: str | None = None) -> World:
    """The catalogues, and the installation's key from its file; `InvalidInput` for a port that only one line could have."""
    if line_port is not None and parse_port(line_port, "line-port")[0] is not PortKind.NETNS:
        raise InvalidInput("line-port", "must be netns:PATH, as all lines share it", line_port)
    return World(
        regions=load_regions(),
        profiles=load_profiles(),
        limits=load_limits(),
        entropy=SystemEntropy(),
        sealer=FernetSealer(options.data / "secret.key"),
        access_points=load_access_points(),
        prices=load_price_books(),
        line_port=line_port,
    )


def make_clock() -> SystemClock:
    """The real clock."""
    return SystemClock()


def choose_dataplane(choice: DataPlaneChoice) -> tuple[DataPlaneChoice, str]:
    """What `auto` comes to on this machine, and why."""
    if choice is not DataPlaneChoice.AUTO:
        return choice, "as asked for"
    possible, reason = usable()
    return (DataPlaneChoice.KERNEL if possible else DataPlaneChoice.MEMORY), reason


def collect_rarely() -> None:
    """Look for cyclic garbage less often: many long-lived values make each look dear, and hardly anything here is cyclic."""
    gc.set_threshold(20_000, 50, 100)


def configure_logs(log_format: LogFormat) -> None:
    """Structured logs to standard error: lines for people, or JSON where nobody looks on."""
    people = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if people
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
