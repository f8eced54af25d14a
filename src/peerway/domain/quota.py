"""Quotas: the default of a profile and what an operator granted to one account instead (PEER-12)."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaGrant(Resource):
    """A limit that replaces the default for one account. `id` is `UID/NAME`."""

    #: Name of the quota.
    name: str
    #: The limit.
    limit: int
