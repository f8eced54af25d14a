"""The waiting thread: what is ready before what is due, one failure alone, and an orderly end."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from peerway.adapters.dataplane.kernel.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop, ended afterwards."""
    made = Loop("tested")
    yield made
    made.close()


def test_work_is_done_in_order_in_one_thread(loop: Loop) -> None:
    """Whoever calls, the work is done by the loop's thread, first come first served."""
    seen: list[tuple[int, str]] = []
    done = threading.Event()
    for number in range(3):
        loop.call(lambda number=number: seen.append((number, threading.current_thread().name)))
    loop.call(done.set)
    assert done.wait(5)
    assert seen == [(number, "tested") for number in range(3)]


def test_work_that_fails_ends_nothing(loop: Loop) -> None:
    """An error is logged, and what comes after it is done all the same."""
    done = threading.Event()
    loop.call(lambda: int("nothing"))
    loop.call(done.set)
    assert done.wait(5)


def test_times_come_in_order_and_sockets_before_them(loop: Loop) -> None:
    """An answer that lies in a socket counts before a time-out that is due, however late the thread is."""
    near, far = socket.socketpair()
    seen: list[str] = []
    done = threading.Event()

    def prepare() -> None:
        now = time.monotonic()
        loop.at(now + 0.02, lambda: seen.append("second"))
        loop.at(now + 0.01, lambda: seen.append("first"))
        loop.at(now + 0.03, done.set)
        loop.watch(near, lambda: seen.append(near.recv(9).decode()))
        far.send(b"answer")
        while time.monotonic() < now + 0.05:  # the thread is late for all of them
            pass

    with near, far:
        loop.call(prepare)
        assert done.wait(5)
        assert seen == ["answer", "first", "second"]
        loop.call(lambda: loop.forget(near))
        loop.call(lambda: loop.forget(near))


def test_the_end_comes_after_the_work_given_before_it(loop: Loop) -> None:
    """Closing waits for what was called, does nothing the second time, and what is called later is not done."""
    seen: list[str] = []
    loop.call(lambda: seen.append("before"))
    loop.close()
    loop.call(lambda: seen.append("after"))
    loop.close()
    assert seen == ["before"]


def test_a_loop_that_was_never_used_starts_no_thread() -> None:
    """A process that has nothing to wait for has no thread for it."""
    before = threading.active_count()
    Loop("idle").close()
    assert threading.active_count() == before
