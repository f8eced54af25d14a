"""Keeps a second process of one sort away from the same data folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from peerway.domain.errors import Conflict

#: Pause between two looks at a lock that another process has, s.
LOOK_S: Final = 0.02


@contextlib.contextmanager
def only_one(path: Path, patience_s: float) -> Iterator[None]:
    """Hold the lock file; `Conflict` when another process still has it after `patience_s`.

    The kernel lets go of it when its process ends, however that ends.
    """
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, path, time.monotonic() + patience_s)
        yield
    finally:
        os.close(lock)


def _take(lock: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                text = f"another peerway {path.stem} runs on {path.parent}"
                raise Conflict(text, code="already_running") from None
            time.sleep(LOOK_S)
        else:
            return
