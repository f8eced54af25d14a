"""Forwarding tables made ready for many packets: a route with the steps that it makes of a walk.

Owns what can be said of a route without the packet. `fabric.decisions.longest_match` is the slow twin.
"""

from __future__ import annotations

from bisect import bisect_right

from peerway.analysis.places.atoms import Matches, Stretches, longest_matches, stretch
from peerway.fabric.model import (
    Blackhole,
    Fib,
    FibEntry,
    LinkPath,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToUplink,
)
from peerway.fabric.outcomes import Check, Outcome, Step


class Route:
    """One entry, ready."""

    __slots__ = (
        "crosses",
        "endpoint_id",
        "entry",
        "leaves_by",
        "link_id",
        "live",
        "resolves",
        "step",
        "stopped",
        "subject",
    )

    def __init__(
        self, router_id: str, fib_id: str, entry: FibEntry, check: Check, outcome: Outcome | None
    ) -> None:
        hop = entry.hop
        #: What it was made from.
        self.entry = entry
        #: What the table says.
        self.step = Step(router_id, check, fib_id, entry.source, outcome)
        #: The links that it leads to; None for another hop.
        self.crosses: ToLinks | None = None
        if isinstance(hop, ToLinks):
            self.crosses = hop
        elif isinstance(hop, ToLink):
            self.crosses = ToLinks((LinkPath(hop.link_id),))
        paths = self.crosses.paths if self.crosses is not None else ()
        #: The one link that it leads to; None for several and for another hop.
        self.link_id = paths[0].link_id if len(paths) == 1 else None
        #: What a walk calls those links.
        self.subject = "+".join(path.link_id for path in paths)
        #: The step over its one link, and the step when none is up.
        self.live = Step(router_id, Check.LINK, self.subject)
        self.stopped = Step(router_id, Check.LINK, self.subject, outcome=Outcome.LINK_DOWN)
        #: The uplink that it leads to, or None.
        self.leaves_by = hop.uplink_id if isinstance(hop, ToUplink) else None
        #: Whether it leads to the resolver.
        self.resolves = isinstance(hop, ToResolver)
        #: The instance that it leads to, whatever the destination; None when the destination's owner gets the packet.
        self.endpoint_id = hop.endpoint_id if isinstance(hop, ToEndpoint) else None


class Table:
    """One forwarding table, ready for many packets. Routes are made when they are asked for first.

    The first look goes through the entries themselves: many tables are looked at once, and made ready they take time and memory.
    """

    __slots__ = (
        "_check",
        "_leaving",
        "_looked",
        "_nothing",
        "_ranges",
        "_routes",
        "fib",
        "outer",
        "router_id",
    )

    def __init__(self, router_id: str, fib: Fib, outer: Table | None = None) -> None:
        self.router_id = router_id
        #: What it was made from.
        self.fib = fib
        #: For a table of packets that come by a link: the one that endpoints use, which tells what leads out.
        self.outer = outer
        self._check = Check.ROUTE if outer is None else Check.INBOUND_ROUTE
        self._nothing = Step(router_id, self._check, fib.id, outcome=Outcome.NO_ROUTE)
        self._looked = False
        #: Which of the entries an address meets; made at the second look.
        self._ranges: Stretches[int | None] | None = None
        #: Ranges that lead over a link or out of the network; made when it is asked for first.
        self._leaving: set[tuple[int, int]] | None = None
        self._routes: dict[int, Route] = {}

    def find(self, destination: int) -> Route | Step:
        """The route of the longest range that the number is in; the step that says so where there is none."""
        ranges = self._ranges
        if ranges is not None:
            place = ranges.at(destination)
        elif self._looked:
            place = self.ranges().at(destination)
        else:
            self._looked = True
            place = _seek(self.fib.entries, destination)
        if place is None:
            return self._nothing
        return self._routes.get(place) or self._route(place)

    def ranges(self) -> Stretches[int | None]:
        """The places of the entries by their ranges; those of the outer table where both have the same ranges."""
        found = self._ranges
        if found is None:
            entries, outer = self.fib.entries, self.outer
            if outer is not None and _alike(entries, outer.fib.entries):
                found = outer.ranges()
            else:
                found = longest_matches((entry.prefix, place) for place, entry in enumerate(entries))
            self._ranges = found
        return found

    def matches(self) -> Matches[FibEntry]:
        """The entry for every address, and how far it is the same."""
        return Matches(self.ranges(), self.fib.entries)

    def _route(self, place: int) -> Route:
        entry = self.fib.entries[place]
        outcome = None
        if isinstance(entry.hop, Blackhole):
            outcome = Outcome.TRANSIT if self.leads_out(entry) else Outcome.BLACKHOLE
        made = Route(self.router_id, self.fib.id, entry, self._check, outcome)
        self._routes[place] = made
        return made

    def leads_out(self, entry: FibEntry) -> bool:
        """Whether endpoints' packets for an entry's range go over a link or out of the network."""
        return self.outer is not None and stretch(entry.prefix) in self.outer.leaving()

    def leaving(self) -> set[tuple[int, int]]:
        """The ranges that lead over a link or out of the network."""
        found = self._leaving
        if found is None:
            away = ToLink | ToLinks | ToUplink
            found = {stretch(entry.prefix) for entry in self.fib.entries if isinstance(entry.hop, away)}
            self._leaving = found
        return found


def _alike(entries: tuple[FibEntry, ...], others: tuple[FibEntry, ...]) -> bool:
    """Whether two tables have the very same ranges at the same places."""
    return len(entries) == len(others) and all(
        entry.prefix is other.prefix for entry, other in zip(entries, others, strict=True)
    )


def _seek(entries: tuple[FibEntry, ...], destination: int) -> int | None:
    """The place of the longest range that the number is in: the last before or at the number that reaches so far.

    Entries are in order of their first addresses, longer ones behind the shorter they are in.
    """
    for place in range(bisect_right(entries, destination, key=_start) - 1, -1, -1):
        if destination <= stretch(entries[place].prefix)[1]:
            return _first_of_equals(entries, place)
    return None


def _first_of_equals(entries: tuple[FibEntry, ...], place: int) -> int:
    """Of entries for one range the first counts: stored tables have only one, those that somebody imagines may have more."""
    while place and entries[place - 1].prefix == entries[place].prefix:
        place -= 1
    return place


def _start(entry: FibEntry) -> int:
    return stretch(entry.prefix)[0]
