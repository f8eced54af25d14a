"""What a change does to quotas and limits: how much was used of each that it touches, and would be.

Worked out from the resources that differ, so that the cost follows the change and not what an account has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from peerway.app.store import Reader, where
from peerway.app.usecases.foresee import Altered
from peerway.app.usecases.limit_uses import IDLE_VBRS, USES, Each, idle_vbrs
from peerway.app.usecases.limits import limit_of
from peerway.app.usecases.links import LIVE
from peerway.app.usecases.quotas import COUNTS
from peerway.app.world import World
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringSide
from peerway.domain.router_interface import RouterInterface
from peerway.profiles.model import Quota, QuotaScope

#: Quotas of the Mbit/s of one connection.
OF_BANDWIDTH = frozenset({QuotaScope.BANDWIDTH_CROSS_REGION, QuotaScope.BANDWIDTH_CROSS_BORDER})


@dataclass(frozen=True, slots=True)
class QuotaEffect:
    """A quota or limit of which another amount would be used."""

    #: Its name.
    name: str
    #: Profile it belongs to; None for a limit of the installation.
    profile: str | None
    #: The account that it holds for.
    uid: str
    #: What uses it: the account, a VPC, region, connection, router, line ...
    used_by: str
    #: How much is used now.
    before: int
    #: How much would be used.
    after: int
    #: How much may be used.
    limit: int


def quota_effects(tx: Reader, world: World, altered: Iterable[Altered]) -> list[QuotaEffect]:
    """Quotas and limits that the change touches, of all accounts. `tx` sees what is now."""
    changes = list(altered)
    found = [*_limits(tx, world, changes), *_idle_vbrs(tx, world, changes), *_quotas(tx, world, changes)]
    return sorted(found, key=lambda effect: (effect.uid, effect.profile or "", effect.name, effect.used_by))


def _limits(tx: Reader, world: World, altered: list[Altered]) -> Iterator[QuotaEffect]:
    """Limits whose use is told by each resource for itself."""
    kinds = {type(each.after or each.before) for each in altered}
    for name, use in USES.items():
        if isinstance(use, Each) and not kinds.isdisjoint(use.kinds):
            for (uid, of), more in _differences(use, altered).items():
                before = use.used(tx, uid, of)
                limit = limit_of(tx, name, uid, world.limits[name])
                yield QuotaEffect(name, None, uid, of, before, before + more, limit)


def _differences(use: Each, altered: Iterable[Altered]) -> dict[tuple[str, str], int]:
    """By account and what is used: how much more of it."""
    more: Counter[tuple[str, str]] = Counter()
    for change in altered:
        for resource, sign in ((change.before, -1), (change.after, 1)):
            if resource is not None and isinstance(resource, use.kinds):
                more[getattr(resource, use.owner), getattr(resource, use.of)] += sign * use.size_of(resource)
    return {key: each for key, each in more.items() if each}


def _idle_vbrs(tx: Reader, world: World, altered: list[Altered]) -> Iterator[QuotaEffect]:
    """The limit on border routers without an interface, which counts what has nothing."""
    vbrs = {each.id: change for change in altered for each in change if isinstance(each, VirtualBorderRouter)}
    interfaces = [change for change in altered if any(isinstance(each, RouterInterface) for each in change)]
    homes = {each.vpc_id for change in interfaces for each in change if isinstance(each, RouterInterface)}
    more: Counter[str] = Counter()
    for id in dict.fromkeys((*vbrs, *sorted(homes))):
        stored = tx.get(VirtualBorderRouter, id)
        before, after = vbrs.get(id, Altered(stored, stored))
        used = {interface.id for interface in tx.select(RouterInterface, where("vpc_id", id))}
        then = used - {change.before.id for change in interfaces if change.before}
        then |= {
            c.after.id for c in interfaces if isinstance(c.after, RouterInterface) and c.after.vpc_id == id
        }
        for vbr, taken, sign in ((before, used, -1), (after, then, 1)):
            if isinstance(vbr, VirtualBorderRouter) and not taken:
                more[_idle_for(vbr)] += sign
    for uid, each in more.items():
        if each:
            count = idle_vbrs(tx, uid)[uid]
            limit = limit_of(tx, IDLE_VBRS, uid, world.limits[IDLE_VBRS])
            yield QuotaEffect(IDLE_VBRS, None, uid, uid, count, count + each, limit)


def _idle_for(vbr: VirtualBorderRouter) -> str:
    """Whose idle border router it is: until it is confirmed, of whoever made it."""
    return vbr.line_owner_uid if vbr.state is VbrState.UNCONFIRMED else vbr.owner_uid


def _quotas(tx: Reader, world: World, altered: list[Altered]) -> Iterator[QuotaEffect]:
    """Quotas of the products on connections: how many, and how wide."""
    changes = [change for change in altered if isinstance(change.after or change.before, Peering)]
    sides: dict[tuple[str, str], PeeringSide] = {}
    profiles: set[str] = set()
    for peering in (each for change in changes for each in change if isinstance(each, Peering)):
        sides |= {(side.uid, side.vpc_id): side for side in peering.sides}
        profiles.add(peering.profile)
    for profile in sorted(profiles):
        for quota in world.require_profile(profile).quotas:
            if quota.scope in OF_BANDWIDTH:
                yield from _bandwidths(tx, world, profile, quota, changes)
            else:
                yield from _counts(tx, profile, quota, sides.values(), changes)


def _counts(
    tx: Reader, profile: str, quota: Quota, sides: Iterable[PeeringSide], changes: list[Altered]
) -> Iterator[QuotaEffect]:
    """How many connections there are of a side's VPC or of its account in its region."""
    by_user = {(side.uid, _user(quota, side)): side for side in sides}
    for (uid, user), side in by_user.items():
        more = sum(
            sign
            for change in changes
            for peering, sign in ((change.before, -1), (change.after, 1))
            if isinstance(peering, Peering) and _counts_for(quota, peering, side)
        )
        if more:
            before = COUNTS[quota.scope](tx, side)
            limit = limit_of(tx, quota.name, uid, quota.default)
            yield QuotaEffect(quota.name, profile, uid, user, before, before + more, limit)


def _user(quota: Quota, side: PeeringSide) -> str:
    return side.region_id if quota.scope is QuotaScope.ACCOUNT_REGION else side.vpc_id


def _counts_for(quota: Quota, peering: Peering, side: PeeringSide) -> bool:
    """Whether the connection counts for that quota of that side."""
    if peering.state not in LIVE:
        return False
    if quota.scope is QuotaScope.ACCOUNT_REGION:
        return any((each.uid, each.region_id) == (side.uid, side.region_id) for each in peering.sides)
    kinds = {QuotaScope.VPC_SAME_REGION: {True}, QuotaScope.VPC_CROSS_REGION: {False}}
    in_kind = peering.same_region in kinds.get(quota.scope, {True, False})
    return in_kind and any(each.vpc_id == side.vpc_id for each in peering.sides)


def _bandwidths(
    tx: Reader, world: World, profile: str, quota: Quota, changes: list[Altered]
) -> Iterator[QuotaEffect]:
    """How wide each connection is; its requester's quota holds."""
    for change in changes:
        subject = change.after or change.before
        before, after = (_width(world, quota, each) for each in change)
        if before != after and isinstance(subject, Peering) and subject.profile == profile:
            uid = subject.requester.uid
            limit = limit_of(tx, quota.name, uid, quota.default)
            yield QuotaEffect(quota.name, profile, uid, subject.id, before, after, limit)


def _width(world: World, quota: Quota, peering: object) -> int:
    """Mbit/s of a connection that the quota is for; 0 for any other."""
    if not isinstance(peering, Peering) or peering.state not in LIVE or peering.same_region:
        return 0
    regions = (side.region_id for side in peering.sides)
    if quota.scope is QuotaScope.BANDWIDTH_CROSS_BORDER and not world.regions.crosses_border(*regions):
        return 0
    return peering.bandwidth_mbps or 0
