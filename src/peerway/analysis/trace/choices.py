"""Every way that the packets of one question can go where a connection's hash decides: each live link, each live backend.

Readers take the first where a connection's hash chooses; here the network is narrowed to each of the choices in turn, so that the
same readers tell of all. Links that lead to one router are one choice: what happens behind them is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from peerway.analysis.network import Network
from peerway.analysis.trace.walks import exchange
from peerway.fabric.model import Fib, FibEntry, Router, ToLinks
from peerway.fabric.outcomes import Check, Exchange, Step
from peerway.fabric.packets import CLIENT_PORT, Packet

#: Most ways that are looked at.
MOST_WAYS: Final = 256

#: Where something may be chosen by a connection's hash.
_CHOOSING: Final = frozenset({Check.SERVICE, Check.LINK})


def exchanges(network: Network, packet: Packet, client_port: int = CLIENT_PORT) -> Iterator[Exchange]:
    """What becomes of the packet and its reply, once for every way that they can go; `MOST_WAYS` of them at most."""
    return islice(_ways(network, packet, client_port), MOST_WAYS)


def _ways(network: Network, packet: Packet, client_port: int) -> Iterator[Exchange]:
    found = exchange(network, packet, client_port)
    narrowed = next(_narrowings(network, found), None)
    if narrowed is None:
        yield found
        return
    for router in narrowed:
        yield from _ways(network.with_router(router), packet, client_port)


def _narrowings(network: Network, found: Exchange) -> Iterator[list[Router]]:
    """For each place where several ways are open, the router with each of them as the only one."""
    for walk in (found.request, found.reply):
        steps = walk.steps if walk is not None else ()
        for position, step in enumerate(steps):
            if step.check not in _CHOOSING:
                continue
            router = network.fabric.routers[step.router_id]
            if step.check is Check.SERVICE:
                yield from _backends(router, step)
            elif "+" in step.subject:
                route = next(one for one in reversed(steps[:position]) if one.check is Check.ROUTE)
                yield from _links(network, router, route)


def _backends(router: Router, step: Step) -> Iterator[list[Router]]:
    service = router.services[step.subject]
    if len(service.live) > 1:
        yield [
            replace(router, services={**router.services, service.id: replace(service, backends=(one,))})
            for one in service.live
        ]


def _links(network: Network, router: Router, route: Step) -> Iterator[list[Router]]:
    fib = router.fibs[route.subject]
    for position, entry in enumerate(fib.entries):
        if entry.source != route.source or not isinstance(entry.hop, ToLinks):
            continue
        live = entry.hop.live(network.fabric.links)
        beyond = {network.fabric.links[path.link_id].other(router.id).router_id: path for path in live}
        if len(beyond) > 1:
            yield [_with_entry(router, fib, position, ToLinks((path,))) for path in beyond.values()]


def _with_entry(router: Router, fib: Fib, position: int, hop: ToLinks) -> Router:
    entry = fib.entries[position]
    entries = (
        *fib.entries[:position],
        FibEntry(entry.prefix, hop, entry.source),
        *fib.entries[position + 1 :],
    )
    return replace(router, fibs={**router.fibs, fib.id: Fib(fib.id, entries)})
