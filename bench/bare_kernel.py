"""What the kernel alone needs for a ring of networks: for the very objects that Peerway makes, asked for by next to nothing.

Peerway's requests are taken down beforehand, ready to be sent. Measured are the making of the namespaces with their settings, and
the sending. Whether all is there afterwards is looked at, too. Run as `python -m bench.bare_kernel SIZE`; prints the seconds.
Everything is gone when the process ends.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple

from bench.kernel_paths import ring
from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.codec import Message
from peerway.adapters.dataplane.kernel.converge import Converger
from peerway.adapters.dataplane.kernel.desired import Desired
from peerway.adapters.dataplane.kernel.drift import differences
from peerway.adapters.dataplane.kernel.limits import raise_file_limit
from peerway.adapters.dataplane.kernel.names import router_namespace
from peerway.adapters.dataplane.kernel.namespaces import Namespaces
from peerway.adapters.dataplane.kernel.netlink import ROUTE_PROTOCOL, Netlink, Refusal
from peerway.adapters.dataplane.kernel.nft_client import FilterLoader
from peerway.adapters.dataplane.kernel.read import read_share, read_state
from peerway.adapters.dataplane.kernel.reaper import Reaper
from peerway.adapters.dataplane.kernel.sysctls import COMMON, SYSCTLS, Settings, raise_loopback

_REQUEST, _ACKNOWLEDGE = 1, 4
#: Longer than any answer to these requests.
_ANSWER = 1 << 15


def measure(size: int) -> float:
    """Seconds for so many routers with one instance and one link each, in a process of their own."""
    argv = [sys.executable, "-m", "bench.bare_kernel", str(size)]
    return float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


class Batch(NamedTuple):
    """Requests that are sent at once."""

    #: File descriptor of the namespace.
    namespace: int
    #: The requests.
    data: bytes
    #: How many answers come when none is refused.
    answers: int


def build(size: int) -> float:
    """Make them in this process; seconds."""
    desired = Desired()
    desired.update(ring(size))
    home = syscalls.open_own_network()
    places = {name: os.dup(home) for name, _ in desired.namespaces()}
    batches = take_down(desired, places)
    start = time.perf_counter()
    _make(desired.namespaces(), places)
    _send(batches)
    taken = time.perf_counter() - start
    assert list(missing(desired, places)) == []
    return taken


def _make(wanted: Iterable[tuple[str, str]], places: Mapping[str, int]) -> None:
    """Make namespaces with their settings; each takes the place of the file descriptor that its name has."""
    settings = Settings()
    for name, kind in wanted:
        syscalls.unshare(syscalls.CLONE_NEWNET)
        raise_loopback()
        settings.write((*COMMON, *SYSCTLS.get(kind, ())))
        made = syscalls.open_own_network()
        os.dup2(made, places[name], inheritable=False)
        os.close(made)


def _send(batches: Sequence[Batch]) -> None:
    for namespace, data, answers in batches:
        syscalls.setns(namespace, syscalls.CLONE_NEWNET)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, ROUTE_PROTOCOL) as near:
            near.send(data)
            for _ in range(answers):
                near.recv(_ANSWER)


def take_down(desired: Desired, made: Mapping[str, int]) -> list[Batch]:
    """What Peerway sends to bring new namespaces to what is desired, in order; none of them may need a filter."""
    namespaces, reaper = _Untouched(made), Reaper()
    converger = Converger(namespaces, reaper, FilterLoader())
    converger.run(desired, desired.routers)
    converger.close()
    reaper.close()
    assert converger.failures == {}
    return namespaces.batches


class _Untouched(Namespaces):
    """Namespaces that pass for new ones; what is asked of them is taken down and passes for done."""

    def __init__(self, made: Mapping[str, int]) -> None:
        self._made = made
        self._fds = {}
        self._attached = {}
        self.batches: list[Batch] = []

    def make(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        self._fds = {name: self._made[name] for name, _ in wanted}
        return list(self._fds)

    @contextmanager
    def netlink(self, name: str, protocol: int = ROUTE_PROTOCOL) -> Iterator[Netlink]:
        assert protocol == ROUTE_PROTOCOL
        yield _Taker(self._fds[name], self.batches)


class _Taker(Netlink):
    """Takes requests down instead of sending them."""

    def __init__(self, namespace: int, batches: list[Batch]) -> None:
        self._sequence = 0
        self._namespace = namespace
        self._batches = batches

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def execute(self, messages: Sequence[Message]) -> list[Refusal]:
        flags = [_REQUEST | message.flags for message in messages]
        flags[-1] |= _ACKNOWLEDGE
        parts = [self._pack(one.type, flag, one.body) for one, flag in zip(messages, flags, strict=True)]
        self._batches.append(Batch(self._namespace, b"".join(parts), 1))
        return []

    def get(self, requests: Sequence[tuple[int, bytes]]) -> list[bytes | None]:
        parts = [self._pack(type, _REQUEST, body) for type, body in requests]
        self._batches.append(Batch(self._namespace, b"".join(parts), len(parts)))
        return [None] * len(parts)


def missing(desired: Desired, made: Mapping[str, int]) -> Iterator[str]:
    """Ids of routers and instances that are not as desired."""
    for id, plan in desired.routers.items():
        syscalls.setns(made[router_namespace(id)], syscalls.CLONE_NEWNET)
        with Netlink() as netlink:
            yield from differences(read_state(netlink), plan.state, plan.owners, id)
    for id, guest in desired.guests.items():
        syscalls.setns(made[guest.namespace], syscalls.CLONE_NEWNET)
        with Netlink() as netlink:
            found = read_share(netlink, guest.plan.state.interfaces.keys())
        yield from differences(found, guest.plan.state, guest.plan.owners, id)


if __name__ == "__main__":
    raise_file_limit()
    print(build(int(sys.argv[1])))
