"""The network as analysis reads it: the stored objects and what they compile to, at one revision.

Owns where things are found fast. Immutable: a change makes a new one that shares all it did not touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peerway.analysis.stations import Stations
from peerway.domain.resource import Resource
from peerway.fabric.compile import compile_fabric, recompile
from peerway.fabric.model import Endpoint, Fabric, Router, Uplink
from peerway.fabric.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Network:
    """The network at one revision."""

    #: The stored objects.
    snapshot: Snapshot
    #: What they compile to.
    fabric: Fabric

    #: Routers made ready for many packets; shared with the networks that come of this one.
    stations: Stations = field(default_factory=Stations, repr=False, compare=False)
    #: Routers of interfaces that are imagined: what stands at a router and is not stored.
    imagined: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Network:
        """The network of a snapshot. Cost follows the snapshot."""
        return cls(snapshot, compile_fabric(snapshot))

    @property
    def revision(self) -> int:
        """Store revision it is true for."""
        return self.snapshot.revision

    def after(
        self, revision: int, upserts: Iterable[Resource], removals: Iterable[tuple[str, str]] = ()
    ) -> Network:
        """The network after stored resources were written and removed (kind, id). Cost follows what they touch."""
        snapshot, touched, touched_links = self.snapshot.with_changes(revision, upserts, removals)
        fabric = recompile(self.fabric, snapshot, touched, touched_links)
        return Network(snapshot, fabric, self.stations, self.imagined)

    def with_router(self, router: Router) -> Network:
        """The same with another router in the place of one; for questions about what is not there."""
        fabric = self.fabric
        routers = {**fabric.routers, router.id: router}
        homes = self.snapshot.homes
        imagined = {id: router.id for id in router.endpoints if id not in homes}
        return Network(
            self.snapshot,
            Fabric(fabric.revision, routers, fabric.links),
            self.stations,
            {**self.imagined, **imagined},
        )

    def router_of(self, id: str) -> Router | None:
        """The router that an instance, database, uplink or any other resident is at, or the VPC or VBR itself."""
        routers = self.fabric.routers
        home = self.snapshot.homes.get(id) or self.imagined.get(id, id)
        return routers.get(home)

    def endpoint(self, id: str) -> tuple[Router, Endpoint] | None:
        """The interface of an instance or database, and the router it hangs on."""
        router = self.router_of(id)
        found = router.endpoints.get(id) if router is not None else None
        return None if router is None or found is None else (router, found)

    def uplink(self, id: str) -> Uplink | None:
        """A way out of the network, by its id."""
        router = self.router_of(id)
        return router.uplinks.get(id) if router is not None else None
