"""How far packets can get from a router: to which others, and for which addresses out of sight.

Says too much rather than too little: it is for leaving out what can't matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from peerway.analysis.intents.parties import Span
from peerway.analysis.intents.sight import Seen, Sight
from peerway.analysis.places.atoms import place, stretch
from peerway.analysis.places.spans import Spans, joined, meets
from peerway.domain.prefixes import Prefix
from peerway.fabric.model import Fib, Hop, Router, ToEndpoint, ToLink, ToLinks, ToUplink


class Surroundings(NamedTuple):
    """How far packets can get from a router."""

    #: The routers that they can come to, itself included.
    near: frozenset[str]
    #: Addresses for which they may go where the network does not see them.
    hiding: Spans
    #: What all that rests on.
    seen: Seen

    def may_hide(self, span: Span) -> bool:
        """Whether packets for one of the addresses may go where the network does not see them."""
        return meets(self.hiding, (place(span.first), place(span.last)))


def survey(sight: Sight, here: str) -> Surroundings:
    """The surroundings of a router. A packet crosses one link at most (PEER-7)."""
    router = sight.router(here)
    if router is None:
        return Surroundings(frozenset(), (), sight.seen)
    near = {here}
    hiding = [prefix for fib in (*router.fibs.values(), router.inbound) for prefix in _hiding(router, fib)]
    for link_id in _links_used(router):
        link = sight.link(link_id)
        other = sight.router(link.other(here).router_id) if link is not None else None
        if other is not None and other.id not in near:
            near.add(other.id)
            hiding += _hiding(other, other.inbound)
    return Surroundings(frozenset(near), joined(map(stretch, hiding)), sight.seen)


def _links_used(router: Router) -> set[str]:
    """Links that its tables lead to."""
    hops = [entry.hop for fib in router.fibs.values() for entry in fib.entries]
    single = {hop.link_id for hop in hops if isinstance(hop, ToLink)}
    return single | {path.link_id for hop in hops if isinstance(hop, ToLinks) for path in hop.paths}


def _hiding(router: Router, fib: Fib) -> Iterator[Prefix]:
    """Ranges that the table may send where nobody sees what becomes of them."""
    return (entry.prefix for entry in fib.entries if _hides(router, entry.hop))


def _hides(router: Router, hop: Hop) -> bool:
    """Whether the hop is a guest that forwards, or a line."""
    match hop:
        case ToEndpoint(id):
            endpoint = router.endpoints.get(id)
            return endpoint is not None and endpoint.forwards
        case ToUplink(id):
            uplink = router.uplinks.get(id)
            return uplink is not None and uplink.translation is None
        case _:
            return False
