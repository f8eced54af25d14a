"""Where routes lead, and the tables they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from peerway.domain.prefixes import Prefix
from peerway.fabric.model.links import Link


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
