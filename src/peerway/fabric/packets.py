"""Packets, and what routers remember of their connections: the values that a walk is about.

Owns the shapes only. What happens to packets is `fabric.walk`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from peerway.domain.prefixes import Address

#: Protocols whose packets have ports.
PORTED = frozenset({6, 17})

#: A port that clients get from their systems (Linux: 32768 to 60999).
CLIENT_PORT = 50000


class Flow(NamedTuple):
    """From where to where a packet goes."""

    #: Source address.
    source: Address
    #: Source port; 0 for protocols without ports.
    source_port: int
    #: Destination address.
    destination: Address
    #: Destination port; 0 for protocols without ports.
    port: int

    @property
    def reversed(self) -> Flow:
        """The way back."""
        return Flow(self.destination, self.port, self.source, self.source_port)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, as its sender puts it on the wire."""

    #: Source address.
    source: Address
    #: Destination address, of the same IP version.
    destination: Address
    #: IP protocol number.
    protocol: int
    #: Destination port; 0 for protocols without ports.
    port: int
    #: Instance that sends it, or uplink by which it comes in from outside.
    sender: str
    #: Source port; no filter looks at it, connections are told apart by it.
    source_port: int = 0

    @property
    def flow(self) -> Flow:
        """From where to where it goes."""
        return Flow(self.source, self.source_port, self.destination, self.port)

    def along(self, flow: Flow) -> Packet:
        """The same packet with other addresses and ports."""
        return Packet(flow.source, flow.destination, self.protocol, flow.port, self.sender, flow.source_port)

    def reply(self, sender: str) -> Packet:
        """The answer to it, sent by `sender`."""
        return Packet(self.destination, self.source, self.protocol, self.source_port, sender, self.port)


class Connection(NamedTuple):
    """What a router remembers of a connection whose first packet passed it.

    Security policies let all its packets pass. Its translation was decided by the first packet and stays: `came` and `went` differ
    where an address was replaced.
    """

    #: Router that remembers.
    router_id: str
    #: IP protocol number.
    protocol: int
    #: The first packet as it came to the router.
    came: Flow
    #: The first packet as it left the router.
    went: Flow

    def __hash__(self) -> int:
        """Of what is hashed fast and tells connections of one router apart; addresses are compared, not hashed."""
        return hash((self.router_id, self.protocol, self.came.source_port, self.went.port))

    def holds(self, router_id: str, packet: Packet) -> bool:
        """Whether the packet, as it comes to that router, belongs to the connection in either direction."""
        known = packet.flow in {self.came, self.went.reversed}
        return known and (self.router_id, self.protocol) == (router_id, packet.protocol)

    def onward(self, flow: Flow) -> Flow:
        """What a packet of the connection that comes as `flow` is when it leaves the router."""
        return self.went if flow == self.came else self.came.reversed
