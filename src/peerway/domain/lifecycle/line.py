"""The life of a leased line (EC-8): applied for, approved, given a port, built, confirmed by both sides, ended.

The customer and the operator of the installation take turns; `ACTORS` says whose turn an event is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from peerway.domain.lifecycle.machine import Machine, StateInfo
from peerway.domain.line import LineState as S
from peerway.domain.line import PhysicalConnection


class LineEvent(StrEnum):
    """What can happen to a leased line."""

    #: The operator takes the application on, and says where to and whom to talk to.
    APPROVE = "approve"
    #: The operator turns the application down.
    REJECT = "reject"
    #: The operator assigns a port of the access point.
    ALLOCATE = "allocate"
    #: The customer names who will come to build.
    APPLY_LOA = "apply_loa"
    #: The customer says that the line is built.
    CONFIRM = "confirm"
    #: The operator says so, too.
    ENABLE = "enable"
    #: The customer withdraws, while the line is not in use yet.
    CANCEL = "cancel"
    #: The customer ends a line that was in use.
    TERMINATE = "terminate"
    #: The customer removes what is left of it.
    DELETE = "delete"


class LineEffect(StrEnum):
    """What a move asks of the use case, beside the new state."""

    #: Take the line out of the store.
    REMOVE = "remove"


class LineActor(StrEnum):
    """Who raises an event."""

    #: The account that owns the line.
    CUSTOMER = "customer"
    #: Whoever runs the installation.
    OPERATOR = "operator"


E = LineEvent
F = LineEffect

LINE: Machine[S, E, F] = Machine(
    resource="physical_connection",
    states={
        S.INITIAL: StateInfo(stable=True, live=True),
        S.APPROVED: StateInfo(stable=True, live=True),
        S.ALLOCATED: StateInfo(stable=True, live=True),
        S.CONFIRMED: StateInfo(stable=True, live=True),
        S.ENABLED: StateInfo(stable=True, live=True, carries=True, billable=True),
        S.REJECTED: StateInfo(stable=True),
        S.CANCELED: StateInfo(stable=True),
        S.TERMINATED: StateInfo(stable=True),
    },
    moves={
        (S.INITIAL, E.APPROVE): (S.APPROVED, ()),
        (S.INITIAL, E.REJECT): (S.REJECTED, ()),
        (S.INITIAL, E.CANCEL): (S.CANCELED, ()),
        (S.APPROVED, E.ALLOCATE): (S.ALLOCATED, ()),
        (S.APPROVED, E.CANCEL): (S.CANCELED, ()),
        (S.ALLOCATED, E.APPLY_LOA): (S.ALLOCATED, ()),
        (S.ALLOCATED, E.CONFIRM): (S.CONFIRMED, ()),
        (S.ALLOCATED, E.CANCEL): (S.CANCELED, ()),
        (S.CONFIRMED, E.ENABLE): (S.ENABLED, ()),
        (S.CONFIRMED, E.CANCEL): (S.CANCELED, ()),
        (S.ENABLED, E.TERMINATE): (S.TERMINATED, ()),
        (S.REJECTED, E.DELETE): (S.REJECTED, (F.REMOVE,)),
        (S.CANCELED, E.DELETE): (S.CANCELED, (F.REMOVE,)),
        (S.TERMINATED, E.DELETE): (S.TERMINATED, (F.REMOVE,)),
    },
)

#: Whose turn each event is.
ACTORS: Final[Mapping[E, LineActor]] = MappingProxyType(
    {
        E.APPROVE: LineActor.OPERATOR,
        E.REJECT: LineActor.OPERATOR,
        E.ALLOCATE: LineActor.OPERATOR,
        E.APPLY_LOA: LineActor.CUSTOMER,
        E.CONFIRM: LineActor.CUSTOMER,
        E.ENABLE: LineActor.OPERATOR,
        E.CANCEL: LineActor.CUSTOMER,
        E.TERMINATE: LineActor.CUSTOMER,
        E.DELETE: LineActor.CUSTOMER,
    }
)


def move(line: PhysicalConnection, event: E, now: datetime) -> tuple[PhysicalConnection, tuple[F, ...]]:
    """The line after the event, and the effects to see to; `IllegalState` when its state has no such move.

    Once enabled it has its time; once it has ended its port is free again.
    """
    state, effects = LINE.fire(line.id, line.state, event)
    return replace(
        line,
        state=state,
        state_since=line.state_since if state is line.state else now,
        enabled_at=now if event is E.ENABLE else line.enabled_at,
        port=line.port if LINE.states[state].live else "",
    ), effects
