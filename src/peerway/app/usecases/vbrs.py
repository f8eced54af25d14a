"""Virtual border routers (EC-9, EC-10): one VLAN of a leased line each, for the line's owner or a partner's customer.

The line's owner makes them and says which VLAN they have; whose they are confirms, uses and ends them. The data plane brings each
verb about (`settle`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, own, require_member, require_operator, seen_by
from peerway.app.usecases.fields import choose
from peerway.app.usecases.limit_uses import idle_vbrs
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.ports import check_line_port
from peerway.app.usecases.storing import idempotent, insert, replace_stored
from peerway.app.usecases.vbr_settings import (
    UpdateVbr,
    change_vbr,
    free_vlan,
    in_dataplane,
    line_of,
    line_port,
    not_owner,
    pair6,
)
from peerway.app.world import World
from peerway.domain.account import Account, Caller, Role
from peerway.domain.errors import (
    IllegalState,
    InUse,
    NotFound,
)
from peerway.domain.lifecycle.vbr import VBR, VbrEvent, move
from peerway.domain.line import (
    LineState,
    PhysicalConnection,
    VbrState,
    VirtualBorderRouter,
)
from peerway.domain.port import Port, check_transfer4, parse_port
from peerway.domain.route_table import RouteTable, TableKind
from peerway.domain.router_interface import RouterInterface
from peerway.domain.text import check_description, check_name

__all__ = [
    "CreateVbr",
    "MoveVbr",
    "UpdateVbr",
    "VbrRequest",
    "confirm_vbr",
    "create_vbr",
    "delete_vbr",
    "get_vbr",
    "list_vbrs",
    "move_vbr",
    "recover_vbr",
    "terminate_vbr",
    "update_vbr",
    "vbr_actions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVbr:
    """Make a border router on a line."""

    #: The line.
    line_id: str
    #: 802.1Q tag on the line; 0 for untagged packets.
    vlan: int
    #: Its address there, with the length of the transfer network.
    local_gateway: str
    #: The customer's address there.
    peer_gateway: str
    #: The same for IPv6; both or neither.
    local_gateway6: str | None = None
    #: The customer's IPv6 address there.
    peer_gateway6: str | None = None
    #: Account it is for; None for the caller's own.
    owner_uid: str | None = None
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: The carrier's number of the circuit.
    circuit_code: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveVbr:
    """Give a border router a port of its own, for hosts that can't tell VLANs apart."""

    #: The router.
    id: str
    #: `interface:NAME` or `netns:PATH`, used untagged; None for the line's port with the router's VLAN.
    port: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VbrRequest:
    """A verb that needs nothing but the router: confirm, terminate, recover, delete."""

    #: The router.
    id: str


def create_vbr(tx: Writer, world: World, caller: Caller, request: CreateVbr) -> VirtualBorderRouter:
    """Make a border router and its route table; one for another account waits until that account confirms it."""
    require_member(caller)

    def run() -> VirtualBorderRouter:
        vbr = _decide_vbr(tx, world, caller, request)
        table = RouteTable(
            id=vbr.route_table_id,
            owner_uid=vbr.owner_uid,
            created_at=tx.now,
            vpc_id=vbr.id,
            name="system",
            kind=TableKind.SYSTEM,
        )
        stored = insert(tx, caller, vbr)
        insert(tx, caller, table)
        return stored

    return idempotent(tx, caller, request.client_token, "create_vbr", request, run, VirtualBorderRouter)


def get_vbr(tx: Reader, world: World, caller: Caller, id: str) -> VirtualBorderRouter:
    """A border router that is the caller's, or on a line of the caller's."""
    if caller.role.may(Role.OPERATOR):
        return existing(tx, VirtualBorderRouter, id)
    return _seen(tx, caller, id)


def list_vbrs(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    state: str | None = None,
    line_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[VirtualBorderRouter]:
    """The caller's border routers and those on its lines; of one state or line when it is named."""
    owners = ("owner_uid", "line_owner_uid")
    conditions = list(seen_by(caller, all_accounts=all_accounts, owners=owners))
    if state is not None:
        conditions.append(where("state", choose(VbrState, state, "state")))
    if line_id is not None:
        conditions.append(where("line_id", line_id))
    return page(tx, VirtualBorderRouter, *conditions, after=after, limit=limit)


def update_vbr(tx: Writer, world: World, caller: Caller, request: UpdateVbr) -> VirtualBorderRouter:
    """Change texts, gateways, VLAN or circuit; what the data plane must follow gets a new generation."""
    require_member(caller)
    before = _seen(tx, caller, request.id)
    after = change_vbr(tx, caller, before, request)
    if in_dataplane(after) != in_dataplane(before):
        after, _ = move(after, VbrEvent.MODIFY, tx.now)
    return replace_stored(tx, caller, before, after)


def move_vbr(tx: Writer, world: World, caller: Caller, request: MoveVbr) -> VirtualBorderRouter:
    """Give a border router a port of its own, or take it back; operators only."""
    require_operator(caller)
    before = existing(tx, VirtualBorderRouter, request.id)
    if request.port is None:
        port = line_port(line_of(tx, before), before.vlan)
    else:
        kind, name = parse_port(check_line_port(tx, request.port, besides=before.id))
        port = Port(kind, name)
    if port == before.port:
        return before
    after, _ = move(replace(before, port=port), VbrEvent.MODIFY, tx.now)
    return replace_stored(tx, caller, before, after, "move")


def confirm_vbr(tx: Writer, world: World, caller: Caller, request: VbrRequest) -> VirtualBorderRouter:
    """Take a border router that a partner made."""
    before = _owned(tx, caller, request.id)
    after, _ = move(before, VbrEvent.CONFIRM, tx.now)
    _check_idle(tx, world, caller)
    return replace_stored(tx, caller, before, after, "confirm")


def terminate_vbr(tx: Writer, world: World, caller: Caller, request: VbrRequest) -> VirtualBorderRouter:
    """Switch the way to the line off; interfaces and routes stay."""
    before = _owned(tx, caller, request.id)
    after, _ = move(before, VbrEvent.TERMINATE, tx.now)
    return replace_stored(tx, caller, before, after, "terminate")


def recover_vbr(tx: Writer, world: World, caller: Caller, request: VbrRequest) -> VirtualBorderRouter:
    """Switch the way to the line on again."""
    before = _owned(tx, caller, request.id)
    after, _ = move(before, VbrEvent.RECOVER, tx.now)
    return replace_stored(tx, caller, before, after, "recover")


def delete_vbr(tx: Writer, world: World, caller: Caller, request: VbrRequest) -> VirtualBorderRouter:
    """Start the removal; `InUse` while an interface is on it. Its table and routes go with it.

    Whoever made it for another account may take it back until that account has confirmed it.
    """
    require_member(caller)
    before = _seen(tx, caller, request.id)
    if before.owner_uid != caller.uid and before.state is not VbrState.UNCONFIRMED:
        raise not_owner(before)
    after, _ = move(before, VbrEvent.DELETE, tx.now)
    for interface in tx.select(RouterInterface, where("vpc_id", before.id), limit=1):
        raise InUse("vbr", before.id, "router_interface", interface.id)
    return replace_stored(tx, caller, before, after, "delete")


def vbr_actions(caller: Caller, vbr: VirtualBorderRouter) -> list[VbrEvent]:
    """What the caller may do with the router now."""
    if not caller.role.may(Role.MEMBER):
        return []
    mine, on_mine = caller.uid == vbr.owner_uid, caller.uid == vbr.line_owner_uid
    allowed = set(VBR.events(vbr.state)) - {VbrEvent.PROGRAMMED} if mine else set()
    if on_mine and VbrEvent.MODIFY in VBR.events(vbr.state):
        allowed.add(VbrEvent.MODIFY)
    if on_mine and vbr.state is VbrState.UNCONFIRMED:
        allowed.add(VbrEvent.DELETE)
    return [event for event in VbrEvent if event in allowed]


def _decide_vbr(tx: Writer, world: World, caller: Caller, request: CreateVbr) -> VirtualBorderRouter:
    line = own(tx, caller, PhysicalConnection, request.line_id, "line_id")
    if line.state is not LineState.ENABLED:
        raise IllegalState("physical_connection", line.id, line.state.value, "create_vbr")
    owner_uid = (
        caller.uid if request.owner_uid is None else existing(tx, Account, request.owner_uid, "owner_uid").id
    )
    _check_limits(tx, world, caller, line)
    vlan = free_vlan(tx, line.id, request.vlan)
    local, peer = check_transfer4(request.local_gateway, request.peer_gateway)
    local6, peer6 = pair6(request.local_gateway6, request.peer_gateway6)
    return VirtualBorderRouter(
        id=world.entropy.new_id("vbr"),
        owner_uid=owner_uid,
        created_at=tx.now,
        region_id=line.region_id,
        line_id=line.id,
        line_owner_uid=line.owner_uid,
        access_point_id=line.access_point_id,
        name=check_name(request.name),
        description=check_description(request.description),
        circuit_code=check_name(request.circuit_code, "circuit_code"),
        vlan=vlan,
        local_gateway=local,
        peer_gateway=peer,
        local_gateway6=local6,
        peer_gateway6=peer6,
        route_table_id=world.entropy.new_id("vtb"),
        port=line_port(line, vlan),
        state=VbrState.CREATING if owner_uid == caller.uid else VbrState.UNCONFIRMED,
        state_since=tx.now,
    )


def _check_limits(tx: Reader, world: World, caller: Caller, line: PhysicalConnection) -> None:
    """A line has room for so many, and an account may have so many that do nothing yet."""
    on_line = tx.count(VirtualBorderRouter, where("line_id", line.id))
    check_limit(tx, world, "vbrs_per_line", caller.uid, on_line, scope=line.id, field="line_id")
    _check_idle(tx, world, caller)


def _check_idle(tx: Reader, world: World, caller: Caller) -> None:
    used = idle_vbrs(tx, caller.uid)[caller.uid]
    check_limit(tx, world, "idle_vbrs_per_account", caller.uid, used, scope="the account", field=CALLER)


def _seen(tx: Reader, caller: Caller, id: str) -> VirtualBorderRouter:
    """The border router, when it or its line is the caller's."""
    vbr = existing(tx, VirtualBorderRouter, id)
    if caller.uid not in {vbr.owner_uid, vbr.line_owner_uid}:
        raise NotFound("vbr", str(id)[:64])
    return vbr


def _owned(tx: Reader, caller: Caller, id: str) -> VirtualBorderRouter:
    """The caller's border router; the line's owner is told that it is another account's."""
    require_member(caller)
    vbr = _seen(tx, caller, id)
    if vbr.owner_uid != caller.uid:
        raise not_owner(vbr)
    return vbr
