"""The commit queue: what threads write goes through one thread, and what waits together is committed together.

A commit costs a sync of the disk, whatever is in it. The thread takes all that is queued, commits it as one `Batch` and only then
answers all callers. Who comes meanwhile waits for the next commit. Nobody waits for company.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from peerway.adapters.store.batch import Batch, Job, Place
from peerway.adapters.store.connections import Connections
from peerway.app.store import Writer
from peerway.domain.errors import PeerwayError, Unavailable

T = TypeVar("T")

#: Most pieces of work in one commit: bounds how long the first one waits for the last.
MAX_TOGETHER = 256
#: How often a transaction that came to nothing is begun before its callers are told to come back.
MAX_TRIES = 3


class CommitQueue:
    """The one thread of this process that writes for others."""

    def __init__(
        self,
        connections: Connections,
        batch: Batch,
        place: Place,
        committed: Callable[[int], None],
    ) -> None:
        self._connections = connections
        self._batch = batch
        self._place = place
        self._committed = committed
        self._jobs: SimpleQueue[Job[Future[Any]] | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue the work; the future is done once it is durable or has failed."""
        answer: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise Unavailable("the store is closed", code="store_closed")
            self._jobs.put(Job(work, answer))
        return answer

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        # For good: whatever this thread calls may not wait for a transaction, which this thread would have to serve.
        self._place.writes = True
        last = False
        while not last:
            jobs, last = self._take()
            if jobs:
                self._serve(jobs)
        self._batch.close()

    def _take(self) -> tuple[list[Job[Future[Any]]], bool]:
        """All that is queued, at least one piece; and whether it is the end."""
        jobs: list[Job[Future[Any]]] = []
        item = self._jobs.get()
        with suppress(Empty):
            while item is not None:
                if item.answer.set_running_or_notify_cancel():
                    jobs.append(item)
                if len(jobs) == MAX_TOGETHER:
                    return jobs, False
                item = self._jobs.get_nowait()
            return jobs, True
        return jobs, False

    def _serve(self, jobs: list[Job[Future[Any]]]) -> None:
        """Commit the jobs and wake their callers, whatever happens: without this thread nothing can be written."""
        failure: PeerwayError | None = None
        revision: int | None = None
        try:
            revision = self._commit(jobs)
        except Exception as error:  # noqa: BLE001 - see above; the callers get it, and what is unforeseen is logged
            failure = self._batch.failure(error)
        for job in jobs:
            job.tell(failure)
        if revision is not None:
            self._committed(revision)

    def _commit(self, jobs: list[Job[Future[Any]]]) -> int | None:
        """The new revision, if there is one."""
        tries = 1
        while True:
            try:
                with self._connections.turn():
                    self._batch.begin()
                    self._batch.run(jobs)
                    return self._batch.commit()
            except Exception as error:
                if tries == MAX_TRIES or not self._batch.may_try_again(error):
                    raise
            tries += 1
