"""What a change means for packets, as one account may see it.

Owns what a tenant is told of other tenants' ends: a pair is shown when one of its ends is the caller's. The other end, when it is
not, is only the range of the VPC that it is in (or the addresses outside, beyond another's border), without any id. Pairs between
two others are left out, and so are others' routes. Operators see everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import summarize_address_range
from typing import NamedTuple, TypeVar

from peerway.analysis.difference import Change, Difference, Gap, Source, Target
from peerway.analysis.difference.dark import Route
from peerway.analysis.network import Network
from peerway.analysis.places.atoms import SIX, address_at, stretch
from peerway.analysis.symbolic.spaces import EMPTY, Space
from peerway.domain.account import Caller, Role
from peerway.domain.vpc import Vpc

#: What is so of pairs, to be told of all of them alike.
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReachEnd:
    """One end of pairs."""

    #: Who it is: an instance, a database, or the uplink by which packets come or go; null for another account's or nobody in
    #: particular.
    id: str | None
    #: VPC or border router that it is at; null for another account's.
    router_id: str | None
    #: Its addresses: one, a range in CIDR notation, or `first-last`.
    addresses: str


@dataclass(frozen=True, slots=True)
class ReachEffect:
    """What changes alike for each of the sources with each of the targets."""

    #: Who asks.
    sources: list[ReachEnd]
    #: Who is asked.
    targets: list[ReachEnd]
    #: What would be answered and is not now, such as `tcp 22, 80-443; icmp`, `everything` or `nothing`.
    gained: str
    #: What is answered now and would not be.
    lost: str
    #: What would get there, answered or not, and does not now.
    arriving: str
    #: What gets there now and would not.
    missing: str
    #: What of `arriving` would not be answered.
    arriving_unanswered: str
    #: What of `missing` is not answered now.
    missing_unanswered: str
    #: Whether a connection's hash decides on the way; then it is the answer of the first choice.
    chosen: bool


@dataclass(frozen=True, slots=True)
class RouteEffect:
    """A route that goes dark or revives: it is there before and after."""

    #: VPC or border router.
    router_id: str
    #: Route table.
    route_table_id: str
    #: The entry.
    id: str
    #: Its range.
    destination: str
    #: What it leads to.
    next_hop_id: str | None


@dataclass(frozen=True, slots=True)
class ReachEffects:
    """All that would differ for packets."""

    #: What pairs would gain and lose, alike ones together.
    changes: list[ReachEffect]
    #: Routes that lead somewhere now and would not.
    dark: list[RouteEffect]
    #: Routes that lead nowhere now and would again.
    revived: list[RouteEffect]
    #: Whether everything that may differ was looked at.
    complete: bool


def reach_effects(caller: Caller, before: Network, after: Network, found: Difference) -> ReachEffects:
    """The difference between two networks as the caller may see it."""
    view = EndView(caller, (before, after))
    return ReachEffects(
        changes=list(_merged(view, found.changes)),
        dark=[view.route(route) for route in found.dark if view.is_own(route.router_id)],
        revived=[view.route(route) for route in found.revived if view.is_own(route.router_id)],
        complete=found.complete,
    )


#: Pairs' ends, and whether a hash decides.
_Key = tuple[tuple["End", ...], tuple["End", ...], bool]


def _merged(view: EndView, changes: Iterable[Change]) -> Iterator[ReachEffect]:
    """The changes as they are shown; those that look the same once ends are hidden become one."""
    found: dict[_Key, _Told] = {}
    for change in changes:
        for sources, targets in view.pairs(change.sources, change.targets):
            key = (sources, targets, change.chosen)
            found[key] = _both(found.get(key, _NONE), _told(change.gap))
    alike = together((sources, targets, (told, chosen)) for (sources, targets, chosen), told in found.items())
    for sources_told, targets_told, (told, chosen) in alike:
        gap = told.gap
        yield ReachEffect(
            sources=sources_told,
            targets=targets_told,
            gained=str(gap.gained),
            lost=str(gap.lost),
            arriving=str(gap.arriving),
            missing=str(gap.missing),
            arriving_unanswered=str(told.arriving),
            missing_unanswered=str(told.missing),
            chosen=chosen,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What changes for pairs that look the same."""

    #: All of it.
    gap: Gap
    #: What would get there unanswered; told pair by pair, as another pair's answer is none of this one's.
    arriving: Space
    #: What gets there unanswered now.
    missing: Space


_NONE = _Told(Gap(EMPTY, EMPTY, EMPTY, EMPTY), EMPTY, EMPTY)


def _told(gap: Gap) -> _Told:
    # What gets there for the first time was not answered before: what is answered of it is gained. So it is the other way round.
    return _Told(gap, gap.arriving - gap.gained, gap.missing - gap.lost)


def _both(one: _Told, other: _Told) -> _Told:
    parts: Iterable[tuple[Space, Space]] = (
        (one.gap.gained, other.gap.gained),
        (one.gap.lost, other.gap.lost),
        (one.gap.arriving, other.gap.arriving),
        (one.gap.missing, other.gap.missing),
    )
    gap = Gap(*(each | more for each, more in parts))
    return _Told(gap, one.arriving | other.arriving, one.missing | other.missing)


class End(NamedTuple):
    """One end of pairs, before it is put into words."""

    #: Who it is, as far as the caller may know it.
    id: str | None
    #: Where that is.
    router_id: str | None
    #: First and last of its addresses.
    span: tuple[int, int]
    #: Whether these are a VPC's range instead of the addresses themselves, which are not the caller's to know.
    is_range: bool = False


def together(
    pairs: Iterable[tuple[tuple[End, ...], tuple[End, ...], T]],
) -> Iterator[tuple[list[ReachEnd], list[ReachEnd], T]]:
    """Alike pairs together, in words: sources of the same targets, targets of the same sources.

    Answers come cut wherever anybody's address may make a difference. What touches and differs in nothing is put together again:
    the cuts would tell where others have something.
    """
    found = pairs
    for _ in range(4):  # each turn joins the first side, and puts the other one in front
        found = list(_sides_joined(found))
    for sources, targets, what in found:
        yield [*map(_in_words, sources)], [*map(_in_words, targets)], what


def _sides_joined(
    pairs: Iterable[tuple[tuple[End, ...], tuple[End, ...], T]],
) -> Iterator[tuple[tuple[End, ...], tuple[End, ...], T]]:
    """For each second side that occurs, with the same answer, all first sides; the second one in front."""
    found: dict[tuple[frozenset[End], T], tuple[tuple[End, ...], list[End]]] = {}
    for first, second, what in pairs:
        found.setdefault((frozenset(second), what), (second, []))[1].extend(first)
    for (_, what), (second, ends) in found.items():
        yield second, _joined(ends), what


def _joined(ends: Iterable[End]) -> tuple[End, ...]:
    """The ends, each once and in the order of their first; addresses of one that touch are one range."""
    spans: dict[tuple[str | None, str | None, bool], list[tuple[int, int]]] = {}
    for end in dict.fromkeys(ends):
        spans.setdefault((end.id, end.router_id, end.is_range), []).append(end.span)
    return tuple(
        End(id, router_id, span, is_range)
        for (id, router_id, is_range), some in spans.items()
        for span in (some if is_range else _touching(some))
    )


def _touching(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order; those that touch or overlap are one, but none has addresses of both IP versions."""
    ordered = sorted(spans)
    first, last = ordered[0]
    for begin, end in ordered[1:]:
        if begin > last + 1 or last < SIX <= begin:
            yield first, last
            first, last = begin, end
        last = max(last, end)
    yield first, last


def _in_words(end: End) -> ReachEnd:
    return ReachEnd(end.id, end.router_id, _text(end.span))


@dataclass(slots=True)
class EndView:
    """What the caller may see of the ends of pairs."""

    #: Who looks.
    caller: Caller
    #: Where the ends are: one network, or before and after.
    networks: tuple[Network, ...]
    #: Owners by id, as far as they were asked for.
    owners: dict[str, str | None] = field(default_factory=dict)

    def pairs(
        self, sources: Sequence[Source], targets: Sequence[Target]
    ) -> Iterator[tuple[tuple[End, ...], tuple[End, ...]]]:
        """The pairs that the caller may see: those of its own sources with everyone, those of others with its own targets."""
        own = [source for source in sources if self.is_own(source.id)]
        others = [source for source in sources if not self.is_own(source.id)]
        own_targets = [target for target in targets if self.is_own_target(target)]
        for some, asked in ((own, targets), (others, own_targets)):
            if some and asked:
                yield (
                    tuple(dict.fromkeys(self.source(source) for source in some)),
                    tuple(dict.fromkeys(end for target in asked for end in self.target(target))),
                )

    def source(self, source: Source) -> End:
        """Who asks, as the caller may know it."""
        if self.is_own(source.id):
            return End(source.id, source.router_id, source.span)
        return self.range_around(source.router_id, source.span)

    def target(self, target: Target) -> Iterator[End]:
        """Who is asked, as the caller may know it."""
        for id in target.ids or (None,):
            if id is None:
                yield End(None, None, target.span)
            elif self.is_own(id):
                yield End(id, self.home(id), target.span)
            else:
                yield self.range_around(self.home(id), target.span)

    def is_own_target(self, target: Target) -> bool:
        """Whether one of those who get it is the caller's."""
        return any(self.is_own(id) for id in target.ids)

    def route(self, route: Route) -> RouteEffect:
        """A route as it is shown."""
        stored = None
        for network in self.networks:
            stored = network.snapshot.site(route.router_id).route_entries.get(route.entry_id) or stored
        hop = stored.next_hop_id if stored is not None else None
        return RouteEffect(route.router_id, route.table_id, route.entry_id, str(route.prefix), hop)

    def is_own(self, id: str) -> bool:
        """Whether the caller may see what has the id: its own, and an operator all."""
        if self.caller.role.may(Role.OPERATOR):
            return True
        if id not in self.owners:
            self.owners[id] = self.owner(id)
        return self.owners[id] == self.caller.uid

    def owner(self, id: str) -> str | None:
        """The account of an instance, database, router or whatever else has an uplink."""
        for network in self.networks:
            home = network.router_of(id)
            if home is None:
                continue
            site = network.snapshot.site(home.id)
            for part in (site.instances, site.databases, site.nat_gateways, site.ipv4_gateways):
                if id in part:
                    return str(part[id].owner_uid)
            if site.router is not None:
                return site.router.owner_uid
        return None

    def home(self, id: str) -> str | None:
        """The router that something is at."""
        for network in self.networks:
            router = network.router_of(id)
            if router is not None:
                return router.id
        return None

    def range_around(self, router_id: str | None, span: tuple[int, int]) -> End:
        """The VPC's range that addresses are in; the addresses themselves when they are in none."""
        for network in self.networks:
            router = network.snapshot.site(router_id).router
            for prefix in router.prefixes if isinstance(router, Vpc) else ():
                first, last = stretch(prefix)
                if first <= span[0] and span[1] <= last:
                    return End(None, None, (first, last), is_range=True)
        return End(None, None, span)


def _text(span: tuple[int, int]) -> str:
    """Addresses for people."""
    first, last = span
    if first == last:
        return str(address_at(first))
    if first < SIX <= last:
        return f"{address_at(first)}-{address_at(last)}"
    ranges = list(summarize_address_range(address_at(first), address_at(last)))
    return str(ranges[0]) if len(ranges) == 1 else f"{address_at(first)}-{address_at(last)}"
