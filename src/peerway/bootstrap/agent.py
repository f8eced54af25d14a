"""The agent process: the one that touches the data plane. Started by `peerway up`, or by hand as `peerway agent`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import structlog

from peerway.adapters.agent.server import Abilities, AgentServer, Spawn
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane, join
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.app.dataplane import DataPlane, LinkCounters
from peerway.app.reconcilers.health import HealthReconciler
from peerway.app.reconcilers.network import NetworkReconciler
from peerway.app.runner import Runner
from peerway.app.store import Store
from peerway.bootstrap.lock import only_one
from peerway.bootstrap.parts import (
    AGENT_SOCKET,
    KERNEL_STATE,
    choose_dataplane,
    collect_rarely,
    configure_logs,
    make_clock,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.bootstrap.stopping import stop_on_signals, stop_when_readable
from peerway.domain.errors import Conflict
from peerway.fabric.model import Fabric
from peerway.settings import AgentOptions, DataPlaneChoice

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: How often the reconciler looks without being woken, s.
LOOK_S: Final = 0.1

#: How often the health checks' verdicts are looked at without being told that one turned, s.
HEALTH_S: Final = 1.0

#: How often a round through all routers begins that looks for drift and mends it, s.
ROUND_S: Final = 5.0

#: How long a predecessor, whose parent was killed, may take to end, s.
PREDECESSOR_S: Final = 10.0

#: Routers looked at in one step of a round: about 5 ms, which a change may have to wait.
PIECE: Final = 4


@dataclass(frozen=True, slots=True)
class Driver:
    """A data plane and how commands are run in its guests."""

    #: The data plane.
    dataplane: DataPlane
    #: Starts a command in one of its guests.
    spawn: Spawn


def run_agent(options: AgentOptions) -> int:
    """Keep the data plane right until told to stop; the process's exit status."""
    configure_logs(options.log_format)
    collect_rarely()
    folder = make_data_folder(options)
    with only_one(folder / "agent.lock", PREDECESSOR_S):
        return _run_alone(options, folder)


def _run_alone(options: AgentOptions, folder: Path) -> int:
    """The agent's life, once no other runs on the folder."""
    # Comes before everything else: entering the holder's user namespace is only possible while the process has one thread.
    driver = make_driver(options)
    store = make_store(options)
    network = NetworkReconciler(store, driver.dataplane, make_world(options), make_clock())
    # A data plane's counters are read between its changes, not beside them.
    turn = threading.Lock()
    runner = Runner("network", in_turn(turn, network_step(network)), LOOK_S)
    health = Runner("health", health_step(store, driver.dataplane, network, runner.wake), HEALTH_S)
    driver.dataplane.on_health(health.wake)
    plane = driver.dataplane
    abilities = Abilities(
        plane.probe,
        plane.guest_addresses,
        driver.spawn,
        runner.wake,
        lambda: network.applied,
        in_turn(turn, counters_of(plane)),
    )
    server = AgentServer(folder / AGENT_SOCKET, abilities)
    stop_on_signals(runner)
    if options.parent_fd is not None:
        stop_when_readable(runner, options.parent_fd, "parent-watch")
    log.info("agent runs", dataplane=driver.dataplane.name)
    health.start()
    runner.run()
    health.stop()
    server.close()
    # Only an orderly end removes anything: an agent that fails is started again and finds its network as it was.
    driver.dataplane.close(destroy=options.cleanup)
    store.close()
    return 0


def make_driver(options: AgentOptions) -> Driver:
    """The data plane of the installation."""
    chosen, _ = choose_dataplane(options.dataplane)
    if chosen is DataPlaneChoice.MEMORY:
        return Driver(MemoryDataPlane(), _no_guests)
    state = options.data / KERNEL_STATE
    join(state)
    dataplane = KernelDataPlane(state, flowtables=options.flowtables)
    return Driver(dataplane, Shell(state, dataplane.resolv_conf).spawn)


def _no_guests(endpoint_id: str, *_: object, **__: object) -> NoReturn:
    raise Conflict("the memory data plane has no guests to run commands in", code="no_guests", id=endpoint_id)


def health_step(
    store: Store, dataplane: DataPlane, network: NetworkReconciler, wake: Callable[[], None]
) -> Callable[[], bool]:
    """The step that stores the verdicts, and wakes the network's reconciler when they changed anything."""

    def fabric() -> Fabric | None:
        return None if network.view is None else network.view.fabric

    health = HealthReconciler(store, dataplane, make_clock(), fabric)

    def step() -> bool:
        if health.step():
            wake()
        return False

    return step


def in_turn(turn: threading.Lock, work: Callable[[], T]) -> Callable[[], T]:
    """The same work, for one caller at a time."""

    def run() -> T:
        with turn:
            return work()

    return run


def counters_of(dataplane: DataPlane) -> Callable[[], Mapping[tuple[str, str], LinkCounters] | None]:
    """Reads what passed over links; None where no packets are carried, which is not the same as none that passed."""
    return dataplane.counters if dataplane.name != DataPlaneChoice.MEMORY else lambda: None


def network_step(network: NetworkReconciler) -> Callable[[], bool]:
    """The reconciler's step, and a look for drift at some routers after it; whether there may be more to follow."""
    next_round = time.monotonic() + ROUND_S
    left = 0

    def step() -> bool:
        nonlocal next_round, left
        worked = network.step()
        if left or time.monotonic() >= next_round:
            next_round = next_round if left else time.monotonic() + ROUND_S
            left = network.repair(PIECE)
        return worked

    return step
