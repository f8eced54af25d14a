"""The health monitor: one thread that probes what the fabric wants checked and keeps the verdicts.

Owns the thread and the namespaces' file descriptors that it enters. Sockets that fail, as after their interface was replaced, are
opened anew with the next probe, so that nobody has to tell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from zlib import crc32

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.checks import Probing, Target
from peerway.adapters.dataplane.kernel.loop import Loop
from peerway.adapters.dataplane.kernel.probers import Prober, open_prober

#: File descriptors of namespaces by name, for the one who asks to close; `OSError` when there can't be more.
Enter = Callable[[AbstractSet[str]], dict[str, int]]


class Monitor:
    """Verdicts by link id or `LISTENER-ID/INSTANCE-ID`. One thread tells it what to watch, any may ask."""

    def __init__(self) -> None:
        self._loop = Loop("peerway-health")
        self._targets: dict[str, Target] = {}
        self._namespaces: set[str] = set()
        self._verdicts: dict[str, bool] = {}
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._watches: dict[str, _Watch] = {}
        self._homes: dict[str, int] = {}
        self._present = -1

    def health(self) -> Mapping[str, bool]:
        """The verdicts by now."""
        return dict(self._verdicts)

    def on_health(self, listener: Callable[[], None]) -> None:
        """Have `listener` called in the monitor's thread when a verdict turns."""
        self._listeners = (*self._listeners, listener)

    def watch(self, targets: dict[str, Target], enter: Enter) -> None:
        """Probe these from here on and nothing else; when namespaces can't be entered, nothing changes."""
        if targets == self._targets:
            return
        needed = {target.namespace for target in targets.values()}
        homes = enter(needed - self._namespaces)
        self._targets, self._namespaces = targets, needed
        self._loop.call(lambda: self._take(targets, homes))

    def close(self) -> None:
        """End the thread and let go of the namespaces."""
        self.watch({}, lambda _: {})
        self._loop.close()

    def _take(self, targets: Mapping[str, Target], homes: Mapping[str, int]) -> None:
        """Begin and end watches, in the monitor's thread."""
        self._homes |= homes
        for key in [key for key, watch in self._watches.items() if not watch.serves(targets.get(key))]:
            self._watches.pop(key).end()
            self._verdicts.pop(key, None)
        for key, target in targets.items():
            known = self._watches.get(key)
            if known is None:
                self._watches[key] = _Watch(target, self._loop, self._enter, partial(self._tell, key))
            else:
                known.retime(target)
        used = {target.namespace for target in targets.values()}
        for name in self._homes.keys() - used:
            self._leave(self._homes.pop(name))

    def _leave(self, home: int) -> None:
        if self._present == home:
            self._present = -1  # the number may come back for another namespace
        os.close(home)

    def _enter(self, namespace: str) -> None:
        """Have the monitor's thread be in a namespace."""
        home = self._homes[namespace]
        if home != self._present:
            syscalls.setns(home, syscalls.CLONE_NEWNET)
            self._present = home

    def _tell(self, key: str, probing: Probing) -> None:
        """Keep a verdict, and tell the listeners if it turned."""
        healthy = probing.healthy
        if healthy is not None and self._verdicts.get(key) is not healthy:
            self._verdicts[key] = healthy
            for listener in self._listeners:
                listener()


class _Watch:
    """One target being probed; lives in the monitor's thread."""

    def __init__(
        self, target: Target, loop: Loop, enter: Callable[[str], None], tell: Callable[[Probing], None]
    ) -> None:
        self._target = target
        self._loop = loop
        self._enter = enter
        self._tell = tell
        self._prober: Prober | None = None
        self._ended = False
        # Spread over the interval, by the target, so that thousands of probes don't go out at once.
        share = crc32(repr(target).encode()) / 2**32
        first = time.monotonic() + share * target.interval_s
        self._probing = Probing(target.interval_s, target.threshold, first)
        loop.at(first, self._step)

    def serves(self, target: Target | None) -> bool:
        """Whether it probes this target already, maybe at other intervals."""
        own = self._target
        return target is not None and own == replace(
            target, interval_s=own.interval_s, threshold=own.threshold
        )

    def retime(self, target: Target) -> None:
        """Take over interval and threshold; the verdict stays."""
        self._target = target
        self._probing.interval_s, self._probing.threshold = target.interval_s, target.threshold
        self._probing.due = min(self._probing.due, time.monotonic() + target.interval_s)

    def end(self) -> None:
        """Stop probing."""
        self._ended = True
        self._close()

    def _step(self) -> None:
        """Give up what is late, send what is due, and come back when there is more to do."""
        if self._ended:
            return
        now = time.monotonic()
        late = self._probing.expire(self._loop.looked_at)
        for number in late:
            if self._prober is not None:
                self._prober.give_up(number)
        if late and self._probing.run % self._probing.threshold == 0:
            self._close()  # perhaps it is the socket's fault
        if self._probing.due <= now:
            self._send(self._probing.send(now))
        self._tell(self._probing)
        self._loop.at(self._probing.next_at, self._step)

    def _send(self, number: int) -> None:
        try:
            self._enter(self._target.namespace)
            if self._prober is None:
                self._prober = open_prober(self._target, self._loop, self._hear)
            self._prober.send(number)
        except OSError:
            self._probing.fail(number)
            self._close()

    def _hear(self, number: int, round_trip_s: float | None) -> None:
        if round_trip_s is None:
            self._probing.fail(number)
        else:
            self._probing.answer(number, round_trip_s)
        self._tell(self._probing)

    def _close(self) -> None:
        if self._prober is not None:
            self._prober.close()
            self._prober = None
