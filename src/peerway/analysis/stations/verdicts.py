"""Filters made ready for many packets: the first rule that matches is found without looking at every one.

Owns the structure only; what a match is, `fabric.decisions` says, and its `decide` is the slow twin.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush
from typing import Final

from peerway.analysis.places.atoms import SIX, stretch
from peerway.fabric.model import Action, Filter, Rule
from peerway.fabric.outcomes import Check, Outcome, Step
from peerway.fabric.packets import PORTED

#: Up to so many rules for one range are looked at one by one.
FEW: Final = 8

#: Filters of up to so many rules are read from the first to the last.
SHORT: Final = 16

#: A rule as it is looked at: position, protocol, first and last port.
Line = tuple[int, int | None, int, int]


class Ports:
    """Many rules for one range: the first that matches a protocol and port."""

    __slots__ = ("_lines", "_none", "_painted")

    def __init__(self, lines: list[Line], none: int) -> None:
        self._lines = lines
        #: Said when no rule matches; after every position.
        self._none = none
        #: By protocol: where an answer begins, and the answer. Made when it is asked for first.
        self._painted: dict[int, tuple[list[int], list[int]]] = {}

    def first(self, protocol: int, port: int) -> int:
        """The position of the first rule that matches."""
        painted = self._painted.get(protocol)
        if painted is None:
            painted = self._painted[protocol] = self._paint(protocol)
        starts, positions = painted
        return positions[bisect_right(starts, port) - 1]

    def _paint(self, protocol: int) -> tuple[list[int], list[int]]:
        """For each stretch of ports the smallest position that covers it."""
        lines = [line for line in self._lines if line[1] is None or line[1] == protocol]
        if protocol not in PORTED:
            return [0], [min((line[0] for line in lines), default=self._none)]
        lines.sort(key=lambda line: line[2])
        starts, positions, place = [0], [self._none], 0
        covering: list[tuple[int, int]] = []
        for start in sorted({0, *(line[2] for line in lines), *(line[3] + 1 for line in lines)}):
            while place < len(lines) and lines[place][2] <= start:
                heappush(covering, (lines[place][0], lines[place][3]))
                place += 1
            while covering and covering[0][1] < start:
                heappop(covering)
            position = covering[0][0] if covering else self._none
            if position != positions[-1]:
                starts.append(start)
                positions.append(position)
        return starts, positions


#: Rules of one IP version: for each length of range in use the bits below it, and the rules by the number above them.
Lengths = list[tuple[int, dict[int, tuple[Line, ...] | Ports]]]

#: A rule of a short filter: first and last number of its range, protocol, first and last port.
Row = tuple[int, int, int | None, int, int]


class Verdicts:
    """One filter of a policy, ready for many packets: rules by the length of their range and by the range, or a few in order.

    Cost of an answer follows the number of lengths in use. What it says comes as the step that a walk takes. The first packet is
    held against the rules themselves: many filters are asked once, and made ready they take time and memory.
    """

    __slots__ = ("_asked", "_drop", "_lengths", "_none", "_place", "_rows", "_steps", "filter", "known")

    def __init__(self, place: tuple[str, Check, str], prepared: Filter, drop: Outcome) -> None:
        #: Router, check and policy.
        self._place = place
        #: What it was made from.
        self.filter = prepared
        self._drop = drop
        #: What it says of a packet that belongs to a known connection.
        self.known = Step(*place)
        #: Steps by the position of the rule that decides, those that were needed so far.
        self._steps: dict[int, Step] = {}
        self._none = len(prepared.rules)
        self._asked = False
        #: The rules of a short filter; None for others, and as long as it was not asked twice.
        self._rows: list[Row] | None = None
        #: For IPv4 and for IPv6 the rules of a long filter, likewise.
        self._lengths: tuple[Lengths, Lengths] | None = None

    def ask(self, remote: int, protocol: int, port: int) -> Step:
        """What the filter says of a packet whose far side has that number."""
        rows = self._rows
        if rows is not None:
            best = _in_order(rows, remote, protocol, port)
        elif self._lengths is not None:
            best = self._search(self._lengths, remote, protocol, port)
        elif self._asked:
            self._make_ready()
            return self.ask(remote, protocol, port)
        else:
            self._asked = True
            best = _among(self.filter.rules, remote, protocol, port)
        return self._steps.get(best) or self._step(best)

    def _make_ready(self) -> None:
        rules = self.filter.rules
        if self._none <= SHORT:
            self._rows = [
                (*stretch(match.remote), match.protocol, match.port_low, match.port_high)
                for match in (rule.match for rule in rules)
            ]
            return
        tables: dict[tuple[bool, int], dict[int, list[Line]]] = {}
        for position, rule in enumerate(rules):
            _enter(tables, position, rule)
        packed = [(*key, _packed(table, self._none)) for key, table in tables.items()]
        self._lengths = (
            [(shift, table) for newer, shift, table in packed if not newer],
            [(shift, table) for newer, shift, table in packed if newer],
        )

    def _search(self, lengths: tuple[Lengths, Lengths], remote: int, protocol: int, port: int) -> int:
        """The position of the first rule of a long filter that matches."""
        best, ported = self._none, protocol in PORTED
        newer = remote >= SIX
        bits = remote - SIX if newer else remote
        for shift, table in lengths[newer]:
            lines = table.get(bits >> shift)
            if lines is None:
                continue
            if isinstance(lines, Ports):
                best = min(best, lines.first(protocol, port))
                continue
            for position, wanted, low, high in lines:
                if position > best:
                    break
                if (wanted is None or wanted == protocol) and (not ported or low <= port <= high):
                    best = position
                    break
        return best

    def _step(self, position: int) -> Step:
        """What the rule at the position says, or the default after all of them; kept for the next time."""
        if position < self._none:
            rule = self.filter.rules[position]
            action, source = rule.action, rule.source
        else:
            action, source = self.filter.default, None
        made = Step(*self._place, source, None if action is Action.ACCEPT else self._drop)
        self._steps[position] = made
        return made


def _in_order(rows: list[Row], remote: int, protocol: int, port: int) -> int:
    """The position of the first rule of a short filter that matches; their number when none does."""
    ported = protocol in PORTED
    for position, (low, high, wanted, first, last) in enumerate(rows):
        if (
            low <= remote <= high
            and (wanted is None or wanted == protocol)
            and (not ported or first <= port <= last)
        ):
            return position
    return len(rows)


def _among(rules: tuple[Rule, ...], remote: int, protocol: int, port: int) -> int:
    """The same from the rules themselves; what is dearest to ask comes last."""
    ported = protocol in PORTED
    for position, rule in enumerate(rules):
        match = rule.match
        if match.protocol is not None and match.protocol != protocol:
            continue
        if ported and not match.port_low <= port <= match.port_high:
            continue
        low, high = stretch(match.remote)
        if low <= remote <= high:
            return position
    return len(rules)


def _enter(tables: dict[tuple[bool, int], dict[int, list[Line]]], position: int, rule: Rule) -> None:
    """Put a rule to the others of its range."""
    match = rule.match
    prefix = match.remote
    shift = prefix.max_prefixlen - prefix.prefixlen
    table = tables.setdefault((prefix.version == 6, shift), {})
    line = (position, match.protocol, match.port_low, match.port_high)
    table.setdefault(int(prefix.network_address) >> shift, []).append(line)


def _packed(table: dict[int, list[Line]], none: int) -> dict[int, tuple[Line, ...] | Ports]:
    """The rules of each range: few as they are, many ready for a search."""
    return {
        start: tuple(lines) if len(lines) <= FEW else Ports(lines, none) for start, lines in table.items()
    }
