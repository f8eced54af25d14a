"""Where a router treats packets otherwise than before: from which sources, to which targets.

Owns what of a router and its links matters to packets, and how far each part's change reaches. What comes of it for anybody is
`difference`'s business. Never says too little; what it says too much costs time only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple, TypeVar

from peerway.analysis.places.atoms import LAST, Matches, place, stretch
from peerway.analysis.places.spans import EVERYWHERE, Spans, at_points, joined
from peerway.analysis.symbolic.grounds import Ground
from peerway.analysis.symbolic.permits import Permits
from peerway.analysis.symbolic.spaces import Space
from peerway.fabric.model import (
    Endpoint,
    Fib,
    FibEntry,
    Filter,
    Hop,
    Policy,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToUplink,
)

V = TypeVar("V")


class Touch(NamedTuple):
    """Packets that a router may treat otherwise than before."""

    #: Where they come from.
    sources: Spans
    #: Where they go.
    targets: Spans
    #: Whether that goes for replies, too, whose sources and targets are the other way round.
    replies: bool = True
    #: Only for what comes by this uplink.
    uplink_id: str | None = None


class Turn:
    """A router before and after."""

    def __init__(self, old: Ground, new: Ground, changed_links: Collection[str]) -> None:
        self.old, self.new = old, new
        self.sides = (old, new)
        self.changed_links = changed_links
        #: The instances that are not what they were.
        self.moved = _differing(old.router.endpoints, new.router.endpoints, _same_endpoint)

    def touches(self) -> Iterator[Touch]:
        """All that may differ; some of it more than once."""
        if self.old.router is not self.new.router:
            yield from self.endpoints()
            yield from self.subnets()
            yield from self.policies()
            yield from self.acls()
            yield from self.services()
            yield from self.uplinks()
        yield from self.routes()

    def endpoints(self) -> Iterator[Touch]:
        """Instances that came, went or changed, and what is routed to them."""
        if not self.moved:
            return
        own = self.own(lambda endpoint: endpoint.id in self.moved)
        behind = self.leading(lambda hop: isinstance(hop, ToEndpoint) and hop.endpoint_id in self.moved)
        yield Touch(own, EVERYWHERE)
        yield Touch(EVERYWHERE, joined(own, behind))

    def subnets(self) -> Iterator[Touch]:
        """VSwitches that came, went or got another table or ACL."""
        changed = _differing(self.old.router.subnets, self.new.router.subnets, _equal)
        if changed:
            own = self.own(lambda endpoint: endpoint.subnet_id in changed)
            ranges = [
                stretch(prefix)
                for side in self.sides
                for id in changed & side.router.subnets.keys()
                for prefix in side.router.subnets[id].prefixes
            ]
            yield Touch(own, EVERYWHERE)
            yield Touch(EVERYWHERE, joined(own, ranges))

    def policies(self) -> Iterator[Touch]:
        """Security policies; replies are not asked about, they belong to connections."""
        for id, (old, new) in _both(self.old.router.policies, self.new.router.policies):
            own = self.own(lambda endpoint, id=id: endpoint.policy_id == id)  # type: ignore[misc]
            yield from self.filters(old, new, own, replies=False)

    def acls(self) -> Iterator[Touch]:
        """Network ACLs."""
        for id, (old, new) in _both(self.old.router.acls, self.new.router.acls):
            bound = {
                subnet.id
                for side in self.sides
                for subnet in side.router.subnets.values()
                if subnet.acl_id == id
            }
            own = self.own(lambda endpoint, bound=bound: endpoint.subnet_id in bound)  # type: ignore[misc]
            yield from self.filters(old, new, own, replies=True)

    def filters(self, old: Policy, new: Policy, own: Spans, *, replies: bool) -> Iterator[Touch]:
        """Both directions of a policy, for the addresses it protects."""
        if far := self.decided_otherwise(old.egress, new.egress):
            yield Touch(own, far, replies=replies)
        if far := self.decided_otherwise(old.ingress, new.ingress):
            behind = self.leading(_to_endpoint)
            yield Touch(far, joined(own, behind), replies=replies)

    def services(self) -> Iterator[Touch]:
        """Listeners."""
        old, new = self.old.router.services, self.new.router.services
        changed = _differing(old, new, _equal)
        if changed or list(old) != list(new):
            services = (*old.values(), *new.values())
            yield Touch(EVERYWHERE, at_points(place(service.address) for service in services))

    def uplinks(self) -> Iterator[Touch]:
        """Ways to the outside."""
        old, new = self.old.router, self.new.router
        changed = _differing(old.uplinks, new.uplinks, _equal)
        if old.exit_id != new.exit_id:
            changed |= {id for id in (old.exit_id, new.exit_id) if id is not None}
        if not changed:
            return
        outside = self.leading(lambda hop: isinstance(hop, ToUplink) and hop.uplink_id in changed)
        public = [
            span for side in self.sides if side.router.exit_id in changed for span in public_spans(side)
        ]
        yield Touch(EVERYWHERE, joined(outside, public))
        for id in changed:
            yield Touch(EVERYWHERE, EVERYWHERE, uplink_id=id)

    def routes(self) -> Iterator[Touch]:
        """Tables, and links that they lead to."""
        yield Touch(EVERYWHERE, self.routed_otherwise(self.old.router.inbound, self.new.router.inbound))
        for id, (old, new) in _both(self.old.router.fibs, self.new.router.fibs):
            if far := self.routed_otherwise(old, new):
                bound = {
                    subnet.id
                    for side in self.sides
                    for subnet in side.router.subnets.values()
                    if subnet.fib_id == id
                }
                users = self.own(lambda one, bound=bound: one.subnet_id in bound)  # type: ignore[misc]
                yield Touch(users, far)
                for side in self.sides:
                    for uplink in side.router.uplinks.values():
                        if uplink.fib_id == id:
                            yield Touch(EVERYWHERE, far)

    # ---- what is where ---------------------------------------------------------------------------------------------------

    def own(self, wanted: Callable[[Endpoint], bool]) -> Spans:
        """The addresses of endpoints, before and after."""
        return at_points(
            number
            for side in self.sides
            for id, endpoint in side.router.endpoints.items()
            if wanted(endpoint)
            for number in side.own[id]
        )

    def leading(self, wanted: Callable[[Hop], bool]) -> Spans:
        """Where any table's entries lead to something, before and after."""
        return joined(
            *(
                hop_spans(side.fib(fib), wanted)
                for side in self.sides
                for fib in (*side.router.fibs.values(), side.router.inbound)
                if any(wanted(entry.hop) for entry in fib.entries)
            )
        )

    def routed_otherwise(self, old: Fib, new: Fib) -> Spans:
        """Where a table leads elsewhere than before, or to a link that is not what it was."""
        found: list[Spans] = []
        if old is not new:
            found.append(_apart(self.old.fib(old), self.new.fib(new)))
        if self.changed_links:
            for side, fib in ((self.old, old), (self.new, new)):
                if any(self.by_changed_link(entry.hop) for entry in fib.entries):
                    found.append(hop_spans(side.fib(fib), self.by_changed_link))
        return joined(*found)

    def by_changed_link(self, hop: Hop) -> bool:
        """Whether the hop leads, or may lead, over a link that is not what it was."""
        return any(id in self.changed_links for id in links_of(hop))

    def decided_otherwise(self, old: Filter, new: Filter) -> Spans:
        """The far sides for which a filter lets other packets pass than before."""
        if old is new or old == new:
            return ()
        return _allowed_apart(self.old.permits(old), self.new.permits(new))


def links_of(hop: Hop) -> tuple[str, ...]:
    """The links that a hop may lead over."""
    match hop:
        case ToLink(link_id):
            return (link_id,)
        case ToLinks(paths):
            return tuple(path.link_id for path in paths)
    return ()


def hop_spans(table: Matches[FibEntry], wanted: Callable[[Hop], bool]) -> Spans:
    """Where a table leads to something."""
    return joined(span for span, entry in table.all() if wanted(entry.hop))


def public_spans(ground: Ground) -> Spans:
    """What counts as public at a router."""
    return joined(span for span, public in ground.public.all() if public)


def _apart(old: Matches[FibEntry], new: Matches[FibEntry]) -> Spans:
    """Where two tables lead elsewhere."""

    def hop(table: Matches[FibEntry], number: int) -> Hop | None:
        entry = table.at(number)
        return entry.hop if entry is not None else None

    return _where_unequal((*old.starts, *new.starts), lambda at: hop(old, at), lambda at: hop(new, at))


def _allowed_apart(old: Permits, new: Permits) -> Spans:
    """Where two filters let other packets pass."""

    def allowed(permits: Permits, number: int) -> Space:
        return permits.at(number).allowed

    starts = (*old.starts, *new.starts)
    return _where_unequal(starts, lambda at: allowed(old, at), lambda at: allowed(new, at))


def _where_unequal(
    starts: tuple[int, ...], old: Callable[[int], object], new: Callable[[int], object]
) -> Spans:
    """The stretches between the starts on which two answers are not equal."""
    order = sorted(set(starts))
    ends = (*(start - 1 for start in order[1:]), LAST)
    return joined((first, last) for first, last in zip(order, ends, strict=True) if old(first) != new(first))


def _to_endpoint(hop: Hop) -> bool:
    return isinstance(hop, ToEndpoint)


def _both(old: Mapping[str, V], new: Mapping[str, V]) -> Iterator[tuple[str, tuple[V, V]]]:
    """What is there before and after."""
    return ((id, (old[id], value)) for id, value in new.items() if id in old)


def _differing(old: Mapping[str, V], new: Mapping[str, V], same: Callable[[V, V], bool]) -> set[str]:
    """The ids of what came, went or is not the same."""
    kept = {id for id, value in new.items() if id in old and (old[id] is value or same(old[id], value))}
    return (old.keys() | new.keys()) - kept


def _equal(one: object, other: object) -> bool:
    return one == other


def _same_endpoint(one: Endpoint, other: Endpoint) -> bool:
    """Whether packets see no difference between two interfaces."""
    return (one.subnet_id, one.addresses, one.policy_id, one.forwards, one.public) == (
        other.subnet_id,
        other.addresses,
        other.policy_id,
        other.forwards,
        other.public,
    )
