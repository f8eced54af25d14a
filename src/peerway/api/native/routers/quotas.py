"""Quotas: limits, how far they are used, and applications for higher ones."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, slice_of
from peerway.api.native.schemas.quotas import (
    AnswerBody,
    ApplicationBody,
    ApplicationList,
    GrantBody,
    QuotaList,
)
from peerway.app.usecases import quota_applications, quotas
from peerway.app.usecases.quotas import QuotaStatus
from peerway.domain.quota import QuotaApplication, QuotaGrant


async def list_quotas(call: Call, query: Annotated[QuotaList, Query()]) -> Response:
    """List limits and how far they are used."""
    return await call.read(
        lambda tx: slice_of(
            quotas.list_quotas(tx, call.world, call.caller, uid=query.uid, profile=query.profile), query
        )
    )


async def grant_quota(call: Call, name: Id, body: GrantBody) -> Response:
    """Give an account another limit than the default. Operators only."""
    request = quotas.GrantQuota(name=name, **body.given())
    return await call.run(quotas.grant_quota, request)


async def apply_for_quota(call: Call, body: ApplicationBody) -> Response:
    """Ask for a higher limit."""
    request = quota_applications.ApplyForQuota(**body.given(), client_token=call.token)
    return await call.run(quota_applications.apply_for_quota, request, 201)


async def list_applications(call: Call, query: Annotated[ApplicationList, Query()]) -> Response:
    """List applications for higher limits."""
    return await call.list_by(quota_applications.list_applications, **query.given())


async def get_application(call: Call, id: Id) -> Response:
    """Show an application."""
    return await call.find(quota_applications.get_application, id)


async def approve_application(call: Call, id: Id, body: AnswerBody) -> Response:
    """Grant what was asked for. Operators only."""
    request = quota_applications.AnswerApplication(id=id, **body.given())
    return await call.run(quota_applications.approve_application, request)


async def reject_application(call: Call, id: Id, body: AnswerBody) -> Response:
    """Turn an application down. Operators only."""
    request = quota_applications.AnswerApplication(id=id, **body.given())
    return await call.run(quota_applications.reject_application, request)


async def withdraw_application(call: Call, id: Id) -> Response:
    """Take an application back, or an answered one off the list."""
    request = quota_applications.WithdrawApplication(id=id)
    return await call.run(quota_applications.withdraw_application, request)


OPERATIONS: Final = (
    Operation("GET", "/quotas", list_quotas, ListOf[QuotaStatus]),
    Operation("PUT", "/quotas/{name}", grant_quota, QuotaGrant),
    Operation("POST", "/quota-applications", apply_for_quota, QuotaApplication, 201),
    Operation("GET", "/quota-applications", list_applications, ListOf[QuotaApplication]),
    Operation("GET", "/quota-applications/{id}", get_application, QuotaApplication),
    Operation("POST", "/quota-applications/{id}/approve", approve_application, QuotaApplication),
    Operation("POST", "/quota-applications/{id}/reject", reject_application, QuotaApplication),
    Operation("DELETE", "/quota-applications/{id}", withdraw_application, QuotaApplication),
)
