"""What of the world outside the network is the network's own after all: its public addresses, and private ranges.

Owns which addresses are those. How packets pass the border is the readers' business.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, ip_network
from typing import Final

from peerway.analysis.network import Network
from peerway.domain.prefixes import Address, Prefix
from peerway.fabric.model import Uplink

#: Ranges that the internet has no route to (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291): nothing comes in from them.
PRIVATE: Final[tuple[Prefix, ...]] = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)


def way_in(network: Network, address: Address) -> Uplink | None:
    """The uplink that has the public address; None when none has it. Cost follows the number of uplinks."""
    for router in network.fabric.routers.values():
        for uplink in router.uplinks.values():
            if uplink.translation is not None and address in uplink.translation.public:
                return uplink
    return None


def public_addresses(network: Network) -> frozenset[IPv4Address]:
    """All public addresses of the network, for many questions about them. Cost as of one `way_in`."""
    return frozenset(
        address
        for router in network.fabric.routers.values()
        for uplink in router.uplinks.values()
        if uplink.translation is not None
        for address in uplink.translation.public
    )


def is_inside(network: Network, address: Address, at: Iterable[str]) -> bool:
    """Whether the address is private, one of the network's public ones, or of a VSwitch at these routers or their neighbours."""
    if any(address in prefix for prefix in PRIVATE) or way_in(network, address) is not None:
        return True
    near = {id for router_id in at for id in (router_id, *network.snapshot.neighbours(router_id))}
    routers = (router for id in near if (router := network.fabric.routers.get(id)) is not None)
    return any(
        address in prefix
        for router in routers
        for subnet in router.subnets.values()
        for prefix in subnet.prefixes
    )
