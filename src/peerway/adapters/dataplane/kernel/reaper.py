"""The reaper: the slow end of deletion, apart from everything that someone waits for.

Deleting an interface makes the kernel wait for all readers, 20 to 35 ms; a namespace with interfaces takes 10 ms more and
blocks the making of new ones. So the driver only switches interfaces off and marks them, and this thread deletes the marked
ones of a namespace together, then lets go of namespaces that are empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from queue import Queue
from threading import Lock, Thread
from typing import NamedTuple

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.codec import delete_group
from peerway.adapters.dataplane.kernel.names import CONDEMNED_GROUP
from peerway.adapters.dataplane.kernel.netlink import Netlink


class _Job(NamedTuple):
    #: Name of the namespace whose marked interfaces go; empty for none.
    name: str
    #: Its file descriptor.
    sweep: int | None
    #: Their indexes.
    indexes: frozenset[int]
    #: Namespaces to let go of afterwards.
    release: tuple[int, ...]


class Reaper:
    """A queue of deletions and the thread that works it off."""

    def __init__(self) -> None:
        self._jobs: Queue[_Job | None] = Queue()
        self._pending: dict[tuple[str, int], int] = {}
        self._lock = Lock()
        self._thread = Thread(target=self._work, name="peerway-reaper", daemon=True)
        self._thread.start()

    def sweep(self, name: str, namespace: int, indexes: Iterable[int]) -> None:
        """Delete the marked interfaces of a namespace, soon."""
        job = _Job(name, os.dup(namespace), frozenset(indexes), ())
        self._count(job, 1)
        self._jobs.put(job)

    def pending(self, name: str, index: int) -> bool:
        """Whether an interface still waits to be deleted."""
        with self._lock:
            return (name, index) in self._pending

    def release(self, namespaces: Iterable[int]) -> None:
        """Close the last file descriptors of namespaces, after everything asked for so far."""
        self._jobs.put(_Job("", None, frozenset(), tuple(namespaces)))

    def settle(self) -> None:
        """Wait until everything asked for is done."""
        self._jobs.join()

    def close(self) -> None:
        """Finish and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            finally:
                self._count(job, -1)
                self._jobs.task_done()

    def _count(self, job: _Job, step: int) -> None:
        with self._lock:
            for index in job.indexes:
                left = self._pending.pop((job.name, index), 0) + step
                if left:
                    self._pending[job.name, index] = left

    def _do(self, job: _Job) -> None:
        if job.sweep is not None:
            with suppress(OSError):
                syscalls.setns(job.sweep, syscalls.CLONE_NEWNET)
                with Netlink() as netlink:
                    netlink.execute([delete_group(CONDEMNED_GROUP)])
            os.close(job.sweep)
        for fd in job.release:
            os.close(fd)
