"""The life of a virtual border router (EC-9, EC-10), with Alibaba's states.

One that the data plane can't make, as its port is not there, can be given another port or be removed: so those two moves exist in
passing states, too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from peerway.domain.lifecycle.machine import Machine, StateInfo
from peerway.domain.line import VbrState as S
from peerway.domain.line import VirtualBorderRouter


class VbrEvent(StrEnum):
    """What can happen to a virtual border router."""

    #: The account that a partner made it for takes it.
    CONFIRM = "confirm"
    #: Something changes that the data plane has to follow.
    MODIFY = "modify"
    #: Its owner switches its way to the line off.
    TERMINATE = "terminate"
    #: Its owner switches that way on again.
    RECOVER = "recover"
    #: Its owner removes it.
    DELETE = "delete"
    #: The data plane has done what the state asks for.
    PROGRAMMED = "programmed"


class VbrEffect(StrEnum):
    """What a move asks of the use case, beside the new state."""

    #: Take the router, its table and its routes out of the store.
    REMOVE = "remove"


E = VbrEvent
F = VbrEffect

#: `live` states have a router in the data plane; in those that carry, its way to the line is open.
VBR: Machine[S, E, F] = Machine(
    resource="vbr",
    states={
        S.UNCONFIRMED: StateInfo(stable=True),
        S.CREATING: StateInfo(stable=False, live=True, carries=True),
        S.ACTIVE: StateInfo(stable=True, live=True, carries=True, billable=True),
        S.TERMINATING: StateInfo(stable=False, live=True),
        S.TERMINATED: StateInfo(stable=True, live=True),
        S.RECOVERING: StateInfo(stable=False, live=True, carries=True),
        S.DELETING: StateInfo(stable=False),
    },
    moves={
        (S.UNCONFIRMED, E.CONFIRM): (S.CREATING, ()),
        (S.UNCONFIRMED, E.MODIFY): (S.UNCONFIRMED, ()),
        (S.UNCONFIRMED, E.DELETE): (S.DELETING, ()),
        (S.CREATING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.CREATING, E.MODIFY): (S.CREATING, ()),
        (S.CREATING, E.DELETE): (S.DELETING, ()),
        (S.ACTIVE, E.MODIFY): (S.ACTIVE, ()),
        (S.ACTIVE, E.TERMINATE): (S.TERMINATING, ()),
        (S.ACTIVE, E.DELETE): (S.DELETING, ()),
        (S.TERMINATING, E.PROGRAMMED): (S.TERMINATED, ()),
        (S.TERMINATED, E.MODIFY): (S.TERMINATED, ()),
        (S.TERMINATED, E.RECOVER): (S.RECOVERING, ()),
        (S.TERMINATED, E.DELETE): (S.DELETING, ()),
        (S.RECOVERING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.RECOVERING, E.MODIFY): (S.RECOVERING, ()),
        (S.RECOVERING, E.DELETE): (S.DELETING, ()),
        (S.DELETING, E.PROGRAMMED): (S.DELETING, (F.REMOVE,)),
    },
)


def move(vbr: VirtualBorderRouter, event: E, now: datetime) -> tuple[VirtualBorderRouter, tuple[F, ...]]:
    """The router after the event, and the effects to see to; `IllegalState` when its state has no such move.

    What the data plane has to bring about gets a new generation: a passing state, and a change within a state.
    """
    state, effects = VBR.fire(vbr.id, vbr.state, event)
    generation = vbr.generation + (event is E.MODIFY or not VBR.states[state].stable)
    since = vbr.state_since if state is vbr.state else now
    return replace(vbr, state=state, state_since=since, generation=generation), effects


def is_behind(vbr: VirtualBorderRouter) -> bool:
    """Whether the data plane has still to follow: the state passes, or it has not reached a change within the state."""
    info = VBR.states[vbr.state]
    return not info.stable or (info.live and vbr.observed_generation != vbr.generation)
