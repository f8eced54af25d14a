"""Leased lines (EC-8): how they are applied for, and what their customers say of them.

What happens to a line from then on is `line_steps`' business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import SYSTEM, own, readable, require_member, seen_by
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.line_steps import AllocateLine, ApproveLine, allocate_line, approve_line
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.ports import HOLDING
from peerway.app.usecases.storing import idempotent, insert, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, InvalidInput
from peerway.domain.lifecycle.line import LINE
from peerway.domain.line import AccessPointStatus, LineState, PhysicalConnection, PortType
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
