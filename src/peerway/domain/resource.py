"""What all stored resources have in common.

Owns the shared fields and the provisioning states. May not know any particular resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A stored thing with an owner. Values: a change makes a new one (`dataclasses.replace`)."""

    #: Globally unique, with a prefix that tells the kind (`vpc-...`).
    id: str
    #: Uid of the account that owns it.
    owner_uid: str
    #: When it was made, UTC.
    created_at: datetime
    #: Store revision of its last change; 0 until stored. The store sets it.
    revision: int = 0


class Provisioning(StrEnum):
    """States of a `Provisioned` thing."""

    #: Stored; the data plane has not made it yet.
    CREATING = "creating"
    #: The data plane has it.
    AVAILABLE = "available"
    #: Being removed; gone from every list as soon as the data plane has let go of it.
    DELETING = "deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned(Resource):
    """A stored thing that the data plane makes and removes, and that has no life of its own beyond that."""

    #: Where it is in its life.
    state: Provisioning = Provisioning.CREATING
