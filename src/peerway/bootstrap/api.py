"""The API process; and the HTTP server that `peerway up` shares with it."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import structlog
import uvicorn

from peerway.adapters.agent.client import SocketAgent
from peerway.api.app import create_app
from peerway.api.serving.services import Limits, Services
from peerway.app.guarding import guarded
from peerway.bootstrap.accepting import TwoTongued
from peerway.bootstrap.http import BoundedHttp
from peerway.bootstrap.parts import (
    AGENT_SOCKET,
    Parts,
    choose_dataplane,
    collect_rarely,
    configure_logs,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.bootstrap.tls import Tls, make_tls
from peerway.domain.errors import InvalidInput
from peerway.settings import ApiOptions

log = structlog.get_logger(__name__)

#: How long open connections get to end when stopping, s.
GRACE_S: Final = 2


def run_api(options: ApiOptions) -> int:
    """Serve the API until told to stop; the agent is another process."""
    configure_logs(options.log_format)
    collect_rarely()
    folder = make_data_folder(options)
    chosen, _ = choose_dataplane(options.dataplane)
    tls = make_tls(options)
    world = make_world(options, options.line_port)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(options.listen))
        store = stack.enter_context(contextlib.closing(make_store(options)))
        agent = stack.enter_context(contextlib.closing(SocketAgent(folder / AGENT_SOCKET, chosen.value)))
        serve(options, listener, tls, Parts(store, world, agent), lambda: None)
    return 0


def listen(address: str) -> socket.socket:
    """A listening TCP socket at `HOST:PORT` (`[::1]:8520` for IPv6); `InvalidInput` when that can't be had."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not host:
        raise InvalidInput("listen", "must be HOST:PORT", address)
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except (OSError, OverflowError) as error:
        listener.close()
        raise InvalidInput("listen", f"can't be listened at: {error}", address) from error
    listener.listen(1024)
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Where clients reach the listening socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class _Server(uvicorn.Server):
    """Takes TLS, too, if told how. Tells when it takes requests and when it is about to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        tls: Tls | None,
        on_started: Callable[[], None],
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        if self._tls is None:
            await super().startup(sockets=sockets)
        else:
            # All but the listening, which is done otherwise.
            await super().startup(sockets=[])
            self.servers += [self._take_both(listener, self._tls) for listener in sockets or []]
        self._on_started()

    def _take_both(self, listener: socket.socket, tls: Tls) -> Any:
        """What uvicorn needs of a server: that it can be closed."""

        def protocol() -> BoundedHttp:
            return BoundedHttp(self.config, self.server_state, self.lifespan.state)

        return TwoTongued(listener, protocol, tls.context, BoundedHttp.patience_s)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, so that streams without an end find one, then stop."""
        self._on_stopping()
        await super().shutdown(sockets=sockets)


def serve(
    options: ApiOptions,
    listener: socket.socket,
    tls: Tls | None,
    parts: Parts,
    on_started: Callable[[], None],
) -> None:
    """Serve all doors at the listening socket until SIGTERM or SIGINT."""

    def started() -> None:
        on_started()
        read_ahead(parts)

    limits = Limits(requests_per_second=options.requests_per_second, burst=10 * options.requests_per_second)
    # A file answers point reads in microseconds; a server on the network must not hold up the event loop.
    embedded = options.store_url.startswith("sqlite")
    services = Services(
        store=guarded(parts.store, parts.world, parts.networks),
        world=parts.world,
        agent=parts.agent,
        networks=parts.networks,
        wake_worker=parts.wake_worker,
        limits=limits,
        inline_reads=embedded,
    )
    app = create_app(services)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedHttp,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    server = _Server(config, tls, started, app.state.stop)

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    # The server has handlers of its own while it runs. These are for a signal just before, and for the one that the server raises
    # once more when it has stopped: by then there is nothing left to do about it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run(sockets=[listener])


def read_ahead(parts: Parts) -> threading.Thread:
    """Have the network read beside all else: with a large one the first who asks would wait longer than a request may take.

    The thread ends with the process, whatever it is at. Should the reading fail, who asks for the network meets that, too.
    """

    def read() -> None:
        try:
            parts.store.read(parts.networks.at)
        except Exception as error:  # noqa: BLE001 - nobody waits for it; stopping takes the store away in the middle
            log.info("the network was not read ahead", error=str(error))

    thread = threading.Thread(target=read, name="network", daemon=True)
    thread.start()
    return thread
