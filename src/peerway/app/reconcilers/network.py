"""Brings the data plane to what the store says, and writes back what it has reached.

Takes no input but the store. One `step` follows the change log, recompiles what was touched, applies the whole fabric and settles
the states that waited for it; a fresh reconciler does the same from nothing. What failed stays on the object as a
`SyncFailure` and is tried again after a growing pause. May not decide anything about the desired state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from peerway.analysis.network import Network
from peerway.app.clock import Clock
from peerway.app.collector import uncollected
from peerway.app.dataplane import DataPlane, Report
from peerway.app.following import read_all, read_news
from peerway.app.store import Reader, Store, Writer
from peerway.app.usecases.settling import SETTLINGS, held_up, settle_with, waits
from peerway.app.usecases.sync import SYSTEM_UID, clear_failure, list_failures, record_failure
from peerway.app.world import World
from peerway.domain.resource import Resource
from peerway.fabric.model import Fabric
from peerway.fabric.snapshot import Snapshot

log = structlog.get_logger(__name__)

#: First pause after a failure and the longest one.
FIRST_PAUSE: Final = timedelta(milliseconds=200)
LONGEST_PAUSE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class View:
    """What the reconciler knows of the store at one revision."""

    #: The network's stored objects, and what they compile to.
    network: Network
    #: Objects in a state that waits for the data plane, by id.
    waiting: Mapping[str, Resource]

    @property
    def fabric(self) -> Fabric:
        """What is brought to the data plane."""
        return self.network.fabric


@dataclass(slots=True)
class NetworkReconciler:
    """Keeps one data plane at the store's desired state. Not for concurrent use."""

    #: Where the desired network stands.
    store: Store
    #: What is brought to it.
    dataplane: DataPlane
    #: What settling decides with.
    world: World
    #: When to try again what failed.
    clock: Clock
    #: The network at `followed`; None until it was read for the first time.
    view: View | None = None
    #: Last revision of the store that was looked at.
    followed: int = -1
    #: Whether the last pass over the view was cut short, by an error of the data plane or the store as a whole.
    unfinished: bool = False
    #: Last revision of the store that the data plane was brought to.
    applied: int = -1
    #: Routers still to be looked at for drift in this round.
    unlooked: list[str] = field(default_factory=list)
    #: Ids of the objects that failed in the last pass.
    failing: frozenset[str] = frozenset()

    def step(self) -> bool:
        """Do one pass; True when something was done.

        Never raises for a failure of one object. A pass that raises, because the data plane or the store can't be reached at
        all, is done again by the next step.
        """
        behind = self._follow()
        worked = self.view is not None and (behind or self.unfinished or self._retry_is_due())
        if self.view is not None and worked:
            self.unfinished = True
            report = self.dataplane.apply(self.view.fabric)
            self.applied = self.followed
            self._write_back(self.view, report)
            self.unfinished = False
        self.applied = self.followed
        return worked

    def repair(self, most: int) -> int:
        """Mend what drifted at the next few routers; how many are left of this round through all of them.

        In pieces, so that a change never waits for a look at everything. With none left, the next call begins a new round.
        """
        if self.view is None:
            return 0
        if not self.unlooked:
            self.unlooked = list(self.view.fabric.routers)
        piece, self.unlooked = self.unlooked[:most], self.unlooked[most:]
        report = self.dataplane.repair(piece)
        if report.touched:
            log.warning("drift repaired", touched=report.touched)
        if not self.unfinished and report.failures.keys() != self.failing:
            self._write_back(self.view, report)
        return len(self.unlooked)

    def _follow(self) -> bool:
        """Read what changed since the last pass; True when something of the network did."""

        def look(reader: Reader) -> tuple[int, View | None]:
            if self.view is None:
                return reader.revision, _load(reader)
            return reader.revision, _advance(reader, self.view, self.followed)

        self.followed, fresh = self.store.read(look)
        if fresh is None:
            return False
        self.view = fresh
        return True

    def _retry_is_due(self) -> bool:
        if not self.failing:
            return False
        now = self.clock.now()
        failures = self.store.read(list_failures)
        return any(failure.next_attempt_at <= now for failure in failures if failure.id in self.failing)

    def _write_back(self, view: View, report: Report) -> None:
        """Settle what the pass has reached and record what failed, in one transaction."""
        settles = [
            settle_with(self.world, resource)
            for resource in view.waiting.values()
            if not held_up(resource, report.failures, view.fabric.links)
        ]
        recovered = self.failing - report.failures.keys()

        def work(tx: Writer) -> None:
            for settle in settles:
                settle(tx)
            for object_id, text in report.failures.items():
                owner = _owner_of(tx, object_id)
                record_failure(
                    tx, object_id, text, owner, first_pause=FIRST_PAUSE, longest_pause=LONGEST_PAUSE
                )
            for object_id in recovered:
                clear_failure(tx, object_id)

        if settles or report.failures or recovered:
            self.store.write(work)
        # Only now: a failure that could not be written is not yet known to have recovered either.
        self.failing = frozenset(report.failures)


def _load(reader: Reader) -> View:
    def read() -> View:
        resources = read_all(reader)
        return View(Network.of(Snapshot.of(reader.revision, resources)), _waiting({}, resources, ()))

    return uncollected(read)


def _advance(reader: Reader, view: View, followed: int) -> View | None:
    """The view at the reader's revision; None when nothing of the network changed since `followed`."""
    if reader.revision == followed:
        return None
    news = read_news(reader, followed)
    if news is None:
        return _load(reader)
    if not (news.upserts or news.removals):
        return None
    network = view.network.after(reader.revision, *news)
    return View(network, _waiting(view.waiting, news.upserts, (id for _, id in news.removals)))


def _waiting(
    before: Mapping[str, Resource], upserts: Iterable[Resource], removed: Iterable[str]
) -> Mapping[str, Resource]:
    waiting = dict(before)
    for resource in upserts:
        if waits(resource):
            waiting[resource.id] = resource
        else:
            waiting.pop(resource.id, None)
    for id in removed:
        waiting.pop(id, None)
    return waiting


def _owner_of(reader: Reader, object_id: str) -> str:
    """Account of what an object of the data plane is made for."""
    for kind in SETTLINGS:
        resource = reader.get(kind, object_id)
        if resource is not None:
            return resource.owner_uid
    return SYSTEM_UID
