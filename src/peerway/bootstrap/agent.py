"""The agent process: the one that touches the data plane. Started by `peerway up`, or by hand as `peerway agent`."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from peerway.adapters.agent.server import Abilities, AgentServer
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane, join
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.app.reconcilers.network import NetworkReconciler
from peerway.app.runner import Runner
from peerway.bootstrap.parts import (
    AGENT_SOCKET,
    KERNEL_STATE,
    configure_logs,
    make_clock,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.settings import AgentOptions

log = structlog.get_logger(__name__)

#: How often the reconciler looks without being woken, s.
LOOK_S: Final = 0.5

#: How often drift is looked for and mended, s.
REPAIR_S: Final = 5.0


def run_agent(options: AgentOptions) -> int:
    """Keep the kernel data plane right until told to stop; the process's exit status."""
    configure_logs(options.log_format)
    folder = make_data_folder(options)
    # Entering the holder's user namespace is only possible while the process has one thread: it comes before everything else.
    join(folder / KERNEL_STATE)
    dataplane = KernelDataPlane(folder / KERNEL_STATE)
    store = make_store(options)
    network = NetworkReconciler(store, dataplane, make_world(options), make_clock())
    runner = Runner("network", network_step(network), LOOK_S)
    shell = Shell(folder / KERNEL_STATE)
    abilities = Abilities(dataplane.probe, shell.spawn, runner.wake, lambda: network.applied)
    server = AgentServer(folder / AGENT_SOCKET, abilities)
    _stop_on_signals(runner)
    if options.parent_fd is not None:
        _stop_with_parent(runner, options.parent_fd)
    log.info("agent runs", dataplane=dataplane.name)
    runner.run()
    server.close()
    dataplane.close(destroy=options.cleanup)
    store.close()
    return 0


def network_step(network: NetworkReconciler) -> Callable[[], None]:
    """The reconciler's step, with a look for drift every `REPAIR_S`."""
    next_repair = time.monotonic() + REPAIR_S

    def step() -> None:
        nonlocal next_repair
        while network.step():
            continue
        if time.monotonic() >= next_repair:
            network.repair()
            next_repair = time.monotonic() + REPAIR_S

    return step


def _stop_on_signals(runner: Runner) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: runner.request_stop())


def _stop_with_parent(runner: Runner, fd: int) -> None:
    """Stop when the parent's end of the pipe closes, however the parent ended."""

    def watch() -> None:
        os.read(fd, 1)
        runner.request_stop()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
