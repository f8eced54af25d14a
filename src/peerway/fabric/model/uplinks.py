"""A router's doors to the world outside, and address translation there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from peerway.domain.port import Port, Transfer
from peerway.domain.prefixes import Prefix


@dataclass(frozen=True, slots=True)
class SourceNat:
    """Connections that leave by an uplink get another source address; of several that match, the longest prefix decides."""

    #: Sources it is for.
    source: Prefix
    #: Addresses that stand for them; each connection stays with one.
    public: tuple[IPv4Address, ...]
    #: Id of the stored object that put it there.
    decided_by: str


@dataclass(frozen=True, slots=True)
class DestinationNat:
    """Connections that come in by an uplink to a public address get another destination. The first that matches decides."""

    #: Address asked for.
    public: IPv4Address
    #: Address that gets the connection.
    private: IPv4Address
    #: Id of the stored object that put it there.
    decided_by: str
    #: 6, 17 or None for every protocol.
    protocol: int | None = None
    #: Port asked for; 0 for every port, unchanged.
    public_port: int = 0
    #: Port that gets the connection; 0 for the same, as without a port asked for.
    private_port: int = 0


@dataclass(frozen=True, slots=True)
class Translation:
    """Address translation at an uplink. A connection that leaves and that no source rule matches is dropped."""

    #: For connections from inside.
    source: tuple[SourceNat, ...] = ()
    #: For connections from outside.
    destination: tuple[DestinationNat, ...] = ()

    @property
    def public(self) -> frozenset[IPv4Address]:
        """Every address by which it is known outside; nothing else passes the uplink there."""
        sources = {address for entry in self.source for address in entry.public}
        return frozenset(sources | {entry.public for entry in self.destination})


@dataclass(frozen=True, slots=True)
class Uplink:
    """A router's door to the world outside: a leased line's VLAN, or the internet."""

    #: Id of the VBR, NAT gateway or IPv4 gateway; the VPC's id for the direct exit of its public addresses.
    id: str
    #: Where it leads on this host.
    port: Port
    #: Whether it carries packets now.
    up: bool
    #: Table (key into `Router.fibs`) for packets that come in by it; None for `Router.inbound`, which meets no link.
    fib_id: str | None = None
    #: Transfer networks, IPv4 first; without one the router has no address of its own there.
    transfers: tuple[Transfer, ...] = ()
    #: Address translation; None where addresses pass as they are (leased lines).
    translation: Translation | None = None
