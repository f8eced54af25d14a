"""Accounts, roles and credentials: who owns, who may do what (NET-1).

Owns the rules of identity. May not know how a credential travels in a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from peerway.domain.resource import Resource


class Site(StrEnum):
    """Where an account is registered; accounts of different sites can't peer (PEER-11)."""

    #: The mainland China site.
    CHINA = "china"
    #: The international site.
    INTERNATIONAL = "international"


class Role(StrEnum):
    """What a credential may do, weakest first."""

    #: Reads its account's resources.
    READER = "reader"
    #: Reads and changes its account's resources.
    MEMBER = "member"
    #: Runs the installation: accounts, quotas, every tenant's resources for reading.
    OPERATOR = "operator"

    def may(self, needed: Role) -> bool:
        """Whether this role includes `needed`: each may all that those before it may."""
        weakest_first = tuple(Role)
        return weakest_first.index(self) >= weakest_first.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Resource):
    """A tenant. `id` and `owner_uid` are both its uid: 16 digits, never starting with 0."""

    #: Unique display name.
    name: str
    #: Site it is registered at.
    site: Site = Site.CHINA
    #: Whether it has an enterprise real-name registration; needed for cross-border links (PEER-11).
    real_name: bool = False
    #: Money it has, in the account's currency.
    balance: Decimal = Decimal(0)

    @property
    def uid(self) -> str:
        """The account's number."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Resource):
    """An access key and a bearer token of one account. `id` is the access key id."""

    #: What it may do.
    role: Role
    #: SHA-256 of the bearer token, hexadecimal; the token itself is shown once and not kept.
    token_hash: str
    #: The access key's secret, encrypted with the installation's key: signatures need it back.
    sealed_secret: str
    #: A disabled credential authenticates nobody.
    enabled: bool = True
    #: Made by a start for the operator, and replaced by the next start.
    of_start: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, once authenticated."""

    #: Account the request acts for.
    uid: str
    #: What it may do.
    role: Role
    #: Access key id that was used; for the audit log.
    key_id: str
    #: Id of the request; for the audit log and the answer.
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One mutation: who did what to what (append-only)."""

    #: When, UTC.
    at: datetime
    #: Account that did it; `system` for the worker and the agents.
    uid: str
    #: Access key id, or the reconciler's name.
    key_id: str
    #: Id of the request.
    request_id: str
    #: What was done, such as `peering.accept`.
    action: str
    #: Resource it was done to.
    resource_id: str
    #: The resource before, as JSON; None when it was made.
    before: str | None
    #: The resource after, as JSON; None when it was removed.
    after: str | None
    #: Store revision of the change.
    revision: int = 0
