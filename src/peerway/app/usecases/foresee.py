"""What would become of the store and the network if something were done: it is done, settled, looked at and undone.

Owns the trial. What is made of it (reachability, quotas, prices, intents) is told apart elsewhere, from the values given here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from peerway.app.store import Change, Reader, Writer
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.settling import settle_with, waits
from peerway.app.world import World
from peerway.domain.resource import Resource
from peerway.fabric.snapshot import KINDS

T = TypeVar("T")

#: Changes read at once.
PIECE: Final = 1000

#: Kinds by the name that the change log gives them.
_NAMES: Final[Mapping[str, type[Resource]]] = {kind.__name__.lower(): kind for kind in WORDS}


class Outcome(NamedTuple):
    """What became of a stored object."""

    #: Its kind.
    kind: type[Resource]
    #: Its id.
    id: str
    #: As it is now; None when it is gone.
    now: Resource | None


class Changes(NamedTuple):
    """What became of the network since some revision; `Network.after` takes it."""

    #: Stored objects that were written, as they are now.
    upserts: list[Resource]
    #: Kind and id of those that are gone.
    removals: list[tuple[str, str]]
    #: Last revision of it. Of a trial's changes: a number that others will be given once more.
    revision: int


class Altered(NamedTuple):
    """A stored object that would be another one."""

    #: As it is; None for a new one.
    before: Resource | None
    #: As it would be; None for one that would be gone.
    after: Resource | None


@dataclass(frozen=True, slots=True)
class Foreseen(Generic[T]):
    """What a piece of work would give and do."""

    #: What it gave; as the caller would get it, that is before anything was settled.
    answer: T
    #: Objects of the network that were written, settled.
    upserts: list[Resource]
    #: Kind and id of those that would be gone.
    removals: list[tuple[str, str]]
    #: Everything that would differ, of all kinds, settled.
    altered: list[Altered]
    #: Revision that it was tried on and is true for.
    revision: int


def foresee(tx: Writer, world: World, work: Callable[[Writer], T]) -> Foreseen[T]:
    """Do `work` and what the data plane would then bring about, tell what came of it, and undo it; raises what `work` raises.

    Cost follows what is changed.
    """
    since = tx.revision

    def tried(inner: Writer) -> tuple[T, list[Outcome]]:
        answer = work(inner)
        settle_changed(inner, world, since)
        return answer, list(outcomes(inner, since))

    answer, found = tx.trial(tried)
    altered = [Altered(tx.get(each.kind, each.id), each.now) for each in found]
    changes = of_network(found, since)
    return Foreseen(answer, changes.upserts, changes.removals, [each for each in altered if any(each)], since)


def look_ahead(tx: Writer, world: World, since: int) -> Changes:
    """What this transaction did to the network after revision `since`, as it will be once the data plane has done its part.

    The transaction is left as it is. Where nothing waits for the data plane, nothing is tried.
    """
    changes = changed_since(tx, since)
    if not any(waits(resource) for resource in changes.upserts):
        return changes

    def tried(inner: Writer) -> Changes:
        settle_changed(inner, world, since)
        return changed_since(inner, since)

    return tx.trial(tried)


def settle_changed(tx: Writer, world: World, since: int) -> None:
    """Settle all that was changed after revision `since` and waits for the data plane, and what that changes, to the end."""
    mark = since
    while (changes := changed_since(tx, mark)).revision > mark:
        mark = changes.revision
        for resource in changes.upserts:
            if waits(resource):
                settle_with(world, resource)(tx)


def changed_since(tx: Reader, since: int) -> Changes:
    """What became of the network after revision `since`, whatever the number of changes."""
    return of_network(outcomes(tx, since), tx.revision)


def of_network(found: Iterable[Outcome], revision: int) -> Changes:
    """The outcomes that concern the network."""
    changes = Changes([], [], revision)
    for kind, id, now in found:
        if kind.__name__.lower() not in KINDS:
            continue
        if now is None:
            changes.removals.append((kind.__name__.lower(), id))
        else:
            changes.upserts.append(now)
    return changes


def outcomes(tx: Reader, since: int) -> Iterator[Outcome]:
    """What became of each object that was changed after revision `since`."""
    latest = {(change.kind, change.id): change for change in _changes(tx, since)}
    for (name, id), change in latest.items():
        kind = _NAMES.get(name)
        if kind is not None:
            yield Outcome(kind, id, None if change.removed else tx.get(kind, id))


def _changes(tx: Reader, since: int) -> Iterator[Change]:
    """All changes after a revision, read in pieces."""
    while piece := tx.changes(since, PIECE):
        yield from piece
        if len(piece) < PIECE:
            return
        since = piece[-1].revision
