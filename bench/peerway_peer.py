"""A whole Peerway as `peerway up` starts it, without packets, on a store that was filled before. Nothing of it stays."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from bench.dialects import Server
from bench.filling import Filled, fill
from bench.machine import ROOT, filesystem_of
from bench.processes import child

#: How long the start of a filled installation may take, s.
PATIENCE_S: Final = 300.0

#: Quotas that tens of thousands of connections of one account need, and the limit that they get.
QUOTAS: Final = ("peerings_per_vpc", "peerings_per_account_and_region")
PLENTY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Peerway:
    """A running installation."""

    #: How the clients reach it.
    server: Server
    #: Process that serves.
    pid: int
    #: What it started with.
    filled: Filled
    #: Where its store is.
    data: Path
    #: The operator's way to it.
    operator: httpx.Client

    def settle(self) -> None:
        """Wait until the data plane is where the store is."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status: dict[str, Any] = self.operator.get("/status").raise_for_status().json()
            if status["applied_revision"] >= status["revision"]:
                return
            assert time.monotonic() < deadline, f"the data plane does not catch up: {status}"
            time.sleep(0.05)


@contextlib.contextmanager
def disk_folder() -> Iterator[Path]:
    """A folder below the checkout's `build`, gone with the block; temporary folders are in memory on many machines."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="bench-") as folder:
        assert filesystem_of(Path(folder)) not in {"tmpfs", "ramfs"}, "a store in memory is not durable"
        yield Path(folder)


@contextlib.contextmanager
def running_peerway(vpcs: int, peerings: int = 0) -> Iterator[Peerway]:
    """`peerway up --dataplane memory` with that many VPCs and active connections between two accounts, in sync."""
    with disk_folder() as data, serving(data, fill(data, vpcs, peerings)) as peerway:
        yield peerway


@contextlib.contextmanager
def serving(data: Path, filled: Filled) -> Iterator[Peerway]:
    """`peerway up --dataplane memory` on a folder that was filled, in sync."""
    # One account makes all requests; the limit that keeps accounts from one another is not what is measured.
    with started(data, "memory", "--requests-per-second", "1000000") as (process, ready):
        headers = {"Authorization": f"Bearer {ready['token']}"}
        with httpx.Client(base_url=f"{ready['url']}/api/v1", headers=headers, timeout=PATIENCE_S) as operator:
            peerway = Peerway(server_of(ready["url"], filled), process.pid, filled, data, operator)
            grant(operator, filled)
            peerway.settle()
            yield peerway


@contextlib.contextmanager
def started(
    data: Path, dataplane: str, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """`peerway up` on a data folder, and what its ready file says; ended with the block, with all that it made in the kernel."""
    ready_file = data / "ready.json"
    argv = [sys.executable, "-m", "peerway.cli.main", "up", "--data", str(data), "--listen", "127.0.0.1:0"]
    argv += [
        "--dataplane",
        dataplane,
        "--dev-account",
        "--ready-file",
        str(ready_file),
        "--cleanup",
        *options,
    ]
    with child(argv) as process:
        yield process, await_ready(process, ready_file)


def server_of(url: str, filled: Filled) -> Server:
    """How the two accounts' clients reach the server."""
    address = httpx.URL(url)
    tokens = (filled.requester.token, filled.accepter.token)
    return Server(
        kind="native",
        host=address.host,
        port=address.port or 80,
        tokens=tokens,
        accepter_uid=filled.accepter.account.uid,
    )


def grant(operator: httpx.Client, filled: Filled) -> None:
    """Let both accounts have as many connections as the measurement makes."""
    for account in (filled.requester.account, filled.accepter.account):
        for name in QUOTAS:
            operator.put(f"/quotas/{name}", json={"uid": account.uid, "limit": PLENTY}).raise_for_status()


def await_ready(process: subprocess.Popen[bytes], ready_file: Path) -> dict[str, str]:
    """What the ready file says, once it is there."""
    deadline = time.monotonic() + PATIENCE_S
    while not ready_file.exists():
        assert process.poll() is None, "peerway ended instead of starting"
        assert time.monotonic() < deadline, "peerway does not start"
        time.sleep(0.02)
    ready: dict[str, str] = json.loads(ready_file.read_text(encoding="utf-8"))
    return ready
