"""Quota applications: a tenant asks for a higher limit, an operator answers, and a granted one holds at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, own, readable, require_member, require_operator, seen_by
from peerway.app.usecases.fields import choose
from peerway.app.usecases.limits import limit_of
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.quotas import HIGHEST_GRANT, GrantQuota, grant_quota, require_quota
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, IllegalState, InvalidInput
from peerway.domain.quota import ApplicationState, QuotaApplication
from peerway.domain.text import check_description, check_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyForQuota:
    """Ask for a higher limit."""

    #: Name of the quota.
    name: str
    #: The limit it should have.
    desired: int
    #: Why.
    reason: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerApplication:
    """Approve or reject an application."""

    #: The application.
    id: str
    #: What to tell the tenant.
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    """Take an application back, or an answered one off the list."""

    #: The application.
    id: str


def apply_for_quota(tx: Writer, world: World, caller: Caller, request: ApplyForQuota) -> QuotaApplication:
    """Ask for a higher limit; one application waits for each quota."""
    require_member(caller)

    def run() -> QuotaApplication:
        name, default = require_quota(world, request.name)
        desired = check_number(request.desired, "desired", 0, HIGHEST_GRANT)
        limit = limit_of(tx, name, caller.uid, default)
        if desired <= limit:
            raise InvalidInput("desired", f"must be higher than the present limit {limit}", desired)
        mine = (where("owner_uid", caller.uid), where("name", name), where("state", ApplicationState.PENDING))
        for waiting in tx.select(QuotaApplication, *mine, limit=1):
            text = f"application {waiting.id} for this quota waits for an answer"
            raise AlreadyExists(text, code="application_pending", field="name", id=waiting.id)
        application = QuotaApplication(
            id=world.entropy.new_id("qa"),
            owner_uid=caller.uid,
            created_at=tx.now,
            name=name,
            desired=desired,
            reason=check_description(request.reason, "reason"),
        )
        return insert(tx, caller, application)

    return idempotent(tx, caller, request.client_token, "apply_for_quota", request, run, QuotaApplication)


def get_application(tx: Reader, world: World, caller: Caller, id: str) -> QuotaApplication:
    """An application of the caller's; operators see all."""
    return readable(tx, caller, QuotaApplication, id)


def list_applications(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    state: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[QuotaApplication]:
    """The caller's applications, of one state when it is named."""
    conditions = list(seen_by(caller, all_accounts=all_accounts))
    if state is not None:
        conditions.append(where("state", choose(ApplicationState, state, "state")))
    return page(tx, QuotaApplication, *conditions, after=after, limit=limit)


def approve_application(
    tx: Writer, world: World, caller: Caller, request: AnswerApplication
) -> QuotaApplication:
    """Grant what was asked for; operators only. The limit holds from now on."""
    application = _pending(tx, caller, request.id, "approve")
    grant = GrantQuota(uid=application.owner_uid, name=application.name, limit=application.desired)
    grant_quota(tx, world, caller, grant)
    return _answer(tx, caller, application, ApplicationState.APPROVED, request.answer)


def reject_application(
    tx: Writer, world: World, caller: Caller, request: AnswerApplication
) -> QuotaApplication:
    """Turn an application down; operators only."""
    application = _pending(tx, caller, request.id, "reject")
    return _answer(tx, caller, application, ApplicationState.REJECTED, request.answer)


def withdraw_application(
    tx: Writer, world: World, caller: Caller, request: WithdrawApplication
) -> QuotaApplication:
    """Take an own application back; a limit that it brought stays."""
    require_member(caller)
    application = own(tx, caller, QuotaApplication, request.id)
    remove(tx, caller, application)
    return application


def _pending(tx: Reader, caller: Caller, id: str, verb: str) -> QuotaApplication:
    require_operator(caller)
    application = existing(tx, QuotaApplication, id)
    if application.state is not ApplicationState.PENDING:
        raise IllegalState("quota_application", id, application.state.value, verb)
    return application


def _answer(
    tx: Writer, caller: Caller, application: QuotaApplication, state: ApplicationState, text: str
) -> QuotaApplication:
    answered = replace(application, state=state, answered_at=tx.now, answer=check_description(text, "answer"))
    return replace_stored(tx, caller, application, answered, state.value)
