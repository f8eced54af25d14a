"""Packets that were followed through a network, kept for questions about others that are alike.

Alike are packets between the same addresses by the same protocol, to ports between which nothing that looked at one of them begins
to decide otherwise. What becomes of them differs by nothing but the port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import Exchange
from peerway.fabric.packets import Packet

#: Packets that are kept; what is followed beyond them is followed again when it is asked for again.
KEPT: Final = 5_000

#: The highest port.
LAST_PORT: Final = 65535

#: Every way that a packet can go.
Ways = tuple[Exchange, ...]

#: What tells at which ports something that looked at a packet may begin to decide otherwise.
Cuts = Callable[[Packet, Ways], Iterable[int]]


class Kind(NamedTuple):
    """Packets that are alike."""

    #: Ports of the first and the last of them.
    ports: tuple[int, int]
    #: The ways of the one that was followed.
    ways: Ways


@dataclass(slots=True)
class Followed:
    """What became of packets in one network."""

    #: Kinds by sender, source, destination and protocol.
    kinds: dict[tuple[str, Address, Address, int], list[Kind]] = field(default_factory=dict)
    #: Packets that were followed and asked for once: their kind is found out when another one comes.
    single: dict[tuple[str, Address, Address, int], tuple[Packet, Ways]] = field(default_factory=dict)

    def like(self, packet: Packet, cuts: Cuts) -> Kind | None:
        """What is known of packets like this one."""
        key = _between(packet)
        alone = self.single.pop(key, None)
        if alone is not None:
            self.kinds.setdefault(key, []).append(_kind(*alone, cuts))
        kinds = self.kinds.get(key, ())
        return next((kind for kind in kinds if kind.ports[0] <= packet.port <= kind.ports[1]), None)

    def keep(self, packet: Packet, ways: Ways, cuts: Cuts) -> None:
        """Take note of what became of a packet that none was like."""
        key = _between(packet)
        if key in self.kinds:
            self.kinds[key].append(_kind(packet, ways, cuts))
        elif len(self.kinds) + len(self.single) < KEPT:
            self.single[key] = packet, ways


def _between(packet: Packet) -> tuple[str, Address, Address, int]:
    return packet.sender, packet.source, packet.destination, packet.protocol


def _kind(packet: Packet, ways: Ways, cuts: Cuts) -> Kind:
    """The packets like one; without ports, itself."""
    edges = set(cuts(packet, ways))
    first = max((edge for edge in edges if edge <= packet.port), default=0)
    last = min((edge for edge in edges if edge > packet.port), default=LAST_PORT + 1) - 1
    return Kind((first, last), ways)
