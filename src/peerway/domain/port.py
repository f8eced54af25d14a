"""Where the network ends on a host: ports that an operator names, and the transfer networks spoken there.

Owns the reading of a port from text. May not know what hangs on a port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import Address

#: What the kernel takes as an interface name.
INTERFACE_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,15}")


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
