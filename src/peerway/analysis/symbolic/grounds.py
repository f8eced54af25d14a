"""Routers made ready for questions about sets: filters, services and translations by place; the rest is the station's.

Owns what only sets need: a filter as the set that it lets pass and not as the first rule that matches, and how far around an
address each answer holds, which nobody asks who follows one packet. Everything is made when it is first needed; after a change of
the network, what belongs to routers and parts of routers that are still the identical objects is taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from peerway.analysis.network import Network
from peerway.analysis.places.atoms import Matches, Points, Stretches, longest_matches, place
from peerway.analysis.questions import IMAGINED
from peerway.analysis.stations import Station
from peerway.analysis.symbolic.permits import Permits
from peerway.analysis.symbolic.spaces import BARE, EMPTY, Space, block
from peerway.domain.errors import NotFound
from peerway.fabric.model import (
    DestinationNat,
    Endpoint,
    Fib,
    FibEntry,
    Filter,
    Router,
    Service,
    SourceNat,
    Translation,
)
from peerway.fabric.packets import PORTED

V = TypeVar("V")


class Doorway:
    """The translation of an uplink, ready: `stations.doors` with how far answers hold, and entries with the sets they are for."""

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
        "_permits",
        "_station",
        "own",
        "router",
        "services",
    )

    def __init__(self, station: Station, before: Ground | None = None) -> None:
        self.router = router = station.router
        #: What readers of single packets have made ready, too.
        self._station = station
        kept = before is not None and _same_values(before.router.endpoints, router.endpoints)
        #: Places of the addresses of each endpoint.
        self.own: Mapping[str, tuple[int, ...]] = (
            before.own
            if before is not None and kept
            else {id: tuple(map(place, one.addresses)) for id, one in router.endpoints.items()}
        )
        services: dict[int, list[Service]] = {}
        for service in router.services.values():
            services.setdefault(place(service.address), []).append(service)
        #: What answers for an address.
        self.services: Points[list[Service]] = Points.of(services.items())
        self._permits: dict[int, Permits] = {}
        self._doorways: dict[int, Doorway] = {}
        if before is not None:
            self._take_over(before)

    @property
    def owners(self) -> Points[Endpoint]:
        """Who has an address."""
        return self._station.owners

    @property
    def public(self) -> Stretches[bool]:
        """Whether an address counts as public here (NET-10)."""
        return self._station.public

    def fib(self, fib: Fib) -> Matches[FibEntry]:
        """One of the router's tables: the entry for every address."""
        inbound = fib is self.router.inbound
        return (self._station.inbound() if inbound else self._station.table(fib.id)).matches()

    def leads_out(self, entry: FibEntry) -> bool:
        """Whether the table that endpoints use sends an inbound entry's packets over a link or out of the network."""
        return self._station.inbound().leads_out(entry)

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

    def _take_over(self, before: Ground) -> None:
        """Keep what was prepared of the parts that are still the same objects."""
        old, new = before.router, self.router
        self._permits = _still(before._permits, _filters(new), _filters(old))
        self._doorways = _still(before._doorways, _translations(new), _translations(old))


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
            station = self.network.stations.at(router)
            found = self._grounds[router_id] = Ground(station, found)
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
