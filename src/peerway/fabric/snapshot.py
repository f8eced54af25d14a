"""The stored network at one revision, bundled by VPC: what the compiler reads.

Owns which stored resources count and in which VPC they stand. Immutable: a change makes a new snapshot that shares all it did
not touch, and says which VPCs and links have to be compiled again. Nothing about what the resources mean may go in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from peerway.domain.peering import Peering
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.security import NetworkAcl, SecurityGroup, SecurityRule
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.persistent import PersistentMap

#: What stands in a VPC, beside the VPC itself and its links.
Resident = VSwitch | RouteTable | RouteEntry | SecurityGroup | SecurityRule | NetworkAcl | Instance

#: Where each kind of resident stands in `VpcState`.
PARTS: Mapping[type[Resource], str] = {
    VSwitch: "vswitches",
    RouteTable: "route_tables",
    RouteEntry: "route_entries",
    SecurityGroup: "security_groups",
    SecurityRule: "security_rules",
    NetworkAcl: "network_acls",
    Instance: "instances",
}

#: The kinds by the name that the change log gives them; other kinds don't concern the network.
KINDS: Mapping[str, type[Resource]] = {kind.__name__.lower(): kind for kind in (Vpc, Peering, *PARTS)}


@dataclass(frozen=True, slots=True)
class VpcState:
    """All that stands in one VPC, each part by id."""

    #: The VPC; None while it is not stored or is being deleted, and only its remains are there.
    vpc: Vpc | None = None
    #: Its VSwitches.
    vswitches: Mapping[str, VSwitch] = field(default_factory=dict)
    #: Its route tables.
    route_tables: Mapping[str, RouteTable] = field(default_factory=dict)
    #: Custom entries of all its tables.
    route_entries: Mapping[str, RouteEntry] = field(default_factory=dict)
    #: Its security groups.
    security_groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    #: Rules of all its groups.
    security_rules: Mapping[str, SecurityRule] = field(default_factory=dict)
    #: Its network ACLs.
    network_acls: Mapping[str, NetworkAcl] = field(default_factory=dict)
    #: Its instances.
    instances: Mapping[str, Instance] = field(default_factory=dict)
    #: Peer connections in any state that have a side here.
    peerings: Mapping[str, Peering] = field(default_factory=dict)


#: What stands in a VPC that is not there.
NOTHING = VpcState()


class Changed(NamedTuple):
    """A changed snapshot and what has to be compiled again."""

    #: The new snapshot.
    snapshot: Snapshot
    #: VPC ids whose router may differ.
    touched: frozenset[str]
    #: Peer connection ids whose link may differ.
    touched_links: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stored network at one revision."""

    #: Store revision it is true for.
    revision: int
    #: By VPC id.
    vpcs: Mapping[str, VpcState]
    #: Peer connections by id.
    peerings: Mapping[str, Peering]
    #: Resident's id -> id of the VPC it stands in.
    homes: PersistentMap[str]

    @classmethod
    def of(cls, revision: int, resources: Iterable[Resource]) -> Snapshot:
        """The snapshot of all stored resources; kinds that don't concern the network are passed over."""
        return cls(0, {}, {}, PersistentMap({})).with_changes(revision, resources).snapshot

    def with_changes(
        self, revision: int, upserts: Iterable[Resource], removals: Iterable[tuple[str, str]] = ()
    ) -> Changed:
        """The snapshot after stored resources were written (`upserts`) and removed (kind, id).

        What the snapshot holds already, and removals of what it doesn't hold, touch nothing. VPCs, VSwitches and instances
        that are being deleted count as removed, so that the data plane lets go of them. Cost follows the changes and the size
        of the VPCs they are in, plus a shallow copy of the VPCs' index.
        """
        draft = _Draft(self)
        for kind, id in removals:
            draft.remove(KINDS.get(kind), id)
        for resource in upserts:
            if _is_leaving(resource):
                draft.remove(type(resource), resource.id)
            else:
                draft.put(resource)
        return draft.finish(revision)


def _is_leaving(resource: Resource) -> bool:
    """Whether the resource is on its way out of the data plane (peer connections have their own table for that)."""
    return isinstance(resource, Vpc | VSwitch | Instance) and resource.state is Provisioning.DELETING


class _Draft:
    """A snapshot being changed: copies each part of each VPC at its first change and puts all together at the end."""

    def __init__(self, base: Snapshot) -> None:
        self.base = base
        self.parts: dict[tuple[str, str], dict[str, Resource]] = {}
        self.vpcs: dict[str, Vpc | None] = {}
        self.peerings: dict[str, Peering | None] = {}
        self.homes: dict[str, str | None] = {}

    def put(self, resource: Resource) -> None:
        """Take in a resource, unless the same value is there."""
        if isinstance(resource, Vpc):
            if self.vpc(resource.id) != resource:
                self.vpcs[resource.id] = resource
        elif isinstance(resource, Peering):
            if self.peering(resource.id) != resource:
                self.forget_peering(resource.id)
                self.keep_peering(resource)
        elif isinstance(resource, Resident):
            self.put_resident(resource)

    def remove(self, kind: type[Resource] | None, id: str) -> None:
        """Take out a resource, if it is there."""
        if kind is Vpc:
            if self.vpc(id) is not None:
                self.vpcs[id] = None
        elif kind is Peering:
            self.forget_peering(id)
        elif kind is not None and kind in PARTS:
            home = self.home(id)
            if home is not None:
                self.part(home, PARTS[kind]).pop(id, None)
                self.homes[id] = None

    def put_resident(self, resource: Resident) -> None:
        """Take in what stands in a VPC; should it have stood in another one, it leaves that."""
        name = PARTS[type(resource)]
        home = self.home(resource.id)
        if home is not None and home != resource.vpc_id:
            self.part(home, name).pop(resource.id, None)
        if home != resource.vpc_id:
            self.homes[resource.id] = resource.vpc_id
        elif self.seen(home, name).get(resource.id) == resource:
            return
        self.part(resource.vpc_id, name)[resource.id] = resource

    def keep_peering(self, peering: Peering) -> None:
        """Put a peer connection into both its VPCs."""
        self.peerings[peering.id] = peering
        for side in peering.sides:
            self.part(side.vpc_id, "peerings")[peering.id] = peering

    def forget_peering(self, id: str) -> None:
        """Take a peer connection out of both its VPCs, if it is there."""
        peering = self.peering(id)
        if peering is not None:
            self.peerings[id] = None
            for side in peering.sides:
                self.part(side.vpc_id, "peerings").pop(id, None)

    def vpc(self, id: str) -> Vpc | None:
        """The VPC as it is by now."""
        if id in self.vpcs:
            return self.vpcs[id]
        state = self.base.vpcs.get(id)
        return state.vpc if state else None

    def peering(self, id: str) -> Peering | None:
        """The peer connection as it is by now."""
        return self.peerings[id] if id in self.peerings else self.base.peerings.get(id)

    def home(self, id: str) -> str | None:
        """The VPC that a resident stands in by now."""
        return self.homes[id] if id in self.homes else self.base.homes.get(id)

    def seen(self, vpc_id: str, name: str) -> Mapping[str, Resource]:
        """A part as it is by now, for reading."""
        part = self.parts.get((vpc_id, name))
        if part is not None:
            return part
        before: Mapping[str, Resource] = getattr(self.base.vpcs.get(vpc_id, NOTHING), name)
        return before

    def part(self, vpc_id: str, name: str) -> dict[str, Resource]:
        """A part for writing: a copy, made once."""
        part = self.parts.get((vpc_id, name))
        if part is None:
            part = self.parts[vpc_id, name] = dict(self.seen(vpc_id, name))
        return part

    def finish(self, revision: int) -> Changed:
        """The new snapshot and what it touches."""
        vpcs = self.finish_vpcs()
        touched = {*self.vpcs, *(vpc_id for vpc_id, _ in self.parts)}
        links = set(self.peerings)
        for vpc_id, vpc in self.vpcs.items():
            if (vpc is None) is not (self.base.vpcs.get(vpc_id, NOTHING).vpc is None):
                # A VPC that comes or goes takes its links with it, and those change the routers at their other ends.
                peerings = vpcs.get(vpc_id, NOTHING).peerings
                links.update(peerings)
                touched.update(side.vpc_id for peering in peerings.values() for side in peering.sides)
        snapshot = Snapshot(revision, vpcs, self.finish_peerings(), self.finish_homes())
        return Changed(snapshot, frozenset(touched), frozenset(links))

    def finish_vpcs(self) -> Mapping[str, VpcState]:
        """Bundles with the changed ones replaced; a bundle with nothing in it is dropped."""
        changes: dict[str, dict[str, object]] = {}
        for (vpc_id, name), part in self.parts.items():
            changes.setdefault(vpc_id, {})[name] = part
        for vpc_id, vpc in self.vpcs.items():
            changes.setdefault(vpc_id, {})["vpc"] = vpc
        if not changes:
            return self.base.vpcs
        vpcs = dict(self.base.vpcs)
        for vpc_id, fields in changes.items():
            state = replace(vpcs.get(vpc_id, NOTHING), **fields)  # type: ignore[arg-type]  # parts by name
            if state == NOTHING:
                vpcs.pop(vpc_id, None)
            else:
                vpcs[vpc_id] = state
        return vpcs

    def finish_peerings(self) -> Mapping[str, Peering]:
        """Peer connections with the changed ones replaced."""
        if not self.peerings:
            return self.base.peerings
        peerings = {**self.base.peerings}
        for id, peering in self.peerings.items():
            if peering is None:
                peerings.pop(id, None)
            else:
                peerings[id] = peering
        return peerings

    def finish_homes(self) -> PersistentMap[str]:
        """Where the residents stand, brought up to date."""
        if not self.homes:
            return self.base.homes
        settled = {id: home for id, home in self.homes.items() if home is not None}
        return self.base.homes.edited(settled, [id for id in self.homes if id not in settled])
