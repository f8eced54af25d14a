"""Quotas (PEER-12): a product's limits and the installation's, what an operator granted instead, and how much is used.

Counting and storing share one transaction and writers queue up, so a limit can't be overshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, require_operator
from peerway.app.usecases.limit_uses import USES
from peerway.app.usecases.limits import grant_id, limit_of
from peerway.app.usecases.links import live, of_vpc
from peerway.app.usecases.storing import insert, replace_stored
from peerway.app.world import World
from peerway.domain.account import Account, Caller
from peerway.domain.errors import InvalidInput, QuotaExceeded
from peerway.domain.peering import Peering, PeeringSide, account_region
from peerway.domain.quota import QuotaGrant
from peerway.domain.text import check_number
from peerway.profiles.model import Profile, Quota, QuotaScope

#: Highest limit that can be granted.
HIGHEST_GRANT = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantQuota:
    """Give an account another limit than the default."""

    #: The account.
    uid: str
    #: Name of the quota.
    name: str
    #: The new limit; 0 forbids.
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaStatus:
    """A quota of an account and how far it is used."""

    #: Name of the quota.
    name: str
    #: Profile it belongs to; None for a limit of the installation.
    profile: str | None
    #: What a product's quota counts; None for a limit of the installation, whose name says it.
    scope: QuotaScope | None
    #: Limit without a grant.
    default: int
    #: Limit that holds.
    limit: int
    #: The highest use there is: of the fullest VPC or region, or the widest connection.
    used: int
    #: What has it: a VPC, region, connection, router, line ...; None when nothing is used.
    used_by: str | None


def list_quotas(
    tx: Reader, world: World, caller: Caller, *, uid: str | None = None, profile: str | None = None
) -> list[QuotaStatus]:
    """The caller's quotas (an operator's choice of account) of one profile, or all and the installation's limits.

    There are few, so no pages.
    """
    account = uid or caller.uid
    if account != caller.uid:
        require_operator(caller)
    chosen = world.profiles.values() if profile is None else (world.require_profile(profile),)
    peerings = tx.select(Peering, where(("requester.uid", "accepter.uid"), account), live())
    limits = world.limits if profile is None else {}
    return [
        *(_status(tx, account, each, quota, peerings) for each in chosen for quota in each.quotas),
        *(_limit_status(tx, account, name, default) for name, default in limits.items()),
    ]


def used_in_region(tx: Reader, world: World, caller: Caller, region_id: str) -> int:
    """How many connections count against the caller's quota of connections in a region."""
    return tx.tally(Peering, account_region(caller.uid, region_id))


def grant_quota(tx: Writer, world: World, caller: Caller, request: GrantQuota) -> QuotaGrant:
    """Give an account another limit; operators only."""
    require_operator(caller)
    require_quota(world, request.name)
    existing(tx, Account, request.uid, "uid")
    limit = check_number(request.limit, "limit", 0, HIGHEST_GRANT)
    before = tx.get(QuotaGrant, grant_id(request.uid, request.name))
    if before is not None:
        return replace_stored(tx, caller, before, replace(before, limit=limit))
    grant = QuotaGrant(
        id=grant_id(request.uid, request.name),
        owner_uid=request.uid,
        created_at=tx.now,
        name=request.name,
        limit=limit,
    )
    return insert(tx, caller, grant)


def require_quota(world: World, name: object) -> tuple[str, int]:
    """Name and default of a quota of any product or of the installation; `InvalidInput` when there is none of that name."""
    defaults = {quota.name: quota.default for profile in world.profiles.values() for quota in profile.quotas}
    defaults |= world.limits
    if not isinstance(name, str) or name not in defaults:
        raise InvalidInput("name", "is not the name of a quota", name)
    return name, defaults[name]


def check_peering_quotas(
    tx: Reader,
    profile: Profile,
    side: PeeringSide,
    *,
    same_region: bool,
    adding: int,
    own: bool,
    field: str,
) -> None:
    """`QuotaExceeded` when `adding` connections of that kind are more than the side's VPC may have; `field` names it.

    A side of the caller's `own` is held to its account's limit in the region, too; of another account's side the error does
    not tell the figures. At creation one is added; at acceptance the connection is counted already, so none is.
    """
    for quota in profile.quotas:
        count = COUNTS.get(quota.scope)
        if count is None or (quota.scope is QuotaScope.ACCOUNT_REGION and not own):
            continue
        if quota.scope is _other_kind(same_region=same_region):
            continue
        limit, used = limit_of(tx, quota.name, side.uid, quota.default), count(tx, side)
        if used + adding > limit:
            told = (limit, used) if own else (None, None)
            raise QuotaExceeded(quota.name, *told, scope=_scope_name(quota, side), field=field)


def bandwidth_limit(tx: Reader, profile: Profile, uid: str, scopes: Iterable[QuotaScope]) -> tuple[str, int]:
    """Name and value of the quota that allows the least bandwidth among the scopes."""
    wanted = tuple(scopes)
    limits = [
        (limit_of(tx, quota.name, uid, quota.default), quota.name)
        for quota in profile.quotas
        if quota.scope in wanted
    ]
    limit, name = min(limits)
    return name, limit


def _other_kind(*, same_region: bool) -> QuotaScope:
    return QuotaScope.VPC_CROSS_REGION if same_region else QuotaScope.VPC_SAME_REGION


def _scope_name(quota: Quota, side: PeeringSide) -> str:
    if quota.scope is QuotaScope.ACCOUNT_REGION:
        return f"the account in {side.region_id}"
    return f"VPC {side.vpc_id}"


def _count_vpc(tx: Reader, side: PeeringSide) -> int:
    return tx.count(Peering, of_vpc(side.vpc_id), live())


def _count_same_region(tx: Reader, side: PeeringSide) -> int:
    both = (where("requester.region_id", side.region_id), where("accepter.region_id", side.region_id))
    return tx.count(Peering, of_vpc(side.vpc_id), *both, live())


def _count_cross_region(tx: Reader, side: PeeringSide) -> int:
    return _count_vpc(tx, side) - _count_same_region(tx, side)


def _count_account_region(tx: Reader, side: PeeringSide) -> int:
    """Connections with a side of the account in the region; one with both sides there counts once."""
    return tx.tally(Peering, account_region(side.uid, side.region_id))


#: How to count each scope that counts connections.
COUNTS: Mapping[QuotaScope, Callable[[Reader, PeeringSide], int]] = {
    QuotaScope.VPC: _count_vpc,
    QuotaScope.VPC_SAME_REGION: _count_same_region,
    QuotaScope.VPC_CROSS_REGION: _count_cross_region,
    QuotaScope.ACCOUNT_REGION: _count_account_region,
}


def _status(tx: Reader, uid: str, profile: Profile, quota: Quota, peerings: list[Peering]) -> QuotaStatus:
    uses = _uses(quota.scope, uid, peerings)
    used_by = max(uses, key=lambda key: uses[key], default=None)
    return QuotaStatus(
        name=quota.name,
        profile=profile.name,
        scope=quota.scope,
        default=quota.default,
        limit=limit_of(tx, quota.name, uid, quota.default),
        used=uses[used_by] if used_by is not None else 0,
        used_by=used_by,
    )


def _limit_status(tx: Reader, uid: str, name: str, default: int) -> QuotaStatus:
    uses = USES[name](tx, uid)
    used_by = max(uses, key=lambda key: uses[key], default=None)
    return QuotaStatus(
        name=name,
        profile=None,
        scope=None,
        default=default,
        limit=limit_of(tx, name, uid, default),
        used=uses[used_by] if used_by is not None else 0,
        used_by=used_by,
    )


def _uses(scope: QuotaScope, uid: str, peerings: list[Peering]) -> Counter[str]:
    """What is used, by VPC, region or connection."""
    if scope in {QuotaScope.BANDWIDTH_CROSS_REGION, QuotaScope.BANDWIDTH_CROSS_BORDER}:
        return Counter({p.id: p.bandwidth_mbps or 0 for p in peerings if not p.same_region})
    if scope is QuotaScope.ACCOUNT_REGION:
        return Counter(region for p in peerings for region in {s.region_id for s in p.sides if s.uid == uid})
    kinds = {QuotaScope.VPC_SAME_REGION: {True}, QuotaScope.VPC_CROSS_REGION: {False}}.get(
        scope, {True, False}
    )
    mine = (side for p in peerings if p.same_region in kinds for side in p.sides)
    return Counter(side.vpc_id for side in mine if side.uid == uid)
