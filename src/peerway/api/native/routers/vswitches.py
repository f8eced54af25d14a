"""VSwitches."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.vpcs import CreateVSwitchBody, UpdateVSwitchBody, VpcItemList
from peerway.app.usecases import vswitches
from peerway.domain.vpc import VSwitch


async def create_vswitch(call: Call, body: CreateVSwitchBody) -> Response:
    """Make a VSwitch."""
    request = vswitches.CreateVSwitch(**body.given(), client_token=call.token)
    return await call.run(vswitches.create_vswitch, request, 201)


async def list_vswitches(call: Call, query: Annotated[VpcItemList, Query()]) -> Response:
    """List VSwitches."""
    return await call.list_by(vswitches.list_vswitches, **query.given())


async def get_vswitch(call: Call, id: Id) -> Response:
    """Show a VSwitch."""
    return await call.find(vswitches.get_vswitch, id)


async def update_vswitch(call: Call, id: Id, body: UpdateVSwitchBody) -> Response:
    """Change texts, route table and network ACL."""
    request = vswitches.UpdateVSwitch(id=id, **body.given())
    return await call.run(vswitches.update_vswitch, request)


async def delete_vswitch(call: Call, id: Id) -> Response:
    """Start the deletion of a VSwitch without instances."""
    request = vswitches.DeleteVSwitch(id=id)
    return await call.run(vswitches.delete_vswitch, request, 202)


OPERATIONS: Final = (
    Operation("POST", "/vswitches", create_vswitch, VSwitch, 201),
    Operation("GET", "/vswitches", list_vswitches, ListOf[VSwitch]),
    Operation("GET", "/vswitches/{id}", get_vswitch, VSwitch),
    Operation("PATCH", "/vswitches/{id}", update_vswitch, VSwitch),
    Operation("DELETE", "/vswitches/{id}", delete_vswitch, VSwitch, 202),
)
