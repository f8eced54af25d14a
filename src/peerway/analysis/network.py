"""The network as analysis reads it: the stored objects and what they compile to, at one revision.

Owns where things are found fast. Immutable: a change makes a new one that shares all it did not touch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peerway.domain.resource import Resource
from peerway.fabric.compile import compile_fabric, recompile
from peerway.fabric.model import Endpoint, Fabric, Router
from peerway.fabric.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Network:
    """The network at one revision."""

    #: The stored objects.
    snapshot: Snapshot
    #: What they compile to.
    fabric: Fabric

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
        return Network(snapshot, recompile(self.fabric, snapshot, touched, touched_links))

    def with_router(self, router: Router) -> Network:
        """The same with another router in the place of one; for questions about what is not there."""
        fabric = self.fabric
        routers = {**fabric.routers, router.id: router}
        return Network(self.snapshot, Fabric(fabric.revision, routers, fabric.links))

    def router_of(self, id: str) -> Router | None:
        """The router that an instance, database, uplink or any other resident is at, or the VPC or VBR itself."""
        routers = self.fabric.routers
        return routers.get(id) or routers.get(self.snapshot.homes.get(id, ""))

    def endpoint(self, id: str) -> tuple[Router, Endpoint] | None:
        """The interface of an instance or database, and the router it hangs on."""
        router = self.router_of(id)
        found = router.endpoints.get(id) if router is not None else None
        return None if router is None or found is None else (router, found)
