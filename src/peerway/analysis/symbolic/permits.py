"""What a filter lets pass, as a set for each address of the far side.

Owns the order of rules in sets: the first that matches decides. Nothing is worked out before somebody asks for it, nor twice:
addresses that match the same rules share one answer, the identical object.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from peerway.analysis.places.atoms import LAST, SIX, stretch
from peerway.analysis.symbolic.spaces import END, Space, block
from peerway.fabric.model import Action, Filter, Rule


@dataclass(slots=True)
class Permit:
    """What a filter says to one class of addresses."""

    #: What passes.
    allowed: Space
    #: What doesn't, by the source of the rule that drops it; None for the default.
    dropped: tuple[tuple[Space, str | None], ...]
    #: Answers of `at`, by port.
    _by_port: dict[int, Space] = field(default_factory=dict)

    def at(self, port: int) -> Space:
        """The protocols, with all their ports, that pass at one port: for packets whose port has been replaced, and replies."""
        found = self._by_port.get(port)
        if found is None:
            found = self._by_port[port] = self.allowed.protocols_at(port)
        return found

    def source_of(self, port: int | None, stopped: Space) -> list[tuple[Space, str | None]]:
        """Who drops what of a set that is dropped as a whole; `port` as in `at`, None where it was not replaced."""
        parts = [
            (stopped & (space if port is None else space.protocols_at(port)), source)
            for space, source in self.dropped
        ]
        return [(space, source) for space, source in parts if space]


class Permits:
    """A filter, ready to be asked about many addresses."""

    __slots__ = ("_default", "_equals", "_known", "_rules", "_starts", "_tables", "_values")

    def __init__(self, filter: Filter) -> None:  # noqa: A002 - the field's word
        starts = {0}
        #: By IP version: bits below the prefix, and the rules by the number above them.
        tables: dict[int, dict[int, dict[int, list[int]]]] = {4: {}, 6: {}}
        for index, rule in enumerate(filter.rules):
            prefix = rule.match.remote
            first, last = stretch(prefix)
            starts.update((first, last + 1) if last < LAST else (first,))
            shift = prefix.max_prefixlen - prefix.prefixlen
            table = tables[prefix.version].setdefault(shift, {})
            table.setdefault(int(prefix.network_address) >> shift, []).append(index)
        self._tables = {version: list(table.items()) for version, table in tables.items()}
        self._rules = filter.rules
        self._default = filter.default
        self._starts = sorted(starts)
        #: By stretch, as far as asked.
        self._values: list[Permit | None] = [None] * len(starts)
        #: By the rules that match.
        self._known: dict[tuple[int, ...], Permit] = {}
        #: By what they say.
        self._equals: dict[object, Permit] = {}

    @property
    def starts(self) -> Sequence[int]:
        """Where each stretch begins in which it says the same, rising from 0."""
        return self._starts

    def at(self, number: int) -> Permit:
        """What it says to the address at a place."""
        index = bisect_right(self._starts, number) - 1
        found = self._values[index]
        if found is None:
            found = self._values[index] = self._found(number)
        return found

    def around(self, number: int) -> tuple[int, int]:
        """The stretch around a place in which it says the same."""
        after = bisect_right(self._starts, number)
        return self._starts[after - 1], self._starts[after] - 1 if after < len(self._starts) else LAST

    def _found(self, number: int) -> Permit:
        version, bits = (4, number) if number < SIX else (6, number - SIX)
        matching = tuple(
            sorted(index for shift, table in self._tables[version] for index in table.get(bits >> shift, ()))
        )
        known = self._known.get(matching)
        if known is None:
            made = compose([self._rules[index] for index in matching], self._default)
            known = self._known[matching] = self._equals.setdefault((made.allowed, made.dropped), made)
        return known


def compose(rules: Sequence[Rule], default: Action) -> Permit:
    """What rules that all concern one address let pass: the first that matches decides.

    Cost follows the number of rules and its logarithm: one walk along the line of all that can be asked, with the rules that match
    at each place at hand.
    """
    begins: dict[int, list[tuple[int, int]]] = {}
    for index, rule in enumerate(rules):
        cuts = block(rule.match.protocol, rule.match.port_low, rule.match.port_high).cuts
        for low, high in zip(cuts[::2], cuts[1::2], strict=True):
            begins.setdefault(low, []).append((index, high))
    order = sorted({0, *begins, *(high for pairs in begins.values() for _, high in pairs)} - {END})
    allowed: list[int] = []
    dropped: dict[str | None, list[int]] = {}
    matching: list[tuple[int, int]] = []
    for low, high in zip(order, (*order[1:], END), strict=True):
        for each in begins.get(low, ()):
            heappush(matching, each)
        while matching and matching[0][1] <= low:
            heappop(matching)
        first = rules[matching[0][0]] if matching else None
        verdict = (first.action, first.source) if first is not None else (default, None)
        if verdict[0] is Action.ACCEPT:
            _extend(allowed, low, high)
        else:
            _extend(dropped.setdefault(verdict[1], []), low, high)
    return Permit(
        Space(tuple(allowed)), tuple((Space(tuple(cuts)), source) for source, cuts in dropped.items())
    )


def _extend(cuts: list[int], low: int, high: int) -> None:
    """Add a range to cuts that end at or before it."""
    if cuts and cuts[-1] == low:
        cuts[-1] = high
    else:
        cuts += (low, high)
