"""Many senders and targets at once: one question for each block of those that get the same answer.

Owns how far an answer holds. One pair of a block is asked; what was consulted tells for which addresses, and for which instances
that are alike, the answer would be the same. What is left over is asked again, so that every pair is in one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from peerway.analysis.pairs.suspects import Suspect
from peerway.analysis.places.atoms import address_at
from peerway.analysis.symbolic import Asking, Reach
from peerway.domain.errors import NotFound

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """Who asks."""

    #: The instance or database, or the uplink by which it comes in.
    id: str
    #: Router that it is at.
    router_id: str
    #: Source addresses, as first and last place on the line of all addresses.
    span: Span

    def __str__(self) -> str:
        """Who and from where, for people."""
        return f"{self.id} {span_text(self.span)}"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked."""

    #: Destination addresses, as first and last place on the line of all addresses.
    span: Span
    #: Who gets what is sent there: instances, uplinks by which it leaves, routers that resolve names.
    ids: tuple[str, ...]

    def __str__(self) -> str:
        """Where and who, for people."""
        return " ".join((span_text(self.span), *self.ids))


@dataclass(frozen=True, slots=True)
class Block:
    """Pairs with the same answer: each of the sources with each address of the target."""

    #: Who asks.
    sources: tuple[Source, ...]
    #: Where.
    target: Span
    #: The answer of each network.
    reaches: tuple[Reach, ...]


class Blocks:
    """One network, or several that are held against each other, to be asked block by block."""

    def __init__(self, sides: Sequence[Asking], most: int | None = None) -> None:
        self.sides = tuple(sides)
        self.most = most
        #: How many pairs were asked about.
        self.made = 0
        #: Whether all were that should have been.
        self.complete = True

    def of(self, suspect: Suspect) -> Iterator[Block]:
        """The blocks of some senders and their targets; none after `most` questions."""
        if suspect.members:
            todo = [(list(suspect.members), target) for target in suspect.targets]
            while todo and self.goes_on():
                yield self.from_members(suspect, *todo.pop(), todo)
        else:
            spans = [(source, target) for source in suspect.sources for target in suspect.targets]
            while spans and self.goes_on():
                yield self.from_outside(suspect, *spans.pop(), spans)

    def goes_on(self) -> bool:
        """Whether another comparison may be made."""
        self.complete = self.complete and (self.most is None or self.made < self.most)
        return self.complete

    def from_members(
        self,
        suspect: Suspect,
        members: list[tuple[str, int]],
        targets: Span,
        todo: list[tuple[list[tuple[str, int]], Span]],
    ) -> Block:
        """One comparison for the first member; those for which it may come out otherwise are left to do."""
        sender_id, source = members[0]
        first, last = targets
        reaches = self.ask(sender_id, source, first)
        _, end = self.held(first, (first, last))
        if end < last:
            todo.append((members, (end + 1, last)))
        alike = [members[0]]
        if len(members) > 1 and source != first:
            alike += [member for member in members[1:] if self.alike(source, member, (first, end))]
        others = [member for member in members if member not in alike]
        if others:
            todo.append((others, (first, end)))
        sources_found = tuple(Source(id, suspect.router_id, (at, at)) for id, at in alike)
        return Block(sources_found, (first, end), reaches)

    def from_outside(
        self,
        suspect: Suspect,
        sources: Span,
        targets: Span,
        todo: list[tuple[Span, Span]],
    ) -> Block:
        """One comparison for what comes by an uplink; sources and targets for which it may come out otherwise are left to do."""
        source, target = sources[0], targets[0]
        if source == target:
            source, target = sources[1], targets[0] if sources[1] != target else targets[1]
        reaches = self.ask(suspect.uplink_id, source, target)
        ours = self.held(source, sources, target)
        theirs = self.held(target, targets, source)
        todo.extend((sources, rest) for rest in _beside(targets, theirs))
        todo.extend((rest, theirs) for rest in _beside(sources, ours))
        return Block((Source(suspect.uplink_id, suspect.router_id, ours),), theirs, reaches)

    def ask(self, sender_id: str, source: int, destination: int) -> tuple[Reach, ...]:
        """Every network's answer for one pair."""
        self.made += 1
        return tuple(self.asked(asking, sender_id, source, destination) for asking in self.sides)

    def asked(self, asking: Asking, sender_id: str, source: int, destination: int) -> Reach:
        """One network's answer; nothing from a sender that it doesn't have."""
        asking.fresh()
        try:
            return asking.reach(sender_id, source, destination)
        except NotFound:
            return _NOTHING

    def held(self, number: int, within: Span, beside: int = -1) -> Span:
        """How far around an address both answers hold, as long as it does not become the one `beside` it."""
        low, high = within
        for asking in self.sides:
            first, last = asking.held(number, beside)
            low, high = max(low, first), min(high, last)
        return low, high

    def alike(self, source: int, member: tuple[str, int], targets: Span) -> bool:
        """Whether both answers are the same for a member as they were for one that sent from `source`."""
        sender_id, number = member
        if targets[0] <= number <= targets[1]:
            return False
        return all(asking.says_same(source, sender_id, number) for asking in self.sides)


def span_text(span: Span) -> str:
    """A stretch of addresses, for people."""
    first, last = span
    return str(address_at(first)) if first == last else f"{address_at(first)}-{address_at(last)}"


def _beside(whole: Span, part: Span) -> Iterator[Span]:
    """What of a stretch is before and after a part of it."""
    if whole[0] < part[0]:
        yield whole[0], part[0] - 1
    if part[1] < whole[1]:
        yield part[1] + 1, whole[1]


_NOTHING: Final = Reach({}, chosen=False)
