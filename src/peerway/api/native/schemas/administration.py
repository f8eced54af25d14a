"""The audit log and how far the installation is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from peerway.api.native.schemas.common import TenantListParameters, Word


class AuditList(TenantListParameters):
    """Which entries."""

    uid: Word | None = Field(None, description="Those of this account; operators only.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAnswer:
    """One mutation: who did what to what."""

    #: When.
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
    #: The resource before; null when it was made.
    before: dict[str, Any] | None
    #: The resource after; null when it was removed.
    after: dict[str, Any] | None
    #: Store revision of the change.
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """How far the installation is."""

    #: Version of Peerway.
    version: str
    #: `memory`, `kernel` or `ovn`.
    dataplane: str
    #: Last revision of the store.
    revision: int
    #: Last revision that the data plane has reached; -1 while it has reached none or the agent does not answer.
    applied_revision: int
