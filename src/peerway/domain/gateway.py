"""Ways between a VPC and the internet (NET-8, NET-10): outside networks, public addresses, NAT and IPv4 gateways; values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from peerway.domain.resource import Provisioned, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalNetwork(Resource):
    """An outside network of a region that an operator connected: where its public addresses are at home."""

    #: Region it serves.
    region_id: str
    #: Display name.
    name: str = ""
    #: Where it is on the host: `interface:NAME` or `netns:PATH`.
    port: str
    #: Ranges that public addresses are taken from.
    pools: tuple[IPv4Network, ...]
    #: The host interface's transfer network: address and length of the first router there; None for a namespace.
    local: IPv4Interface | None = None
    #: Gateway beyond a host interface; None for a namespace.
    gateway: IPv4Address | None = None


class EipTarget(StrEnum):
    """What a public address can stand for."""

    #: An instance.
    INSTANCE = "instance"
    #: A NAT gateway.
    NAT_GATEWAY = "nat_gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eip(Resource):
    """A public address of an account."""

    #: Region it is in.
    region_id: str
    #: Outside network it is from.
    network_id: str
    #: The address.
    address: IPv4Address
    #: Display name.
    name: str = ""
    #: What it stands for; None while it is free.
    target: EipTarget | None = None
    #: Id of that.
    target_id: str | None = None
    #: VPC of that.
    vpc_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway(Provisioned):
    """A shared door to the internet: source entries for connections out, destination entries for connections in."""

    #: VPC it belongs to.
    vpc_id: str
    #: Outside network it leads to.
    network_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnatEntry(Resource):
    """Sources that leave by a NAT gateway, and the public addresses that stand for them."""

    #: VPC of the gateway.
    vpc_id: str
    #: Gateway.
    nat_gateway_id: str
    #: Display name.
    name: str = ""
    #: Sources.
    source: IPv4Network
    #: VSwitch that the range is of, when one was named.
    vswitch_id: str | None = None
    #: Public addresses of the gateway.
    public: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DnatEntry(Resource):
    """A public address, or one port of it, that leads to a private one."""

    #: VPC of the gateway.
    vpc_id: str
    #: Gateway.
    nat_gateway_id: str
    #: Display name.
    name: str = ""
    #: Public address of the gateway.
    public: IPv4Address
    #: Port there; 0 for all.
    public_port: int = 0
    #: Private address.
    private: IPv4Address
    #: Port there; 0 for all.
    private_port: int = 0
    #: `tcp`, `udp` or `any`.
    protocol: str = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipv4Gateway(Provisioned):
    """Puts a VPC's direct way to the internet under its route tables, and makes its public ranges private (NET-10)."""

    #: VPC it belongs to; one each.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Whether the route tables decide; until then it changes nothing.
    enabled: bool = False
