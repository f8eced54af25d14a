"""What a change of the network changes for packets: who can ask whom for more or less than before (PATH-1).

Owns which pairs are looked at and how alike ones become one line. A pair is looked at when one of its packets may meet a router
that is not the identical object, or a link whose ends or state are not what they were, at an address that this concerns; then
both networks are asked, and the answers compared. All that instances of either network ask from their own addresses is covered,
and all that comes by uplinks, but for packets whose source is their destination. What a guest that forwards sends on is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from peerway.analysis.difference.dark import Route, turned_routes
from peerway.analysis.network import Network
from peerway.analysis.pairs.blocks import Block, Blocks, Source, Target
from peerway.analysis.pairs.suspects import Suspects
from peerway.analysis.symbolic import Asking, Reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import EMPTY, Space
from peerway.fabric.outcomes import GOT

__all__ = ["MOST", "Change", "Difference", "Gap", "Route", "Source", "Target", "difference"]

#: How many pairs are compared before giving up.
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs in the answers for a pair. What somebody else gets now is lost with the one and gained with the other."""

    #: Answered by the target now and not before.
    gained: Space
    #: Answered by the target before and not now.
    lost: Space
    #: Received by the target, or let out, now and not before.
    arriving: Space
    #: Received by the target, or let out, before and not now.
    missing: Space

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.gained or self.lost or self.arriving or self.missing)


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
    blocks = Blocks((Asking(old), Asking(new)), most)
    suspects = Suspects(old, new)
    found = [line for suspect in suspects for block in blocks.of(suspect) for line in _lines(block)]
    dark, revived = turned_routes(old.network, new.network, suspects.routers)
    return Difference(
        (old.network.revision, new.network.revision),
        tuple(_grouped(found)),
        dark,
        revived,
        blocks.made,
        blocks.complete,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """One comparison that found a difference."""

    sources: tuple[Source, ...]
    target: Target
    gap: Gap
    chosen: bool


def _lines(block: Block) -> Iterator[_Line]:
    """What differs in the answers for a block, by who gets them."""
    old, new = block.reaches
    if old.fates == new.fates:
        return
    for ids in _receivers(old, new):
        (back, there), (back_now, there_now) = _got(old, ids), _got(new, ids)
        gap = Gap(back_now - back, back - back_now, there_now - there, there - there_now)
        if gap:
            for span, names in block.targets:
                target = Target(span, tuple(sorted(names.get(id, id) for id in ids)))
                yield _Line(block.sources, target, gap, old.chosen or new.chosen)


def _receivers(old: Reach, new: Reach) -> Iterator[tuple[str, ...]]:
    """Those that are told apart: everybody in the network alone, and all ways out of it together.

    Where a connection's hash decides all are one: which of them the first choice is means nothing.
    """
    known = {*old.receivers, *new.receivers}
    inside = {
        fate.request.subject for each in (old, new) for fate in each.fates if fate.request.outcome in GOT
    }
    if old.chosen or new.chosen:
        inside = set()
    yield from ((id,) for id in sorted(inside))
    if known - inside:
        yield tuple(sorted(known - inside))


def _got(reach: Reach, ids: tuple[str, ...]) -> tuple[Space, Space]:
    """What any of these answers, and what gets to it."""
    received = reach.receivers
    answered, arrives = EMPTY, EMPTY
    for id in ids:
        answered |= reach.answered_by(id)
        arrives |= received.get(id, EMPTY)
    return answered, arrives


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
