"""Who may get other answers than before, and about which targets: where two networks differ, and who can get there.

Owns how far a change at one router reaches into others. A packet meets at most two routers, and the reply to what came by an uplink
may leave by another one at a third router: so the suspects are at the routers that differ, at those that have links to them, and
at uplinks of the same port two links away. Never says too little; what it says too much costs time only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from peerway.analysis.network import Network
from peerway.analysis.pairs.touches import Touch, Turn, links_of
from peerway.analysis.places.atoms import LAST, SIX, place, stretch
from peerway.analysis.places.spans import EVERYWHERE, Spans, at_points, common, holds, joined, without
from peerway.analysis.symbolic.grounds import Atlas, Ground
from peerway.domain.port import Port
from peerway.fabric.model import Link, Router, Uplink

#: The addresses of each IP version.
VERSIONS: Final[tuple[Spans, ...]] = (((0, SIX - 1),), ((SIX, LAST),))


@dataclass(frozen=True, slots=True)
class Suspect:
    """Senders, and the targets about which they may get other answers than before."""

    #: Router that they are at.
    router_id: str
    #: Instances that are alike as far as their router goes, with a place each; empty for an uplink.
    members: tuple[tuple[str, int], ...]
    #: Where they may ask.
    targets: Spans
    #: The uplink; empty for instances.
    uplink_id: str = ""
    #: Source addresses of what comes by the uplink.
    sources: Spans = ()


class Suspects:
    """Two networks, held against each other."""

    def __init__(self, old: Atlas, new: Atlas) -> None:
        self.old, self.new = old, new
        #: Whether those at other routers count, too.
        self.near = True
        #: Links whose ends, state or health differ.
        self.links: frozenset[str] = _changed_links(old.network, new.network)
        #: Routers that differ, and those at the ends of such links.
        self.routers: tuple[str, ...] = tuple(sorted(self._changed_routers()))
        #: What each endpoint's address may be asked for, by router, endpoint and place.
        self._members: dict[tuple[str, str, int], list[Spans]] = {}
        self._outside: dict[tuple[str, str], list[tuple[Spans, Spans]]] = {}

    def __iter__(self) -> Iterator[Suspect]:
        """All of them, alike instances together."""
        for id in self.routers:
            self._spread(id)
        yield from self._alike()
        for (router_id, uplink_id), pairs in self._outside.items():
            for sources, targets in _disjoint(pairs):
                for version in VERSIONS:
                    ours, theirs = common(sources, version), common(targets, version)
                    if ours and theirs:
                        yield Suspect(router_id, (), theirs, uplink_id, ours)

    # ---- where something differs -----------------------------------------------------------------------------------------

    def _changed_routers(self) -> set[str]:
        old, new = self.old.network.fabric, self.new.network.fabric
        before, after = old.routers, new.routers
        found = {id for id, router in after.items() if before.get(id) is not router}
        found |= before.keys() - after.keys()
        ends = (index[id].ends for id in self.links for index in (old.links, new.links) if id in index)
        return found | {end.router_id for both in ends for end in both}

    def _touches(self, id: str) -> list[Touch]:
        """What may be treated otherwise at a router."""
        old, new = self._grounds(id)
        if old is None or new is None:
            return [Touch(EVERYWHERE, EVERYWHERE)]
        found = Turn(old, new, self.links).touches()
        return [touch for touch in found if touch.sources and touch.targets]

    def _grounds(self, id: str) -> tuple[Ground | None, Ground | None]:
        """A router before and after."""
        sides = (self.old, self.new)
        old, new = (side.ground(id) if id in side.network.fabric.routers else None for side in sides)
        return old, new

    # ---- who can get there -----------------------------------------------------------------------------------------------

    def _spread(self, id: str) -> None:
        """Note all who may meet what differs at a router."""
        touches = self._touches(id)
        if not touches:
            return
        here = _Reasons(touches, [ground for ground in self._grounds(id) if ground is not None])
        self._note_members(id, here, EVERYWHERE)
        for ground in here.grounds:
            for uplink in ground.router.uplinks.values():
                self._note_uplink(id, here, uplink, ground, EVERYWHERE)
        near = self._neighbours(id) if self.near else {}
        for other, links in near.items():
            leading = self._leading(other, links)
            if leading:
                self._note_members(other, here, leading)
                for ground in self._present(other):
                    for uplink in ground.router.uplinks.values():
                        if uplink.fib_id is not None:
                            self._note_uplink(other, here, uplink, ground, leading)
        ports = {uplink.port for ground in here.grounds for uplink in ground.router.uplinks.values()}
        if ports:
            self._spread_beyond(id, here, near, ports)

    def _spread_beyond(
        self, id: str, here: _Reasons, near: dict[str, frozenset[str]], ports: set[Port]
    ) -> None:
        """Note the uplinks two links away whose replies may leave by one of this router's."""
        for middle in near:
            for far, links in self._neighbours(middle).items():
                if far in {id, middle}:
                    continue
                for router in self._routers(far):
                    for uplink in router.uplinks.values():
                        if uplink.port in ports and uplink.fib_id is not None:
                            for touch in here.touches:
                                targets = common(touch.sources, self._leading(far, links))
                                if touch.replies and targets:
                                    self._outside.setdefault((far, uplink.id), []).append(
                                        (touch.targets, targets)
                                    )

    def _note_members(self, id: str, here: _Reasons, leading: Spans) -> None:
        """Note the instances of a router whose addresses are concerned."""
        for ground in self._present(id):
            for endpoint_id, numbers in ground.own.items():
                for number in numbers:
                    targets = here.targets_of(number, leading)
                    if targets:
                        self._members.setdefault((id, endpoint_id, number), []).append(targets)

    def _note_uplink(self, id: str, here: _Reasons, uplink: Uplink, ground: Ground, leading: Spans) -> None:
        """Note an uplink of a router, for the sources and targets that are concerned."""
        for touch in here.touches:
            if touch.uplink_id not in {None, uplink.id}:
                continue
            ways = [(touch.sources, touch.targets)]
            if touch.replies:
                ways.append((touch.targets, touch.sources))
            for sources, targets in ways:
                wanted = common(here.expanded(targets), leading)
                if uplink.translation is not None:
                    wanted = _publics(ground, uplink, here.expanded(targets))
                if wanted:
                    self._outside.setdefault((id, uplink.id), []).append((sources, wanted))

    def _neighbours(self, id: str) -> dict[str, frozenset[str]]:
        """The routers at the other ends of a router's links, before or after, and the links."""
        found: dict[str, set[str]] = {}
        for side in (self.old.network, self.new.network):
            for link in links_at(side, id):
                found.setdefault(link.other(id).router_id, set()).add(link.id)
        return {other: frozenset(links) for other, links in found.items() if other != id}

    def _leading(self, id: str, links: frozenset[str]) -> Spans:
        """Where a router's tables may send packets over these links; entries inside are not looked at."""
        return joined(
            stretch(entry.prefix)
            for router in self._routers(id)
            for fib in router.fibs.values()
            for entry in fib.entries
            if not links.isdisjoint(links_of(entry.hop))
        )

    def _routers(self, id: str) -> list[Router]:
        """A router before and after; once when it is the same."""
        found = [side.network.fabric.routers.get(id) for side in (self.old, self.new)]
        old, new = found
        return [router for router in ((old,) if old is new else found) if router is not None]

    def _present(self, id: str) -> list[Ground]:
        """A router, ready, before and after; once when it is the same."""
        grounds = [ground for ground in self._grounds(id) if ground is not None]
        return grounds[:1] if len(grounds) == 2 and grounds[0].router is grounds[1].router else grounds

    # ---- alike -------------------------------------------------------------------------------------------------------------

    def _alike(self) -> Iterator[Suspect]:
        """Instances that their router treats alike, with the same targets."""
        groups: dict[tuple[str, Spans, object], list[tuple[str, int]]] = {}
        for (router_id, endpoint_id, number), parts in self._members.items():
            version = VERSIONS[number >= SIX]
            targets = common(parts[0] if len(parts) == 1 else joined(*parts), version)
            if targets:
                kind = tuple(_kind(side, router_id, endpoint_id, number) for side in (self.old, self.new))
                groups.setdefault((router_id, targets, kind), []).append((endpoint_id, number))
        for (home, wanted, _), members in groups.items():
            yield Suspect(home, tuple(sorted(members)), wanted)


class Visitors(Suspects):
    """All who may send packets to or through one router, and where."""

    def __init__(self, atlas: Atlas, router_id: str, *, near: bool) -> None:
        super().__init__(atlas, atlas)
        self.routers = (router_id,)
        self.near = near

    def _touches(self, id: str) -> list[Touch]:  # noqa: ARG002 - whatever the router
        return [Touch(EVERYWHERE, EVERYWHERE, replies=False)]


class _Reasons:
    """What may be treated otherwise at one router, ready to be asked about many senders."""

    def __init__(self, touches: list[Touch], grounds: list[Ground]) -> None:
        self.touches = touches
        self.grounds = grounds
        self._known: dict[tuple[tuple[int, ...], Spans], Spans] = {}

    def targets_of(self, number: int, leading: Spans) -> Spans:
        """What a sender with this address may ask about, of what is led here."""
        reasons: list[int] = []
        for index, touch in enumerate(self.touches):
            if touch.uplink_id is None:
                if holds(touch.sources, number):
                    reasons.append(2 * index)
                if touch.replies and holds(touch.targets, number):
                    reasons.append(2 * index + 1)
        if not reasons:
            return ()
        key = tuple(reasons), leading
        found = self._known.get(key)
        if found is None:
            parts = (self.touches[each // 2] for each in reasons)
            wanted = [
                touch.sources if each % 2 else touch.targets
                for each, touch in zip(reasons, parts, strict=True)
            ]
            found = self._known[key] = common(self.expanded(joined(*wanted)), leading)
        return found

    def expanded(self, targets: Spans) -> Spans:
        """With the addresses of services behind which one of the targets answers."""
        if targets == EVERYWHERE:
            return targets
        services = [
            place(service.address)
            for ground in self.grounds
            for service in ground.router.services.values()
            if any(holds(targets, place(backend.address)) for backend in service.backends)
        ]
        return joined(targets, at_points(services)) if services else targets


def links_at(network: Network, id: str) -> Iterator[Link]:
    """The links of a router, up or down. Cost follows their number."""
    site, links = network.snapshot.site(id), network.fabric.links
    named = [*site.peerings, *(side.link_id for side in site.interfaces.values())]
    for link_id in dict.fromkeys(named):
        link = links.get(link_id or "")
        if link is not None and id in {end.router_id for end in link.ends}:
            yield link


def _changed_links(old: Network, new: Network) -> frozenset[str]:
    """Links that came, went, or carry other packets than before."""
    before, after = old.fabric.links, new.fabric.links
    if before is after:
        return frozenset()
    found = {
        id
        for id, link in after.items()
        if (former := before.get(id)) is not link and (former is None or _state(former) != _state(link))
    }
    return frozenset(found | (before.keys() - after.keys()))


def _state(link: Link) -> object:
    return link.up, link.healthy, [end.router_id for end in link.ends]


def _disjoint(pairs: Iterable[tuple[Spans, Spans]]) -> list[tuple[Spans, Spans]]:
    """The same pairs of sources and targets, none of them twice."""
    done: list[tuple[Spans, Spans]] = []
    for pair in dict.fromkeys(pairs):
        parts = [pair]
        for known, theirs in done:
            left = [(without(sources, known), targets) for sources, targets in parts]
            left += [(common(sources, known), without(targets, theirs)) for sources, targets in parts]
            parts = [part for part in left if all(part)]
        done += parts
    return done


def _publics(ground: Ground, uplink: Uplink, targets: Spans) -> Spans:
    """The public addresses that stand for one of the targets, or are one."""
    assert uplink.translation is not None  # noqa: S101 - asked by the caller
    doorway = ground.doorway(uplink.translation)
    return at_points(
        number
        for number in doorway.public.order
        if holds(targets, number)
        or any(holds(targets, place(entry.private)) for _, entry in doorway.destinations.at(number) or ())
    )


def _kind(side: Atlas, router_id: str, endpoint_id: str, number: int) -> object:
    """All about an instance that its router looks at, but for the address; with it where addresses matter one by one."""
    router = side.network.fabric.routers.get(router_id)
    endpoint = router.endpoints.get(endpoint_id) if router is not None else None
    if endpoint is None or number not in side.ground(router_id).own[endpoint_id]:
        return None if endpoint is None else number
    single = number if endpoint.public is not None or endpoint.forwards else None
    return endpoint.subnet_id, endpoint.policy_id, single
