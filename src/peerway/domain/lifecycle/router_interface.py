"""The life of a router interface (EC-2 ... EC-5), with Alibaba's states.

Both sides move through this one table. Connecting moves the pair together; every other event moves one side. Every operation has
its event here, also those that leave the state alone: what the table does not have is refused, transitional states refuse all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from peerway.domain.lifecycle.machine import Machine, StateInfo
from peerway.domain.router_interface import InterfaceState as S
from peerway.domain.router_interface import RouterInterface, joined


class InterfaceEvent(StrEnum):
    """What can happen to a router interface."""

    #: Its owner joins it to the other side (initiator only).
    CONNECT = "connect"
    #: The other side joins it.
    BE_CONNECTED = "be_connected"
    #: Its owner switches it off.
    DEACTIVATE = "deactivate"
    #: Its owner switches it on again.
    ACTIVATE = "activate"
    #: Its spec changes.
    MODIFY = "modify"
    #: Texts, health check, or what it lets through change.
    UPDATE = "update"
    #: Its owner says, or says anew, whom it is to be joined to.
    NAME_OPPOSITE = "name_opposite"
    #: Its owner removes it.
    DELETE = "delete"
    #: The data plane has done what the state asks for.
    PROGRAMMED = "programmed"


class InterfaceEffect(StrEnum):
    """What a move asks of the use case, beside the new state."""

    #: Note the time of connection on both sides.
    STAMP = "stamp"
    #: Take the interface out of the store.
    REMOVE = "remove"


E = InterfaceEvent
F = InterfaceEffect

ROUTER_INTERFACE: Machine[S, E, F] = Machine(
    resource="router_interface",
    states={
        S.IDLE: StateInfo(stable=True),
        S.CONNECTING: StateInfo(stable=False, carries=True, live=True),
        S.ACCEPTING_CONNECTING: StateInfo(stable=False, carries=True, live=True),
        S.ACTIVATING: StateInfo(stable=False, carries=True, live=True, billable=True),
        S.ACTIVE: StateInfo(stable=True, carries=True, live=True, billable=True),
        S.MODIFYING: StateInfo(stable=False, carries=True, live=True, billable=True),
        S.DEACTIVATING: StateInfo(stable=False, live=True, billable=True),
        S.INACTIVE: StateInfo(stable=True, live=True, billable=True),
        S.DELETING: StateInfo(stable=False),
    },
    moves={
        (S.IDLE, E.UPDATE): (S.IDLE, ()),
        (S.IDLE, E.NAME_OPPOSITE): (S.IDLE, ()),
        (S.IDLE, E.CONNECT): (S.CONNECTING, ()),
        (S.IDLE, E.BE_CONNECTED): (S.ACCEPTING_CONNECTING, ()),
        (S.IDLE, E.MODIFY): (S.IDLE, ()),
        (S.IDLE, E.DELETE): (S.DELETING, ()),
        (S.CONNECTING, E.PROGRAMMED): (S.ACTIVE, (F.STAMP,)),
        (S.ACCEPTING_CONNECTING, E.PROGRAMMED): (S.ACTIVE, (F.STAMP,)),
        (S.ACTIVE, E.UPDATE): (S.ACTIVE, ()),
        (S.ACTIVE, E.DEACTIVATE): (S.DEACTIVATING, ()),
        (S.ACTIVE, E.MODIFY): (S.MODIFYING, ()),
        (S.MODIFYING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.DEACTIVATING, E.PROGRAMMED): (S.INACTIVE, ()),
        (S.INACTIVE, E.UPDATE): (S.INACTIVE, ()),
        (S.INACTIVE, E.ACTIVATE): (S.ACTIVATING, ()),
        (S.INACTIVE, E.MODIFY): (S.INACTIVE, ()),
        (S.INACTIVE, E.DELETE): (S.DELETING, ()),
        (S.ACTIVATING, E.PROGRAMMED): (S.ACTIVE, ()),
        (S.DELETING, E.PROGRAMMED): (S.DELETING, (F.REMOVE,)),
    },
)


def move(interface: RouterInterface, event: E, now: datetime) -> tuple[RouterInterface, tuple[F, ...]]:
    """The interface after the event, and the effects to see to; `IllegalState` when its state has no such move.

    A state that the data plane has to bring about gets a new generation.
    """
    state, effects = ROUTER_INTERFACE.fire(interface.id, interface.state, event)
    if state is interface.state:
        return interface, effects
    generation = interface.generation + (not ROUTER_INTERFACE.states[state].stable)
    return replace(interface, state=state, state_since=now, generation=generation), effects


def carries(one: RouterInterface | None, other: RouterInterface | None) -> bool:
    """Whether packets pass between two interfaces: they name each other and both sides are switched on (EC-4)."""
    return joined(one, other) and all(
        side is not None and ROUTER_INTERFACE.states[side.state].carries for side in (one, other)
    )
