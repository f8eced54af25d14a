"""A store whose writers may not break what is meant to hold: changes that break an intent that refuses are undone.

For the doors; what happens by itself (health, expiry, the data plane's part) goes by the bare store and is flagged afterwards. An
intent guards what its own account changes: what others do to their own things is theirs to decide, and is flagged. An operator's
intent guards everybody. Who changes something is who is named in the audit log.

Looked at is what a change comes to once the data plane has done its part, so that accepting a connection counts as the connection.
Only what held before is refused: a change that mends, or has nothing to do with it, passes while an intent is broken. While nobody
has an intent that refuses, all this is one look-up a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from peerway.analysis.intents import NEVER, Examined, examine, still
from peerway.analysis.intents.holdings import Holdings
from peerway.analysis.intents.sight import Patience, Sight
from peerway.analysis.network import Network
from peerway.app.following import NetworkFollower
from peerway.app.store import LoopWrites, Reader, Store, Writer
from peerway.app.usecases.foresee import changed_since, look_ahead
from peerway.app.usecases.intents.states import reason_of, sentence_of
from peerway.app.usecases.previews.intent_effects import guarding_intents, may_be_guarded, would_break
from peerway.app.world import World
from peerway.domain.account import AuditEntry
from peerway.domain.errors import Conflict
from peerway.domain.intent import REFUSING, Intent, IntentState, PartyKind

T = TypeVar("T")

#: How often work is begun again because the network was not at hand; then it is read in the transaction.
MOST_TRIES: Final = 3

#: Most packets that are followed to judge one transaction, which everybody else waits for: well under a second. What would take
#: more is flagged afterwards instead of refused.
MOST_FOLLOWED: Final = 3_000

#: Answers that are kept to save looking again.
KEPT: Final = 10_000


class _NotAtHand(Exception):
    """The network has to be read before the work is done."""


class _ToBeJudged(Exception):
    """What the work has done has to be judged, which takes too long where it was done."""


class _Noting:
    """A transaction that notes who changes something in it."""

    def __init__(self, tx: Writer) -> None:
        self._tx = tx
        #: Accounts that are named in the audit log.
        self.actors: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transaction's."""
        return getattr(self._tx, name)

    def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log, and note whose doing it is."""
        self.actors.add(entry.uid)
        self._tx.audit(entry)


@dataclass(slots=True)
class Guard:
    """Judges the changes of transactions, one after the other."""

    #: What settling decides with.
    world: World
    #: The network that they change.
    networks: NetworkFollower
    #: How intents stood when they were looked at last, by what they ask; true as far as what they rest on is the same.
    kept: dict[tuple[object, ...], Examined] = field(default_factory=dict)
    #: Most packets that are followed to judge one transaction.
    most_followed: int = MOST_FOLLOWED
    #: Where accounts had guests in the network that was looked at last; None before somebody's intent asks for it.
    holdings: Holdings | None = None

    def run(self, tx: Writer, work: Callable[[Writer], T], *, patient: bool) -> T:
        """Do the work; `Conflict` with code `intent_broken` when that breaks what it may not.

        When it is not `patient` and the network is not at hand, `_NotAtHand` before anything is done.
        """
        if not tx.tally(Intent, REFUSING):
            return work(tx)
        network_before = self.networks.as_it_is(tx)
        if network_before is None:
            if not patient:
                raise _NotAtHand
            network = self.networks.within(tx)
            network_before = lambda: network  # noqa: E731 - the same shape as of what is at hand
        noting, since = _Noting(tx), tx.revision
        answer = work(cast("Writer", noting))
        if tx.revision != since:
            self._judge(tx, since, network_before, noting.actors)
        return answer

    def run_unjudged(self, tx: Writer, work: Callable[[Writer], T]) -> T:
        """Do the work; `_ToBeJudged`, by which it is undone, when there may be intents that it breaks. Takes few look-ups."""
        if not tx.tally(Intent, REFUSING):
            return work(tx)
        noting, since = _Noting(tx), tx.revision
        answer = work(cast("Writer", noting))
        if tx.revision != since and may_be_guarded(tx, noting.actors):
            changes = changed_since(tx, since)
            if changes.upserts or changes.removals:
                raise _ToBeJudged
        return answer

    def _judge(
        self, tx: Writer, since: int, network_before: Callable[[], Network], actors: Collection[str]
    ) -> None:
        guarding = guarding_intents(tx, actors)
        changes = look_ahead(tx, self.world, since) if guarding else None
        if changes is None or not (changes.upserts or changes.removals):
            return
        patience = Patience(self.most_followed)
        network = network_before()
        later = network.after(changes.revision, changes.upserts, changes.removals)
        holdings = self._holdings(guarding, network)
        before = Sight(network, holdings, patience=patience)
        after = Sight(later, holdings and holdings.at(later), patience=patience)
        fresh: dict[tuple[object, ...], Examined] = {}
        for intent in {intent.asks: intent for intent in guarding}.values():
            known = self.kept.get(intent.asks, NEVER)
            found = _standing(after, intent, known)
            # Most hold and go on holding; how those stood before does not matter.
            if found.state is IntentState.BROKEN:
                held = _standing(before, intent, known)
                if would_break(intent, held, found):
                    raise _refusal(later, intent, found, actors)
            if not patience.is_over:
                fresh[intent.asks] = found
        if len(self.kept) + len(fresh) > KEPT:
            self.kept.clear()
        self.kept |= fresh

    def _holdings(self, guarding: Iterable[Intent], network: Network) -> Holdings | None:
        """Where accounts have guests, when intents are about accounts; the first look costs what the network is in size."""
        parties = (party for intent in guarding for party in intent.parties)
        if all(party.kind is not PartyKind.ACCOUNT for party in parties):
            return None
        self.holdings = Holdings.of(network) if self.holdings is None else self.holdings.at(network)
        return self.holdings


@dataclass(frozen=True, slots=True)
class GuardedStore:
    """`app.store.Store` in front of another one."""

    #: The store.
    store: Store
    #: Judges what is written.
    guard: Guard

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on a consistent view."""
        return self.store.read(work)

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction, unless it breaks what it may not, and return once it is durable."""
        for _ in range(MOST_TRIES):
            try:
                return self.store.write(lambda tx: self.guard.run(tx, work, patient=False))
            except _NotAtHand:
                self.store.read(self.guard.networks.at)
        return self.store.write(lambda tx: self.guard.run(tx, work, patient=True))

    def write_soon(self, work: Callable[[Writer], T]) -> Future[T]:
        """Queue `work` as `write` does and return at once."""
        return self.store.write_soon(lambda tx: self.guard.run(tx, work, patient=True))

    def loop_writes(self) -> LoopWrites:
        """A way to write for one event loop."""
        return _GuardedWrites(self, self.store.loop_writes())

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have `listener` called after each commit of this process."""
        return self.store.on_commit(listener)

    def latest_revision(self) -> int:
        """Last revision of all processes."""
        return self.store.latest_revision()

    def audit_log(
        self, uids: Collection[str] | None, *, after: int = 0, limit: int = 100
    ) -> list[AuditEntry]:
        """Audit entries of the accounts."""
        return self.store.audit_log(uids, after=after, limit=limit)

    def forget_tokens(self, before: datetime) -> int:
        """Forget client tokens last used before a time."""
        return self.store.forget_tokens(before)

    def forget_samples(self, before: datetime) -> int:
        """Forget samples of minutes that began before a time."""
        return self.store.forget_samples(before)

    def ping(self) -> None:
        """Raise `Unavailable` when the store can't be reached."""
        self.store.ping()

    def close(self) -> None:
        """Finish what is running."""
        self.store.close()


@dataclass(frozen=True, slots=True)
class _GuardedWrites:
    """`app.store.LoopWrites` of a guarded store."""

    guarded: GuardedStore
    writes: LoopWrites

    @property
    def inline(self) -> bool:
        """Whether `write` runs work in the loop itself, as long as it need not be judged."""
        return self.writes.inline

    async def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction; in the loop only when it need not be judged, else once more beside it."""
        if self.writes.inline:
            try:
                return await self.writes.write(lambda tx: self.guarded.guard.run_unjudged(tx, work))
            except _ToBeJudged:
                pass
        return await self.write_long(work)

    async def write_long(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction beside the loop, which also goes on while the network is read."""
        guard = self.guarded.guard
        for _ in range(MOST_TRIES):
            try:
                return await self.writes.write_long(lambda tx: guard.run(tx, work, patient=False))
            except _NotAtHand:
                await asyncio.to_thread(self.guarded.read, guard.networks.at)
        return await self.writes.write_long(lambda tx: guard.run(tx, work, patient=True))


def guarded(
    store: Store, world: World, networks: NetworkFollower, *, most_followed: int = MOST_FOLLOWED
) -> GuardedStore:
    """The store, guarded."""
    return GuardedStore(store, Guard(world, networks, most_followed=most_followed))


def _standing(sight: Sight, intent: Intent, known: Examined) -> Examined:
    """How the intent stands in a network; `known` is how it stood in another one, or `NEVER`."""
    if known is not NEVER and still(sight, known.seen):
        return known
    return examine(sight.network, intent, sight.holdings, known, patience=sight.patience, shared=sight.shared)


def _refusal(network: Network, intent: Intent, found: Examined, actors: Collection[str]) -> Conflict:
    """The error; what an operator asks for is told to its own account only."""
    if intent.owner_uid not in actors:
        return Conflict("it breaks what the operator has asked to hold", code="intent_broken")
    reason = reason_of(network, intent, found)
    return Conflict(
        f"it breaks intent {intent.id} ({intent.name}): {sentence_of(reason)}",
        code="intent_broken",
        id=intent.id,
        name=intent.name,
        reason=reason,
    )
