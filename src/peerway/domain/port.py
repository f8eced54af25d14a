"""Where the network ends on a host: ports that an operator names, and the transfer networks spoken there.

Owns the reading of ports and of transfer networks' two gateways from text. May not know what hangs on a port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_network,
)
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import (
    FORBIDDEN_RANGES,
    IPV6_UNICAST,
    UNROUTABLE_RANGES,
    Address,
    Prefix,
    contains,
    overlaps,
    parse_address,
)

#: What the kernel takes as an interface name.
INTERFACE_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,15}")

#: Shortest and longest transfer network: 31 and 127 have two addresses and no name of their own (RFC 3021, RFC 6164).
TRANSFER_LENGTHS: Final = (16, 31)
TRANSFER_LENGTHS6: Final = (48, 127)


class PortKind(StrEnum):
    """What a port is made of."""

    #: A network interface of the host.
    INTERFACE = "interface"
    #: A network namespace of the host: the far side of a cable, on the same machine.
    NETNS = "netns"


@dataclass(frozen=True, slots=True)
class Port:
    """A place on the host where packets enter and leave the network."""

    #: What it is made of.
    kind: PortKind
    #: Interface name, or path of the namespace.
    name: str
    #: 802.1Q tag of the packets; 0 for untagged ones.
    vlan: int = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """The small network between a router and its neighbour outside."""

    #: Address and prefix length of the router.
    local: IPv4Interface | IPv6Interface
    #: Address of the neighbour, the gateway for all that is beyond it.
    peer: Address


def parse_port(text: object, field: str = "port") -> tuple[PortKind, str]:
    """Read `interface:NAME` or `netns:PATH`; `InvalidInput` on anything else."""
    kind, _, name = text.partition(":") if isinstance(text, str) else ("", "", "")
    if kind == PortKind.INTERFACE and INTERFACE_NAME.fullmatch(name) and name not in {".", ".."}:
        return PortKind.INTERFACE, name
    path = name.startswith("/") and name.isprintable() and len(name) <= 255 and ".." not in name.split("/")
    if kind == PortKind.NETNS and path:
        return PortKind.NETNS, name
    raise InvalidInput(field, "must be interface:NAME or netns:/absolute/path", text)


def check_transfer4(local: object, peer: object) -> tuple[IPv4Interface, IPv4Address]:
    """The two gateways of a line: an address with the network's length, and another one in the same network."""
    network, mine = _parse_local(local, "local_gateway")
    theirs = parse_address(peer, "peer_gateway")
    if not isinstance(network, IPv4Network) or not isinstance(mine, IPv4Address):
        raise InvalidInput("local_gateway", "must be an IPv4 address", local)
    if not isinstance(theirs, IPv4Address):
        raise InvalidInput("peer_gateway", "must be an IPv4 address", peer)
    _check_pair(network, mine, theirs, ("local_gateway", "peer_gateway"), TRANSFER_LENGTHS)
    return IPv4Interface((mine, network.prefixlen)), theirs


def check_transfer6(local: object, peer: object) -> tuple[IPv6Interface, IPv6Address]:
    """The same for IPv6."""
    network, mine = _parse_local(local, "local_gateway6")
    theirs = parse_address(peer, "peer_gateway6")
    if not isinstance(network, IPv6Network) or not isinstance(mine, IPv6Address):
        raise InvalidInput("local_gateway6", "must be an IPv6 address", local)
    if not isinstance(theirs, IPv6Address):
        raise InvalidInput("peer_gateway6", "must be an IPv6 address", peer)
    _check_pair(network, mine, theirs, ("local_gateway6", "peer_gateway6"), TRANSFER_LENGTHS6)
    return IPv6Interface((mine, network.prefixlen)), theirs


def _parse_local(text: object, field: str) -> tuple[Prefix, Address]:
    """An address with the length of its network, such as 10.255.0.1/30."""
    address, slash, length = text.partition("/") if isinstance(text, str) else ("", "", "")
    mine = parse_address(address, field)
    if not slash:
        raise InvalidInput(field, "must have a prefix length, such as /30", text)
    if not (length.isascii() and length.isdigit() and int(length) <= mine.max_prefixlen):
        raise InvalidInput(field, "must be an address, a slash and a prefix length", text)
    return ip_network(f"{mine}/{length}", strict=False), mine


def _check_pair(
    network: Prefix, mine: Address, theirs: Address, fields: tuple[str, str], lengths: tuple[int, int]
) -> None:
    """Both are usable addresses of one transfer network, and two."""
    low, high = lengths
    if not low <= network.prefixlen <= high:
        raise InvalidInput(fields[0], f"must have a prefix length from {low} to {high}", network)
    for taken in (*FORBIDDEN_RANGES, *UNROUTABLE_RANGES):
        if overlaps(taken, network):
            raise InvalidInput(fields[0], f"must not be in {taken}", network)
    if isinstance(network, IPv6Network) and not any(contains(usable, network) for usable in IPV6_UNICAST):
        raise InvalidInput(fields[0], "must be a unique local or global unicast address", network)
    for address, field in ((mine, fields[0]), (theirs, fields[1])):
        if address not in network:
            raise InvalidInput(field, f"must be in the transfer network {network}", address)
        if network.prefixlen < network.max_prefixlen - 1 and address in _ends(network):
            raise InvalidInput(field, f"must not be the network or broadcast address of {network}", address)
    if mine == theirs:
        raise InvalidInput(fields[1], f"must not be {fields[0]}, too", theirs)


def _ends(network: Prefix) -> tuple[Address, ...]:
    """Addresses that no host may have; IPv6 has no broadcast."""
    if isinstance(network, IPv6Network):
        return (network.network_address,)
    return network.network_address, network.broadcast_address
