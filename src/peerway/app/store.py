"""The port to the store: transactions over resources, the only truth.

Owns the protocols and the small query language. One schema stands behind it on SQLite and PostgreSQL; nothing of SQL may show here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from peerway.domain.account import AuditEntry
from peerway.domain.metric import End, Reading, Sample
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Where:
    """One condition: the field (any of the fields, when several are named) has one of the values.

    Fields are names of the resource's attributes; a dotted name reaches into a side (`requester.vpc_id`). A store refuses
    (`LookupError`) a field that it can't search by index.
    """

    #: Names, joined by OR.
    fields: tuple[str, ...]
    #: Values, joined by OR.
    values: tuple[object, ...]
    #: Instead of values: resources, one of whose ids the field has. Such a condition only narrows what others find.
    among: Among | None = None


@dataclass(frozen=True, slots=True)
class Among:
    """Resources of other kinds that meet conditions of their own."""

    #: Their kinds, joined by OR.
    kinds: tuple[type[Resource], ...]
    #: What those of each kind have to meet.
    conditions: tuple[Where, ...]


def where(fields: str | tuple[str, ...], *values: object) -> Where:
    """Shorthand: `where("vpc_id", id)`, `where(("requester.uid", "accepter.uid"), uid)`."""
    return Where((fields,) if isinstance(fields, str) else fields, values)


def among(field: str, kinds: tuple[type[Resource], ...], *conditions: Where) -> Where:
    """Shorthand: `among("vpc_id", (Vpc,), where("owner_uid", uid), where("region_id", region))`."""
    return Where((field,), (), Among(kinds, conditions))


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change log: the watch API and the reconcilers follow these."""

    #: Revision of the change; strictly rising, one a change.
    revision: int
    #: Kind of resource, the class's name in lower case (`vpc`, `routeentry`).
    kind: str
    #: Id of the resource.
    id: str
    #: Accounts that may see the resource, before or after.
    uids: tuple[str, ...]
    #: Whether the resource is gone.
    removed: bool


class Reader(Protocol):
    """A consistent view of the store at one revision."""

    @property
    def revision(self) -> int:
        """Last revision that this view contains."""

    def get(self, kind: type[R], id: str) -> R | None:
        """The resource, or None."""

    def select(
        self,
        kind: type[R],
        *conditions: Where,
        after: str | None = None,
        limit: int | None = None,
        skip: int = 0,
        total: int | None = None,
    ) -> list[R]:
        """Resources that meet all conditions, in order of creation.

        `after` is a cursor: `cursor(resource)` of the last one seen; it stays good when that resource is gone. `InvalidInput`
        on a text that is no cursor. Cost follows the page, not the position in the list. With `skip` so many are left out first,
        which costs a walk along the index; from its end, where that is nearer and the caller knows the list's `total`.
        """

    def cursor(self, resource: Resource) -> str:
        """Opaque text for "after this one" in `select`."""

    def count(self, kind: type[R], *conditions: Where) -> int:
        """How many resources meet all conditions."""

    def tally(self, kind: type[Resource], key: str) -> int:
        """How many stored resources of the kind count under a key: one look-up, however many there are.

        The store keeps tallies of live peer connections, by `domain.peering.account_region`.
        """

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Changes after a revision, oldest first."""

    def samples(self, ends: Collection[End], since: datetime, until: datetime) -> list[Sample]:
        """What ends of links carried in the minutes that begin from `since` on and before `until`.

        In order of link, router and time. Cost follows what is found.
        """


class Writer(Reader, Protocol):
    """A transaction: sees its own writes, all or nothing, no other writer beside it."""

    #: The time of this transaction, UTC; the same at each look.
    now: datetime

    def insert(self, resource: R) -> R:
        """Store a new resource; the stored value has its revision. `AlreadyExists` when the id or a unique rule is taken."""

    def update(self, resource: R) -> R:
        """Replace a stored resource; the stored value has its new revision. `NotFound` when it is gone."""

    def delete(self, resource: Resource) -> None:
        """Remove a stored resource. `NotFound` when it is gone already."""

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log."""

    def recall(self, uid: str, token: str) -> tuple[str, str, str] | None:
        """What a client token of an account was used for: (operation, request digest, result id), or None."""

    def remember(self, uid: str, token: str, operation: str, digest: str, result_id: str) -> None:
        """Record what a client token was used for."""

    def readings(self, ends: Collection[End]) -> list[Reading]:
        """The totals of ends as last read; those never read are not in it."""

    def add_samples(self, samples: Collection[Sample], readings: Collection[Reading]) -> None:
        """Store new samples, and the readings that they end with in place of those before.

        `AlreadyExists` when there is a sample for an end and a minute already. Neither makes a revision: samples are no resources.
        """

    def trial(self, work: Callable[[Writer], T]) -> T:
        """Run `work` on top of what the transaction did, undo all that it did, and give what it gave or raise what it raised."""


class LoopWrites(Protocol):
    """The way to write for one event loop: it is never held up by the disk or by another process."""

    @property
    def inline(self) -> bool:
        """Whether `write` runs work in the loop itself, which serves nobody else meanwhile."""

    async def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` as `Store.write` does; where statements take microseconds, in the loop itself."""

    async def write_long(self, work: Callable[[Writer], T]) -> T:
        """Run `work`, which may take long, as `Store.write` does, beside the loop; what the loop writes gets its turns."""


class Store(Protocol):
    """The door to the store. Safe for use from many threads."""

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on a consistent view."""

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction and return once it is durable; an exception from `work` undoes all it did.

        `work` may be run again after a lost race for the engine, so it may have no effect but through the writer. Transactions
        of several callers may share one commit; each still succeeds or fails alone.
        """

    def write_soon(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue `work` as `write` does and return at once; the future is done once it is durable or has failed."""

    def loop_writes(self) -> LoopWrites:
        """A way to write for one event loop, good until the store is closed."""

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have `listener` called with the last revision after each commit of this process; gives what ends that.

        It may neither block nor fail. Commits of other processes are not told: compare `latest_revision`.
        """

    def latest_revision(self) -> int:
        """Last revision of all processes; as cheap as a read gets."""

    def audit_log(
        self, uids: Collection[str] | None, *, after: int = 0, limit: int = 100
    ) -> list[AuditEntry]:
        """Audit entries of the accounts (None: of all), newest last, those with a revision after `after`."""

    def forget_tokens(self, before: datetime) -> int:
        """Forget client tokens last used before a time; how many that were."""

    def forget_samples(self, before: datetime) -> int:
        """Forget samples of minutes that began before a time, and readings older than that; how many samples that were."""

    def ping(self) -> None:
        """Raise `Unavailable` when the store can't be reached."""

    def close(self) -> None:
        """Finish what is running and let go of the files and connections."""
