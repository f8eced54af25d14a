"""Tickets for what takes a while, for clients that were given a number to ask by.

Owns how far a ticket is, seen from the state of what it is about. A ticket holds no progress of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from peerway.domain.peering import PeeringState
from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Resource):
    """What was asked for. How far it is, is told by the resource. `id` is a whole number as text."""

    #: What was asked, in the words of the audit log (`peering.accept`).
    action: str
    #: Resource that it was asked of.
    resource_id: str


class TaskState(StrEnum):
    """How far a task is."""

    #: The data plane is about it.
    RUNNING = "running"
    #: It is as was asked.
    DONE = "done"
    #: What it was asked of is gone, and it with it.
    FAILED = "failed"


S = PeeringState

#: States in which a connection is on its way to what was asked of it.
UNDER_WAY: Final[Mapping[str, frozenset[S]]] = {
    "peering.create": frozenset({S.CREATING}),
    "peering.accept": frozenset({S.UPDATING}),
    "peering.update": frozenset({S.CREATING, S.UPDATING}),
    "peering.delete": frozenset({S.DELETING}),
}

#: What a connection has to be there for; the answer to a request is given once and for all.
NEEDS_CONNECTION: Final = frozenset({"peering.create", "peering.accept", "peering.update"})


def peering_task_state(action: str, state: S | None) -> TaskState:
    """How far a task of a connection is when the connection is in that state; None for one of which no trace is left."""
    if state in UNDER_WAY.get(action, ()):
        return TaskState.RUNNING
    gone = state in {None, S.DELETING, S.DELETED}
    return TaskState.FAILED if gone and action in NEEDS_CONNECTION else TaskState.DONE
