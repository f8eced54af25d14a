"""The whole network as columns, ready for many questions at once.

Owns the numbers of routers, links and endpoints, and keeping them while the network changes. What packets do is `ways`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.blocks import EMPTY, Block, flatten, routes_of
from peerway.analysis.batch.columns import ROUTERS, Endpoints, Names, Ranges, Rules, Segments, Services
from peerway.analysis.batch.ranges import Route
from peerway.analysis.batch.sheets import Sheet
from peerway.analysis.network import Network
from peerway.fabric.model import Fabric, Link, LinkPath, Router, ToLinks
from peerway.fabric.snapshot import Snapshot

#: What stands in a place without a router, and for a router that there is no place for.
_ABSENT = EMPTY._replace(odd=True)


@dataclass(frozen=True, slots=True)
class Links:
    """The links as columns."""

    #: By link id: its number. Ids that tables name and that are not there have one, too, and several links to choose from.
    numbers: dict[Route, int]
    #: The numbers of the routers at its two ends; -1 for one that is not there.
    ends: NDArray[np.int64]
    #: Whether it carries packets. Of several the first live one counts.
    up: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network as columns. Immutable, so that many threads may ask it."""

    #: The network.
    network: Network
    #: By router id: its number. Numbers of routers that go are given to those that come.
    routers: Mapping[str, int]
    #: By instance id: number of its router in the upper 32 bits, place among the router's endpoints in the lower.
    places: Mapping[str, int]
    #: All interfaces.
    endpoints: Sheet[Endpoints]
    #: All forwarding tables.
    ranges: Sheet[Ranges]
    #: All filters.
    segments: Sheet[Segments]
    #: All their rules.
    rules: Sheet[Rules]
    #: All addresses of services.
    services: Sheet[Services]
    #: By router: whether everything there has to be asked one by one.
    odd: NDArray[np.bool_]
    #: By router: whether it has services.
    serving: NDArray[np.bool_]
    #: By endpoint: its router.
    homes: NDArray[np.int64]
    #: The links.
    links: Links
    #: By router: what its rows are called.
    names: tuple[Names, ...]

    def endpoint(self, id: str) -> int:
        """The number of an interface that packets are sent from; -1 when it has none."""
        place = self.places.get(id)
        return -1 if place is None else int(self.endpoints.bounds[place >> 32]) + (place & 0xFFFF_FFFF)

    def endpoints_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of interfaces, by what `places` says."""
        numbers: NDArray[np.int64] = self.endpoints.bounds[places >> 32] + (places & 0xFFFF_FFFF)
        return numbers

    def endpoint_ids(self, endpoints: NDArray[np.int64]) -> list[str | None]:
        """The ids of interfaces; None for -1."""
        there = np.flatnonzero(endpoints >= 0)
        return _filled(len(endpoints), [(there, self._called(0, self.endpoints.bounds, endpoints[there]))])

    def sources(self, rows: NDArray[np.int64]) -> list[str | None]:
        """The sources of rows: of the ranges and, after all those, of the rules; None for -1."""
        end = int(self.ranges.bounds[-1])
        routes, rules = np.flatnonzero((rows >= 0) & (rows < end)), np.flatnonzero(rows >= end)
        route_names = self._called(1, self.ranges.bounds, rows[routes])
        return _filled(
            len(rows),
            [(routes, route_names), (rules, self._called(2, self.rules.bounds, rows[rules] - end))],
        )

    def _called(self, kind: int, bounds: NDArray[np.int64], rows: NDArray[np.int64]) -> list[str | None]:
        """What rows of a kind, a place in `Names`, are called."""
        at = np.searchsorted(bounds, rows, side="right") - 1
        places = (rows - bounds[at]).tolist()
        names = self.names
        return [names[router][kind][place] for router, place in zip(at.tolist(), places, strict=True)]

    @property
    def size_bytes(self) -> int:
        """What the columns take."""
        sheets = (self.endpoints, self.ranges, self.segments, self.rules, self.services)
        arrays = (self.odd, self.serving, self.homes, self.links.ends, self.links.up)
        return sum(sheet.size_bytes for sheet in sheets) + sum(array.nbytes for array in arrays)


def prepare(network: Network, before: Prepared | None = None) -> Prepared:
    """The network as columns. With those of an earlier one only routers that are not the identical objects are flattened."""
    before = before or _nothing()
    routers, old = network.fabric.routers, before.network.fabric.routers
    changed = {id: router for id, router in routers.items() if old.get(id) is not router}
    numbers = _numbered(before, routers, changed)
    links = _links(before, network, numbers, changed.values())
    blocks = {before.routers[id]: _ABSENT for id in old if id not in routers}
    for id, router in changed.items():
        number = numbers[id]
        blocks[number] = flatten(router, number, links.numbers) if number < ROUTERS else _ABSENT
    if not blocks:
        return replace(before, network=network, links=links)
    return _with_blocks(before, network, numbers, links, blocks)


def _filled(count: int, parts: Iterable[tuple[NDArray[np.int64], list[str | None]]]) -> list[str | None]:
    """A list with values at those places, None at the others."""
    filled: list[str | None] = [None] * count
    for places, values in parts:
        for place, value in zip(places.tolist(), values, strict=True):
            filled[place] = value
    return filled


def _nothing() -> Prepared:
    """A network without anything."""
    none = np.empty(0, np.bool_)
    links = Links({}, np.empty((0, 2), np.int64), none)
    return Prepared(
        Network(Snapshot(0), Fabric(0)),
        routers={},
        places={},
        endpoints=Sheet.of(EMPTY.endpoints),
        ranges=Sheet.of(EMPTY.ranges),
        segments=Sheet.of(EMPTY.segments),
        rules=Sheet.of(EMPTY.rules),
        services=Sheet.of(EMPTY.services),
        odd=none,
        serving=none,
        homes=np.empty(0, np.int64),
        links=links,
        names=(),
    )


def _with_blocks(
    before: Prepared, network: Network, numbers: Mapping[str, int], links: Links, blocks: Mapping[int, Block]
) -> Prepared:
    """The columns with these blocks in the place of those with their numbers."""
    count = max(len(before.odd), *(number + 1 for number in blocks))
    odd = np.ones(count, np.bool_)
    odd[: len(before.odd)] = before.odd
    odd[list(blocks)] = [block.odd for block in blocks.values()]
    endpoints = before.endpoints.with_blocks({at: block.endpoints for at, block in blocks.items()}, count)
    services = before.services.with_blocks({at: block.services for at, block in blocks.items()}, count)
    names = [*before.names, *[_ABSENT.names] * (count - len(before.names))]
    for number, block in blocks.items():
        names[number] = block.names
    return Prepared(
        network,
        numbers,
        _places(before, blocks),
        endpoints,
        before.ranges.with_blocks({at: block.ranges for at, block in blocks.items()}, count),
        before.segments.with_blocks({at: block.segments for at, block in blocks.items()}, count),
        before.rules.with_blocks({at: block.rules for at, block in blocks.items()}, count),
        services,
        odd,
        np.diff(services.bounds) > 0,
        np.repeat(np.arange(count, dtype=np.int64), np.diff(endpoints.bounds)),
        links,
        tuple(names),
    )


def _numbered(before: Prepared, now: Mapping[str, Router], changed: Iterable[str]) -> Mapping[str, int]:
    """A number for each router: the one it had, else one that is free."""
    had = before.routers
    new = [id for id in changed if id not in had]
    if not new and len(had) == len(now):
        return had
    numbers = {id: number for id, number in had.items() if id in now}
    taken = set(numbers.values())
    free = (number for number in range(len(taken) + len(new)) if number not in taken)
    return numbers | dict(zip(new, free, strict=False))


def _places(before: Prepared, blocks: Mapping[int, Block]) -> Mapping[str, int]:
    """Where the interfaces are."""
    old = {number: before.names[number].endpoints for number in blocks if number < len(before.names)}
    if all(old.get(number) == block.names.endpoints for number, block in blocks.items()):
        return before.places
    places = dict(before.places)
    for ids in old.values():
        for id in ids:
            places.pop(id, None)
    for number, block in blocks.items():
        places.update({id: number << 32 | place for place, id in enumerate(block.names.endpoints)})
    return places


def _links(
    before: Prepared, network: Network, routers: Mapping[str, int], changed: Iterable[Router]
) -> Links:
    """The links. Those that tables name and that are not there are down."""
    now, old = network.fabric.links, before.links
    stale = _changed_links(before.network.fabric.links, now)
    if before.routers is not routers:
        stale = {id for id in old.numbers if isinstance(id, str)} | now.keys()
    new = ({route for router in changed for route in routes_of(router)} | stale) - old.numbers.keys()
    if not new and not stale:
        return old
    numbers = old.numbers | dict(zip(new, range(len(old.up), len(old.up) + len(new)), strict=True))
    ends = np.concatenate((old.ends, np.full((len(new), 2), -1, np.int64)))
    up = np.concatenate((old.up, np.zeros(len(new), np.bool_)))
    several = {route for route in old.numbers if isinstance(route, ToLinks) and _leads_over(route, stale)}
    for route in new | stale | several:
        link = _live(route, now)
        up[numbers[route]] = link is not None
        ends[numbers[route]] = [routers.get(end.router_id, -1) for end in link.ends] if link else -1
    return Links(numbers, ends, up)


def _live(route: Route, links: Mapping[str, Link]) -> Link | None:
    """The link that packets take: the first live one."""
    live = (ToLinks((LinkPath(route),)) if isinstance(route, str) else route).live(links)
    return links[live[0].link_id] if live else None


def _leads_over(route: ToLinks, links: AbstractSet[str]) -> bool:
    return any(path.link_id in links for path in route.paths)


def _changed_links(before: Mapping[str, Link], now: Mapping[str, Link]) -> set[str]:
    """The links that came, went or are another object than before."""
    return {id for id in before if id not in now} | {
        id for id, link in now.items() if before.get(id) is not link
    }
