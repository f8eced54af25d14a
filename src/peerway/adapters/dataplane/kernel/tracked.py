"""Connections that the kernel tracks with replaced addresses: which may go on after a change, and ending the others.

Owns the reading of tracking entries. The kernel chooses a connection's translation once and keeps to it, so a removed public
address, entry or backend would serve its old connections for as long as they send. What may go on is asked of all that the
router translates now, so it does not matter what was there before, or who loaded it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from socket import AF_INET
from typing import NamedTuple

from peerway.adapters.dataplane.kernel.codec import Message, attribute, attributes
from peerway.adapters.dataplane.kernel.netlink import Netlink

_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_ORIGINAL, _REPLY, _STATUS, _STATUS_MASK = 1, 2, 3, 26
_IP, _PROTOCOL = 1, 2
_NESTED = 0x8000
#: `IPS_SRC_NAT` and `IPS_DST_NAT`
_TRANSLATED = (0x10, 0x20)
_HEAD = bytes([AF_INET, 0, 0, 0])


class Tuple(NamedTuple):
    """One direction of a connection."""

    #: Where its packets come from.
    source: IPv4Address
    #: Where they go.
    destination: IPv4Address
    #: IP protocol number.
    protocol: int
    #: Source port; 0 for protocols without.
    source_port: int = 0
    #: Destination port; 0 for protocols without.
    port: int = 0


@dataclass(slots=True)
class Allowed:
    """The translated connections that may go on. Compared by value."""

    #: (address, protocol, port) asked for → who may answer; None in a key for any, in a target for the same.
    inwards: dict[tuple[IPv4Address, int | None, int | None], frozenset[tuple[IPv4Address, int | None]]] = (
        field(default_factory=dict)
    )
    #: For each uplink, sources as (first, last, addresses that stand for them), sorted.
    outwards: list[list[tuple[int, int, tuple[IPv4Address, ...]]]] = field(default_factory=list)

    def let_in(
        self,
        address: IPv4Address,
        protocol: int | None,
        port: int | None,
        targets: Iterable[tuple[IPv4Address, int | None]],
    ) -> None:
        """Connections to the address may be answered by the targets."""
        key = address, protocol, port
        self.inwards[key] = self.inwards.get(key, frozenset()) | frozenset(targets)

    def let_out(self, sources: list[tuple[int, int, tuple[IPv4Address, ...]]]) -> None:
        """Connections from the sources may leave by one more uplink."""
        self.outwards.append(sources)

    def holds(self, asked: Tuple, answer: Tuple) -> bool:
        """Whether a connection may go on, by its first direction as it was sent and the answers that are waited for."""
        target = answer.source, answer.source_port
        if target != (asked.destination, asked.port) and not self._may_enter(asked, target):
            return False
        return answer.destination == asked.source or self._may_leave(asked.source, answer.destination)

    def _may_enter(self, asked: Tuple, target: tuple[IPv4Address, int]) -> bool:
        address, protocol, port = asked.destination, asked.protocol, asked.port
        for key in ((address, protocol, port), (address, protocol, None), (address, None, None)):
            if key in self.inwards:
                same = target[0], None
                return target in self.inwards[key] or (target[1] == port and same in self.inwards[key])
        return False

    def _may_leave(self, source: IPv4Address, public: IPv4Address) -> bool:
        number = int(source)
        for sources in self.outwards:
            place = bisect_right(sources, number, key=lambda one: one[0]) - 1
            if place >= 0 and number <= sources[place][1] and public in sources[place][2]:
                return True
        return False


def end_others(netlink: Netlink, allowed: Allowed) -> int:
    """End the translated connections of the socket's namespace that may not go on; returns how many."""
    going: dict[bytes, Message] = {}
    for bit in _TRANSLATED:
        flag = bit.to_bytes(4, "big")
        asked = _HEAD + attribute(_STATUS, flag) + attribute(_STATUS_MASK, flag)
        going |= _not_allowed(netlink.dump(_GET, asked), bit, allowed)
    netlink.execute(list(going.values()))
    return len(going)


def _not_allowed(entries: Iterable[tuple[int, bytes]], bit: int, allowed: Allowed) -> dict[bytes, Message]:
    """Requests that end them, by the connection's first direction."""
    result = {}
    for _, body in entries:
        found = attributes(body, 4)
        if not int.from_bytes(found.get(_STATUS, b""), "big") & bit:  # older kernels answer with every entry
            continue
        original = found[_ORIGINAL]
        if not allowed.holds(_tuple(original), _tuple(found[_REPLY])):
            which = attribute(_ORIGINAL | _NESTED, original)
            result[original] = Message(_DELETE, 0, _HEAD + which, removes=True)
    return result


def _tuple(body: bytes) -> Tuple:
    parts = attributes(body, 0)
    addresses, protocol = attributes(parts[_IP], 0), attributes(parts[_PROTOCOL], 0)
    return Tuple(
        IPv4Address(addresses[1]),
        IPv4Address(addresses[2]),
        protocol[1][0],
        int.from_bytes(protocol.get(2, b""), "big"),
        int.from_bytes(protocol.get(3, b""), "big"),
    )
