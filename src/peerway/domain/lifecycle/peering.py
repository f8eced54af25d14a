"""The life of a peer connection (PEER-2 ... PEER-5, PEER-13), for all products.

What a product lacks (JD has no Enable) its profile forbids before the table is asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from peerway.domain.lifecycle.machine import Machine, StateInfo
from peerway.domain.peering import Peering
from peerway.domain.peering import PeeringState as S


class PeeringEvent(StrEnum):
    """What can happen to a peer connection."""

    #: The accepter says yes.
    ACCEPT = "accept"
    #: The accepter says no.
    REJECT = "reject"
    #: The deadline passed without an answer.
    EXPIRE = "expire"
    #: The requester revives an expired request (Tencent).
    ENABLE = "enable"
    #: Bandwidth or link type changes.
    MODIFY = "modify"
    #: Either side ends it.
    DELETE = "delete"
    #: The account is in arrears (JD).
    SUSPEND = "suspend"
    #: The arrears are paid.
    RESUME = "resume"
    #: The data plane has done what the state asks for.
    PROGRAMMED = "programmed"


class PeeringEffect(StrEnum):
    """What a move asks of the use case, beside the new state."""

    #: Write both sides' routes when the connection asks for it.
    WRITE_ROUTES = "write_routes"
    #: Remove every route entry that points to the connection.
    REMOVE_ROUTES = "remove_routes"


E = PeeringEvent
F = PeeringEffect

PEERING: Machine[S, E, F] = Machine(
    resource="peering",
    states={
        S.CREATING: StateInfo(stable=False, carries=True, live=True),
        S.PENDING: StateInfo(stable=True, live=True, deadline="expiry", on_deadline=E.EXPIRE),
        S.UPDATING: StateInfo(stable=False, carries=True, live=True, billable=True),
        S.ACTIVE: StateInfo(stable=True, carries=True, live=True, billable=True),
        S.SUSPENDED: StateInfo(stable=True, live=True),
        S.REJECTED: StateInfo(stable=True),
        S.EXPIRED: StateInfo(stable=True),
        S.DELETING: StateInfo(stable=False, live=True),
        S.DELETED: StateInfo(stable=True, terminal=True),
    },
    moves={
        (S.CREATING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.PENDING, E.ACCEPT): (S.UPDATING, (F.WRITE_ROUTES,)),
        (S.PENDING, E.REJECT): (S.REJECTED, (F.REMOVE_ROUTES,)),
        (S.PENDING, E.EXPIRE): (S.EXPIRED, (F.REMOVE_ROUTES,)),
        (S.PENDING, E.DELETE): (S.DELETING, (F.REMOVE_ROUTES,)),
        (S.UPDATING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.UPDATING, E.DELETE): (S.DELETING, (F.REMOVE_ROUTES,)),
        (S.CREATING, E.DELETE): (S.DELETING, (F.REMOVE_ROUTES,)),
        (S.ACTIVE, E.MODIFY): (S.UPDATING, ()),
        (S.ACTIVE, E.SUSPEND): (S.SUSPENDED, ()),
        (S.ACTIVE, E.DELETE): (S.DELETING, (F.REMOVE_ROUTES,)),
        (S.SUSPENDED, E.RESUME): (S.UPDATING, ()),
        (S.SUSPENDED, E.DELETE): (S.DELETING, (F.REMOVE_ROUTES,)),
        (S.REJECTED, E.DELETE): (S.DELETED, ()),
        (S.EXPIRED, E.ENABLE): (S.PENDING, ()),
        (S.EXPIRED, E.DELETE): (S.DELETED, ()),
        (S.DELETING, E.PROGRAMMED): (S.DELETED, ()),
    },
)


def move(peering: Peering, event: E, now: datetime) -> tuple[Peering, tuple[F, ...]]:
    """The connection after the event, and the effects to see to; `IllegalState` when its state has no such move.

    A state that the data plane has to bring about gets a new generation. Deadlines end with the state they belong to.
    """
    state, effects = PEERING.fire(peering.id, peering.state, event)
    generation = peering.generation + (not PEERING.states[state].stable)
    return replace(peering, state=state, state_since=now, expires_at=None, generation=generation), effects


def is_overdue(peering: Peering, now: datetime) -> bool:
    """Whether the connection's deadline has passed, whether or not anyone has raised the event yet."""
    return peering.expires_at is not None and peering.expires_at <= now
