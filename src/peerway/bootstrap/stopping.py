"""How a process that runs until told to stop is told.

A signal handler may run at any point of the main thread, also while that holds the lock of the very event that would stop it. So
the handler only writes to a pipe, and a thread of its own reads it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading

from peerway.app.runner import Runner


def stop_on_signals(runner: Runner) -> None:
    """Stop at SIGTERM or SIGINT. Starts a thread; only the main thread may call this."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(read_end, True)

    def tell(_number: int, _frame: object) -> None:
        # The first byte is all that counts: a pipe that is full of them needs no more.
        with contextlib.suppress(BlockingIOError):
            os.write(write_end, b"\0")

    stop_when_readable(runner, read_end, "signal-watch")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)


def stop_when_readable(runner: Runner, fd: int, name: str) -> None:
    """Stop when there is something to read, or the end: a pipe ends when the process at its other end does, however it does."""

    def watch() -> None:
        os.read(fd, 1)
        runner.request_stop()

    threading.Thread(target=watch, name=name, daemon=True).start()
