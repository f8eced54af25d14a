"""Child processes of the measurements: started, watched, and gone when their block ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

#: How long a child may take to start, and to stop when asked, s.
PATIENCE_S: Final = 60.0


@contextlib.contextmanager
def child(argv: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, silent, ended with the block."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | dict(env or {}),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody listens; fails when the process ends first."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of all below it that still run, user and system, s."""
    parents = {int(path.name): _fields(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    family, grown = {pid}, 0
    while grown != len(family):
        grown = len(family)
        family |= {id for id, fields in parents.items() if fields and int(fields[1]) in family}
    ticks = sum(int(fields[11]) + int(fields[12]) for id in family if (fields := parents.get(id)))
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(path: Path) -> list[str]:
    """What the kernel tells about a process after its name: state, parent, ...; nothing once it is gone."""
    try:
        return (path / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
