"""The whole network as columns, ready for many questions at once.

Owns the numbers of routers, links and endpoints, and keeping them while the network changes. What packets do is `ways`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.blocks import EMPTY, Block, flatten, links_of
from peerway.analysis.batch.columns import ROUTERS, Endpoints, Ranges, Rules, Segments, Services
from peerway.analysis.batch.sheets import Sheet
from peerway.analysis.network import Network
from peerway.fabric.model import Fabric, Link, Router
from peerway.fabric.snapshot import Snapshot

#: What stands in a place without a router, and for a router that there is no place for.
_ABSENT = EMPTY._replace(odd=True)


@dataclass(frozen=True, slots=True)
class Links:
    """The links as columns."""

    #: By link id: its number. Ids that tables name and that are not there have one, too.
    numbers: dict[str, int]
    #: The numbers of the routers at its two ends; -1 for one that is not there.
    ends: NDArray[np.int64]
    #: Whether it carries packets.
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

    def endpoint(self, id: str) -> int:
        """The number of an interface that packets are sent from; -1 when it has none."""
        place = self.places.get(id)
        return -1 if place is None else int(self.endpoints.bounds[place >> 32]) + (place & 0xFFFF_FFFF)

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
    return (
        _with_blocks(before, network, numbers, links, blocks)
        if blocks
        else replace(before, network=network, links=links)
    )


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
    places = dict(before.places)
    for number in blocks:
        if number < len(before.odd):
            first, end = before.endpoints.bounds[number : number + 2].tolist()
            for id in before.endpoints.columns.id[first:end]:
                places.pop(id, None)
    for number, block in blocks.items():
        places.update({id: number << 32 | place for place, id in enumerate(block.endpoints.id)})
    return places


def _links(
    before: Prepared, network: Network, routers: Mapping[str, int], changed: Iterable[Router]
) -> Links:
    """The links. Those that tables name and that are not there are down."""
    now, old = network.fabric.links, before.links
    stale: dict[str, Link | None] = _changed_links(before.network.fabric.links, now)
    if before.routers is not routers:
        stale = {**dict.fromkeys(old.numbers), **now}
    named = {id for router in changed for id in links_of(router)}
    new = sorted((named | stale.keys()) - old.numbers.keys())
    if not new and not stale:
        return old
    numbers = old.numbers | dict(zip(new, range(len(old.up), len(old.up) + len(new)), strict=True))
    ends = np.concatenate((old.ends, np.full((len(new), 2), -1, np.int64)))
    up = np.concatenate((old.up, np.zeros(len(new), np.bool_)))
    for id, link in stale.items():
        up[numbers[id]] = link is not None and link.up
        ends[numbers[id]] = [routers.get(end.router_id, -1) for end in link.ends] if link else -1
    return Links(numbers, ends, up)


def _changed_links(before: Mapping[str, Link], now: Mapping[str, Link]) -> dict[str, Link | None]:
    """The links that are another object than before; None for those that are gone."""
    gone: dict[str, Link | None] = {id: None for id in before if id not in now}
    return gone | {id: link for id, link in now.items() if before.get(id) is not link}
