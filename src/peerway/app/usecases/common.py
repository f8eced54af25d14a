"""What all use cases share: who may, finding a caller's resources, pages, client tokens and the audit.

Owns no rule of any resource.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Final, Generic, TypeVar

import orjson

from peerway.app.store import Reader, Where, Writer, where
from peerway.domain.account import Account, AuditEntry, Caller, Credential, Role
from peerway.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from peerway.domain.gateway import DnatEntry, Eip, ExternalNetwork, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.quota import QuotaApplication, QuotaGrant
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import NetworkAcl, SecurityGroup, SecurityRule
from peerway.domain.service import Backend, Database, Listener, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.text import check_number, check_token
from peerway.domain.vpc import Instance, Vpc, VSwitch

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)


class Unset(Enum):
    """The type of `UNSET`."""

    #: The only value.
    UNSET = "unset"


#: "Not given" in update requests, where None means "none".
UNSET: Final = Unset.UNSET

#: Resources in a page unless the caller asks for another number, and the most it may ask for.
PAGE_SIZE, PAGE_LIMIT = 50, 1000

#: Words for the kinds in errors and audit actions.
WORDS: Final[Mapping[type[Resource], str]] = {
    Account: "account",
    Credential: "credential",
    Vpc: "vpc",
    VSwitch: "vswitch",
    Instance: "instance",
    RouteTable: "route_table",
    RouteEntry: "route_entry",
    SecurityGroup: "security_group",
    SecurityRule: "security_rule",
    NetworkAcl: "network_acl",
    Peering: "peering",
    RouterInterface: "router_interface",
    PhysicalConnection: "physical_connection",
    VirtualBorderRouter: "vbr",
    ExternalNetwork: "external_network",
    Eip: "eip",
    NatGateway: "nat_gateway",
    SnatEntry: "snat_entry",
    DnatEntry: "dnat_entry",
    Ipv4Gateway: "ipv4_gateway",
    LoadBalancer: "load_balancer",
    Listener: "listener",
    Backend: "backend",
    Database: "database",
    Share: "share",
    QuotaApplication: "quota_application",
    QuotaGrant: "quota",
}

#: Kinds that can be shared, and the field of a share that names them.
SHARED: Final[Mapping[type[Resource], str]] = {Vpc: "vpc_id", VSwitch: "vswitch_id"}

#: Who acts when no request does: reconcilers and start-up.
SYSTEM: Final = Caller(uid="system", role=Role.OPERATOR, key_id="system")

#: Fields that never enter the audit log.
SECRET_FIELDS = frozenset({"token_hash", "sealed_secret"})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list."""

    #: What the page holds, in order of creation.
    items: tuple[T, ...]
    #: Cursor for the next page; None on the last one.
    next: str | None


def require_member(caller: Caller) -> None:
    """`Forbidden` unless the caller may change its account's resources."""
    if not caller.role.may(Role.MEMBER):
        raise Forbidden("a reader may not change anything", code="read_only")


def require_operator(caller: Caller) -> None:
    """`Forbidden` unless the caller runs the installation."""
    if not caller.role.may(Role.OPERATOR):
        raise Forbidden("only an operator may do this", code="not_operator")


def own(tx: Reader, caller: Caller, kind: type[R], id: object, field: str | None = None) -> R:
    """The caller's own resource; another tenant's is `NotFound` like a missing one.

    One that is shared with the caller is `Forbidden`: it is seen, and its owner's alone to change (NET-9).
    """
    found = own_or_shared(tx, caller, kind, id, field)
    if found.owner_uid != caller.uid:
        text = f"{WORDS[kind]} {found.id} is shared with your account: only its owner may do this"
        raise Forbidden(text, code="shared", id=found.id)
    return found


def own_or_shared(tx: Reader, caller: Caller, kind: type[R], id: object, field: str | None = None) -> R:
    """The caller's own resource, or one that it may put things into; another tenant's is `NotFound` like a missing one."""
    found = tx.get(kind, id) if isinstance(id, str) else None
    if found is None or not (found.owner_uid == caller.uid or is_shared(tx, found, caller.uid)):
        raise NotFound(WORDS[kind], str(id)[:64], field=field)
    return found


def readable(tx: Reader, caller: Caller, kind: type[R], id: object, field: str | None = None) -> R:
    """The resource when the caller owns it, shares in it or is an operator, else `NotFound`."""
    found = tx.get(kind, id) if isinstance(id, str) and caller.role.may(Role.OPERATOR) else None
    return found or own_or_shared(tx, caller, kind, id, field)


def is_shared(tx: Reader, resource: Resource, uid: str) -> bool:
    """Whether the resource is shared with the account: a VSwitch that was, or the VPC it is in (NET-9)."""
    field = SHARED.get(type(resource))
    if field is None:
        return False
    return bool(tx.select(Share, where(field, resource.id), where("user_uid", uid), limit=1))


def seen_by(caller: Caller, *, all_accounts: bool = False) -> tuple[Where, ...]:
    """The condition that keeps a list to the caller's own resources; operators may lift it."""
    if all_accounts:
        require_operator(caller)
        return ()
    return (where("owner_uid", caller.uid),)


def page(
    tx: Reader,
    kind: type[R],
    *conditions: Where,
    after: str | None = None,
    limit: int | None = None,
    keep: Callable[[R], bool] = lambda _: True,
) -> Page[R]:
    """One page of the resources that meet the conditions and that `keep` keeps."""
    size = PAGE_SIZE if limit is None else check_number(limit, "limit", 1, PAGE_LIMIT)
    found: list[R] = []
    while len(found) <= size:
        batch = tx.select(kind, *conditions, after=after, limit=size + 1)
        found += filter(keep, batch)
        if len(batch) <= size:
            break
        after = tx.cursor(batch[-1])
    return Page(tuple(found[:size]), tx.cursor(found[size - 1]) if len(found) > size else None)


def every(tx: Reader, kind: type[R], *conditions: Where) -> list[R]:
    """All resources that meet the conditions; for sets that a limit bounds."""
    return tx.select(kind, *conditions)


def choose(kind: type[Choice], value: object, field: str) -> Choice:
    """The member of the enumeration that the text names, or `InvalidInput` with the choices."""
    try:
        return kind(str(value))
    except ValueError:
        raise InvalidInput(field, f"must be one of {', '.join(kind)}", value) from None


def required(value: object, field: str) -> object:
    """The value; `InvalidInput` for None, where a field can be left out but not emptied."""
    if value is None:
        raise InvalidInput(field, "must not be null")
    return value


def idempotent(
    tx: Writer,
    caller: Caller,
    token: str | None,
    operation: str,
    request: object,
    run: Callable[[], R],
    kind: type[R],
) -> R:
    """Run once a client token: the same request again returns the same resource, another one is a `Conflict`.

    The token's code is `token_reused`; when the resource has gone since, `token_spent`.
    """
    if token is None:
        return run()
    check_token(token)
    digest = digest_of(request)
    known = tx.recall(caller.uid, token)
    if known is None:
        made = run()
        tx.remember(caller.uid, token, operation, digest, made.id)
        return made
    check_same_request(known, operation, digest)
    found = tx.get(kind, known[2])
    if found is None:
        raise Conflict("client_token was used for a resource that is gone", code="token_spent", id=known[2])
    return found


def check_same_request(known: tuple[str, str, str], operation: str, digest: str) -> None:
    """`Conflict` when the token was used for something else."""
    if known[:2] != (operation, digest):
        raise Conflict("client_token was used for another request", code="token_reused", field="client_token")


def digest_of(request: object) -> str:
    """A text that two requests share when all their fields but the client token are equal."""
    return hashlib.sha256(to_json(request, leave_out=frozenset({"client_token"})).encode()).hexdigest()


def to_json(value: object, leave_out: frozenset[str] = SECRET_FIELDS) -> str:
    """A dataclass as JSON: times as ISO 8601, addresses and amounts as text."""
    shown = value
    if is_dataclass(value) and not leave_out.isdisjoint(names := [field.name for field in fields(value)]):
        shown = {name: getattr(value, name) for name in names if name not in leave_out}
    return orjson.dumps(shown, default=str).decode()


def record(tx: Writer, caller: Caller, action: str, before: Resource | None, after: Resource | None) -> None:
    """Write the audit entry of one mutation; at least one of the two resources is given."""
    subject = after or before
    tx.audit(
        AuditEntry(
            at=tx.now,
            uid=caller.uid,
            key_id=caller.key_id,
            request_id=caller.request_id,
            action=action,
            resource_id=subject.id if subject else "",
            before=to_json(before) if before else None,
            after=to_json(after) if after else None,
        )
    )


def insert(tx: Writer, caller: Caller, resource: R) -> R:
    """Store a new resource and record it as `KIND.create`."""
    stored = tx.insert(resource)
    record(tx, caller, f"{WORDS[type(stored)]}.create", None, stored)
    return stored


def replace_stored(tx: Writer, caller: Caller, before: R, after: R, verb: str = "update") -> R:
    """Store a changed resource and record it; nothing is written when nothing changed."""
    if before == after:
        return before
    stored = tx.update(after)
    record(tx, caller, f"{WORDS[type(stored)]}.{verb}", before, stored)
    return stored


def remove(tx: Writer, caller: Caller, resource: Resource) -> None:
    """Remove a stored resource and record it as `KIND.delete`."""
    tx.delete(resource)
    record(tx, caller, f"{WORDS[type(resource)]}.delete", resource, None)
