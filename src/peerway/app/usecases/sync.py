"""Records what the data plane could not do, and that it could at last. Called by reconcilers only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.pages import Page, page
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.sync import SyncFailure, pause_after
from peerway.domain.vpc import Vpc

#: Owner of failures of things that belong to nobody any more.
SYSTEM_UID = "system"

#: What has a port on the host, or is where public addresses go out.
PLUGGED = (VirtualBorderRouter, NatGateway, Ipv4Gateway, Vpc)
#: What an owner is told instead of the reason, which may name a port or what else is on it.
NOT_CARRIED = "the host can't carry it now; an operator sees why"


def list_failures(tx: Reader) -> list[SyncFailure]:
    """All failures on record."""
    return tx.select(SyncFailure)


def visible_failures(
    tx: Reader, world: World, caller: Caller, *, after: str | None = None, limit: int | None = None
) -> Page[SyncFailure]:
    """Failures of the caller's objects; an operator sees all, and alone the reasons that may tell of the host's ports."""
    if caller.role is Role.OPERATOR:
        return page(tx, SyncFailure, after=after, limit=limit)
    found = page(tx, SyncFailure, where("owner_uid", caller.uid), after=after, limit=limit)
    return replace(found, items=tuple(_as_told(tx, failure) for failure in found.items))


def _as_told(tx: Reader, failure: SyncFailure) -> SyncFailure:
    return replace(failure, text=NOT_CARRIED) if _is_plugged(tx, failure.id) else failure


def _is_plugged(tx: Reader, object_id: str) -> bool:
    return any(tx.get(kind, object_id) is not None for kind in PLUGGED)


def record_failure(
    tx: Writer, object_id: str, text: str, owner_uid: str, *, first_pause: timedelta, longest_pause: timedelta
) -> SyncFailure:
    """Put a failed attempt on record; each one in a row doubles the pause before the next."""
    before = tx.get(SyncFailure, object_id)
    attempts = 1 if before is None else before.attempts + 1
    due = tx.now + pause_after(attempts, first_pause, longest_pause)
    if before is None:
        fresh = SyncFailure(
            id=object_id, owner_uid=owner_uid, created_at=tx.now, text=text, attempts=1, next_attempt_at=due
        )
        return tx.insert(fresh)
    return tx.update(replace(before, text=text, attempts=attempts, next_attempt_at=due))


def clear_failure(tx: Writer, object_id: str) -> None:
    """Take a failure off the record; does nothing when there is none."""
    failure = tx.get(SyncFailure, object_id)
    if failure is not None:
        tx.delete(failure)
