"""The namespaces as the driver sees them: names, file descriptors, and the one thread that enters them.

Owns the file descriptors. A thread that enters a network namespace keeps being there, so all of the driver's work in namespaces is
done by one thread that does nothing else; the sockets it opens can be used by any.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.holder_client import HolderClient
from peerway.adapters.dataplane.kernel.netlink import ROUTE_PROTOCOL, Netlink

P = ParamSpec("P")
T = TypeVar("T")


class Visitor:
    """The thread that enters namespaces."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in that thread and wait for it."""
        return self._executor.submit(work, *args, **kwargs).result()

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown()


class Namespaces:
    """Namespaces by name: the holder's, and attached ones by their path."""

    def __init__(self, holder: HolderClient) -> None:
        self._holder = holder
        self._fds = holder.all()
        self._attached: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._fds or name in self._attached

    def names(self) -> set[str]:
        """Names of all of the holder's namespaces."""
        return set(self._fds)

    def make(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        """Make the (name, kind) that are missing; returns their names."""
        missing = [(name, kind) for name, kind in wanted if name not in self._fds]
        if missing:
            self._fds |= self._holder.make(missing)
        return [name for name, _ in missing]

    def attach(self, paths: dict[str, str]) -> None:
        """Know these namespaces by their path, and no others."""
        self._attached = paths

    def release(self, names: Iterable[str]) -> list[int]:
        """Have the holder let go of namespaces; they live on until the caller closes the file descriptors it gets."""
        going = [name for name in names if name in self._fds]
        if going:
            self._holder.drop(going)
        return [self._fds.pop(name) for name in going]

    @contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A file descriptor of a namespace; `OSError` for an attached one that is gone."""
        fd = self._fds.get(name)
        if fd is not None:
            yield fd
            return
        fd = os.open(self._attached[name], os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)

    def duplicates(self, names: Iterable[str]) -> dict[str, int]:
        """File descriptors of namespaces by name, the caller's to close."""
        fds: dict[str, int] = {}
        try:
            for name in names:
                with self.opened(name) as fd:
                    fds[name] = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 0)
        except OSError:
            for fd in fds.values():
                os.close(fd)
            raise
        return fds

    @contextmanager
    def netlink(self, name: str, protocol: int = ROUTE_PROTOCOL) -> Iterator[Netlink]:
        """A socket in a namespace; in the visiting thread only."""
        with self.opened(name) as fd:
            syscalls.setns(fd, syscalls.CLONE_NEWNET)
            with Netlink(protocol) as netlink:
                yield netlink

    def close(self) -> None:
        """Close every file descriptor."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()
        self._attached = {}
