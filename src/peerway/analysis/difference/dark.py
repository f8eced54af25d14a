"""Routes that lead nowhere any more, or somewhere again, after a change.

Owns what counts as alive: a link that carries packets, an instance that forwards, an uplink that is up. An entry that came or went
itself is not one that turned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peerway.analysis.network import Network
from peerway.domain.prefixes import Prefix
from peerway.fabric.model import (
    Blackhole,
    Fabric,
    FibEntry,
    LinkPath,
    Router,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToUplink,
)


@dataclass(frozen=True, slots=True)
class Route:
    """An entry of a route table."""

    #: VPC or VBR.
    router_id: str
    #: Route table.
    table_id: str
    #: The route entry, or the VSwitch.
    entry_id: str
    #: Destination range.
    prefix: Prefix


def turned_routes(
    before: Network, after: Network, router_ids: Iterable[str]
) -> tuple[tuple[Route, ...], tuple[Route, ...]]:
    """Entries of these routers that were alive and are not any more, and the other way round."""
    dark: list[Route] = []
    revived: list[Route] = []
    for id in sorted(router_ids):
        old, new = before.fabric.routers.get(id), after.fabric.routers.get(id)
        if old is None or new is None:
            continue
        for table_id, fib in new.fibs.items():
            known = (
                {entry.prefix: entry for entry in old.fibs[table_id].entries} if table_id in old.fibs else {}
            )
            for entry in fib.entries:
                former = known.get(entry.prefix)
                if former is None or former.source != entry.source:
                    continue
                was, now = is_alive(before.fabric, old, former), is_alive(after.fabric, new, entry)
                if was is not now:
                    (revived if now else dark).append(Route(id, table_id, entry.source, entry.prefix))
    return tuple(dark), tuple(revived)


def is_alive(fabric: Fabric, router: Router, entry: FibEntry) -> bool:
    """Whether what the entry leads to takes packets now."""
    match entry.hop:
        case Blackhole():
            return False
        case ToLink(link_id):
            return bool(ToLinks((LinkPath(link_id),)).live(fabric.links))
        case ToLinks():
            return bool(entry.hop.live(fabric.links))
        case ToEndpoint(endpoint_id):
            return endpoint_id in router.endpoints and router.endpoints[endpoint_id].forwards
        case ToUplink(uplink_id):
            return uplink_id in router.uplinks and router.uplinks[uplink_id].up
    return True
