"""Quotas: the default of a profile and what an operator granted to one account instead (PEER-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaGrant(Resource):
    """A limit that replaces the default for one account. `id` is `UID/NAME`."""

    #: Name of the quota.
    name: str
    #: The limit.
    limit: int


class ApplicationState(StrEnum):
    """States of a quota application."""

    #: Waits for an operator.
    PENDING = "pending"
    #: Granted.
    APPROVED = "approved"
    #: Turned down.
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaApplication(Resource):
    """A tenant's wish for a higher limit, which an operator answers."""

    #: Name of the quota.
    name: str
    #: The limit it asks for.
    desired: int
    #: Why.
    reason: str
    #: Where it is in its life.
    state: ApplicationState = ApplicationState.PENDING
    #: When it was answered.
    answered_at: datetime | None = None
    #: What the operator said.
    answer: str = ""


#: Security groups of an instance.
GROUPS_PER_INSTANCE = 16
#: Entries of a network ACL, each direction.
ENTRIES_PER_ACL = 2000
