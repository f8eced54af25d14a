"""A file of changes: operations of this API that are done together, in one transaction, all or none.

Owns how operations become one, and how their errors name the change. Each change is
checked, allowed and audited as if it were a request of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response

from peerway.api.native.call import Call, answer, encode
from peerway.api.native.door import Paths
from peerway.api.native.errors import InvalidRequest
from peerway.api.native.inner import InnerCall, finished
from peerway.api.native.operation import Inputs, Operation, read_query
from peerway.api.native.preconditions import precondition_of
from peerway.api.native.references import References
from peerway.api.native.schemas.changes import ChangeAnswer, ChangeBody, ChangesAnswer, ChangesBody
from peerway.app.store import Writer
from peerway.app.usecases.foresee import changed_since, settle_changed
from peerway.app.usecases.previews.rehearsals import Rehearsal, rehearse
from peerway.app.usecases.settling import waits
from peerway.domain.errors import InvalidInput, Kind, PeerwayError
from peerway.domain.text import check_token

#: What is told about a change that would go through if its forerunners were ready.
SPLIT: Final = "it needs what the changes before it make to be ready: split the file before it"


def changes_operation(paths: Paths) -> Operation:
    """The operation that does files of the operations at those paths."""

    async def make_changes(call: Call, body: ChangesBody) -> Response:
        """Make many changes together: all of them, or none.

        They are done in order, in one transaction, and later ones may refer to what earlier ones answered. Each is an operation of
        this API and held to the same rules. The first that is refused ends it, and nothing is changed; the error names it.
        """
        if call.token is not None:
            raise InvalidInput("Idempotency-Key", "must be given for each change by itself")
        call.spend(len(body.changes) - 1)
        _check_names(body)

        if call.preview:

            def tried(known: int) -> Callable[[Writer], Rehearsal[object]]:
                return lambda tx: rehearse(
                    tx,
                    call.world,
                    call.caller,
                    lambda inner: Run(call, paths, inner, body.answers).rehearse(body),
                    known,
                )

            return await call.foretell(tried, 200)
        done = await call.write_long(lambda tx: Run(call, paths, tx, body.answers).do(body))
        call.wake_worker()
        return answer(done)

    return Operation("POST", "/changes", make_changes, ChangesAnswer)


def _check_names(body: ChangesBody) -> None:
    seen: set[str] = set(body.answers)
    for index, change in enumerate(body.changes):
        if change.name is not None and change.name in seen:
            raise InvalidInput(f"changes[{index}].name", "must be used once", change.name)
        seen.add(change.name or "")


@dataclass(frozen=True, slots=True)
class Step:
    """A change that is ready to be done."""

    #: Its operation.
    operation: Operation
    #: How the operation reads its parameters.
    inputs: Inputs
    #: The operation that shows the resource that its path names, if it names one.
    shows: tuple[Operation, Inputs] | None
    #: Parameters of its path.
    parameters: Mapping[str, str]
    #: Its query.
    query: Mapping[str, str]
    #: Its body.
    body: object


class Run:
    """One pass over a file, in one transaction."""

    def __init__(self, call: Call, paths: Paths, tx: Writer, answers: Mapping[str, Any]) -> None:
        self._call = call
        self._paths = paths
        self._tx = tx
        self._start = tx.revision
        #: Answers by the changes' names, as JSON.
        self._answers: dict[str, Any] = dict(answers)

    def do(self, file: ChangesBody) -> ChangesAnswer:
        """Do all changes; raises the error of the first that is refused, which names it."""
        done = []
        for index, change in enumerate(file.changes):
            try:
                status, content = self._do_one(self._tx, change)
            except PeerwayError as error:
                raise named(error, index, change, hint=self._would_do(error, change)) from error
            done.append(self._note(change, status, content, waited=False))
        return ChangesAnswer(changes=done, revision=self._tx.revision)

    def rehearse(self, file: ChangesBody) -> ChangesAnswer:
        """As `do`, but a change that needs what comes before it to be ready gets it so, and says that it waits."""
        done, unsettled, mark = [], False, self._start
        for index, change in enumerate(file.changes):
            try:
                waited = unsettled and self._is_too_early(change)
                if waited:
                    settle_changed(self._tx, self._call.world, self._start)
                    unsettled = False
                status, content = self._do_one(self._tx, change)
            except PeerwayError as error:
                raise named(error, index, change) from error
            unsettled = unsettled or any(waits(each) for each in changed_since(self._tx, mark).upserts)
            mark = self._tx.revision
            done.append(self._note(change, status, content, waited=waited))
        return ChangesAnswer(changes=done, revision=self._tx.revision)

    def _is_too_early(self, change: ChangeBody) -> bool:
        """Whether the state of something forbids the change now."""
        try:
            self._tx.trial(lambda inner: self._do_one(inner, change))
        except PeerwayError as error:
            return error.kind is Kind.CONFLICT
        return False

    def _would_do(self, error: PeerwayError, change: ChangeBody) -> bool:
        """Whether the refused change would go through once all that comes before it is ready."""
        if error.kind is not Kind.CONFLICT:
            return False

        def settled(inner: Writer) -> object:
            settle_changed(inner, self._call.world, self._start)
            return self._do_one(inner, change)

        try:
            self._tx.trial(settled)
        except PeerwayError:
            return False
        return True

    def _do_one(self, tx: Writer, change: ChangeBody) -> tuple[int, object]:
        step = self._prepared(change)
        token = None if change.idempotency_key is None else check_token(change.idempotency_key)
        call = InnerCall(self._call, step.parameters, tx, token)
        call.precondition = precondition_of(
            change.if_match, "if_match", step.operation, step.shows, step.parameters
        )
        arguments = step.inputs.of_path(step.parameters) | step.inputs.of_query(step.query)
        arguments |= step.inputs.of_body(step.body)
        response = finished(step.operation.handler(call, **arguments))
        return response.status_code, call.content

    def _prepared(self, change: ChangeBody) -> Step:
        references = References(self._answers)
        whole = str(references.resolved(change.path, "path"))
        path, _, query = whole.partition("?")
        found = self._paths.find(path)
        if found is None:
            raise InvalidInput("path", "is no path of this API", whole)
        node, parameters = found
        chosen = node.operations.get(change.method)
        if chosen is None or not chosen[0].writes:
            known = [method for method, (operation, _) in sorted(node.operations.items()) if operation.writes]
            rule = (
                f"must be {' or '.join(known)} at this path" if known else "can change nothing at this path"
            )
            raise InvalidInput("method", rule, change.method)
        body = references.resolved(change.body, "body")
        return Step(*chosen, node.shows, parameters, read_query(query.encode()), body)

    def _note(self, change: ChangeBody, status: int, content: object, *, waited: bool) -> ChangeAnswer:
        """The change's answer, which later ones may refer to."""
        if change.name is not None:
            self._answers[change.name] = orjson.loads(encode(content))
        return ChangeAnswer(name=change.name, status=status, answer=content, waits=waited)


def named(error: PeerwayError, index: int, change: ChangeBody, *, hint: bool = False) -> PeerwayError:
    """The error, which says now at which change it came up."""
    where = f"changes[{index}]"
    if isinstance(error, InvalidRequest):
        error.errors = [{**found, "field": _place(where, change, found["field"])} for found in error.errors]
    if "field" in error.data:
        error.data["field"] = _place(where, change, str(error.data["field"]))
    error.data |= {"change": index} | ({"name": change.name} if change.name else {})
    title = f"{where} ({change.name})" if change.name else where
    error.text = f"{title}: {error.text}" + (f" ({SPLIT})" if hint else "")
    if hint:
        error.data["split"] = index
    return error


def _place(where: str, change: ChangeBody, field: str | None) -> str:
    """The field's place in the file."""
    if (
        field is None
        or field in {"path", "method", "body", "if_match"}
        or field.startswith(("body.", "body["))
    ):
        return f"{where}.{field or 'body'}"
    named_in_body = isinstance(change.body, dict) and field.split(".")[0].split("[")[0] in change.body
    in_body = named_in_body or change.method != "DELETE"
    return f"{where}.body.{field}" if in_body else f"{where}.path"
