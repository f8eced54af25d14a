"""VPCs, VSwitches and instances (NET-3, NET-4, NET-6): the values and the rules that need nothing but themselves.

May not know routes, filters or links.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from peerway.domain.prefixes import Address, Prefix
from peerway.domain.resource import Provisioning, Resource


class VpcKind(StrEnum):
    """What a VPC holds; the two kinds don't peer with each other."""

    #: Virtual machines.
    ECS = "ecs"
    #: Bare-metal hosts (JD's cloud physical servers).
    CPS = "cps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc(Resource):
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
    #: Where it is in its life.
    state: Provisioning = Provisioning.CREATING

    @property
    def ipv4_prefixes(self) -> tuple[IPv4Network, ...]:
        """Primary and secondary ranges."""
        return (self.cidr, *self.secondary_cidrs)

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """All ranges of both versions, the primary one first."""
        return (*self.ipv4_prefixes, *((self.ipv6_cidr,) if self.ipv6_cidr else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class VSwitch(Resource):
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
    #: Where it is in its life.
    state: Provisioning = Provisioning.CREATING

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Its ranges, IPv4 first."""
        return (self.cidr, *((self.ipv6_cidr,) if self.ipv6_cidr else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Resource):
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
    #: Where it is in its life.
    state: Provisioning = Provisioning.CREATING

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Its addresses, IPv4 first."""
        return (self.ipv4, *((self.ipv6,) if self.ipv6 else ()))


def reserved_addresses(cidr: IPv4Network) -> frozenset[IPv4Address]:
    """Addresses of a VSwitch that no instance gets: the first and the last three, as Alibaba keeps them."""
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    return frozenset(IPv4Address(number) for number in (first, last - 2, last - 1, last))
