"""What an instance's own network looks like from inside: its interfaces, their addresses and its own routes (PATH-3).

Values only, and where the instance's kernel would send a packet. How they are read is the data plane's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface

from peerway.domain.prefixes import Address, Prefix

#: An address with the range that it brings to its interface.
GuestAddress = IPv4Interface | IPv6Interface


class GuestRouteKind(StrEnum):
    """What a guest's route does with a packet."""

    #: Sends it out by an interface.
    FORWARD = "forward"
    #: Keeps it: the address is the guest's own.
    LOCAL = "local"
    #: Drops it: blackhole, unreachable or prohibit.
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class GuestInterface:
    """A network interface in an instance."""

    #: Name, such as `eth0` or `docker0`.
    name: str
    #: Whether it is the one that leads to the VPC.
    to_network: bool
    #: Whether it is switched on.
    up: bool
    #: Its addresses, each with its range.
    addresses: tuple[GuestAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestRoute:
    """A route of an instance's own routing table."""

    #: Destinations.
    prefix: Prefix
    #: What it does.
    kind: GuestRouteKind = GuestRouteKind.FORWARD
    #: Names of the interfaces it leads out by; several share the connections.
    interfaces: tuple[str, ...] = ()
    #: The next router; None where the destinations are neighbours, and where there are several.
    gateway: Address | None = None
    #: Of equal ranges the lowest wins.
    metric: int = 0


@dataclass(frozen=True, slots=True)
class GuestView:
    """What was found in an instance."""

    #: Its interfaces, except a loopback interface without addresses beyond its own.
    interfaces: tuple[GuestInterface, ...] = ()
    #: Its routes, those to its own addresses included.
    routes: tuple[GuestRoute, ...] = ()
    #: Whether that is all that decides: no policy rules of its own choose among tables, and no more routes are there than told.
    complete: bool = True

    def route_to(self, destination: Address) -> GuestRoute | None:
        """The route that a packet for the address takes: its own addresses first, then the longest range; None without any."""
        matching = [route for route in self.routes if destination in route.prefix]
        return max(matching, key=_precedence, default=None)

    def capture_of(self, destination: Address) -> GuestRoute | None:
        """The route that keeps packets for the address from the VPC; None where they get there or where there is no route."""
        route = self.route_to(destination)
        if route is None or (route.kind is GuestRouteKind.FORWARD and self._leads_out(route)):
            return None
        return route

    def _leads_out(self, route: GuestRoute) -> bool:
        return any(one.to_network and one.name in route.interfaces for one in self.interfaces)


def _precedence(route: GuestRoute) -> tuple[bool, int, int]:
    return route.kind is GuestRouteKind.LOCAL, route.prefix.prefixlen, -route.metric
