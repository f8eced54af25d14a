"""Routers made ready for questions about sets: tables, filters, owners and translations by place.

Owns what is prepared and how long it is kept. Everything is made when it is first needed; after a change of the network, what
belongs to routers and parts of routers that are still the identical objects is taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import TypeVar

from peerway.analysis.network import Network
from peerway.analysis.questions import IMAGINED
from peerway.analysis.symbolic.atoms import SIX, Points, Stretches, cut_at, longest_matches, place, stretch
from peerway.analysis.symbolic.permits import Permits
from peerway.analysis.symbolic.spaces import BARE, EMPTY, Space, block
from peerway.domain.errors import NotFound
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Prefix
from peerway.fabric.model import (
    DestinationNat,
    Endpoint,
    Fib,
    FibEntry,
    Filter,
    Router,
    Service,
    SourceNat,
    ToLink,
    ToLinks,
    ToUplink,
    Translation,
)
from peerway.fabric.packets import PORTED

V = TypeVar("V")

#: What counts as public, of the IPv4 addresses, unless a VSwitch has it (NET-10).
_NEVER_PUBLIC = (*PRIVATE_RANGES, SERVICE_RANGE)
_EVERY_IPV4 = IPv4Network("0.0.0.0/0")


class Doorway:
    """The translation of an uplink, ready."""

    __slots__ = ("destinations", "public", "sources")

    def __init__(self, translation: Translation) -> None:
        #: Every address by which it is known outside.
        self.public: Points[bool] = Points.of((place(each), True) for each in translation.public)
        #: The entries for packets from inside.
        self.sources: Stretches[SourceNat | None] = longest_matches(
            (entry.source, entry) for entry in translation.source
        )
        entries: dict[int, list[tuple[Space, DestinationNat]]] = {}
        for entry in translation.destination:
            entries.setdefault(place(entry.public), []).append((_concerned(entry), entry))
        #: The entries for packets from outside, in order, with what each is for.
        self.destinations: Points[list[tuple[Space, DestinationNat]]] = Points.of(entries.items())


class Ground:
    """A router, ready."""

    __slots__ = (
        "_doorways",
        "_fibs",
        "_leaving",
        "_permits",
        "_public",
        "own",
        "owners",
        "router",
        "services",
    )

    def __init__(self, router: Router, before: Ground | None = None) -> None:
        self.router = router
        kept = before is not None and _same_values(before.router.endpoints, router.endpoints)
        #: Places of the addresses of each endpoint.
        self.own: Mapping[str, tuple[int, ...]] = (
            before.own
            if before is not None and kept
            else {id: tuple(map(place, one.addresses)) for id, one in router.endpoints.items()}
        )
        #: Who has an address.
        self.owners: Points[Endpoint] = (
            before.owners
            if before is not None and kept
            else Points.of((each, one) for id, one in router.endpoints.items() for each in self.own[id])
        )
        services: dict[int, list[Service]] = {}
        for service in router.services.values():
            services.setdefault(place(service.address), []).append(service)
        #: What answers for an address.
        self.services: Points[list[Service]] = Points.of(services.items())
        self._fibs: dict[int, Stretches[FibEntry | None]] = {}
        self._leaving: dict[int, set[tuple[int, int]]] = {}
        self._permits: dict[int, Permits] = {}
        self._doorways: dict[int, Doorway] = {}
        self._public: Stretches[bool] | None = None
        if before is not None:
            self._take_over(before)

    def fib(self, fib: Fib) -> Stretches[FibEntry | None]:
        """One of the router's tables: the entry for every address."""
        found = self._fibs.get(id(fib))
        if found is None:
            found = longest_matches((entry.prefix, entry) for entry in fib.entries)
            self._fibs[id(fib)] = found
        return found

    def permits(self, filter: Filter) -> Permits:  # noqa: A002 - the field's word
        """One of the router's filters."""
        found = self._permits.get(id(filter))
        if found is None:
            found = self._permits[id(filter)] = Permits(filter)
        return found

    def doorway(self, translation: Translation) -> Doorway:
        """The translation of one of the router's uplinks."""
        found = self._doorways.get(id(translation))
        if found is None:
            found = self._doorways[id(translation)] = Doorway(translation)
        return found

    @property
    def public(self) -> Stretches[bool]:
        """Whether an address counts as public here (NET-10)."""
        if self._public is None:
            local = (prefix for subnet in self.router.subnets.values() for prefix in subnet.prefixes)
            ranges: list[Prefix] = [*_NEVER_PUBLIC, *local]
            private = longest_matches((prefix, True) for prefix in ranges)
            self._public = cut_at((*ranges, _EVERY_IPV4), lambda at: at < SIX and not private.at(at))
        return self._public

    def leads_out(self, fib: Fib, entry: FibEntry) -> bool:
        """Whether the table that endpoints use sends an inbound entry's packets over a link or out of the network."""
        table = self.router.fibs[fib.id]
        found = self._leaving.get(id(table))
        if found is None:
            away = ToLink | ToLinks | ToUplink
            found = {stretch(each.prefix) for each in table.entries if isinstance(each.hop, away)}
            self._leaving[id(table)] = found
        return stretch(entry.prefix) in found

    def _take_over(self, before: Ground) -> None:
        """Keep what was prepared of the parts that are still the same objects."""
        old, new = before.router, self.router
        self._fibs = _still(
            before._fibs, (*new.fibs.values(), new.inbound), (*old.fibs.values(), old.inbound)
        )
        self._permits = _still(before._permits, _filters(new), _filters(old))
        self._doorways = _still(before._doorways, _translations(new), _translations(old))
        if _same_values(old.subnets, new.subnets):
            self._public = before._public


class Atlas:
    """A network, ready for questions about sets. Cheap to make; routers are prepared when a question meets them."""

    __slots__ = ("_before", "_grounds", "network")

    def __init__(self, network: Network, before: Mapping[str, Ground] | None = None) -> None:
        self.network = network
        self._grounds: dict[str, Ground] = dict(before or {})

    def after(self, network: Network) -> Atlas:
        """The same for a changed network; takes over all that did not change."""
        return Atlas(network, self._grounds)

    def ground(self, router_id: str) -> Ground:
        """A router, ready."""
        router = self.network.fabric.routers[router_id]
        found = self._grounds.get(router_id)
        if found is None or found.router is not router:
            found = self._grounds[router_id] = Ground(router, found)
        return found

    def at(self, sender_id: str) -> Ground:
        """The router of an endpoint or uplink; `NotFound` when it is not in the network."""
        router = self.network.router_of(sender_id.removesuffix(IMAGINED))
        if router is None or not (sender_id in router.endpoints or sender_id in router.uplinks):
            raise NotFound("sender", sender_id)
        return self.ground(router.id)


def _concerned(entry: DestinationNat) -> Space:
    """What a translation entry is for; one with a port is for protocols that have ports."""
    if not entry.public_port:
        return block(entry.protocol)
    if entry.protocol is not None and entry.protocol not in PORTED:
        return EMPTY
    return block(entry.protocol, entry.public_port, entry.public_port) - BARE


def _filters(router: Router) -> Iterator[Filter]:
    for policies in (router.policies, router.acls):
        for policy in policies.values():
            yield policy.ingress
            yield policy.egress


def _translations(router: Router) -> Iterator[Translation]:
    return (uplink.translation for uplink in router.uplinks.values() if uplink.translation is not None)


def _still(made: Mapping[int, V], new: Iterable[object], old: Iterable[object]) -> dict[int, V]:
    """What was made of the objects that a router had before and still has."""
    if not made:
        return {}
    kept = {id(part) for part in old} & {id(part) for part in new}
    return {key: value for key, value in made.items() if key in kept}


def _same_values(one: Mapping[str, V], other: Mapping[str, V]) -> bool:
    """Whether two parts of routers hold the identical objects."""
    return len(one) == len(other) and all(one.get(id) is value for id, value in other.items())
