"""IP prefixes and addresses: parsing with the rules of the field, overlap, and the ranges that have a meaning.

Owns every reading of an address or CIDR from text. May not know any resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from peerway.domain.errors import InvalidInput

Prefix = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

#: Range of the cloud's own services; a system entry of every route table (NET-5).
SERVICE_RANGE = IPv4Network("100.64.0.0/10")

#: Every VPC's own name server, in the service range.
RESOLVER_ADDRESS = IPv4Address("100.100.2.136")

#: RFC 1918: what a VPC may use without it counting as public (NET-10).
PRIVATE_RANGES = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
)

#: Ranges that no VPC may use: this network, loopback, link local, service, multicast and reserved.
FORBIDDEN_RANGES = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    SERVICE_RANGE,
    IPv4Network("224.0.0.0/3"),
)

#: IPv6 ranges that a VPC may use: unique local and global unicast.
IPV6_UNICAST = (IPv6Network("fc00::/7"), IPv6Network("2000::/3"))

#: Destinations that no router forwards: this network, loopback, link local, multicast.
UNROUTABLE_RANGES = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("224.0.0.0/4"),
    IPv6Network("::1/128"),
    IPv6Network("fe80::/10"),
    IPv6Network("ff00::/8"),
)


def is_forwarded(address: Address) -> bool:
    """Whether routers forward what is for the address, if they have a route; what is not leaves no host or no link."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return False
    nobody = address.is_unspecified or address == IPv4Address("255.255.255.255")
    return not nobody and not any(address in taken for taken in UNROUTABLE_RANGES)


def parse_prefix(text: object, field: str) -> Prefix:
    """Read a CIDR of either version; `InvalidInput` on nonsense or when host bits are set."""
    address, slash, length = text.partition("/") if isinstance(text, str) else ("", "", "")
    try:
        loose = ip_network(f"{address}/{length or 0}", strict=False)
    except ValueError:
        raise InvalidInput(field, "must be a CIDR such as 10.0.0.0/16 or fd00:1::/56", text) from None
    if not slash:
        raise InvalidInput(field, "must have a prefix length, such as /16", text)
    if not (length.isascii() and length.isdigit()) or "%" in address:
        raise InvalidInput(field, "must be an address, a slash and a prefix length", text)
    if ip_address(address) != loose.network_address:
        raise InvalidInput(field, f"must not have host bits set; did you mean {loose}?", text)
    return loose


def parse_ipv4_prefix(text: object, field: str) -> IPv4Network:
    """Read an IPv4 CIDR; `InvalidInput` as for `parse_prefix`."""
    prefix = parse_prefix(text, field)
    if not isinstance(prefix, IPv4Network):
        raise InvalidInput(field, "must be an IPv4 CIDR", text)
    return prefix


def parse_ipv6_prefix(text: object, field: str) -> IPv6Network:
    """Read an IPv6 CIDR; `InvalidInput` as for `parse_prefix`."""
    prefix = parse_prefix(text, field)
    if not isinstance(prefix, IPv6Network):
        raise InvalidInput(field, "must be an IPv6 CIDR", text)
    return prefix


def parse_address(text: object, field: str) -> Address:
    """Read an address of either version; `InvalidInput` on nonsense and on a scope id."""
    try:
        address = ip_address(text if isinstance(text, str) else "")
    except ValueError:
        raise InvalidInput(field, "must be an IP address", text) from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise InvalidInput(field, "must not carry a scope id", text)
    return address


def contains(outer: Prefix, inner: Prefix) -> bool:
    """Whether every address of `inner` is in `outer`; False across IP versions."""
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def overlaps(one: Prefix, other: Prefix) -> bool:
    """Whether the two share an address; False across IP versions."""
    return one.version == other.version and one.overlaps(other)


def first_overlap(ones: Iterable[Prefix], others: Sequence[Prefix]) -> tuple[Prefix, Prefix] | None:
    """The first pair, one of each, that overlaps."""
    for one in ones:
        for other in others:
            if overlaps(one, other):
                return one, other
    return None


def is_private(prefix: Prefix) -> bool:
    """Whether the range counts as private; outside RFC 1918 it counts as public (NET-10). IPv6 is never public here."""
    return isinstance(prefix, IPv6Network) or any(contains(private, prefix) for private in PRIVATE_RANGES)
