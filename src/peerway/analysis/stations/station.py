"""Routers made ready for many packets, part by part, at the first look at each part.

Owns what is found fast and that nothing stale is found: a part is used only for the very object that it was made from. Safe for
use from many threads: two that make the same part at once make equal ones, and one of them is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import TypeVar

from peerway.analysis.places.atoms import SIX, Points, Stretches, cut_at, longest_matches, place
from peerway.analysis.stations.doors import Door
from peerway.analysis.stations.tables import Table
from peerway.analysis.stations.verdicts import Verdicts
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Prefix
from peerway.fabric.model import Endpoint, Router, Service
from peerway.fabric.outcomes import Check, Outcome, Step

V = TypeVar("V")

#: What counts as public, of the IPv4 addresses, unless a VSwitch has it (NET-10).
_NEVER_PUBLIC = (*PRIVATE_RANGES, SERVICE_RANGE)
_EVERY_IPV4 = IPv4Network("0.0.0.0/0")


class Seat:
    """One interface, ready."""

    __slots__ = ("_delivered", "endpoint", "genuine", "numbers")

    def __init__(self, router_id: str, endpoint: Endpoint) -> None:
        #: What it was made from.
        self.endpoint = endpoint
        #: Its addresses' numbers.
        self.numbers = tuple(place(address) for address in endpoint.addresses)
        #: The step of a packet that may have the source it has.
        self.genuine = Step(router_id, Check.SOURCE, endpoint.id)
        #: The step of the packet that it got last.
        self._delivered = Step(router_id, Check.DELIVERY, endpoint.id, None, Outcome.DELIVERED)

    def delivery(self, source: str | None) -> Step:
        """The step of a packet that it gets, by the route's source; None for one that never left the guest."""
        step = self._delivered
        if step.source != source:
            step = self._delivered = step._replace(source=source)
        return step


class Station:
    """One router, ready."""

    __slots__ = (
        "_acls_in",
        "_acls_out",
        "_doors",
        "_inbound",
        "_owners",
        "_policies_in",
        "_policies_out",
        "_public",
        "_seats",
        "_services",
        "_tables",
        "id",
        "router",
    )

    def __init__(self, router: Router, before: Station | None = None) -> None:
        self.id = router.id
        #: What it is made from.
        self.router = router
        self._seats: dict[str, Seat] = {}
        self._owners: Points[Endpoint] | None = None
        self._tables: dict[str, Table] = {}
        self._inbound: Table | None = None
        self._doors: dict[str, Door] = {}
        self._services: Mapping[tuple[int, int, int], Service] | None = None
        self._public: Stretches[bool] | None = None
        self._policies_in: dict[str, Verdicts] = {}
        self._policies_out: dict[str, Verdicts] = {}
        self._acls_in: dict[str, Verdicts] = {}
        self._acls_out: dict[str, Verdicts] = {}
        if before is not None:
            self._take_over(before)

    # ---- interfaces ------------------------------------------------------------------------------------------------------

    def seat(self, endpoint_id: str) -> Seat | None:
        """An interface by the id of its instance."""
        found = self._seats.get(endpoint_id)
        if found is not None:
            return found
        endpoint = self.router.endpoints.get(endpoint_id)
        return self._seat(endpoint) if endpoint is not None else None

    def owner(self, number: int) -> Seat | None:
        """The interface that has the address."""
        owner = self.owners.found.get(number)
        if owner is None:
            return None
        return self._seats.get(owner.id) or self._seat(owner)

    @property
    def owners(self) -> Points[Endpoint]:
        """Who has which address."""
        found = self._owners
        if found is None:
            endpoints = self.router.endpoints.values()
            found = self._owners = Points.of(
                (place(each), one) for one in endpoints for each in one.addresses
            )
        return found

    def _seat(self, endpoint: Endpoint) -> Seat:
        made = self._seats[endpoint.id] = Seat(self.id, endpoint)
        return made

    # ---- ways ------------------------------------------------------------------------------------------------------------

    def table(self, fib_id: str) -> Table:
        """The table of endpoints or of an uplink."""
        found = self._tables.get(fib_id)
        if found is None:
            found = self._tables[fib_id] = Table(self.id, self.router.fibs[fib_id])
        return found

    def inbound(self) -> Table:
        """The table of packets that come by a link."""
        found = self._inbound
        if found is None:
            fib = self.router.inbound
            found = self._inbound = Table(self.id, fib, self.table(fib.id))
        return found

    def door(self, uplink_id: str) -> Door | None:
        """An uplink."""
        found = self._doors.get(uplink_id)
        if found is None and uplink_id in self.router.uplinks:
            found = self._doors[uplink_id] = Door(self.router.uplinks[uplink_id])
        return found

    def service(self, destination: int, protocol: int, port: int) -> Service | None:
        """The service that a packet is for."""
        found = self._services
        if found is None:
            made: dict[tuple[int, int, int], Service] = {}
            for service in self.router.services.values():
                made.setdefault((place(service.address), service.protocol, service.port), service)
            found = self._services = made
        return found.get((destination, protocol, port)) if found else None

    def takes_exit(self, seat: Seat, source: int, destination: int) -> bool:
        """Whether a packet leaves by the router's exit, whatever the tables say (NET-10)."""
        if self.router.exit_id is None or seat.endpoint.public is None or source not in seat.numbers:
            return False
        return self.public.at(destination)

    @property
    def public(self) -> Stretches[bool]:
        """Whether an address counts as public here (NET-10)."""
        found = self._public
        if found is None:
            local = (prefix for subnet in self.router.subnets.values() for prefix in subnet.prefixes)
            ranges: list[Prefix] = [*_NEVER_PUBLIC, *local]
            private = longest_matches((prefix, True) for prefix in ranges)
            found = cut_at((*ranges, _EVERY_IPV4), lambda at: at < SIX and not private.at(at))
            self._public = found
        return found

    # ---- filters ---------------------------------------------------------------------------------------------------------

    def policy_in(self, id: str) -> Verdicts:
        """What a security policy says of packets to its interfaces."""
        found = self._policies_in.get(id)
        if found is None:
            where = self.id, Check.INGRESS_POLICY, id
            found = Verdicts(where, self.router.policies[id].ingress, Outcome.DROPPED_BY_POLICY)
            self._policies_in[id] = found
        return found

    def policy_out(self, id: str) -> Verdicts:
        """What a security policy says of packets from its interfaces."""
        found = self._policies_out.get(id)
        if found is None:
            where = self.id, Check.EGRESS_POLICY, id
            found = Verdicts(where, self.router.policies[id].egress, Outcome.DROPPED_BY_POLICY)
            self._policies_out[id] = found
        return found

    def acl_in(self, subnet_id: str) -> Verdicts | None:
        """What the ACL of a subnet, if it has one, says of packets into it."""
        id = self.router.subnets[subnet_id].acl_id
        if id is None:
            return None
        found = self._acls_in.get(id)
        if found is None:
            policy = self.router.acls[id]
            where = self.id, Check.INGRESS_ACL, policy.id
            found = self._acls_in[id] = Verdicts(where, policy.ingress, Outcome.DROPPED_BY_ACL)
        return found

    def acl_out(self, subnet_id: str) -> Verdicts | None:
        """What the ACL of a subnet, if it has one, says of packets out of it."""
        id = self.router.subnets[subnet_id].acl_id
        if id is None:
            return None
        found = self._acls_out.get(id)
        if found is None:
            policy = self.router.acls[id]
            where = self.id, Check.EGRESS_ACL, policy.id
            found = self._acls_out[id] = Verdicts(where, policy.egress, Outcome.DROPPED_BY_ACL)
        return found

    # ---- from one network to the next ------------------------------------------------------------------------------------

    def _take_over(self, before: Station) -> None:
        """Keep what was made for the router as it was, as far as it was made from the very same parts."""
        router, old = self.router, before.router
        self._seats = {
            id: seat for id, seat in [*before._seats.items()] if router.endpoints.get(id) is seat.endpoint
        }
        if _same_values(router.endpoints, old.endpoints):
            self._owners = before._owners
        self._tables = {
            id: table for id, table in [*before._tables.items()] if router.fibs.get(id) is table.fib
        }
        inbound = before._inbound
        if (
            inbound is not None
            and inbound.outer is not None
            and inbound.fib is router.inbound
            and inbound.outer is self._tables.get(inbound.fib.id)
        ):
            self._inbound = inbound
        self._doors = {
            id: door for id, door in [*before._doors.items()] if router.uplinks.get(id) is door.uplink
        }
        if router.services is old.services:
            self._services = before._services
        if _same_values(router.subnets, old.subnets):
            self._public = before._public
        for kept, ready, policies in (
            (self._policies_in, before._policies_in, router.policies),
            (self._acls_in, before._acls_in, router.acls),
        ):
            kept.update(
                {
                    id: one
                    for id, one in [*ready.items()]
                    if id in policies and policies[id].ingress is one.filter
                }
            )
        for kept, ready, policies in (
            (self._policies_out, before._policies_out, router.policies),
            (self._acls_out, before._acls_out, router.acls),
        ):
            kept.update(
                {
                    id: one
                    for id, one in [*ready.items()]
                    if id in policies and policies[id].egress is one.filter
                }
            )


class Stations:
    """The routers of one network and of those that come of it, as far as somebody has looked at them."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[str, Station] = {}

    def at(self, router: Router) -> Station:
        """The router, ready; made anew unless it was made from this very object."""
        found = self._made.get(router.id)
        if found is None or found.router is not router:
            found = self._made[router.id] = Station(router, found)
        return found


def _same_values(one: Mapping[str, V], other: Mapping[str, V]) -> bool:
    """Whether two parts of routers hold the identical objects."""
    return one is other or (
        len(one) == len(other) and all(other.get(id) is value for id, value in one.items())
    )
