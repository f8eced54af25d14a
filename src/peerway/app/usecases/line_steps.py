"""The steps of leased lines (EC-8), from approval to removal: whose turn each is, and what it asks for.

Each verb loads, lets the lifecycle decide, and stores: there is no part for the data plane in it, as packets come by border
routers only (`vbrs`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, own, require_member, require_operator
from peerway.app.usecases.ports import check_line_port
from peerway.app.usecases.storing import remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import InUse, InvalidInput
from peerway.domain.lifecycle.line import ACTORS, LINE, LineActor, LineEvent, move
from peerway.domain.line import LineState, PhysicalConnection, VirtualBorderRouter
from peerway.domain.text import check_description


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveLine:
    """Take an application on."""

    #: The line.
    id: str
    #: Address of the machine room.
    room: str
    #: Whom to talk to there.
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectLine:
    """Turn an application down."""

    #: The line.
    id: str
    #: Why.
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateLine:
    """Assign a port of the access point."""

    #: The line.
    id: str
    #: `interface:NAME` or `netns:PATH`.
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyForLoa:
    """Name who will come to build."""

    #: The line.
    id: str
    #: Company, people and time, as the letter of authorization is to have them.
    loa: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRequest:
    """A verb that needs nothing but the line: confirm, enable, cancel, terminate, delete."""

    #: The line.
    id: str


def approve_line(tx: Writer, world: World, caller: Caller, request: ApproveLine) -> PhysicalConnection:
    """Take an application on: where the customer's people go, and whom they talk to."""
    before, after = _move(tx, caller, request.id, LineEvent.APPROVE)
    after = replace(after, room=_text(request.room, "room"), contact=_text(request.contact, "contact"))
    return replace_stored(tx, caller, before, after, "approve")


def reject_line(tx: Writer, world: World, caller: Caller, request: RejectLine) -> PhysicalConnection:
    """Turn an application down."""
    before, after = _move(tx, caller, request.id, LineEvent.REJECT)
    after = replace(after, reason=check_description(request.reason, "reason"))
    return replace_stored(tx, caller, before, after, "reject")


def allocate_line(tx: Writer, world: World, caller: Caller, request: AllocateLine) -> PhysicalConnection:
    """Assign a port that nothing else is plugged into."""
    before, after = _move(tx, caller, request.id, LineEvent.ALLOCATE)
    after = replace(after, port=check_line_port(tx, request.port))
    return replace_stored(tx, caller, before, after, "allocate")


def apply_for_loa(tx: Writer, world: World, caller: Caller, request: ApplyForLoa) -> PhysicalConnection:
    """Name who will come to build; a repeat replaces what was named."""
    before, after = _move(tx, caller, request.id, LineEvent.APPLY_LOA)
    return replace_stored(tx, caller, before, replace(after, loa=_text(request.loa, "loa")), "apply_loa")


def confirm_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """Say that the line is built."""
    before, after = _move(tx, caller, request.id, LineEvent.CONFIRM)
    return replace_stored(tx, caller, before, after, "confirm")


def enable_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """Put a confirmed line into use: the operator's turn, and its owner's where the installation has a port for all lines."""
    if world.line_port is not None and not caller.role.may(Role.OPERATOR):
        return order_line(tx, world, caller, request)
    before, after = _move(tx, caller, request.id, LineEvent.ENABLE)
    return replace_stored(tx, caller, before, after, "enable")


def order_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """Ask for a confirmed line of the caller's to be put into use, as its customer does in the clouds.

    Done at once for an operator, and where the installation has a port for all lines; for others it is the operator's turn.
    One that is in use already is no error.
    """
    require_member(caller)
    before = own(tx, caller, PhysicalConnection, request.id)
    if before.state is LineState.ENABLED:
        return before
    after, _ = move(before, LineEvent.ENABLE, tx.now)
    if world.line_port is None and not caller.role.may(Role.OPERATOR):
        return before
    return replace_stored(tx, caller, before, after, "enable")


def cancel_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """Withdraw before the line is in use."""
    before, after = _move(tx, caller, request.id, LineEvent.CANCEL)
    return replace_stored(tx, caller, before, after, "cancel")


def terminate_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """End a line that was in use; `InUse` while a border router is on it."""
    before, after = _move(tx, caller, request.id, LineEvent.TERMINATE)
    _check_no_vbr(tx, before)
    return replace_stored(tx, caller, before, after, "terminate")


def delete_line(tx: Writer, world: World, caller: Caller, request: LineRequest) -> PhysicalConnection:
    """Remove a line that has ended; it stands in for no other any more."""
    line, _ = _move(tx, caller, request.id, LineEvent.DELETE)
    _check_no_vbr(tx, line)
    for other in tx.select(PhysicalConnection, where("owner_uid", line.owner_uid)):
        if other.redundant_line_id == line.id:
            replace_stored(tx, caller, other, replace(other, redundant_line_id=None))
    remove(tx, caller, line)
    return line


def line_actions(caller: Caller, line: PhysicalConnection) -> list[LineEvent]:
    """What the caller may do with the line now."""
    roles = {
        LineActor.CUSTOMER: caller.uid == line.owner_uid and caller.role.may(Role.MEMBER),
        LineActor.OPERATOR: caller.role.may(Role.OPERATOR),
    }
    return [event for event in LINE.events(line.state) if roles[ACTORS[event]]]


def _move(
    tx: Writer, caller: Caller, id: str, event: LineEvent
) -> tuple[PhysicalConnection, PhysicalConnection]:
    """The line before and after the event, once the caller is known to be one whose turn it is."""
    if ACTORS[event] is LineActor.OPERATOR:
        require_operator(caller)
        line = existing(tx, PhysicalConnection, id)
    else:
        require_member(caller)
        line = own(tx, caller, PhysicalConnection, id)
    after, _ = move(line, event, tx.now)
    return line, after


def _check_no_vbr(tx: Reader, line: PhysicalConnection) -> None:
    for vbr in tx.select(VirtualBorderRouter, where("line_id", line.id), limit=1):
        raise InUse("physical_connection", line.id, "vbr", vbr.id)


def _text(value: object, field: str) -> str:
    """A description that says something."""
    text = check_description(value, field)
    if not text.strip():
        raise InvalidInput(field, "must not be empty", value)
    return text
