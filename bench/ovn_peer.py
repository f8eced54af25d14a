"""The one to compare with: OVN's databases, its northd, and an `ovn-trace` daemon that is asked over its control socket.

All of it runs as children with a folder of their own; no chassis, no packets, nothing of the machine's own OVN.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.builders.strategies import of_kind
from tests.builders.topology import Topology

from bench.ovn_network import rows
from bench.processes import child
from bench.rpc import PATIENCE_S, Rpc, speaking
from peerway.domain.vpc import Instance

#: Programs that are needed.
TOOLS: Final = ("ovsdb-server", "ovsdb-tool", "ovn-nbctl", "ovn-northd", "ovn-trace")

#: Where Debian keeps the schemas.
SCHEMAS: Final = Path("/usr/share/ovn")

#: Pause between two looks at whether a daemon is ready, s.
LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class OvnTrace:
    """A running daemon that knows the network."""

    #: How to ask it.
    door: Rpc
    #: From the first row until the southbound database was complete, s.
    filled_s: float
    #: From there until the daemon answered, s.
    loaded_s: float
    #: Its resident memory, MiB.
    memory_mib: float

    def ask(self, datapath: str, microflow: str) -> str:
        """What becomes of a packet, in the daemon's shortest words.

        Connections count as known already, which the daemon can't be told otherwise; OVN judges their packets anew.
        """
        return str(self.door.call("trace", ["--minimal", datapath, microflow]))

    def delivers(self, datapath: str, microflow: str, port: str) -> bool:
        """Whether the packet comes out of that port."""
        return f'output("{port}")' in self.ask(datapath, microflow)


def missing() -> list[str]:
    """Programs that are not here."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


@contextlib.contextmanager
def running_ovn(topology: Topology) -> Iterator[OvnTrace]:
    """OVN with the topology in it, ended with the block."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="peerway-ovn-")))
        paths = ("OVN_RUNDIR", "OVN_DBDIR", "OVN_LOGDIR", "OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR")
        env = dict.fromkeys(paths, str(folder))
        for name in ("nb", "sb"):
            stack.enter_context(_database(folder, name, env))
        north = f"--ovnnb-db=unix:{folder}/nb.sock", f"--ovnsb-db=unix:{folder}/sb.sock"
        quiet = "-vconsole:off", "-vsyslog:off"
        _run(["ovn-nbctl", f"--db=unix:{folder}/nb.sock", "init"], env)
        northd = ["ovn-northd", *north, f"--unixctl={folder}/northd.ctl", "--n-threads=2", *quiet]
        stack.enter_context(child(northd, env))
        started = time.perf_counter()
        _fill(folder / "nb.sock", topology)
        filled = time.perf_counter()
        pid_file = folder / "trace.pid"
        options = f"--db=unix:{folder}/sb.sock", f"--unixctl={folder}/trace.ctl", f"--pidfile={pid_file}"
        stack.callback(_end, pid_file)
        _run(["ovn-trace", *options, "--detach", "--no-chdir", *quiet], env)
        door = stack.enter_context(speaking(folder / "trace.ctl"))
        _await_network(door, topology)
        loaded = time.perf_counter()
        memory = _memory_mib(int(pid_file.read_text()))
        yield OvnTrace(door, filled - started, loaded - filled, memory)


@contextlib.contextmanager
def _database(folder: Path, name: str, env: dict[str, str]) -> Iterator[None]:
    file, path = folder / f"{name}.db", folder / f"{name}.sock"
    _run(["ovsdb-tool", "create", str(file), str(SCHEMAS / f"ovn-{name}.ovsschema")], env)
    server = ["ovsdb-server", f"--remote=punix:{path}", f"--unixctl={folder}/{name}.ctl"]
    with child([*server, "-vconsole:off", "-vsyslog:off", str(file)], env):
        _until(path.exists, f"{name} listens")
        yield


def _fill(path: Path, topology: Topology) -> None:
    """Write the network, and wait until northd has made logical flows of it."""
    with speaking(path) as door:
        door.transact("OVN_Northbound", rows(topology))
        look = {"op": "select", "table": "NB_Global", "where": [], "columns": ["sb_cfg"]}

        def done() -> bool:
            return bool(door.transact("OVN_Northbound", [look])[0]["rows"][0]["sb_cfg"] >= 1)

        _until(done, "northd has done its work")


def _await_network(door: Rpc, topology: Topology) -> None:
    """The daemon reads its database by itself; it knows all once it knows the last instance."""
    last = of_kind(topology, Instance)[-1]

    def known() -> bool:
        try:
            door.call("trace", ["--minimal", last.vswitch_id, f'inport == "{last.id}"'])
        except AssertionError:
            return False
        return True

    _until(known, "ovn-trace knows the network")


def _run(argv: list[str], env: dict[str, str]) -> None:
    subprocess.run(argv, check=True, env=os.environ | env, stdin=subprocess.DEVNULL, capture_output=True)


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(LOOK_S)


def _end(pid_file: Path) -> None:
    """End the daemon, which is no child: it let go of its parent."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(pid_file.read_text()), 15)


def _memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
