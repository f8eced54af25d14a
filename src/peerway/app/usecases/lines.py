"""Leased lines (EC-8): applied for and used by customers, approved, plugged in and enabled by operators.

Each verb loads, lets the lifecycle decide, and stores: there is no part for the data plane in it, as packets come by border
routers only (`vbrs`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import (
    SYSTEM,
    existing,
    own,
    readable,
    require_member,
    require_operator,
    seen_by,
)
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.ports import HOLDING, check_line_port
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import Conflict, InUse, InvalidInput
from peerway.domain.lifecycle.line import ACTORS, LINE, LineActor, LineEvent, move
from peerway.domain.line import (
    AccessPoint,
    AccessPointStatus,
    LineState,
    PhysicalConnection,
    PortType,
    VirtualBorderRouter,
)
from peerway.domain.text import check_description, check_name, check_number

#: Access points that take no new lines.
CLOSED = frozenset({AccessPointStatus.FULL, AccessPointStatus.DISABLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyForLine:
    """Ask for a leased line to an access point."""

    #: Where it is to come in.
    access_point_id: str
    #: Code of the carrier, one of the access point's.
    line_operator: str
    #: What it is plugged into.
    port_type: str = PortType.FIBRE_1G
    #: What it carries, Mbit/s; None for all that the port does.
    bandwidth_mbps: int | None = None
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Address of the customer's site.
    peer_location: str = ""
    #: The carrier's number of the circuit.
    circuit_code: str = ""
    #: Line of the caller's that stands in for it.
    redundant_line_id: str | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLine:
    """Change a line's texts."""

    #: The line.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: New address of the customer's site.
    peer_location: str | Unset = UNSET
    #: New number of the circuit.
    circuit_code: str | Unset = UNSET
    #: New stand-in; None for none.
    redundant_line_id: str | Unset | None = UNSET


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


def apply_for_line(tx: Writer, world: World, caller: Caller, request: ApplyForLine) -> PhysicalConnection:
    """Ask for a line; the operator approves it, or the installation does, where it has a port for all lines."""
    require_member(caller)

    def run() -> PhysicalConnection:
        return _take_on(tx, world, insert(tx, caller, _decide_line(tx, world, caller, request)))

    token = request.client_token
    return idempotent(tx, caller, token, "apply_for_line", request, run, PhysicalConnection)


def get_line(tx: Reader, world: World, caller: Caller, id: str) -> PhysicalConnection:
    """A line of the caller's."""
    return readable(tx, caller, PhysicalConnection, id)


def list_lines(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    state: str | None = None,
    access_point_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[PhysicalConnection]:
    """The caller's lines; of one state or access point when it is named."""
    conditions = list(seen_by(caller, all_accounts=all_accounts))
    if state is not None:
        conditions.append(where("state", choose(LineState, state, "state")))
    if access_point_id is not None:
        conditions.append(where("access_point_id", world.access_points.require(access_point_id).id))
    return page(tx, PhysicalConnection, *conditions, after=after, limit=limit)


def list_access_points(
    tx: Reader, world: World, caller: Caller, *, region_id: str | None = None
) -> list[AccessPoint]:
    """The access points, of one region when it is named; there are few, so no pages."""
    wanted = None if region_id is None else world.regions.require(region_id).id
    return [point for point in world.access_points if wanted in {None, point.region_id}]


def update_line(tx: Writer, world: World, caller: Caller, request: UpdateLine) -> PhysicalConnection:
    """Change texts, at any time."""
    require_member(caller)
    before = own(tx, caller, PhysicalConnection, request.id)
    texts = given(request, **TEXTS, peer_location=check_description, circuit_code=check_name)
    after = replace(before, **texts)
    if request.redundant_line_id is not UNSET:
        stand_in = _decide_redundant(tx, caller, request.redundant_line_id, besides=before.id)
        after = replace(after, redundant_line_id=stand_in)
    return replace_stored(tx, caller, before, after)


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


def _decide_line(tx: Writer, world: World, caller: Caller, request: ApplyForLine) -> PhysicalConnection:
    point = world.access_points.require(request.access_point_id)
    if point.status in CLOSED:
        text = f"access point {point.id} is {point.status}: it takes no new lines"
        raise Conflict(text, code="access_point_closed", field="access_point_id", status=point.status.value)
    if request.line_operator not in point.operators:
        rule = f"must be one of {', '.join(point.operators)} at {point.id}"
        raise InvalidInput("line_operator", rule, request.line_operator)
    of_account = (where("owner_uid", caller.uid), where("access_point_id", point.id))
    used = tx.count(PhysicalConnection, *of_account, where("state", *HOLDING))
    scope = f"the account at {point.id}"
    check_limit(
        tx,
        world,
        "lines_per_account_and_access_point",
        caller.uid,
        used,
        scope=scope,
        field="access_point_id",
    )
    port_type = choose(PortType, request.port_type, "port_type")
    asked = port_type.mbps if request.bandwidth_mbps is None else request.bandwidth_mbps
    return PhysicalConnection(
        id=world.entropy.new_id("pc"),
        owner_uid=caller.uid,
        created_at=tx.now,
        region_id=point.region_id,
        access_point_id=point.id,
        name=check_name(request.name),
        description=check_description(request.description),
        line_operator=request.line_operator,
        circuit_code=check_name(request.circuit_code, "circuit_code"),
        peer_location=check_description(request.peer_location, "peer_location"),
        port_type=port_type,
        bandwidth_mbps=check_number(asked, "bandwidth_mbps", 1, port_type.mbps),
        redundant_line_id=_decide_redundant(tx, caller, request.redundant_line_id),
        state_since=tx.now,
    )


def _take_on(tx: Writer, world: World, line: PhysicalConnection) -> PhysicalConnection:
    """Do the operator's part of an application at once, where the installation has a port for all lines."""
    if world.line_port is None:
        return line
    room = world.access_points.require(line.access_point_id).location
    approve_line(tx, world, SYSTEM, ApproveLine(id=line.id, room=room, contact="the operator"))
    return allocate_line(tx, world, SYSTEM, AllocateLine(id=line.id, port=world.line_port))


def _decide_redundant(tx: Reader, caller: Caller, id: str | None, besides: str = "") -> str | None:
    """Another line of the caller's that has not ended."""
    if id is None:
        return None
    line = own(tx, caller, PhysicalConnection, id, "redundant_line_id")
    if line.id == besides:
        raise InvalidInput("redundant_line_id", "must be another line", id)
    if not LINE.states[line.state].live:
        raise InvalidInput("redundant_line_id", f"must not be a line that is {line.state}", id)
    return line.id


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
