"""What a change of the network changes for packets: who can ask whom for more or less than before (PATH-1).

Owns which pairs are looked at and how alike ones become one line. A pair is looked at when one of its packets may meet a router
that is not the identical object, or a link whose ends or state are not what they were, at an address that this concerns; then
both networks are asked, and the answers compared. All that instances of either network ask from their own addresses is covered, and all
that comes by uplinks, but for packets whose source is their destination; what a guest that forwards sends on for others is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from peerway.analysis.dark import Route, turned_routes
from peerway.analysis.grounds import Atlas
from peerway.analysis.network import Network
from peerway.analysis.spaces import EMPTY, Space
from peerway.analysis.suspects import Suspect, Suspects
from peerway.analysis.symbolic import Asking, Reach
from peerway.domain.errors import NotFound

#: How many pairs are compared before giving up.
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs in the answers for a pair."""

    #: Answered now and not before.
    gained: Space
    #: Answered before and not now.
    lost: Space
    #: Received, or let out, now and not before.
    arriving: Space
    #: Received, or let out, before and not now.
    missing: Space

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.gained or self.lost or self.arriving or self.missing)


@dataclass(frozen=True, slots=True)
class Source:
    """Who asks."""

    #: The instance or database, or the uplink by which it comes in.
    id: str
    #: Router that it is at.
    router_id: str
    #: Source addresses, as first and last place on the line of all addresses.
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked."""

    #: Destination addresses, as first and last place on the line of all addresses.
    span: tuple[int, int]
    #: Who gets what is sent there, before or after: instances, uplinks by which it leaves, routers that resolve names.
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Pairs for which the same changes: each of the sources with each of the targets."""

    #: Who asks.
    sources: tuple[Source, ...]
    #: Who is asked.
    targets: tuple[Target, ...]
    #: What changes for each of the pairs.
    gap: Gap
    #: Whether it is the first choice's answer where a connection's hash decides.
    chosen: bool

    @property
    def pairs(self) -> int:
        """How many pairs of a source and a target these are."""
        return len(self.sources) * len(self.targets)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as before."""

    #: Revisions compared.
    revisions: tuple[int, int]
    #: What pairs gained and lost, alike ones together.
    changes: tuple[Change, ...]
    #: Route entries that led somewhere alive before and don't any more.
    dark: tuple[Route, ...]
    #: Route entries that lead somewhere alive again.
    revived: tuple[Route, ...]
    #: How many comparisons were made.
    compared: int
    #: Whether everything that may differ was looked at; otherwise there may be more changes than these.
    complete: bool

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.changes or self.dark or self.revived)


def difference(before: Network | Atlas, after: Network | Atlas, *, most: int = MOST) -> Difference:
    """What the second network does otherwise than the first; looks only where something can differ.

    After `most` comparisons it stops and says so (`complete`). Networks that share most of their routers should be given as an
    `Atlas` and what `Atlas.after` makes of it, so that neither prepares what the other has.
    """
    old = before if isinstance(before, Atlas) else Atlas(before)
    new = after if isinstance(after, Atlas) else old.after(after)
    comparing = _Comparing(old, new, most)
    suspects = Suspects(old, new)
    found = [line for suspect in suspects for line in comparing.lines(suspect)]
    dark, revived = turned_routes(old.network, new.network, suspects.routers)
    return Difference(
        (old.network.revision, new.network.revision),
        tuple(_grouped(found)),
        dark,
        revived,
        comparing.made,
        comparing.complete,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """One comparison that found a difference."""

    sources: tuple[Source, ...]
    target: Target
    gap: Gap
    chosen: bool


class _Comparing:
    """The two networks, being compared."""

    def __init__(self, old: Atlas, new: Atlas, most: int) -> None:
        self.old, self.new = Asking(old), Asking(new)
        self.sides = (self.old, self.new)
        self.most = most
        #: How many comparisons were made.
        self.made = 0
        #: Whether all were made that were asked for.
        self.complete = True

    def lines(self, suspect: Suspect) -> Iterator[_Line]:
        """What differs for alike senders and the targets that may have changed for them."""
        if suspect.members:
            todo = [(list(suspect.members), target) for target in suspect.targets]
            while todo and self.goes_on():
                yield from self.from_members(suspect, *todo.pop(), todo)
        else:
            spans = [(source, target) for source in suspect.sources for target in suspect.targets]
            while spans and self.goes_on():
                yield from self.from_outside(suspect, *spans.pop(), spans)

    def goes_on(self) -> bool:
        """Whether another comparison may be made."""
        self.complete = self.complete and self.made < self.most
        return self.complete

    def from_members(
        self,
        suspect: Suspect,
        members: list[tuple[str, int]],
        targets: tuple[int, int],
        todo: list[tuple[list[tuple[str, int]], tuple[int, int]]],
    ) -> Iterator[_Line]:
        """One comparison for the first member; those for which it may come out otherwise are left to do."""
        sender_id, source = members[0]
        first, last = targets
        gap, ids, chosen = self.compare(sender_id, source, first)
        _, end = self.held(first, (first, last))
        if end < last:
            todo.append((members, (end + 1, last)))
        alike = [members[0]]
        if len(members) > 1 and source != first:
            alike += [member for member in members[1:] if self.alike(source, member, (first, end))]
        others = [member for member in members if member not in alike]
        if others:
            todo.append((others, (first, end)))
        if gap:
            sources = tuple(Source(id, suspect.router_id, (at, at)) for id, at in alike)
            yield _Line(sources, Target((first, end), ids), gap, chosen)

    def from_outside(
        self,
        suspect: Suspect,
        sources: tuple[int, int],
        targets: tuple[int, int],
        todo: list[tuple[tuple[int, int], tuple[int, int]]],
    ) -> Iterator[_Line]:
        """One comparison for what comes by an uplink; sources and targets for which it may come out otherwise are left to do."""
        source, target = sources[0], targets[0]
        if source == target:
            source, target = sources[1], targets[0] if sources[1] != target else targets[1]
        gap, ids, chosen = self.compare(suspect.uplink_id, source, target)
        ours = self.held(source, sources, target)
        theirs = self.held(target, targets, source)
        todo.extend((sources, rest) for rest in _beside(targets, theirs))
        todo.extend((rest, theirs) for rest in _beside(sources, ours))
        if gap:
            found = Source(suspect.uplink_id, suspect.router_id, ours)
            yield _Line((found,), Target(theirs, ids), gap, chosen)

    def compare(self, sender_id: str, source: int, destination: int) -> tuple[Gap, tuple[str, ...], bool]:
        """What differs for one pair, who gets its packets, and whether a hash decides."""
        self.made += 1
        old, new = (self.asked(asking, sender_id, source, destination) for asking in self.sides)
        if old.fates == new.fates:
            return _NO_GAP, (), False
        there = old.arrives, new.arrives
        back = old.answered, new.answered
        gap = Gap(back[1] - back[0], back[0] - back[1], there[1] - there[0], there[0] - there[1])
        ids = tuple(sorted({*old.receivers, *new.receivers}))
        return gap, ids, old.chosen or new.chosen

    def asked(self, asking: Asking, sender_id: str, source: int, destination: int) -> Reach:
        """One network's answer; nothing from a sender that it doesn't have."""
        asking.fresh()
        try:
            return asking.reach(sender_id, source, destination)
        except NotFound:
            return _NOTHING

    def held(self, number: int, within: tuple[int, int], beside: int = -1) -> tuple[int, int]:
        """How far around an address both answers hold, as long as it does not become the one `beside` it."""
        low, high = within
        for asking in self.sides:
            first, last = asking.held(number, beside)
            low, high = max(low, first), min(high, last)
        return low, high

    def alike(self, source: int, member: tuple[str, int], targets: tuple[int, int]) -> bool:
        """Whether both answers are the same for a member as they were for one that sent from `source`."""
        sender_id, number = member
        if targets[0] <= number <= targets[1]:
            return False
        return all(asking.says_same(source, sender_id, number) for asking in self.sides)


_NO_GAP: Final = Gap(EMPTY, EMPTY, EMPTY, EMPTY)
_NOTHING: Final = Reach({}, chosen=False)


def _beside(whole: tuple[int, int], part: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """What of a stretch is before and after a part of it."""
    if whole[0] < part[0]:
        yield whole[0], part[0] - 1
    if part[1] < whole[1]:
        yield part[1] + 1, whole[1]


def _grouped(lines: Iterable[_Line]) -> Iterator[Change]:
    """Alike lines together: first the targets of the same sources, then the sources with the same targets."""
    by_sources: dict[tuple[tuple[Source, ...], Gap, bool], list[Target]] = {}
    for line in lines:
        by_sources.setdefault((line.sources, line.gap, line.chosen), []).append(line.target)
    by_targets: dict[tuple[tuple[Target, ...], Gap, bool], list[Source]] = {}
    for (sources, gap, chosen), targets in by_sources.items():
        by_targets.setdefault((_merged(targets), gap, chosen), []).extend(sources)
    for (merged, gap, chosen), senders in by_targets.items():
        yield Change(tuple(dict.fromkeys(senders)), merged, gap, chosen)


def _merged(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Targets in order; those that touch and are got by the same are one."""
    found: list[Target] = []
    for target in sorted(set(targets), key=lambda each: each.span):
        last = found[-1] if found else None
        if last is not None and last.ids == target.ids and last.span[1] + 1 == target.span[0]:
            found[-1] = Target((last.span[0], target.span[1]), last.ids)
        else:
            found.append(target)
    return tuple(found)
