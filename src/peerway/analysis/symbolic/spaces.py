"""Sets of what can be asked of an address: IP protocols and, for TCP and UDP, destination ports.

Owns the algebra and its text. Everything that can be asked lies on one line of whole numbers: the TCP ports, the UDP ports, then
one place for each protocol without ports. A set is the places where it begins and ends on that line, in order: equal sets have
equal cuts, and every operation is one merge ([decision 24](../../../docs/decisions/0024-interval-sets-for-symbolic-answers.md)).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from peerway.fabric.packets import PORTED

_TCP: Final = 6
_UDP: Final = 17
#: How many ports a protocol has.
PORTS: Final = 65536
#: Where the protocols without ports begin.
_BARE: Final = 2 * PORTS
#: Where the line ends.
END: Final = _BARE + 256 - len(PORTED)

#: What people call protocols.
_NAMES: Final = {1: "icmp", _TCP: "tcp", _UDP: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmpv6"}


@dataclass(frozen=True, slots=True)
class Space:
    """A set of (protocol, port); the port of a protocol without ports is 0. Equal sets are equal values."""

    #: Where it begins and ends, alternately and rising, on the line of all that can be asked.
    cuts: tuple[int, ...] = ()

    def __and__(self, other: Space) -> Space:
        """What is in both."""
        ones, others = self.cuts, other.cuts
        if others in (ones, _WHOLE):
            return self
        if ones == _WHOLE:
            return other
        return Space(_common(ones, others)) if ones and others else EMPTY

    def __or__(self, other: Space) -> Space:
        """What is in either."""
        ones, others = self.cuts, other.cuts
        if ones == others or not others:
            return self
        if not ones:
            return other
        return Space(_turned(_common(_turned(ones), _turned(others))))

    def __sub__(self, other: Space) -> Space:
        """What is in this one only."""
        ones, others = self.cuts, other.cuts
        if not ones or not others:
            return self
        return EMPTY if ones == others else Space(_common(ones, _turned(others)))

    def __invert__(self) -> Space:
        """All that is not in it."""
        return Space(_turned(self.cuts))

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.cuts)

    def __contains__(self, asked: tuple[int, int]) -> bool:
        """Whether a (protocol, port) is in it; ports of protocols without ports are not looked at."""
        return bisect_right(self.cuts, _place(*asked)) % 2 == 1

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Its ranges as (protocol, first port, last port): by protocol, then by port, none of them touching the next."""
        return iter(sorted(self._ranges()))

    def __len__(self) -> int:
        """How many (protocol, port) are in it."""
        return sum(self.cuts[1::2]) - sum(self.cuts[::2])

    def __str__(self) -> str:
        """For people: `tcp 22, 80-443; icmp`."""
        if not self.cuts or self.cuts == _WHOLE:
            return "everything" if self.cuts else "nothing"
        ported: dict[int, list[str]] = {}
        for protocol, low, high in (self - BARE)._ranges():  # noqa: SLF001 - a set of the same kind
            ports = [] if high - low == PORTS - 1 else [str(low) if low == high else f"{low}-{high}"]
            ported.setdefault(protocol, []).extend(ports)
        words = [f"{protocol_name(each)} {', '.join(ports)}".rstrip() for each, ports in ported.items()]
        return "; ".join((*words, *_bare_words(self & BARE)))

    def protocols_at(self, port: int) -> Space:
        """The protocols, each with all its ports, that are in it at this port or have no ports."""
        whole = [_PORTED_SPACES[each] for each in (_TCP, _UDP) if (each, port) in self]
        found = self & BARE
        for space in whole:
            found = found | space
        return found

    def _ranges(self) -> Iterator[tuple[int, int, int]]:
        for low, high in zip(self.cuts[::2], self.cuts[1::2], strict=True):
            for protocol, start in ((_TCP, 0), (_UDP, PORTS)):
                first, last = max(low - start, 0), min(high - start, PORTS) - 1
                if first <= last:
                    yield protocol, first, last
            for place in range(max(low, _BARE), high):
                yield _protocol(place), 0, 0


def block(protocol: int | None, low: int = 0, high: int = PORTS - 1) -> Space:
    """What a rule's protocol (None for every one) and ports match: ports count for the protocols that have them only."""
    if protocol is None:
        return block(_TCP, low, high) | block(_UDP, low, high) | BARE
    if protocol in PORTED:
        start = _place(protocol, 0)
        return Space((start + low, start + high + 1)) if low <= high else EMPTY
    place = _place(protocol, 0)
    return Space((place, place + 1))


def protocol_name(protocol: int) -> str:
    """What people call a protocol."""
    return _NAMES.get(protocol, f"protocol {protocol}")


def _place(protocol: int, port: int) -> int:
    """Where on the line a (protocol, port) is."""
    if protocol == _TCP:
        return port
    if protocol == _UDP:
        return PORTS + port
    return _BARE + protocol - (protocol > _TCP) - (protocol > _UDP)


def _protocol(place: int) -> int:
    """The protocol without ports that is at a place."""
    number = place - _BARE
    number += number >= _TCP
    return number + (number >= _UDP)


def _bare_words(space: Space) -> list[str]:
    """The protocols without ports in a set, for people: by name, or all but a few."""
    missing = [protocol_name(protocol) for protocol, _, _ in BARE - space]
    if not missing:
        return ["every protocol without ports"]
    present = [protocol_name(protocol) for protocol, _, _ in space]
    if len(present) <= len(missing):
        return present
    return [f"every protocol without ports but {', '.join(missing)}"]


def _turned(cuts: tuple[int, ...]) -> tuple[int, ...]:
    """The cuts of all that is not in the set."""
    begun = bool(cuts) and cuts[0] == 0
    ended = bool(cuts) and cuts[-1] == END
    middle = cuts[begun : len(cuts) - ended]
    return (*(() if begun else (0,)), *middle, *(() if ended else (END,)))


def _common(ones: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    """The cuts of what is in both sets."""
    found: list[int] = []
    one = other = 0
    while one < len(ones) and other < len(others):
        low = max(ones[one], others[other])
        end, other_end = ones[one + 1], others[other + 1]
        high = min(end, other_end)
        if low < high:
            found += (low, high)
        if end < other_end:
            one += 2
        else:
            other += 2
    return tuple(found)


_WHOLE: Final = (0, END)
#: Nothing.
EMPTY: Final = Space()
#: Everything that can be asked.
ALL: Final = Space(_WHOLE)
#: All protocols without ports.
BARE: Final = Space((_BARE, END))
_PORTED_SPACES: Final = {_TCP: Space((0, PORTS)), _UDP: Space((PORTS, _BARE))}
