"""Runs reconcilers' steps: when woken, when time has come, and again after a failure.

The worker loop's one broad `except` is here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

#: Pause after a step that failed as a whole (the store can't be reached), s.
PAUSE_S: Final = 0.5

#: Longest rest after a step that worked, s. A step rests for as long as it took, so that a stream of changes is taken in batches
#: and never costs more than half of a processor; after a quiet time the first change is taken at once.
LONGEST_REST_S: Final = 0.05


class Runner:
    """Calls `step` whenever woken and at least every `interval_s`, until stopped; again at once after a step that says so."""

    def __init__(self, name: str, step: Callable[[], bool | int], interval_s: float) -> None:
        self._name = name
        self._step = step
        self._interval_s = interval_s
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have a step run as soon as possible; safe from any thread."""
        self._woken.set()

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=self._name, daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Run in the calling thread until stopped."""
        while not self._stopped.is_set():
            self._woken.clear()
            started = time.monotonic()
            try:
                more = self._step()
            except Exception:
                log.exception("step failed", runner=self._name)
                self._stopped.wait(PAUSE_S)
                continue
            self._stopped.wait(min(time.monotonic() - started, LONGEST_REST_S))
            if not more:
                self._woken.wait(self._interval_s)

    def request_stop(self) -> None:
        """End after the running step; safe from any thread and from a signal handler."""
        self._stopped.set()
        self._woken.set()

    def stop(self) -> None:
        """End after the running step, and wait for it."""
        self.request_stop()
        if self._thread is not None:
            self._thread.join()
