"""VPCs and their ranges."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.vpcs import CidrBody, CidrParameters, CreateVpcBody, UpdateTextsBody, VpcList
from peerway.app.usecases import vpcs
from peerway.domain.vpc import Vpc


async def create_vpc(call: Call, body: CreateVpcBody) -> Response:
    """Make a VPC and its system route table."""
    request = vpcs.CreateVpc(**body.given(), client_token=call.token)
    return await call.run(vpcs.create_vpc, request, 201)


async def list_vpcs(call: Call, query: Annotated[VpcList, Query()]) -> Response:
    """List VPCs."""
    return await call.list_by(vpcs.list_vpcs, **query.given())


async def get_vpc(call: Call, id: Id) -> Response:
    """Show a VPC."""
    return await call.find(vpcs.get_vpc, id)


async def update_vpc(call: Call, id: Id, body: UpdateTextsBody) -> Response:
    """Change name and description."""
    request = vpcs.UpdateVpc(id=id, **body.given())
    return await call.run(vpcs.update_vpc, request)


async def delete_vpc(call: Call, id: Id) -> Response:
    """Start the deletion of an empty VPC."""
    request = vpcs.DeleteVpc(id=id)
    return await call.run(vpcs.delete_vpc, request, 202)


async def add_vpc_cidr(call: Call, id: Id, body: CidrBody) -> Response:
    """Give a VPC one more IPv4 range."""
    request = vpcs.AddSecondaryCidr(id=id, cidr=body.cidr)
    return await call.run(vpcs.add_secondary_cidr, request)


async def remove_vpc_cidr(call: Call, id: Id, query: Annotated[CidrParameters, Query()]) -> Response:
    """Take a secondary range from a VPC."""
    request = vpcs.RemoveSecondaryCidr(id=id, cidr=query.cidr)
    return await call.run(vpcs.remove_secondary_cidr, request)


OPERATIONS: Final = (
    Operation("POST", "/vpcs", create_vpc, Vpc, 201),
    Operation("GET", "/vpcs", list_vpcs, ListOf[Vpc]),
    Operation("GET", "/vpcs/{id}", get_vpc, Vpc),
    Operation("PATCH", "/vpcs/{id}", update_vpc, Vpc),
    Operation("DELETE", "/vpcs/{id}", delete_vpc, Vpc, 202),
    Operation("POST", "/vpcs/{id}/cidrs", add_vpc_cidr, Vpc),
    Operation("DELETE", "/vpcs/{id}/cidrs", remove_vpc_cidr, Vpc),
)
