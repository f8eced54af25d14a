"""At which routers an account has guests: what "all that an account has" is looked up in.

Immutable, and brought from one network to a later one at the cost of what differs between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peerway.analysis.network import Network
from peerway.fabric.persistent import PersistentMap
from peerway.fabric.site import Site
from peerway.fabric.snapshot import Snapshot

NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Holdings:
    """Where each account has instances and databases."""

    #: The stored objects that it is true for.
    snapshot: Snapshot
    #: Uid -> ids of the VPCs.
    vpcs: PersistentMap[frozenset[str]] = field(default_factory=lambda: PersistentMap({}))

    @classmethod
    def of(cls, network: Network) -> Holdings:
        """Those of a network. Cost follows the network."""
        return cls(Snapshot(0)).at(network)

    def at(self, network: Network) -> Holdings:
        """Those of another network; cheap when the one was made from the other by a few changes."""
        after = network.snapshot
        if after is self.snapshot:
            return self
        edits: dict[str, set[str]] = {}
        for id in after.sites.differing(self.snapshot.sites):
            had, has = owners(self.snapshot.site(id)), owners(after.site(id))
            for uid in had ^ has:
                edits.setdefault(uid, set(self.of_account(uid))).symmetric_difference_update({id})
        return Holdings(after, _edited(self.vpcs, edits))

    def of_account(self, uid: str) -> frozenset[str]:
        """The VPCs in which the account has a guest."""
        return self.vpcs.get(uid, NOWHERE)


def owners(site: Site) -> frozenset[str]:
    """The accounts that have a guest at a router."""
    guests: Iterable[str] = (one.owner_uid for one in site.instances.values())
    return frozenset((*guests, *(one.owner_uid for one in site.databases.values())))


def owner_of(site: Site, endpoint_id: str) -> str | None:
    """Whose guest it is."""
    found = site.instances.get(endpoint_id) or site.databases.get(endpoint_id)
    return None if found is None else found.owner_uid


def _edited(
    vpcs: PersistentMap[frozenset[str]], edits: Mapping[str, set[str]]
) -> PersistentMap[frozenset[str]]:
    if not edits:
        return vpcs
    kept = {uid: frozenset(ids) for uid, ids in edits.items() if ids}
    return vpcs.edited(kept, [uid for uid in edits if uid not in kept])
