"""Analyses of paths (PATH-1): asked for here, answered by the worker, kept until there are newer ones.

Owns the life of an analysis. What an answer is and how it is found is `analysis`' and the reconciler's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_operator
from peerway.app.usecases.limit_uses import ENDED_ANALYSES
from peerway.app.usecases.limits import CALLER, check_limit, limit_of
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.paths.paths import Ask, answerable, drop_analysis, usable_question
from peerway.app.usecases.storing import idempotent, insert
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.path import AnalysisState, NetworkPath, PathAnalysis, Question
from peerway.domain.text import check_flag


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysePath:
    """Have the question of a kept path answered, as things are now."""

    #: The path.
    path_id: str
    #: Whether fixes are asked for, too.
    fixes: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyseQuestion(Ask):
    """Have a question answered that is not kept."""

    #: Whether fixes are asked for, too.
    fixes: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePathAnalysis:
    """Forget an answer."""

    #: The analysis.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the worker found."""

    #: Revision of the network that it is true for; None when the network could not be read.
    network_revision: int | None
    #: Whether the target is reached and its answers come back; None when that is not known.
    reachable: bool | None
    #: All of it, as JSON; of a failure, why.
    result: str


def analyse_path(tx: Writer, world: World, caller: Caller, request: AnalysePath) -> PathAnalysis:
    """Ask for an analysis of a kept path."""
    require_member(caller)

    def run() -> PathAnalysis:
        path = own(tx, caller, NetworkPath, request.path_id, "path_id")
        question = answerable(tx, caller, path.question)
        return _start(tx, world, caller, question, fixes=request.fixes, path_id=path.id)

    return idempotent(tx, caller, request.client_token, "analyse_path", request, run, PathAnalysis)


def analyse_question(tx: Writer, world: World, caller: Caller, request: AnalyseQuestion) -> PathAnalysis:
    """Ask for an analysis of a question that is not kept."""
    require_member(caller)

    def run() -> PathAnalysis:
        return _start(tx, world, caller, usable_question(tx, caller, request), fixes=request.fixes)

    return idempotent(tx, caller, request.client_token, "analyse_question", request, run, PathAnalysis)


def get_path_analysis(tx: Reader, world: World, caller: Caller, id: str) -> PathAnalysis:
    """An analysis of the caller's. One that tells of all accounts is for operators only."""
    found = readable(tx, caller, PathAnalysis, id)
    if found.all_accounts:
        require_operator(caller)
    return found


def list_path_analyses(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    path_id: str | None = None,
    state: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[PathAnalysis]:
    """The caller's analyses, of one path when it is named; without their results."""
    if path_id is not None:
        readable(tx, caller, NetworkPath, path_id, "path_id")
    found = own_page(
        tx,
        caller,
        PathAnalysis,
        all_accounts=all_accounts,
        after=after,
        limit=limit,
        path_id=path_id,
        state=state,
    )
    return Page(tuple(replace(one, result="") for one in found.items), found.next)


def delete_path_analysis(
    tx: Writer, world: World, caller: Caller, request: DeletePathAnalysis
) -> PathAnalysis:
    """Forget an analysis; one that is not answered yet will not be."""
    require_member(caller)
    analysis = own(tx, caller, PathAnalysis, request.id)
    drop_analysis(tx, caller, analysis)
    return replace(analysis, result="")


def pending_analyses(tx: Reader, limit: int) -> list[PathAnalysis]:
    """Analyses that wait for an answer, the oldest first."""
    return tx.select(PathAnalysis, where("state", AnalysisState.PENDING), limit=limit)


def finish_analysis(tx: Writer, id: str, answer: Answer) -> PathAnalysis | None:
    """Store an answer; None when the analysis is gone or another worker was faster, whose answer is as good."""
    return _end(tx, id, AnalysisState.FINISHED, answer)


def fail_analysis(tx: Writer, id: str, answer: Answer) -> PathAnalysis | None:
    """Store why there is no answer; None as in `finish_analysis`."""
    return _end(tx, id, AnalysisState.FAILED, answer)


def _end(tx: Writer, id: str, state: AnalysisState, answer: Answer) -> PathAnalysis | None:
    analysis = tx.get(PathAnalysis, id)
    if analysis is None or analysis.state is not AnalysisState.PENDING:
        return None
    # The audit log has who asked; that the worker answered is no one's doing.
    return tx.update(
        replace(
            analysis,
            state=state,
            finished_at=tx.now,
            network_revision=answer.network_revision,
            reachable=answer.reachable,
            result=answer.result,
        )
    )


def _start(
    tx: Writer, world: World, caller: Caller, question: Question, *, fixes: bool, path_id: str | None = None
) -> PathAnalysis:
    """Store the analysis for the worker to find, and make room for it."""
    waiting = tx.count(PathAnalysis, where("owner_uid", caller.uid), where("state", AnalysisState.PENDING))
    scope = f"account {caller.uid}"
    check_limit(tx, world, "pending_analyses_per_account", caller.uid, waiting, scope=scope, field=CALLER)
    _forget_oldest(tx, world, caller.uid)
    analysis = PathAnalysis(
        id=world.entropy.new_id("nra"),
        owner_uid=caller.uid,
        created_at=tx.now,
        path_id=path_id,
        source=question.source,
        target=question.target,
        protocol=question.protocol,
        port=question.port,
        source_port=question.source_port,
        fixes=check_flag(fixes, "fixes"),
        all_accounts=caller.role.may(Role.OPERATOR),
    )
    return insert(tx, caller, analysis)


def _forget_oldest(tx: Writer, world: World, uid: str) -> None:
    """Let go of answers beyond those that are kept for the account; nobody asked for that, so the audit log has none of it."""
    name = "kept_analyses_per_account"
    kept = limit_of(tx, name, uid, world.limits[name])
    ended = (where("owner_uid", uid), where("state", *ENDED_ANALYSES))
    excess = tx.count(PathAnalysis, *ended) - kept
    if excess > 0:
        for analysis in tx.select(PathAnalysis, *ended, limit=excess):
            tx.delete(analysis)
