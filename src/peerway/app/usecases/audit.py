"""Reading the audit log: who did what to what."""

from __future__ import annotations

from peerway.app.store import Store
from peerway.app.usecases.access import require_operator
from peerway.app.usecases.pages import PAGE_LIMIT, PAGE_SIZE
from peerway.domain.account import AuditEntry, Caller
from peerway.domain.text import check_number


def list_audit(
    store: Store, caller: Caller, *, all_accounts: bool = False, after: int = 0, limit: int | None = None
) -> list[AuditEntry]:
    """What the caller's account did, newest last; an operator may ask for all accounts."""
    if all_accounts:
        require_operator(caller)
    size = PAGE_SIZE if limit is None else check_number(limit, "limit", 1, PAGE_LIMIT)
    return store.audit_log(None if all_accounts else [caller.uid], after=after, limit=size)
