"""What the kernel alone needs for a ring of networks: their namespaces and the wires between them, and nothing else.

Run as `python -m bench.bare_kernel SIZE`; prints the seconds. Everything is gone when the process ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.codec import End, new_wire
from peerway.adapters.dataplane.kernel.limits import raise_file_limit
from peerway.adapters.dataplane.kernel.netlink import Netlink

_MAC = bytes.fromhex("027077000001")
_GUEST, _LEFT, _RIGHT = 10, 11, 12


def measure(size: int) -> float:
    """Seconds for so many routers with one instance and one link each, in a process of their own."""
    argv = [sys.executable, "-m", "bench.bare_kernel", str(size)]
    return float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def build(size: int) -> float:
    """Make them in this process; seconds."""
    start = time.perf_counter()
    routers = [_namespace() for _ in range(size)]
    guests = [_namespace()[0] for _ in range(size)]
    for number, (_, netlink) in enumerate(routers):
        following = routers[(number + 1) % size][0]
        wires = (
            new_wire(_end(_GUEST, "guest"), _end(2, "eth0"), guests[number], ""),
            new_wire(_end(_RIGHT, "right"), _end(_LEFT, "left"), following, ""),
        )
        assert netlink.execute(wires) == []
    return time.perf_counter() - start


def _namespace() -> tuple[int, Netlink]:
    syscalls.unshare(syscalls.CLONE_NEWNET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC), Netlink()


def _end(number: int, name: str) -> End:
    return End(number, name, _MAC, 0)


if __name__ == "__main__":
    raise_file_limit()
    print(build(int(sys.argv[1])))
