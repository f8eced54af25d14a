"""Connections that the kernel tracks: which may go on after a change, and ending the others.

Owns the reading of tracking entries. The kernel chooses a connection's translation once and keeps to it, so a removed public
address, entry or backend would serve its old connections for as long as they send, and what began on a way without
translation would never get any. What may go on is asked of all that the router does now, so it does not matter what was
there before, or who loaded it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from socket import AF_INET
from typing import NamedTuple

from peerway.adapters.dataplane.kernel.codec import Message, attribute, attributes
from peerway.adapters.dataplane.kernel.namespaces import Namespaces
from peerway.adapters.dataplane.kernel.netlink import NETFILTER_PROTOCOL, Netlink
from peerway.domain.errors import Unavailable
from peerway.domain.prefixes import Prefix
from peerway.fabric.lookup import Lookup
from peerway.fabric.model import Fib, ToUplink

_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_ORIGINAL, _REPLY, _STATUS, _STATUS_MASK = 1, 2, 3, 26
_IP, _PROTOCOL, _ZONE = 1, 2, 3
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
    #: Whether it is tracked apart: what a gateway instance sends out of the network.
    apart: bool = False


#: First and last address, and the public addresses that stand for those between.
Sources = list[tuple[int, int, tuple[IPv4Address, ...]]]


@dataclass(slots=True)
class Allowed:
    """The connections of a router that may go on. Compared by value."""

    #: (address, protocol, port) asked for → who may answer; None in a key for any, in a target for the same.
    inwards: dict[tuple[IPv4Address, int | None, int | None], frozenset[tuple[IPv4Address, int | None]]] = (
        field(default_factory=dict)
    )
    #: By uplink with translation: the sources that may leave by it, sorted.
    outwards: dict[str, Sources] = field(default_factory=dict)
    #: Where there is such an uplink, the table that each instance's packets are looked up in, by its address.
    tables: dict[IPv4Address, Fib] = field(default_factory=dict)
    #: Instances with a public address, and the uplink by which they leave; None when the tables decide.
    exits: tuple[frozenset[IPv4Address], str | None] = (frozenset(), None)
    #: Ranges that the exit is not for.
    inner: tuple[Prefix, ...] = ()

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

    def extends(self, other: Allowed) -> bool:
        """Whether this holds for certain whatever the other holds, and no less: that only got more ways in."""
        if replace(self, inwards=other.inwards) != other:
            return False
        kept = all(targets <= self.inwards.get(key, frozenset()) for key, targets in other.inwards.items())
        added = self.inwards.keys() - other.inwards.keys()
        return kept and not any(
            wider in other.inwards
            for address, protocol, _ in added
            for wider in ((address, protocol, None), (address, None, None))
        )


class Judge:
    """Asks of single connections whether they may go on."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        lookups = {id(fib): Lookup(fib) for fib in allowed.tables.values()}
        self._tables = {address: lookups[id(fib)] for address, fib in allowed.tables.items()}

    def holds(self, asked: Tuple, answer: Tuple) -> bool:
        """Whether a connection may go on, by its first direction as it was sent and the answers that are waited for."""
        target = answer.source, answer.source_port
        if target != (asked.destination, asked.port) and not self._may_enter(asked, target):
            return False
        source, public = asked.source, answer.destination
        if source not in self._tables or asked.apart:  # from elsewhere, or sent on by an instance
            return source == public or any(_stands_for(public, source, one) for one in self._outwards())
        door = self._door(source, answer.source)
        return source == public if door is None else _stands_for(public, source, door)

    def _outwards(self) -> Iterable[Sources]:
        return self._allowed.outwards.values()

    def _may_enter(self, asked: Tuple, target: tuple[IPv4Address, int]) -> bool:
        address, protocol, port = asked.destination, asked.protocol, asked.port
        inwards = self._allowed.inwards
        for key in ((address, protocol, port), (address, protocol, None), (address, None, None)):
            if key in inwards:
                return target in inwards[key] or (target[1] == port and (target[0], None) in inwards[key])
        return False

    def _door(self, source: IPv4Address, destination: IPv4Address) -> Sources | None:
        """What the uplink with translation does by which an instance's packets leave; None when they don't by any."""
        having, exit_id = self._allowed.exits
        outer = not any(destination in prefix for prefix in self._allowed.inner)
        if exit_id is not None and source in having and outer:
            return self._allowed.outwards.get(exit_id)
        entry = self._tables[source].find(destination)
        hop = None if entry is None else entry.hop
        return self._allowed.outwards.get(hop.uplink_id) if isinstance(hop, ToUplink) else None


def _stands_for(public: IPv4Address, source: IPv4Address, sources: Sources) -> bool:
    number = int(source)
    place = bisect_right(sources, number, key=lambda one: one[0]) - 1
    return place >= 0 and number <= sources[place][1] and public in sources[place][2]


class Tracking:
    """What was made sure of in each router's namespace. For the visiting thread."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._ensured: dict[str, Allowed] = {}

    def begin(self, name: str) -> None:
        """A new namespace has no connections."""
        self._ensured[name] = Allowed()

    def forget(self, name: str) -> None:
        """The namespace is gone, or its rules were lost for a while."""
        self._ensured.pop(name, None)

    def ensure(self, name: str, allowed: Allowed) -> None:
        """End the connections that may not go on; nothing to do when that was ensured before, or for less.

        `Unavailable` when the kernel doesn't tell them; where nothing is translated, that is no matter.
        """
        before = self._ensured.get(name)
        if before is None or not allowed.extends(before):
            try:
                with self._namespaces.netlink(name, NETFILTER_PROTOCOL) as netlink:
                    end_others(netlink, allowed)
            except OSError as error:
                if allowed != Allowed():
                    raise Unavailable(f"tracked connections can't be read: {error.strerror}") from error
        self._ensured[name] = allowed


def end_others(netlink: Netlink, allowed: Allowed) -> int:
    """End the connections of the socket's namespace that may not go on; returns how many."""
    judge = Judge(allowed)
    going: dict[bytes, Message] = {}
    # where nothing leaves translated, what is not translated is right
    for bit in (0,) if allowed.outwards else _TRANSLATED:
        flag = bit.to_bytes(4, "big")
        asked = _HEAD + (attribute(_STATUS, flag) + attribute(_STATUS_MASK, flag) if bit else b"")
        going |= _not_allowed(netlink.dump(_GET, asked), bit, judge)
    netlink.execute(list(going.values()))
    return len(going)


def _not_allowed(entries: Iterable[tuple[int, bytes]], bit: int, judge: Judge) -> dict[bytes, Message]:
    """Requests that end them, by the connection's first direction."""
    result = {}
    for _, body in entries:
        found = attributes(body, 4)
        if (
            bit and not int.from_bytes(found.get(_STATUS, b""), "big") & bit
        ):  # older kernels answer with every entry
            continue
        original = found[_ORIGINAL]
        if not judge.holds(_tuple(original), _tuple(found[_REPLY])):
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
        _ZONE in parts,
    )
