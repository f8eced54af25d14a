"""An account's connections by what one side of them is: its region, its VPCs, a name.

Whose they are and what becomes of them is `peerings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peerway.app.store import Reader, Where, where
from peerway.app.usecases.pages import Page, page
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.peering import Peering
from peerway.profiles.rules import sees, shown_states


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringSearch:
    """Which of an account's connections are wanted; what is not given does not narrow."""

    #: Those with one of these ids.
    ids: tuple[str, ...] = ()
    #: Those with one of these VPCs on either side.
    vpc_ids: tuple[str, ...] = ()
    #: Those with a side of the account's own in that region.
    region_id: str | None = None
    #: Those of exactly that name.
    name: str | None = None
    #: Those that it keeps.
    keep: Callable[[Peering], bool] | None = None


def search_peerings(
    tx: Reader,
    world: World,
    caller: Caller,
    search: PeeringSearch,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> tuple[Page[Peering], int]:
    """One page, and how many there are in all; `keep` looks at the whole list, everything else at the page."""

    def wanted(peering: Peering) -> bool:
        return (
            sees(world.require_profile(peering.profile), peering, caller.uid)
            and (search.region_id is None or _has_side(peering, caller.uid, search.region_id))
            and (search.keep is None or search.keep(peering))
        )

    narrowing = _narrowing(world, search)
    mine = where(("requester.uid", "accepter.uid"), caller.uid)
    found = page(tx, Peering, mine, *narrowing, after=after, limit=limit, keep=wanted)
    if search.keep is not None:
        return found, sum(map(wanted, tx.select(Peering, mine, *narrowing)))
    return found, _count(tx, caller.uid, search.region_id, narrowing)


def _narrowing(world: World, search: PeeringSearch) -> list[Where]:
    """Conditions that the store answers."""
    conditions = [where("state", *shown_states(world.profiles.values()))]
    if search.ids:
        conditions.append(where("id", *search.ids))
    if search.vpc_ids:
        conditions.append(where(("requester.vpc_id", "accepter.vpc_id"), *search.vpc_ids))
    if search.region_id is not None:
        conditions.append(where(("requester.region_id", "accepter.region_id"), search.region_id))
    if search.name is not None:
        conditions.append(where("name", search.name))
    return conditions


def _count(tx: Reader, uid: str, region_id: str | None, narrowing: list[Where]) -> int:
    """How many have a side of the account's, in the region when there is one; those with both sides there count once."""
    if region_id is None:
        return tx.count(Peering, where(("requester.uid", "accepter.uid"), uid), *narrowing)
    asked = (where("requester.uid", uid), where("requester.region_id", region_id))
    was_asked = (where("accepter.uid", uid), where("accepter.region_id", region_id))
    either = tx.count(Peering, *asked, *narrowing) + tx.count(Peering, *was_asked, *narrowing)
    return either - tx.count(Peering, *asked, *was_asked, *narrowing)


def _has_side(peering: Peering, uid: str, region_id: str) -> bool:
    return any((side.uid, side.region_id) == (uid, region_id) for side in peering.sides)
