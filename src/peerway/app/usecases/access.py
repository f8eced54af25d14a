"""Who may do what: roles, and finding a resource for the one who asks. Another tenant's is as good as missing."""

from __future__ import annotations

from typing import Final, TypeVar

from peerway.app.store import Reader, Where, where
from peerway.app.usecases.kinds import SHARED, WORDS
from peerway.domain.account import Caller, Role
from peerway.domain.errors import Forbidden, IllegalState, NotFound
from peerway.domain.resource import Provisioned, Provisioning, Resource
from peerway.domain.sharing import Share

R = TypeVar("R", bound=Resource)
Made = TypeVar("Made", bound=Provisioned)

#: Who acts when no request does: reconcilers and start-up.
SYSTEM: Final = Caller(uid="system", role=Role.OPERATOR, key_id="system")


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


def existing(tx: Reader, kind: type[R], id: object, field: str | None = None) -> R:
    """The resource, whoever has it, or `NotFound`; for callers whose right to it is known or is asked next."""
    found = tx.get(kind, id) if isinstance(id, str) else None
    if found is None:
        raise NotFound(WORDS[kind], str(id)[:64], field=field)
    return found


def is_shared(tx: Reader, resource: Resource, uid: str) -> bool:
    """Whether the resource is shared with the account: a VSwitch that was, or the VPC it is in (NET-9)."""
    field = SHARED.get(type(resource))
    if field is None:
        return False
    return bool(tx.select(Share, where(field, resource.id), where("user_uid", uid), limit=1))


def seen_by(
    caller: Caller, *, all_accounts: bool = False, owners: tuple[str, ...] = ("owner_uid",)
) -> tuple[Where, ...]:
    """The condition that keeps a list to what is the caller's by one of the fields `owners`; operators may lift it."""
    if all_accounts:
        require_operator(caller)
        return ()
    return (where(owners, caller.uid),)


def require_staying(resource: Made, verb: str = "use", field: str | None = None) -> Made:
    """The resource; `IllegalState` while it is being deleted, naming the field that named it."""
    if resource.state is Provisioning.DELETING:
        raise IllegalState(WORDS[type(resource)], resource.id, resource.state.value, verb, field=field)
    return resource
