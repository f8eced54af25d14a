"""Router interfaces (EC-1 ... EC-7): made, told whom to join, joined, switched off and on, removed.

Each verb loads, lets the lifecycle decide, and stores. Whether two may be joined is `joining`; what is shown of the other side is
`router_interface_views`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, seen_by
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given, required
from peerway.app.usecases.interface_settings import (
    Check,
    Opposite,
    choose_check,
    choose_opposite,
    find_router,
)
from peerway.app.usecases.joining import check_may_join
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.links import routes_by
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, InUse
from peerway.domain.lifecycle.router_interface import InterfaceEvent, move
from peerway.domain.router_interface import (
    CHECK_INTERVAL_MS,
    CHECK_THRESHOLD,
    InterfaceRole,
    InterfaceState,
    RouterInterface,
    check_role,
    choose_spec,
)
from peerway.domain.text import check_description, check_flag, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRouterInterface:
    """Make an interface on an own router."""

    #: Own router: `vrt-...` or its VPC, or `vbr-...`.
    router_id: str
    #: `initiator` or `acceptor`; stays.
    role: str
    #: Region of the other side; None for the own one.
    opposite_region_id: str | None = None
    #: Cap each way, by name; None for the only one there is.
    spec: str | None = None
    #: Interface on the other side; None to tell later.
    opposite_interface_id: str | None = None
    #: Router of that interface.
    opposite_router_id: str | None = None
    #: Account of that interface.
    opposite_owner_uid: str | None = None
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Source of the health check's probes; None for the border router's own.
    check_source: str | None = None
    #: Their target; None for the far gateway of the border router's line.
    check_target: str | None = None
    #: Pause between two of them.
    check_interval_ms: int = CHECK_INTERVAL_MS
    #: How many in a row turn the verdict.
    check_threshold: int = CHECK_THRESHOLD
    #: Whether the other side may ask for names on this one.
    names: bool = False
    #: Whether security rules of the other side may name groups on this one.
    groups: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRouterInterface:
    """Change an interface. The other side while idle, the spec by the initiator, the rest in every state that lasts."""

    #: The interface.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: New spec.
    spec: str | Unset = UNSET
    #: Interface on the other side; None for nobody.
    opposite_interface_id: str | Unset | None = UNSET
    #: Router of that interface.
    opposite_router_id: str | Unset | None = UNSET
    #: Account of that interface.
    opposite_owner_uid: str | Unset | None = UNSET
    #: Source of the health check's probes; None for the border router's own.
    check_source: str | Unset | None = UNSET
    #: Their target; None for the far gateway of the border router's line.
    check_target: str | Unset | None = UNSET
    #: Pause between two of them.
    check_interval_ms: int | Unset = UNSET
    #: How many in a row turn the verdict.
    check_threshold: int | Unset = UNSET
    #: Whether the other side may ask for names on this one.
    names: bool | Unset = UNSET
    #: Whether security rules of the other side may name groups on this one.
    groups: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRouterInterface:
    """Join an initiator with the interface that it names."""

    #: The initiator.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateRouterInterface:
    """Switch an interface on again."""

    #: The interface.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateRouterInterface:
    """Switch an interface off."""

    #: The interface.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRouterInterface:
    """Remove an interface."""

    #: The interface.
    id: str


def create_router_interface(
    tx: Writer, world: World, caller: Caller, request: CreateRouterInterface
) -> RouterInterface:
    """Make an interface; it is idle at once, as it is joined to nothing yet (EC-1, EC-7)."""
    require_member(caller)

    def run() -> RouterInterface:
        made = _decide(tx, world, caller, request)
        _check_limits(tx, world, made)
        return insert(tx, caller, made)

    return idempotent(
        tx, caller, request.client_token, "create_router_interface", request, run, RouterInterface
    )


def get_router_interface(tx: Reader, world: World, caller: Caller, id: str) -> RouterInterface:
    """An interface of the caller's."""
    return readable(tx, caller, RouterInterface, id)


def list_router_interfaces(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    state: str | None = None,
    role: str | None = None,
    router_id: str | None = None,
    opposite_interface_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[RouterInterface]:
    """The caller's interfaces: of one state, one role, one router (by its id or its VPC's), or one other side."""
    conditions = list(seen_by(caller, all_accounts=all_accounts))
    if state is not None:
        conditions.append(where("state", choose(InterfaceState, state, "state")))
    if router_id is not None:
        conditions.append(where(("router_id", "vpc_id"), router_id))
    if opposite_interface_id is not None:
        conditions.append(where("opposite_interface_id", opposite_interface_id))
    roles = set(InterfaceRole) if role is None else {choose(InterfaceRole, role, "role")}
    return page(
        tx, RouterInterface, *conditions, after=after, limit=limit, keep=lambda found: found.role in roles
    )


def update_router_interface(
    tx: Writer, world: World, caller: Caller, request: UpdateRouterInterface
) -> RouterInterface:
    """Change an interface; a change to what is there already is none, but for the states that allow no operation (EC-5)."""
    require_member(caller)
    before = own(tx, caller, RouterInterface, request.id)
    move(before, InterfaceEvent.UPDATE, tx.now)
    after = _with_opposite(tx, caller, _with_settings(before, request), request)
    if request.spec is not UNSET:
        after = _with_spec(tx, after, required(request.spec, "spec"))
    return replace_stored(tx, caller, before, after)


def connect_router_interface(
    tx: Writer, world: World, caller: Caller, request: ConnectRouterInterface
) -> RouterInterface:
    """Begin to join two interfaces that name each other; by the initiator only (EC-2, EC-3)."""
    require_member(caller)
    before = own(tx, caller, RouterInterface, request.id)
    opposite = check_may_join(tx, world, before)
    after, _ = move(before, InterfaceEvent.CONNECT, tx.now)
    accepting, _ = move(opposite, InterfaceEvent.BE_CONNECTED, tx.now)
    accepting = replace(accepting, access_point_id=before.access_point_id)
    stored = replace_stored(tx, caller, before, after, "connect")
    replace_stored(tx, caller, opposite, accepting, "be_connected")
    return stored


def activate_router_interface(
    tx: Writer, world: World, caller: Caller, request: ActivateRouterInterface
) -> RouterInterface:
    """Switch an interface on again; packets pass once both sides are on (EC-4)."""
    return _fire(tx, caller, request.id, InterfaceEvent.ACTIVATE)


def deactivate_router_interface(
    tx: Writer, world: World, caller: Caller, request: DeactivateRouterInterface
) -> RouterInterface:
    """Switch an interface off: no packet passes the link any more (EC-4)."""
    return _fire(tx, caller, request.id, InterfaceEvent.DEACTIVATE)


def delete_router_interface(
    tx: Writer, world: World, caller: Caller, request: DeleteRouterInterface
) -> RouterInterface:
    """Begin to remove an interface that is idle or inactive; `InUse` while a route entry leads to it (EC-5)."""
    require_member(caller)
    before = own(tx, caller, RouterInterface, request.id)
    after, _ = move(before, InterfaceEvent.DELETE, tx.now)
    for entry in routes_by(tx, before):
        raise InUse("router_interface", before.id, "route_entry", entry.id)
    return replace_stored(tx, caller, before, after, "delete")


def _fire(tx: Writer, caller: Caller, id: str, event: InterfaceEvent) -> RouterInterface:
    require_member(caller)
    before = own(tx, caller, RouterInterface, id)
    after, _ = move(before, event, tx.now)
    return replace_stored(tx, caller, before, after, event.value)


def _decide(tx: Writer, world: World, caller: Caller, request: CreateRouterInterface) -> RouterInterface:
    router = find_router(tx, caller, request.router_id)
    role = choose(InterfaceRole, request.role, "role")
    check_role(role, router.type)
    far = world.regions.require(request.opposite_region_id or router.region_id, "opposite_region_id")
    check = choose_check(Check(), request)
    opposite = choose_opposite(tx, caller, role, Opposite(), request)
    return RouterInterface(
        id=world.entropy.new_id("ri"),
        owner_uid=caller.uid,
        created_at=tx.now,
        region_id=router.region_id,
        vpc_id=router.home_id,
        router_id=router.id,
        router_type=router.type,
        role=role,
        name=check_name(request.name),
        description=check_description(request.description),
        spec=choose_spec(role, request.spec, same_region=far.id == router.region_id),
        opposite_region_id=far.id,
        access_point_id=router.access_point_id,
        state_since=tx.now,
        names=check_flag(request.names, "names"),
        groups=check_flag(request.groups, "groups"),
        **opposite.fields(),
        **check.fields(),
    )


def _check_limits(tx: Reader, world: World, made: RouterInterface) -> None:
    owner, router = where("owner_uid", made.owner_uid), where("router_id", made.router_id)
    counts = (
        ("router_interfaces_per_account", tx.count(RouterInterface, owner), "the account", CALLER),
        (
            "router_interfaces_per_router",
            tx.count(RouterInterface, router),
            f"router {made.router_id}",
            "router_id",
        ),
    )
    for name, used, scope, field in counts:
        check_limit(tx, world, name, made.owner_uid, used, scope=scope, field=field)


def _with_settings(before: RouterInterface, request: UpdateRouterInterface) -> RouterInterface:
    """The interface with new texts, flags and health check."""
    check = choose_check(Check.of(before), request).fields()
    return replace(before, **check, **given(request, **TEXTS, names=check_flag, groups=check_flag))


def _with_opposite(
    tx: Writer, caller: Caller, before: RouterInterface, request: UpdateRouterInterface
) -> RouterInterface:
    """The interface told whom it is to be joined to; only while idle (EC-3)."""
    opposite = choose_opposite(tx, caller, before.role, Opposite.of(before), request)
    if opposite == Opposite.of(before):
        return before
    after, _ = move(before, InterfaceEvent.NAME_OPPOSITE, tx.now)
    return replace(after, **opposite.fields())


def _with_spec(tx: Writer, before: RouterInterface, asked: object) -> RouterInterface:
    """The interface with another spec; the initiator's, while the other side is there (EC-6)."""
    spec = choose_spec(before.role, asked, same_region=before.inside_region)
    if spec == before.spec:
        return before
    if before.opposite_deleted:
        raise Conflict("the interface on the other side is gone", code="opposite_deleted", id=before.id)
    after, _ = move(before, InterfaceEvent.MODIFY, tx.now)
    return replace(after, spec=spec)
