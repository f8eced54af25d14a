"""Many senders and targets at once: one question for each block of those that get the same answer.

Owns how far an answer holds. One pair of a block is asked; what was consulted tells for which addresses, and for which instances
that are alike, the answer would be the same. What is left over is asked again, so that every pair is in one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.pairs.alike import Likeness, Member, Twin
from peerway.analysis.pairs.suspects import Suspect
from peerway.analysis.places.atoms import address_at
from peerway.analysis.places.spans import Spans, at_points, joined, without
from peerway.analysis.symbolic import Asking, Reach
from peerway.domain.errors import NotFound

Span = tuple[int, int]


class Source(NamedTuple):
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


class Target(NamedTuple):
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
    #: Where; the one that was asked about.
    target: Span
    #: The answer of each network.
    reaches: tuple[Reach, ...]
    #: Other targets of the same answers, but for who gets them.
    twins: tuple[Twin, ...] = ()

    @property
    def targets(self) -> Iterator[tuple[Span, Mapping[str, str]]]:
        """Every target, and who gets there what the answers say that others get; nobody for the one that was asked about."""
        yield self.target, {}
        for twin in self.twins:
            yield (twin.number, twin.number), twin.names


class Blocks:
    """One network, or several that are held against each other, to be asked block by block."""

    def __init__(self, sides: Sequence[Asking], most: int | None = None) -> None:
        self.sides = tuple(sides)
        self.likeness = Likeness(sides)
        self.most = most
        #: How many pairs were asked about.
        self.made = 0
        #: Whether all were that should have been.
        self.complete = True
        self._sources: dict[tuple[Member, ...], tuple[Source, ...]] = {}

    def of(self, suspect: Suspect) -> Iterator[Block]:
        """The blocks of some senders and their targets; none after `most` questions."""
        if suspect.members:
            todo = [(list(suspect.members), suspect.targets)]
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
        members: list[Member],
        targets: Spans,
        todo: list[tuple[list[Member], Spans]],
    ) -> Block:
        """One comparison for the first member; those for which it may come out otherwise are left to do."""
        sender_id, source = members[0]
        first, last = targets[0]
        reaches = self.ask(sender_id, source, first)
        _, end = self.held(first, (first, last))
        rest = without(targets, ((first, end),))
        twins = self.likeness.targets(first, rest, members) if rest and end == first else []
        met = joined(((first, end),), at_points(twin.number for twin in twins))
        if rest := without(rest, met):
            todo.append((members, rest))
        alike = self.likeness.senders(suspect.router_id, members, (first, end))
        if len(alike) < len(members):
            same = {*alike}
            todo.append(([member for member in members if member not in same], met))
        return Block(self.sources(suspect.router_id, tuple(alike)), (first, end), reaches, tuple(twins))

    def sources(self, router_id: str, members: tuple[Member, ...]) -> tuple[Source, ...]:
        """Members as sources; the same ones are met again and again."""
        found = self._sources.get(members)
        if found is None:
            found = tuple(Source(id, router_id, (at, at)) for id, at in members)
            self._sources[members] = found
        return found

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
        asking.notes.fresh()
        try:
            return asking.reach(sender_id, source, destination)
        except NotFound:
            return _NOTHING

    def held(self, number: int, within: Span, beside: int = -1) -> Span:
        """How far around an address both answers hold, as long as it does not become the one `beside` it."""
        low, high = within
        for asking in self.sides:
            first, last = asking.notes.held(number, beside)
            low, high = max(low, first), min(high, last)
        return low, high


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
