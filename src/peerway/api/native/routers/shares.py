"""Shares: VSwitches that other accounts may put their own things into."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.shares import CreateShareBody, ShareList
from peerway.app.usecases import shares
from peerway.domain.sharing import Share


async def create_share(call: Call, body: CreateShareBody) -> Response:
    """Share a VSwitch with another account.

    That account sees the VPC and the VSwitch and makes instances and security groups of its own there. Network and links stay
    the owner's.
    """
    request = shares.CreateShare(**body.given(), client_token=call.token)
    return await call.run(shares.create_share, request, 201)


async def list_shares(call: Call, query: Annotated[ShareList, Query()]) -> Response:
    """List the shares that the caller gave or got."""
    return await call.list_by(shares.list_shares, **query.given())


async def get_share(call: Call, id: Id) -> Response:
    """Show a share."""
    return await call.find(shares.get_share, id)


async def delete_share(call: Call, id: Id) -> Response:
    """End a share whose account has nothing there any more."""
    request = shares.DeleteShare(id=id)
    return await call.run(shares.delete_share, request)


OPERATIONS: Final = (
    Operation("POST", "/shares", create_share, Share, 201),
    Operation("GET", "/shares", list_shares, ListOf[Share]),
    Operation("GET", "/shares/{id}", get_share, Share),
    Operation("DELETE", "/shares/{id}", delete_share, Share),
)
