"""Waiting for what the data plane does: until a resource has left its passing states, or is gone.

Asks again with growing pauses. Shows a spinner when someone is looking at it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from peerway.cli.client import Client, Item
from peerway.cli.errors import CommandError, Refused, WaitedTooLong

#: States that end by themselves.
PASSING = frozenset(
    {
        "creating",
        "updating",
        "deleting",
        "connecting",
        "accepting_connecting",
        "activating",
        "modifying",
        "deactivating",
        "terminating",
        "recovering",
    }
)
#: States that count as gone.
GONE = frozenset({"deleted"})
#: First and longest pause between two looks, seconds.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 1.0


def wait_until_settled(
    client: Client,
    path: str,
    timeout_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Item:
    """The resource once it is in a state that lasts, and `settled` where it tells; `CommandError` when it vanishes instead."""
    for item in _looks(client, path, timeout_s, clock, sleep):
        if item is None:
            raise CommandError(f"{path.rsplit('/', 1)[-1]} is gone")
        if item.get("state") not in PASSING and item.get("settled", True):
            return item
    raise WaitedTooLong(f"{path.rsplit('/', 1)[-1]} was still being changed after {timeout_s:g} s")


def wait_until(
    client: Client,
    path: str,
    timeout_s: float,
    done: Callable[[Item], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Item:
    """The resource once it is as wanted; `CommandError` when it vanishes instead."""
    for item in _looks(client, path, timeout_s, clock, sleep):
        if item is None:
            raise CommandError(f"{path.rsplit('/', 1)[-1]} is gone")
        if done(item):
            return item
    raise WaitedTooLong(f"{path.rsplit('/', 1)[-1]} had no answer after {timeout_s:g} s")


def wait_until_gone(
    client: Client,
    path: str,
    timeout_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the resource is gone."""
    for item in _looks(client, path, timeout_s, clock, sleep):
        if item is None or item.get("state") in GONE:
            return
    raise WaitedTooLong(f"{path.rsplit('/', 1)[-1]} was still there after {timeout_s:g} s")


def _looks(
    client: Client, path: str, timeout_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Item | None]:
    deadline = clock() + timeout_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            yield client.get(path)
        except Refused as error:
            if error.status != 404:
                raise
            yield None
        left_s = deadline - clock()
        if left_s <= 0:
            return
        sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.6, LONGEST_PAUSE_S)


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show on stderr that something takes its time, when stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(text):
        yield
