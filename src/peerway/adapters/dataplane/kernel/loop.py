"""One thread that waits for sockets and for times, for work that must never wait for anything else.

Owns the waiting. What is ready is handled before what is due, so that an answer that lies in a socket counts before its time-out,
however late the thread got the processor.
"""

from __future__ import annotations

import contextlib
import heapq
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], None]

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE


class Loop:
    """The thread; it starts with the first call. `call` and `close` are for any thread, the rest for work that runs in it."""

    def __init__(self, name: str) -> None:
        #: When the sockets were last looked at; what falls due after it has to wait for another look.
        self.looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._lock = threading.Lock()
        self._calls: deque[Work] = deque()
        self._closing = False
        self._due: list[tuple[float, int, Work]] = []
        self._order = count()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._wake.settimeout(0)
        self._woken.settimeout(0)
        self._selector.register(self._woken, READ, self._take_calls)

    def call(self, work: Work) -> None:
        """Have the work done in the thread as soon as possible."""
        with self._lock:
            if self._closing:
                return
            self._calls.append(work)
            if not self._thread.is_alive():
                self._thread.start()
            with contextlib.suppress(BlockingIOError):
                self._wake.send(b"\0")

    def at(self, when: float, work: Work) -> None:
        """Have the work done at a time of the monotonic clock."""
        heapq.heappush(self._due, (when, next(self._order), work))

    def watch(self, near: socket.socket, ready: Work, events: int = READ) -> None:
        """Have `ready` called whenever something can be read from the socket (or written to it)."""
        self._selector.register(near, events, ready)

    def forget(self, near: socket.socket) -> None:
        """Stop watching a socket, which has to be open still; one that is not watched is passed over."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(near)

    def close(self) -> None:
        """End the thread after the work it has been given, and wait for it; the second time, do nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            with contextlib.suppress(BlockingIOError):
                self._wake.send(b"\0")
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _run(self) -> None:
        while not self._closing or self._calls:
            wait = None if not self._due else max(0.0, self._due[0][0] - time.monotonic())
            ready = self._selector.select(wait)
            self.looked_at = time.monotonic()
            for key, _ in ready:
                self._do(key.data)
            while self._due and self._due[0][0] <= self.looked_at:
                self._do(heapq.heappop(self._due)[2])

    def _take_calls(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        while self._calls:
            self._do(self._calls.popleft())

    @staticmethod
    def _do(work: Work) -> None:
        """One piece of work failing must not end the others."""
        try:
            work()
        except Exception:
            log.exception("work failed", thread=threading.current_thread().name)
