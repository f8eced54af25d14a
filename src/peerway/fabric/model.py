"""The compiled network: the one value that analysis, data planes and the console read.

Owns the shapes only. Everything here is immutable, free of names and owners, and says for each thing which stored object
decided it (`source`), so that a trace can name it. How these values are made is `fabric.compile`; what a packet does in them
is `fabric.walk`. Nothing about any data plane's devices may go in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from peerway.domain.prefixes import Address, Prefix


class Action(StrEnum):
    """What a filter rule does with a packet it matches."""

    #: The packet goes on to the next check.
    ACCEPT = "accept"
    #: The packet is discarded silently.
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ToSubnet:
    """Delivery inside the VPC: the endpoint that has the address gets the packet; an address nobody has drops it."""

    #: VSwitch whose range this is.
    subnet_id: str


@dataclass(frozen=True, slots=True)
class ToEndpoint:
    """Hand the packet to one instance, whatever its destination address (a self-built gateway)."""

    #: Instance that receives the packet.
    endpoint_id: str


@dataclass(frozen=True, slots=True)
class ToLink:
    """Send the packet over a link to the router at its other end; a link that is down drops it."""

    #: Link that carries the packet.
    link_id: str


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Drop the packet: a blackhole entry, or the service range while no service answers in it."""


Hop = ToSubnet | ToEndpoint | ToLink | Blackhole


@dataclass(frozen=True, slots=True)
class FibEntry:
    """One route as the router uses it. Prefixes are unique within a `Fib`."""

    #: Destination range.
    prefix: Prefix
    #: What happens to a packet whose longest match this is.
    hop: Hop
    #: Id of the route entry or VSwitch that put it there; `service` for the service range.
    source: str


@dataclass(frozen=True, slots=True)
class Fib:
    """A forwarding table: longest prefix wins, IPv4 and IPv6 in one."""

    #: Route table it was compiled from.
    id: str
    #: Entries, sorted by (version, network, length).
    entries: tuple[FibEntry, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What a filter rule looks at. `remote` is the source for ingress and the destination for egress."""

    #: Range of the far side's address; it also fixes the IP version.
    remote: Prefix
    #: IP protocol number (1 icmp, 6 tcp, 17 udp, 58 icmpv6), or None for every protocol.
    protocol: int | None = None
    #: First destination port; ports are looked at for tcp and udp only.
    port_low: int = 0
    #: Last destination port, inclusive.
    port_high: int = 65535


@dataclass(frozen=True, slots=True)
class Rule:
    """One filter rule."""

    #: What it matches.
    match: Match
    #: What it does.
    action: Action
    #: Id of the security group rule; of the group, where its members reach each other; or `ACL-ID/direction/position`.
    source: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Rules in order, the first match decides; `default` decides when none matches."""

    #: Rules, first match first.
    rules: tuple[Rule, ...]
    #: Verdict when no rule matches.
    default: Action


@dataclass(frozen=True, slots=True)
class Policy:
    """A pair of filters for the two directions, seen from the protected side.

    As a security policy (the security groups of an instance, merged) it is stateful: it is asked once a connection, in the
    direction of the first packet. As an ACL (of a subnet) it is stateless: it is asked for every packet that enters or leaves
    the subnet, and not for packets that stay inside it.
    """

    #: Security group ids, sorted and joined with `+`, or the ACL's id.
    id: str
    #: For packets towards the instance or subnet.
    ingress: Filter
    #: For packets from it.
    egress: Filter


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


@dataclass(frozen=True, slots=True)
class Router:
    """One VPC's VRouter with all that hangs on it. Compared by value; an unchanged VPC keeps the identical object."""

    #: VPC id.
    id: str
    #: Region it is in.
    region_id: str
    #: By VSwitch id.
    subnets: Mapping[str, Subnet]
    #: By instance id.
    endpoints: Mapping[str, Endpoint]
    #: By route table id, bound or not: what packets from endpoints are looked up in.
    fibs: Mapping[str, Fib]
    #: What packets arriving by a link are looked up in: the system table, in which every entry that leads to a link drops
    #: instead (PEER-7). Such an entry stays, so that a shorter one does not catch its packets.
    inbound: Fib
    #: By policy id.
    policies: Mapping[str, Policy]
    #: By ACL id, those that a subnet is bound to.
    acls: Mapping[str, Policy]


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """Where a link enters a router."""

    #: VPC id.
    router_id: str
    #: Region of that VPC.
    region_id: str


@dataclass(frozen=True, slots=True)
class Link:
    """The one thing that carries packets between routers; a peer connection compiles into one."""

    #: Id of the peer connection.
    id: str
    #: The two ends; the requester's first.
    ends: tuple[LinkEnd, LinkEnd]
    #: Whether it carries packets now.
    up: bool
    #: Cap each way, Mbit/s; None for uncapped.
    cap_mbps: int | None = None

    def other(self, router_id: str) -> LinkEnd:
        """The end that is not at `router_id`."""
        first, second = self.ends
        return second if first.router_id == router_id else first


@dataclass(frozen=True, slots=True)
class Fabric:
    """The whole desired network at one revision."""

    #: Store revision it is true for.
    revision: int
    #: By VPC id.
    routers: Mapping[str, Router] = field(default_factory=dict)
    #: By link id: every link that exists in the data plane, up or down.
    links: Mapping[str, Link] = field(default_factory=dict)
