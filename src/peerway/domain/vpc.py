"""VPCs, VSwitches and instances (NET-3, NET-4, NET-6): the values and the rules that need nothing but themselves.

May not know routes, filters or links.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import (
    FORBIDDEN_RANGES,
    IPV6_UNICAST,
    Address,
    Prefix,
    contains,
    first_overlap,
    parse_address,
    parse_ipv4_prefix,
    parse_ipv6_prefix,
)
from peerway.domain.resource import Provisioned


class VpcKind(StrEnum):
    """What a VPC holds; the two kinds don't peer with each other."""

    #: Virtual machines.
    ECS = "ecs"
    #: Bare-metal hosts (JD's cloud physical servers).
    CPS = "cps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc(Provisioned):
    """An isolated network with one VRouter."""

    #: Region it is in.
    region_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Primary IPv4 range.
    cidr: IPv4Network
    #: Secondary IPv4 ranges.
    secondary_cidrs: tuple[IPv4Network, ...] = ()
    #: IPv6 range, or None.
    ipv6_cidr: IPv6Network | None = None
    #: What it holds.
    kind: VpcKind = VpcKind.ECS
    #: Id of its VRouter (`vrt-...`).
    router_id: str
    #: Id of its system route table (`vtb-...`).
    system_table_id: str

    @property
    def ipv4_prefixes(self) -> tuple[IPv4Network, ...]:
        """Primary and secondary ranges."""
        return (self.cidr, *self.secondary_cidrs)

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """All ranges of both versions, the primary one first."""
        return (*self.ipv4_prefixes, *((self.ipv6_cidr,) if self.ipv6_cidr else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class VSwitch(Provisioned):
    """A subnet of a VPC in one zone."""

    #: VPC it belongs to.
    vpc_id: str
    #: Zone it is in.
    zone_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: IPv4 range, inside one of the VPC's.
    cidr: IPv4Network
    #: IPv6 range (/64), inside the VPC's, or None.
    ipv6_cidr: IPv6Network | None = None
    #: Route table it is bound to.
    route_table_id: str
    #: Network ACL it is bound to, or None.
    network_acl_id: str | None = None

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Its ranges, IPv4 first."""
        return (self.cidr, *((self.ipv6_cidr,) if self.ipv6_cidr else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Provisioned):
    """A virtual machine or bare-metal host with one network interface."""

    #: VPC it is in.
    vpc_id: str
    #: VSwitch it is in.
    vswitch_id: str
    #: Display name.
    name: str
    #: Its IPv4 address, inside the VSwitch's range.
    ipv4: IPv4Address
    #: Its IPv6 address, or None.
    ipv6: IPv6Address | None = None
    #: Its MAC address.
    mac: str
    #: Security groups it is in; without any, nothing is filtered.
    security_group_ids: tuple[str, ...] = ()
    #: False for a self-built gateway, which may send and receive for foreign addresses.
    source_dest_check: bool = True
    #: Path of an existing network namespace that is the guest; None for one that the data plane makes.
    netns: str | None = None
    #: A stopped instance keeps its place and addresses, and is not on the network.
    stopped: bool = False

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Its addresses, IPv4 first."""
        return (self.ipv4, *((self.ipv6,) if self.ipv6 else ()))


def reserved_addresses(cidr: IPv4Network) -> frozenset[IPv4Address]:
    """Addresses of a VSwitch that no instance gets: the first and the last three, as Alibaba keeps them."""
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    return frozenset(IPv4Address(number) for number in (first, last - 2, last - 1, last))


def check_vpc_cidr(text: object, field: str = "cidr") -> IPv4Network:
    """An IPv4 range a VPC may have: /8 to /28 and none of the special ranges; public ranges are allowed (NET-10)."""
    cidr = parse_ipv4_prefix(text, field)
    if not 8 <= cidr.prefixlen <= 28:
        raise InvalidInput(field, "must have a prefix length from /8 to /28", text)
    taken = first_overlap((cidr,), FORBIDDEN_RANGES)
    if taken:
        raise InvalidInput(field, f"must not overlap the reserved range {taken[1]}", text)
    return cidr


def check_vpc_ipv6_cidr(text: object, field: str = "ipv6_cidr") -> IPv6Network:
    """An IPv6 range a VPC may have: /44 to /60, unicast."""
    cidr = parse_ipv6_prefix(text, field)
    if not 44 <= cidr.prefixlen <= 60:
        raise InvalidInput(field, "must have a prefix length from /44 to /60", text)
    if not any(contains(unicast, cidr) for unicast in IPV6_UNICAST):
        raise InvalidInput(field, "must be inside fc00::/7 or 2000::/3", text)
    return cidr


def unique_local_cidr(seed: str) -> IPv6Network:
    """A /56 below fd00::/8 (RFC 4193) drawn from the seed: VPCs of one id always get the same, two ids hardly ever."""
    drawn = int.from_bytes(sha256(seed.encode()).digest()[:6], "big")
    return IPv6Network(((0xFD << 120) | (drawn << 72), 56))


def check_disjoint(new: Prefix, others: Iterable[Prefix], field: str) -> None:
    """`InvalidInput` when the new range overlaps one of the others."""
    taken = first_overlap((new,), tuple(others))
    if taken:
        raise InvalidInput(field, f"must not overlap {taken[1]}", new, code="overlap")


def check_vswitch_cidr(text: object, vpc: Vpc, field: str = "cidr") -> IPv4Network:
    """An IPv4 range of a VSwitch: /16 to /29, inside one range of the VPC (NET-4)."""
    cidr = parse_ipv4_prefix(text, field)
    if not 16 <= cidr.prefixlen <= 29:
        raise InvalidInput(field, "must have a prefix length from /16 to /29", text, code="prefix_length")
    if not any(contains(outer, cidr) for outer in vpc.ipv4_prefixes):
        raise InvalidInput(field, "must be inside a range of the VPC", text)
    return cidr


def check_vswitch_ipv6_cidr(text: object, vpc: Vpc, field: str = "ipv6_cidr") -> IPv6Network:
    """An IPv6 range of a VSwitch: a /64 inside the VPC's IPv6 range."""
    cidr = parse_ipv6_prefix(text, field)
    if cidr.prefixlen != 64:
        raise InvalidInput(field, "must have the prefix length /64", text)
    if vpc.ipv6_cidr is None or not contains(vpc.ipv6_cidr, cidr):
        raise InvalidInput(field, "must be inside the IPv6 range of the VPC", text)
    return cidr


def free_ipv6_subnet(vpc: Vpc, taken: Collection[Prefix]) -> IPv6Network:
    """The first /64 of the VPC's IPv6 range that no VSwitch has; `InvalidInput` when there is none."""
    if vpc.ipv6_cidr is None:
        raise InvalidInput("ipv6_cidr", "needs a VPC with an IPv6 range")
    for cidr in vpc.ipv6_cidr.subnets(new_prefix=64):
        if cidr not in taken:
            return cidr
    raise InvalidInput("ipv6_cidr", "can't be chosen: the IPv6 range of the VPC is used up")


def check_ipv4(text: object, vswitch: VSwitch, field: str = "ipv4") -> IPv4Address:
    """An address an instance in the VSwitch may have: in its range and not reserved."""
    address = parse_address(text, field)
    if not isinstance(address, IPv4Address) or address not in vswitch.cidr:
        raise InvalidInput(field, f"must be inside the VSwitch's range {vswitch.cidr}", text)
    if address in reserved_addresses(vswitch.cidr):
        raise InvalidInput(
            field, "must not be one of the VSwitch's reserved addresses (first, last three)", text
        )
    return address


def check_ipv6(text: object, vswitch: VSwitch, field: str = "ipv6") -> IPv6Address:
    """An IPv6 address an instance in the VSwitch may have: in its range, and not the router's (its first two)."""
    address = parse_address(text, field)
    cidr = vswitch.ipv6_cidr
    if cidr is None:
        raise InvalidInput(field, "needs a VSwitch with an IPv6 range", text)
    if not isinstance(address, IPv6Address) or address not in cidr:
        raise InvalidInput(field, f"must be inside the VSwitch's range {cidr}", text)
    if int(address) - int(cidr.network_address) < 2:
        raise InvalidInput(field, "must not be one of the VSwitch's reserved addresses (first two)", text)
    return address


def free_ipv4(vswitch: VSwitch, taken: Collection[Address]) -> IPv4Address | None:
    """The first free address of the VSwitch, or None."""
    reserved = reserved_addresses(vswitch.cidr)
    return next((a for a in vswitch.cidr if a not in reserved and a not in taken), None)


def ipv6_of(vswitch: VSwitch, ipv4: IPv4Address) -> IPv6Address:
    """The IPv6 address that goes with an IPv4 address: the VSwitch's range and the IPv4 address in the low 32 bits."""
    if vswitch.ipv6_cidr is None:
        raise InvalidInput("ipv6", "needs a VSwitch with an IPv6 range")
    return vswitch.ipv6_cidr.network_address + int(ipv4)


def mac_of(instance_id: str) -> str:
    """A locally administered MAC address (`02:...`) drawn from the instance's id."""
    drawn = sha256(instance_id.encode()).digest()[:5]
    return ":".join(f"{octet:02x}" for octet in (0x02, *drawn))


def check_netns(path: object, field: str = "netns") -> str | None:
    """An absolute path without detours, at most 255 characters, or None."""
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/") or not path.isprintable() or len(path) > 255:
        raise InvalidInput(field, "must be an absolute path of at most 255 characters", path)
    if ".." in path.split("/"):
        raise InvalidInput(field, "must not contain ..", path)
    return path
