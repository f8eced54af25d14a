"""The compiled network: the one value that analysis, data planes and the console read.

Owns the shapes only. Everything here is immutable, free of owners, and says for each thing which stored object
decided it (`source`), so that a trace can name it. How these values are made is `fabric.compile`; what a packet does in them
is `fabric.walk`. Nothing about any data plane's devices may go in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address

from peerway.domain.port import Port, Transfer
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
class LinkPath:
    """One of several links that lead to the same destination."""

    #: Link.
    link_id: str
    #: Share of the connections it gets; 0 for one that only stands by.
    weight: int = 1


@dataclass(frozen=True, slots=True)
class ToLinks:
    """Spread connections over several links by weight; each connection stays on one (ECMP, primary and backup)."""

    #: The links, in the order of the route entry.
    paths: tuple[LinkPath, ...]

    def live(self, links: Mapping[str, Link]) -> tuple[LinkPath, ...]:
        """The paths that connections are spread over now; none when every link is down.

        A link whose health check fails gets nothing while another is healthy, and those that stand by get nothing while one
        with a weight is usable. When no check succeeds, all that are up are used: that says more about the checks.
        """
        up = [path for path in self.paths if path.link_id in links and links[path.link_id].up]
        usable = [path for path in up if links[path.link_id].healthy] or up
        return tuple(path for path in usable if path.weight) or tuple(usable)


@dataclass(frozen=True, slots=True)
class ToUplink:
    """Send the packet out of the network by one of the router's uplinks."""

    #: Uplink that carries the packet.
    uplink_id: str


@dataclass(frozen=True, slots=True)
class ToResolver:
    """Hand the packet to the VPC's own name server, which the router is itself."""


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Drop the packet: a blackhole entry, or the service range where no service answers."""


Hop = ToSubnet | ToEndpoint | ToLink | ToLinks | ToUplink | ToResolver | Blackhole


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
    #: Public address that stands for its IPv4 address outside; None without one.
    public: IPv4Address | None = None
    #: Host labels that the VPC's resolver answers for, lower case.
    labels: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Backend:
    """One of the instances behind a service."""

    #: Instance that answers.
    endpoint_id: str
    #: Its address.
    address: IPv4Address
    #: Port it answers at.
    port: int
    #: Share of the connections it gets; 0 for none.
    weight: int
    #: What the health check said last.
    healthy: bool = True


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """How backends are checked: a TCP connect or, for UDP, an echo request from the router."""

    #: 6 or 1.
    protocol: int
    #: Pause between two probes of one backend.
    interval_ms: int
    #: Probes in a row that must fail, or succeed, before the verdict turns.
    threshold: int


@dataclass(frozen=True, slots=True)
class Service:
    """A listener of a load balancer: connections to its address and port go to one of the backends.

    The destination is replaced where a packet enters the router, before every filter and route of that router.
    """

    #: Listener id.
    id: str
    #: Private address of the load balancer.
    address: IPv4Address
    #: 6 or 17.
    protocol: int
    #: Port it listens at.
    port: int
    #: Who answers, in a fixed order.
    backends: tuple[Backend, ...]
    #: How backends are checked; None for not at all.
    check: ServiceCheck | None = None

    @property
    def live(self) -> tuple[Backend, ...]:
        """The backends that get connections now; all that have a weight when no check succeeds."""
        weighted = tuple(backend for backend in self.backends if backend.weight)
        return tuple(backend for backend in weighted if backend.healthy) or weighted


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


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """Where a link enters a router."""

    #: VPC or VBR id.
    router_id: str
    #: Region of that router.
    region_id: str
    #: Whether the resolver at the other end answers for the names at this one.
    names: bool = False


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """How a link's health is checked: echo requests from one of its ends to an address beyond the other, or at its uplink."""

    #: Router that sends, one of the link's ends.
    router_id: str
    #: Id of the link, or of that router's uplink, by which the requests leave.
    via: str
    #: Their source; the answers come back to it over the same way.
    source: IPv4Address
    #: Their destination.
    target: IPv4Address
    #: Pause between two requests.
    interval_ms: int
    #: Requests in a row that must stay unanswered, or be answered, before the verdict turns.
    threshold: int


@dataclass(frozen=True, slots=True)
class Link:
    """The one thing that carries packets between routers: a peer connection, or a joined pair of router interfaces."""

    #: Id of the peer connection, or of the pair's initiator.
    id: str
    #: The two ends; the requester's or initiator's first.
    ends: tuple[LinkEnd, LinkEnd]
    #: Whether it carries packets now.
    up: bool
    #: Cap each way, Mbit/s; None for uncapped.
    cap_mbps: int | None = None
    #: How its health is checked; None for not at all.
    check: LinkCheck | None = None
    #: What the check said last. Matters only where another link leads to the same destination.
    healthy: bool = True

    def other(self, router_id: str) -> LinkEnd:
        """The end that is not at `router_id`."""
        first, second = self.ends
        return second if first.router_id == router_id else first


@dataclass(frozen=True, slots=True)
class Fabric:
    """The whole desired network at one revision."""

    #: Store revision it is true for.
    revision: int
    #: By VPC or VBR id.
    routers: Mapping[str, Router] = field(default_factory=dict)
    #: By link id: every link that exists in the data plane, up or down.
    links: Mapping[str, Link] = field(default_factory=dict)
