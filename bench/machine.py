"""What the measurements ran on, as far as it matters and gives nothing away."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

#: The checkout.
ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine without its name."""

    #: Such as `6.1.0`.
    kernel: str
    #: Such as `3.11.2`.
    python: str
    #: Cores this process may use.
    cores: int
    #: Memory, GiB.
    memory_gib: float
    #: Such as `ext4`: where the stores are.
    filesystem: str
    #: Time of one synced write of 4 KiB there, ms.
    sync_ms: float

    def __str__(self) -> str:
        return (
            f"Linux {self.kernel}, {self.cores} cores, {self.memory_gib:.0f} GiB memory, Python {self.python}; "
            f"stores on {self.filesystem}, a synced write of 4 KiB takes {self.sync_ms:.2f} ms"
        )


def this_machine(folder: Path) -> Machine:
    """Look at this machine, and at the disk that the folder is on."""
    return Machine(
        kernel=platform.release().split("-")[0],
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30),
        filesystem=filesystem_of(folder),
        sync_ms=sync_ms(folder),
    )


def filesystem_of(folder: Path) -> str:
    """Type of the file system that the folder is on."""
    wanted = folder.stat().st_dev
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        major, minor = map(int, fields[2].split(":"))
        if os.makedev(major, minor) == wanted:
            return fields[fields.index("-") + 1]
    return "unknown"


def sync_ms(folder: Path, rounds: int = 50) -> float:
    """Median time of one 4 KiB write with fdatasync."""
    path = folder / "sync-probe"
    times = []
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(rounds):
            start = time.perf_counter()
            os.write(fd, bytes(4096))
            os.fdatasync(fd)
            times.append((time.perf_counter() - start) * 1000)
    finally:
        os.close(fd)
        path.unlink()
    return median(times)
