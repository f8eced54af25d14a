"""Tickets: a number for something that takes a while, and how far it is. What is asked itself is another use case's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, require_member
from peerway.app.usecases.storing import insert, remove
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.peering import Peering
from peerway.domain.task import Task, TaskState, peering_task_state

#: Tickets that are kept for an account; the oldest go first.
MOST_KEPT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """Give a number to what was just asked."""

    #: What was asked, in the words of the audit log (`peering.accept`).
    action: str
    #: Connection that it was asked of.
    resource_id: str


@dataclass(frozen=True, slots=True)
class TaskReport:
    """How far a task is."""

    #: The ticket.
    task: Task
    #: How far.
    state: TaskState


def open_task(tx: Writer, world: World, caller: Caller, request: OpenTask) -> Task:
    """A ticket of the caller's."""
    require_member(caller)
    mine = where("owner_uid", caller.uid)
    surplus = tx.count(Task, mine) + 1 - MOST_KEPT
    if surplus > 0:
        for old in tx.select(Task, mine, limit=surplus):
            remove(tx, caller, old)
    task = Task(
        id=str(world.entropy.new_number()),
        owner_uid=caller.uid,
        created_at=tx.now,
        action=request.action,
        resource_id=request.resource_id,
    )
    return insert(tx, caller, task)


def get_task(tx: Reader, world: World, caller: Caller, id: str) -> TaskReport:
    """A ticket of the caller's, and how far it is by now."""
    task = own(tx, caller, Task, id)
    peering = tx.get(Peering, task.resource_id)
    return TaskReport(task, peering_task_state(task.action, peering.state if peering else None))
