"""The agent as a child of `peerway up`: started, watched, started again when it dies, stopped with the parent."""

from __future__ import annotations

import contextlib
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
from peerway.bootstrap.parts import AGENT_SOCKET, KERNEL_STATE
from peerway.domain.errors import Unavailable
from peerway.settings import DataPlaneChoice, UpOptions

log = structlog.get_logger(__name__)

#: How long the agent may take to bring the data plane up before `up` gives up, s.
START_S: Final = 60.0

#: How long the agent may take to stop before it is killed, s.
STOP_S: Final = 60.0

#: Pause before an agent that ended by itself is started again, s.
RESTART_PAUSE_S: Final = 0.5

#: Pause between two looks at whether the data plane is up, s.
LOOK_S: Final = 0.02


class AgentProcess:
    """Entered, an agent runs and has brought the data plane up (`Unavailable` when it can't); left, it has ended."""

    def __init__(self, options: UpOptions, dataplane: DataPlaneChoice) -> None:
        self.door = SocketAgent(options.data / AGENT_SOCKET, dataplane.value)
        self._options = options
        self._dataplane = dataplane
        # The agent follows the parent by this pipe: its end tells that the parent is gone, however it went.
        self._read_end, self._write_end = os.pipe2(os.O_CLOEXEC)
        self._stopping = threading.Event()
        # Held while a child is started and while stopping begins: no child is started that nobody will stop.
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher = threading.Thread(target=self._watch, name="agent-watch", daemon=True)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self._end)
            self._child = self._start()
            self._watcher.start()
            self._await_ready()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        with self._starting:
            self._stopping.set()
            child = self._child
        if child is not None:
            _stop(child)
        if self._watcher.is_alive():
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
        if not options.flowtables:
            argv.append("--no-flowtables")
        # A group of its own, so that Ctrl-C in a terminal reaches only the parent, which then stops the agent in order.
        return subprocess.Popen(argv, pass_fds=(self._read_end,), start_new_session=True)

    def _watch(self) -> None:
        """Start the agent again whenever it ends, until stopping."""
        while self._child is not None:
            status = self._child.wait()
            self._stopping.wait(RESTART_PAUSE_S)
            with self._starting:
                if self._stopping.is_set():
                    return
                log.error("the agent ended by itself; it is started again", status=status)
                self._child = self._start()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while self.door.applied_revision() < 0:
            if time.monotonic() > deadline:
                raise Unavailable("the agent did not bring the data plane up in time")
            self._stopping.wait(LOOK_S)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the agent in order; one that does not end in time is killed, so that its parent can end."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        log.warning("the agent did not end in time; it is killed", pid=child.pid)
        child.kill()
        child.wait()
