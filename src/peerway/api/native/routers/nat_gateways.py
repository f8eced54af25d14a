"""NAT gateways and their entries."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, ListParameters
from peerway.api.native.schemas.gateways import (
    CreateDnatEntryBody,
    CreateGatewayBody,
    CreateSnatEntryBody,
    GatewayList,
)
from peerway.api.native.schemas.vpcs import UpdateTextsBody
from peerway.app.usecases import dnat_entries, nat_gateways, snat_entries
from peerway.domain.gateway import DnatEntry, NatGateway, SnatEntry


async def create_nat_gateway(call: Call, body: CreateGatewayBody) -> Response:
    """Make a NAT gateway."""
    request = nat_gateways.CreateNatGateway(**body.given(), client_token=call.token)
    return await call.run(nat_gateways.create_nat_gateway, request, 201)


async def list_nat_gateways(call: Call, query: Annotated[GatewayList, Query()]) -> Response:
    """List NAT gateways."""
    return await call.list_by(nat_gateways.list_nat_gateways, **query.given())


async def get_nat_gateway(call: Call, id: Id) -> Response:
    """Show a NAT gateway."""
    return await call.find(nat_gateways.get_nat_gateway, id)


async def update_nat_gateway(call: Call, id: Id, body: UpdateTextsBody) -> Response:
    """Change name and description."""
    request = nat_gateways.UpdateNatGateway(id=id, **body.given())
    return await call.run(nat_gateways.update_nat_gateway, request)


async def delete_nat_gateway(call: Call, id: Id) -> Response:
    """Start the deletion of a gateway without entries that no route leads to."""
    request = nat_gateways.DeleteNatGateway(id=id)
    return await call.run(nat_gateways.delete_nat_gateway, request, 202)


async def create_snat_entry(call: Call, id: Id, body: CreateSnatEntryBody) -> Response:
    """Let sources out by the gateway."""
    given = body.given()
    request = snat_entries.CreateSnatEntry(
        nat_gateway_id=id, **given | {"public": tuple(body.public)}, client_token=call.token
    )
    return await call.run(snat_entries.create_snat_entry, request, 201)


async def list_snat_entries(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List the gateway's entries for connections out."""
    return await call.list_by(snat_entries.list_snat_entries, id, **query.given())


async def get_snat_entry(call: Call, id: Id) -> Response:
    """Show an entry for connections out."""
    return await call.find(snat_entries.get_snat_entry, id)


async def delete_snat_entry(call: Call, id: Id) -> Response:
    """Take an entry for connections out away; connections that it let out end at once."""
    request = snat_entries.DeleteSnatEntry(id=id)
    return await call.run(snat_entries.delete_snat_entry, request)


async def create_dnat_entry(call: Call, id: Id, body: CreateDnatEntryBody) -> Response:
    """Let connections in by the gateway."""
    request = dnat_entries.CreateDnatEntry(nat_gateway_id=id, **body.given(), client_token=call.token)
    return await call.run(dnat_entries.create_dnat_entry, request, 201)


async def list_dnat_entries(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List the gateway's entries for connections in."""
    return await call.list_by(dnat_entries.list_dnat_entries, id, **query.given())


async def get_dnat_entry(call: Call, id: Id) -> Response:
    """Show an entry for connections in."""
    return await call.find(dnat_entries.get_dnat_entry, id)


async def delete_dnat_entry(call: Call, id: Id) -> Response:
    """Take an entry for connections in away; connections that it let in end at once."""
    request = dnat_entries.DeleteDnatEntry(id=id)
    return await call.run(dnat_entries.delete_dnat_entry, request)


OPERATIONS: Final = (
    Operation("POST", "/nat-gateways", create_nat_gateway, NatGateway, 201),
    Operation("GET", "/nat-gateways", list_nat_gateways, ListOf[NatGateway]),
    Operation("GET", "/nat-gateways/{id}", get_nat_gateway, NatGateway),
    Operation("PATCH", "/nat-gateways/{id}", update_nat_gateway, NatGateway),
    Operation("DELETE", "/nat-gateways/{id}", delete_nat_gateway, NatGateway, 202),
    Operation("POST", "/nat-gateways/{id}/snat-entries", create_snat_entry, SnatEntry, 201),
    Operation("GET", "/nat-gateways/{id}/snat-entries", list_snat_entries, ListOf[SnatEntry]),
    Operation("GET", "/snat-entries/{id}", get_snat_entry, SnatEntry),
    Operation("DELETE", "/snat-entries/{id}", delete_snat_entry, SnatEntry),
    Operation("POST", "/nat-gateways/{id}/dnat-entries", create_dnat_entry, DnatEntry, 201),
    Operation("GET", "/nat-gateways/{id}/dnat-entries", list_dnat_entries, ListOf[DnatEntry]),
    Operation("GET", "/dnat-entries/{id}", get_dnat_entry, DnatEntry),
    Operation("DELETE", "/dnat-entries/{id}", delete_dnat_entry, DnatEntry),
)
