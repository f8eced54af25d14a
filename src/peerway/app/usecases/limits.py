"""Limits of the installation (EC-7, EC-8, EC-9, NET-8): their defaults, what an operator granted instead, and the check.

Counting and storing share one transaction and writers queue up, so a limit can't be overshot. Quotas of products are `quotas`.
"""

from __future__ import annotations

from typing import Final

from peerway.app.store import Reader
from peerway.app.world import World
from peerway.domain.errors import QuotaExceeded
from peerway.domain.quota import QuotaGrant

#: What names the caller's own account in a request, for its limits: no field, but who asks.
CALLER: Final = "caller"


def grant_id(uid: str, name: str) -> str:
    """Id of the grant of that limit to that account."""
    return f"{uid}/{name}"


def limit_of(tx: Reader, name: str, uid: str, default: int) -> int:
    """The limit that holds for the account: what it was granted, else the default."""
    grant = tx.get(QuotaGrant, grant_id(uid, name))
    return default if grant is None else grant.limit


def check_limit(
    tx: Reader, world: World, name: str, uid: str, used: int, *, scope: str, field: str, adding: int = 1
) -> None:
    """`QuotaExceeded` when `adding` to what is `used` passes the account's limit.

    `scope` names what is full, for people; `field` is what names it in the request.
    """
    limit = limit_of(tx, name, uid, world.limits[name])
    if used + adding > limit:
        raise QuotaExceeded(name, limit, used, scope=scope, field=field)
