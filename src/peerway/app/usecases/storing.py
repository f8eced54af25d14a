"""Writing: once a client token, with an audit entry for each mutation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import orjson

from peerway.app.store import Writer, where
from peerway.app.usecases.kinds import WORDS
from peerway.domain.account import AuditEntry, Caller
from peerway.domain.errors import Conflict
from peerway.domain.labels import Labels
from peerway.domain.resource import Provisioned, Provisioning, Resource
from peerway.domain.text import check_token

R = TypeVar("R", bound=Resource)
Made = TypeVar("Made", bound=Provisioned)

#: Fields that never enter the audit log.
SECRET_FIELDS = frozenset({"token_hash", "sealed_secret"})


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
        raise Conflict(
            "the client token was used for a resource that is gone", code="token_spent", id=known[2]
        )
    return found


def check_same_request(known: tuple[str, str, str], operation: str, digest: str) -> None:
    """`Conflict` when the token was used for something else."""
    if known[:2] != (operation, digest):
        raise Conflict(
            "the client token was used for another request", code="token_reused", field="client_token"
        )


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
    """Remove a stored resource, with what accounts wrote on it, and record it as `KIND.delete`."""
    tx.delete(resource)
    remove_labels(tx, resource.id)
    record(tx, caller, f"{WORDS[type(resource)]}.delete", resource, None)


def remove_labels(tx: Writer, resource_id: str) -> None:
    """Remove what accounts wrote on a resource that is gone, whether or not a trace of it is kept."""
    for labels in tx.select(Labels, where("resource_id", resource_id)):
        tx.delete(labels)


def begin_deletion(tx: Writer, caller: Caller, resource: Made) -> Made:
    """Note that the resource is to go; the data plane lets go of it, and then it is removed (`settle`)."""
    after = replace(resource, state=Provisioning.DELETING)
    return replace_stored(tx, caller, resource, after, "delete")
