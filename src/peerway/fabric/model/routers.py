"""Routers with all that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from peerway.domain.prefixes import Address, Prefix
from peerway.fabric.model.filters import Policy
from peerway.fabric.model.hops import Fib
from peerway.fabric.model.services import Service
from peerway.fabric.model.uplinks import Uplink


@dataclass(frozen=True, slots=True)
class Subnet:
    """A VSwitch: ranges, the table its endpoints' packets are looked up in, and its ACL."""

    #: VSwitch id.
    id: str
    #: Its IPv4 range and, when it has one, its IPv6 range.
    prefixes: tuple[Prefix, ...]
    #: Key into `Router.fibs`.
    fib_id: str
    #: Key into `Router.acls`, or None.
    acl_id: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An instance's network interface."""

    #: Instance id.
    id: str
    #: Subnet it sits in.
    subnet_id: str
    #: Its addresses: IPv4 first, then IPv6 when it has one.
    addresses: tuple[Address, ...]
    #: MAC address, `02:...`.
    mac: str
    #: Key into `Router.policies`, or None for an interface without security groups (nothing is filtered).
    policy_id: str | None = None
    #: True for a self-built gateway: packets from and to foreign addresses pass; otherwise the source must be its own.
    forwards: bool = False
    #: Where the guest lives: None for a namespace that the data plane makes, else a path of a network namespace.
    netns: str | None = None
    #: Public address that stands for its IPv4 address outside; None without one.
    public: IPv4Address | None = None
    #: Host labels that the VPC's resolver answers for, lower case.
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Router:
    """A VPC's VRouter, or a VBR, with all that hangs on it. Compared by value; what is unchanged stays the identical object."""

    #: VPC or VBR id.
    id: str
    #: Region it is in.
    region_id: str
    #: By VSwitch id.
    subnets: Mapping[str, Subnet]
    #: By instance id.
    endpoints: Mapping[str, Endpoint]
    #: By route table id, bound or not: what packets from endpoints are looked up in.
    fibs: Mapping[str, Fib]
    #: What packets arriving by a link are looked up in: the system table, in which every entry that leads to a link or, with
    #: address translation, out of the network drops instead (PEER-7). Such an entry stays, so that a shorter one does not
    #: catch its packets.
    inbound: Fib
    #: By policy id.
    policies: Mapping[str, Policy]
    #: By ACL id, those that a subnet is bound to.
    acls: Mapping[str, Policy]
    #: By uplink id.
    uplinks: Mapping[str, Uplink] = field(default_factory=dict)
    #: By listener id.
    services: Mapping[str, Service] = field(default_factory=dict)
    #: Uplink by which packets of endpoints with a public address leave when their destination counts as public and no VSwitch
    #: has it, whatever the tables say (NET-10; `decisions.takes_exit`); None when the tables decide.
    exit_id: str | None = None
