"""The audit log and how far the installation is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Any, Final

import orjson
from fastapi import Query
from starlette.responses import Response

import peerway
from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.administration import (
    AuditAnswer,
    AuditList,
    StatusAnswer,
)
from peerway.api.native.schemas.common import ListOf, ListParameters
from peerway.app.usecases import audit, sync
from peerway.app.usecases.access import require_operator
from peerway.app.usecases.pages import PAGE_SIZE
from peerway.domain.account import AuditEntry
from peerway.domain.errors import InvalidInput
from peerway.domain.sync import SyncFailure


async def list_audit(call: Call, query: Annotated[AuditList, Query()]) -> Response:
    """List what was done, oldest first, with each resource before and after."""
    return await call.render_in_thread(lambda: _audit_page(call, query))


async def get_status(call: Call) -> Response:
    """Tell how far the installation is.

    The data plane has done what a request asked for when `applied_revision` has reached the `revision` of the request's answer.
    """
    return await call.render_in_thread(lambda: _status(call))


async def list_failures(call: Call, query: Annotated[ListParameters, Query()]) -> Response:
    """List what the data plane could not do and tries again.

    A failure is on record from the first failed attempt until the object is as desired. An operator sees those of all accounts,
    and alone the reasons that may tell of the host's ports.
    """
    return await call.list_by(sync.visible_failures, **query.given())


def _audit_page(call: Call, query: AuditList) -> dict[str, Any]:
    if query.after is not None and (not query.after.isdigit() or len(query.after) > 18):
        raise InvalidInput("after", "is no cursor of this list", query.after)
    caller = call.caller
    if query.uid is not None and query.uid != caller.uid:
        require_operator(caller)
        caller = replace(caller, uid=query.uid)
    entries = audit.list_audit(
        call.services.store,
        caller,
        all_accounts=query.all_accounts,
        after=int(query.after or 0),
        limit=query.limit,
    )
    full = len(entries) >= (query.limit or PAGE_SIZE)
    return {
        "items": [_entry(entry) for entry in entries],
        "next": str(entries[-1].revision) if full else None,
    }


def _entry(entry: AuditEntry) -> dict[str, Any]:
    shown = {field.name: getattr(entry, field.name) for field in fields(entry)}
    # The log keeps resources as JSON; it goes out as it is.
    shown["before"] = None if entry.before is None else orjson.Fragment(entry.before)
    shown["after"] = None if entry.after is None else orjson.Fragment(entry.after)
    return shown


def _status(call: Call) -> StatusAnswer:
    return StatusAnswer(
        version=peerway.__version__,
        dataplane=call.services.agent.dataplane_name,
        revision=call.services.store.latest_revision(),
        applied_revision=call.services.agent.applied_revision(),
    )


OPERATIONS: Final = (
    Operation("GET", "/audit", list_audit, ListOf[AuditAnswer]),
    Operation("GET", "/status", get_status, StatusAnswer),
    Operation("GET", "/failures", list_failures, ListOf[SyncFailure]),
)
