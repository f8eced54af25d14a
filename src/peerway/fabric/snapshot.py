"""The stored network at one revision, bundled by router: what the compiler reads.

Owns which change concerns which routers and links. Immutable: a change makes a new snapshot that shares all it did not touch, and
says what has to be compiled again. Nothing about what the resources mean may go in here.

A change touches exactly these: the router at which the changed thing stands; the link that it is a side of, and the routers at
both ends when the link comes, goes, starts or stops carrying; the routers whose security rules name a group whose members changed
beyond a link; those with an uplink to a changed outside network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar, cast

from peerway.domain.gateway import Eip, ExternalNetwork
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.resource import Resource
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Instance, Vpc
from peerway.fabric.persistent import PersistentMap
from peerway.fabric.site import (
    NOTHING,
    PARTS,
    Home,
    Resident,
    Site,
    foreign_groups,
    interface_ways,
    is_leaving,
    membership,
    peering_ways,
)

V = TypeVar("V")

#: The kinds by the name that the change log gives them; other kinds don't concern the network.
KINDS: Mapping[str, type[Resource]] = {
    kind.__name__.lower(): kind for kind in (Vpc, VirtualBorderRouter, Peering, ExternalNetwork, *PARTS)
}

#: Parts of a site whose changes don't touch its router by themselves: what they do is told apart.
_LINK_PARTS = frozenset({"peerings", "interfaces"})


class Changed(NamedTuple):
    """A changed snapshot and what has to be compiled again."""

    #: The new snapshot.
    snapshot: Snapshot
    #: VPC and VBR ids whose router may differ.
    touched: frozenset[str]
    #: Ids of links that may differ.
    touched_links: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stored network at one revision."""

    #: Store revision it is true for.
    revision: int
    #: By VPC or VBR id.
    sites: PersistentMap[Site] = field(default_factory=lambda: PersistentMap({}))
    #: Peer connections by id.
    peerings: PersistentMap[Peering] = field(default_factory=lambda: PersistentMap({}))
    #: Resident's id -> id of the VPC or VBR it stands at.
    homes: PersistentMap[str] = field(default_factory=lambda: PersistentMap({}))
    #: Outside networks by id.
    networks: Mapping[str, ExternalNetwork] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: int, resources: Iterable[Resource]) -> Snapshot:
        """The snapshot of all stored resources; kinds that don't concern the network are passed over."""
        return cls(0).with_changes(revision, resources).snapshot

    def with_changes(
        self, revision: int, upserts: Iterable[Resource], removals: Iterable[tuple[str, str]] = ()
    ) -> Changed:
        """The snapshot after stored resources were written (`upserts`) and removed (kind, id).

        What the snapshot holds already, and removals of what it doesn't hold, touch nothing. What is being deleted counts as
        removed, so that the data plane lets go of it. Cost follows the changes and the size of the sites they are at.
        """
        draft = _Draft(self)
        for kind, id in removals:
            draft.remove(KINDS.get(kind), id)
        for resource in upserts:
            if is_leaving(resource):
                draft.remove(type(resource), resource.id)
            else:
                draft.put(resource)
        return draft.finish(revision)

    def site(self, id: str | None) -> Site:
        """What stands at a router; nothing at one that is not there."""
        return self.sites.get(id, NOTHING) if id is not None else NOTHING

    def interface(self, id: str | None) -> RouterInterface | None:
        """A router interface, wherever it is."""
        return self.site(self.homes.get(id)).interfaces.get(id) if id is not None else None

    def neighbours(self, id: str) -> Iterator[str]:
        """Routers that the site's links, in whatever state, lead to; some more than once."""
        site = self.site(id)
        yield from (peering.opposite_of(id).vpc_id for peering in site.peerings.values())
        for interface in site.interfaces.values():
            home = (
                self.homes.get(interface.opposite_interface_id) if interface.opposite_interface_id else None
            )
            if home is not None:
                yield home

    def link_ids(self) -> Iterator[str]:
        """Ids of all links that there may be."""
        yield from self.peerings
        for site in self.sites.values():
            yield from (interface.link_id for interface in site.interfaces.values() if interface.link_id)


class _Draft:
    """A snapshot being changed: copies each part of each site at its first change and puts all together at the end."""

    def __init__(self, base: Snapshot) -> None:
        self.base = base
        self.parts: dict[tuple[str, str], dict[str, Resource]] = {}
        self.routers: dict[str, Home | None] = {}
        self.peerings: dict[str, Peering | None] = {}
        self.networks: dict[str, ExternalNetwork | None] = {}
        self.homes: dict[str, str | None] = {}
        #: Router and link ids known to be touched so far.
        self.touched: set[str] = set()
        self.touched_links: set[str] = set()
        #: Router interfaces whose routers are touched, too.
        self.rejoined: set[str] = set()
        #: Groups whose members changed, by site.
        self.regrouped: dict[str, set[str]] = {}

    # ---- changes ---------------------------------------------------------------------------------------------------------

    def put(self, resource: Resource) -> None:
        """Take in a resource, unless the same value is there."""
        part = PARTS.get(type(resource))
        if part is not None:
            if isinstance(resource, Eip) and resource.vpc_id is None:
                self.remove(Eip, resource.id)
            else:
                self.put_resident(cast("Resident", resource), part)
        elif isinstance(resource, Vpc | VirtualBorderRouter):
            if self.router(resource.id) != resource:
                self.routers[resource.id] = resource
        elif isinstance(resource, Peering):
            if self.peering(resource.id) != resource:
                self.change_peering(resource.id, resource)
        elif isinstance(resource, ExternalNetwork) and self.network(resource.id) != resource:
            self.networks[resource.id] = resource

    def remove(self, kind: type[Resource] | None, id: str) -> None:
        """Take out a resource, if it is there."""
        if kind is Vpc or kind is VirtualBorderRouter:
            if self.router(id) is not None:
                self.routers[id] = None
        elif kind is Peering:
            self.change_peering(id, None)
        elif kind is ExternalNetwork:
            if self.network(id) is not None:
                self.networks[id] = None
        elif kind is not None and kind in PARTS:
            home = self.home(id)
            if home is not None:
                self.note(self.part(home, PARTS[kind]).pop(id, None), None)
                self.homes[id] = None

    def put_resident(self, resource: Resident, name: str) -> None:
        """Take into a part what stands at a router; should it have stood at another one, it leaves that."""
        new_home = str(resource.vpc_id)
        home = self.home(resource.id)
        before = self.seen(home, name).get(resource.id) if home is not None else None
        if home == new_home and before == resource:
            return
        if home is not None and home != new_home:
            self.part(home, name).pop(resource.id, None)
        self.homes[resource.id] = new_home
        self.part(new_home, name)[resource.id] = resource
        if isinstance(resource, RouterInterface | Instance):
            self.note(before, resource)

    def change_peering(self, id: str, after: Peering | None) -> None:
        """Put a peer connection into both its VPCs, and take what it was before out of them."""
        before = self.peering(id)
        if before is None and after is None:
            return
        self.peerings[id] = after
        self.touched_links.add(id)
        for side in before.sides if before else ():
            self.part(side.vpc_id, "peerings").pop(id, None)
        for side in after.sides if after else ():
            self.part(side.vpc_id, "peerings")[id] = after  # type: ignore[assignment]  # there is one
        if peering_ways(before) != peering_ways(after):
            self.touched |= {side.vpc_id for peering in (before, after) if peering for side in peering.sides}

    # ---- what a change concerns beyond its own site ------------------------------------------------------------------------

    def note(self, before: Resource | None, after: Resource | None) -> None:
        """Remember what a resident's change touches beside the router at which it stands."""
        sides = [side for side in (before, after) if isinstance(side, RouterInterface)]
        self.touched_links |= {side.link_id for side in sides if side.link_id is not None}
        if sides and interface_ways(before) != interface_ways(after):
            self.touched |= {side.vpc_id for side in sides}
            self.rejoined |= {side.opposite_interface_id for side in sides if side.opposite_interface_id}
        members = [member for member in (before, after) if isinstance(member, Instance)]
        if members and membership(before) != membership(after):
            for member in members:
                self.regrouped.setdefault(member.vpc_id, set()).update(member.security_group_ids)

    def finish(self, revision: int) -> Changed:
        """The new snapshot and what it touches."""
        snapshot = Snapshot(
            revision,
            self.finish_sites(),
            _edited(self.base.peerings, self.peerings),
            _edited(self.base.homes, self.homes),
            self.finish_networks(),
        )
        self.touched |= self.routers.keys()
        self.touched |= {id for id, name in self.parts if name not in _LINK_PARTS}
        self.touch_ends(snapshot)
        self.touch_links_of_routers(snapshot)
        self.touch_networks(snapshot)
        self.touch_referrers(snapshot)
        return Changed(snapshot, frozenset(self.touched), frozenset(self.touched_links))

    def touch_ends(self, snapshot: Snapshot) -> None:
        """The routers of interfaces that were, or are, opposite to a changed one."""
        for id in self.rejoined:
            self.touched |= {home for home in (self.base.homes.get(id), snapshot.homes.get(id)) if home}

    def touch_links_of_routers(self, snapshot: Snapshot) -> None:
        """A router that comes or goes takes its links with it, and those change the routers at their other ends.

        A VBR's links are checked over its line, so that they may differ with it.
        """
        for id, router in self.routers.items():
            moved = (router is None) is not (self.base.site(id).router is None)
            if not (moved or isinstance(router, VirtualBorderRouter)):
                continue
            site = snapshot.site(id)
            self.touched_links.update(site.peerings)
            self.touched_links |= {side.link_id for side in site.interfaces.values() if side.link_id}
            if moved:
                self.touched.update(snapshot.neighbours(id))

    def touch_networks(self, snapshot: Snapshot) -> None:
        """Routers with a way to a changed outside network. Looks at all sites; operators change these networks rarely."""
        if self.networks:
            for id, site in snapshot.sites.items():
                doors = {gateway.network_id for gateway in site.nat_gateways.values()}
                doors |= {eip.network_id for eip in site.eips.values()}
                if not doors.isdisjoint(self.networks):
                    self.touched.add(id)

    def touch_referrers(self, snapshot: Snapshot) -> None:
        """Routers at the other ends of links whose rules name a group of which the members changed."""
        for id in {id for id, name in self.parts if name in {"vswitches", "security_groups"}}:
            known = {*self.base.site(id).security_groups, *snapshot.site(id).security_groups}
            self.regrouped.setdefault(id, set()).update(known)
        for id, groups in self.regrouped.items():
            for other in snapshot.neighbours(id):
                if not snapshot.site(other).foreign_groups.isdisjoint(groups):
                    self.touched.add(other)

    # ---- what there is by now ----------------------------------------------------------------------------------------------

    def router(self, id: str) -> Home | None:
        """The VPC or VBR as it is by now."""
        return self.routers[id] if id in self.routers else self.base.site(id).router

    def peering(self, id: str) -> Peering | None:
        """The peer connection as it is by now."""
        return self.peerings[id] if id in self.peerings else self.base.peerings.get(id)

    def network(self, id: str) -> ExternalNetwork | None:
        """The outside network as it is by now."""
        return self.networks[id] if id in self.networks else self.base.networks.get(id)

    def home(self, id: str) -> str | None:
        """The router that a resident stands at by now."""
        return self.homes[id] if id in self.homes else self.base.homes.get(id)

    def seen(self, home: str, name: str) -> Mapping[str, Resource]:
        """A part as it is by now, for reading."""
        part = self.parts.get((home, name))
        if part is not None:
            return part
        before: Mapping[str, Resource] = getattr(self.base.site(home), name)
        return before

    def part(self, home: str, name: str) -> dict[str, Resource]:
        """A part for writing: a copy, made once."""
        part = self.parts.get((home, name))
        if part is None:
            part = self.parts[home, name] = dict(self.seen(home, name))
        return part

    # ---- putting together --------------------------------------------------------------------------------------------------

    def finish_sites(self) -> PersistentMap[Site]:
        """Sites with the changed ones replaced; a site with nothing at it is dropped."""
        changes: dict[str, dict[str, object]] = {}
        for (id, name), part in self.parts.items():
            changes.setdefault(id, {})[name] = part
        for id, router in self.routers.items():
            changes.setdefault(id, {})["router"] = router
        sites: dict[str, Site | None] = {}
        for id, fields in changes.items():
            site = replace(self.base.site(id), **fields)  # type: ignore[arg-type]  # parts by name
            if not fields.keys().isdisjoint({"security_rules", "security_groups"}):
                site = replace(site, foreign_groups=foreign_groups(site))
            sites[id] = site if site != NOTHING else None
        return _edited(self.base.sites, sites)

    def finish_networks(self) -> Mapping[str, ExternalNetwork]:
        """Outside networks with the changed ones replaced."""
        if not self.networks:
            return self.base.networks
        networks = {**self.base.networks, **self.networks}
        return {id: network for id, network in networks.items() if network is not None}


def _edited(values: PersistentMap[V], changes: Mapping[str, V | None]) -> PersistentMap[V]:
    """The map with changes made to it; None takes an entry out."""
    if not changes:
        return values
    settled = {id: value for id, value in changes.items() if value is not None}
    return values.edited(settled, [id for id in changes if id not in settled])
