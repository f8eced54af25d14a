"""`peerway up`: everything in one command. API and worker here, the data plane in an agent process beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Final, Self

import structlog

from peerway.adapters.agent.client import SocketAgent
from peerway.adapters.dataplane.kernel.holder_client import end_holder
from peerway.app.store import Store
from peerway.app.usecases.accounts import ensure_operator
from peerway.app.world import World
from peerway.bootstrap.api import listen, make_worker, serve, url_of
from peerway.bootstrap.lock import only_one
from peerway.bootstrap.parts import (
    AGENT_SOCKET,
    KERNEL_STATE,
    choose_dataplane,
    configure_logs,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.domain.errors import InvalidInput, Unavailable
from peerway.settings import DataPlaneChoice, UpOptions

log = structlog.get_logger(__name__)

#: How long the agent may take to bring the data plane up before `up` gives up, s.
AGENT_START_S: Final = 60.0

#: How long the agent may take to stop, s.
AGENT_STOP_S: Final = 60.0

#: Pause before an agent that ended by itself is started again, s.
RESTART_PAUSE_S: Final = 0.5


def run_up(options: UpOptions) -> int:
    """Run a whole installation until SIGTERM or SIGINT; the process's exit status."""
    configure_logs(options.log_format)
    folder = make_data_folder(options)
    _make_way_for_ready_file(options)
    with only_one(folder / "up.lock", 0), contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(options.listen))
        world = make_world(options)
        chosen, reason = choose_dataplane(options.dataplane)
        if chosen is DataPlaneChoice.MEMORY:
            log.warning("no packets will be carried: the data plane is memory", reason=reason)
        store = make_store(options)
        stack.callback(store.close)
        ready = {"url": url_of(listener), "dataplane": chosen.value}
        if options.dev_account:
            ready |= _operator_credentials(store, world)
        agent = stack.enter_context(AgentProcess(options, chosen)).door
        worker = make_worker(store, world)
        worker.start()
        stack.callback(worker.stop)
        serve(options, listener, store, world, agent, lambda: _announce(options, ready))
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
    return 0


def _operator_credentials(store: Store, world: World) -> dict[str, str]:
    fresh = store.write(lambda tx: ensure_operator(tx, world))
    return {
        "uid": fresh.account.uid,
        "access_key_id": fresh.credential.id,
        "access_key_secret": fresh.access_key_secret,
        "token": fresh.token,
    }


def _announce(options: UpOptions, ready: dict[str, str]) -> None:
    """Write the ready file in one move, readable by this user only."""
    log.info("peerway is up", url=ready["url"], dataplane=ready["dataplane"])
    if options.ready_file is None:
        return
    draft = options.ready_file.with_name(options.ready_file.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(ready, file)
    draft.replace(options.ready_file)


def _make_way_for_ready_file(options: UpOptions) -> None:
    """Make the ready file's folder before anything is started, and refuse what can't be one."""
    if options.ready_file is None:
        return
    try:
        options.ready_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("ready-file", f"can't be written: {error.strerror}", options.ready_file) from error


class AgentProcess:
    """The agent as a child: started, watched, started again when it dies, stopped with the parent."""

    def __init__(self, options: UpOptions, dataplane: DataPlaneChoice) -> None:
        self._options = options
        self._dataplane = dataplane
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="agent-watch", daemon=True)
        self.door = SocketAgent(options.data / AGENT_SOCKET, dataplane.value)

    def __enter__(self) -> Self:
        self._read_end, self._write_end = os.pipe2(os.O_CLOEXEC)
        self._child = self._start()
        self._watcher.start()
        try:
            self._await_ready()
        except Unavailable:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        child = self._child
        if child is not None:
            child.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(AGENT_STOP_S)
        self._watcher.join()
        if self._options.cleanup:
            # The agent does this as it ends; one that was just killed, and not yet started again, did not.
            end_holder(self._options.data / KERNEL_STATE)
        self.door.close()
        os.close(self._write_end)
        os.close(self._read_end)

    def _start(self) -> subprocess.Popen[bytes]:
        options = self._options
        argv = [sys.executable, "-m", "peerway.bootstrap.agent_main", "--data", str(options.data)]
        argv += ["--dataplane", self._dataplane, "--parent-fd", str(self._read_end)]
        argv += ["--log-format", options.log_format]
        if options.database is not None:
            argv += ["--database", options.database]
        if options.cleanup:
            argv.append("--cleanup")
        # A group of its own, so that Ctrl-C in a terminal reaches only the parent, which then stops the agent in order.
        return subprocess.Popen(argv, pass_fds=(self._read_end,), start_new_session=True)

    def _watch(self) -> None:
        while True:
            child = self._child
            if child is None:
                return
            status = child.wait()
            if self._stopping.wait(RESTART_PAUSE_S):
                return
            log.error("the agent ended by itself; it is started again", status=status)
            self._child = self._start()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + AGENT_START_S
        while self.door.applied_revision() < 0:
            if time.monotonic() > deadline:
                raise Unavailable("the agent did not bring the data plane up in time")
            self._stopping.wait(0.02)
