"""Ways to the internet: outside networks, public addresses and IPv4 gateways."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.gateways import (
    AllocateEipBody,
    AssociateEipBody,
    CreateExternalNetworkBody,
    CreateIpv4GatewayBody,
    EipList,
    ExternalNetworkList,
    GatewayList,
    UpdateIpv4GatewayBody,
)
from peerway.app.usecases import eips, external_networks, ipv4_gateways
from peerway.domain.gateway import Eip, ExternalNetwork, Ipv4Gateway


async def create_external_network(call: Call, body: CreateExternalNetworkBody) -> Response:
    """Connect an outside network. Operators only."""
    request = external_networks.CreateExternalNetwork(**body.given(), client_token=call.token)
    return await call.run(external_networks.create_external_network, request, 201)


async def list_external_networks(call: Call, query: Annotated[ExternalNetworkList, Query()]) -> Response:
    """List outside networks. Operators only."""
    return await call.list_by(external_networks.list_external_networks, **query.given())


async def get_external_network(call: Call, id: Id) -> Response:
    """Show an outside network. Operators only."""
    return await call.find(external_networks.get_external_network, id)


async def delete_external_network(call: Call, id: Id) -> Response:
    """Disconnect an outside network that nothing uses. Operators only."""
    request = external_networks.DeleteExternalNetwork(id=id)
    return await call.run(external_networks.delete_external_network, request)


async def allocate_eip(call: Call, body: AllocateEipBody) -> Response:
    """Take a public address from the region's outside network."""
    request = eips.AllocateEip(**body.given(), client_token=call.token)
    return await call.run(eips.allocate_eip, request, 201)


async def list_eips(call: Call, query: Annotated[EipList, Query()]) -> Response:
    """List public addresses."""
    return await call.list_by(eips.list_eips, **query.given())


async def get_eip(call: Call, id: Id) -> Response:
    """Show a public address."""
    return await call.find(eips.get_eip, id)


async def associate_eip(call: Call, id: Id, body: AssociateEipBody) -> Response:
    """Have the address stand for an instance, or serve a NAT gateway."""
    request = eips.AssociateEip(id=id, **body.given())
    return await call.run(eips.associate_eip, request)


async def disassociate_eip(call: Call, id: Id) -> Response:
    """Free the address for another use."""
    request = eips.DisassociateEip(id=id)
    return await call.run(eips.disassociate_eip, request)


async def release_eip(call: Call, id: Id) -> Response:
    """Give the address back."""
    request = eips.ReleaseEip(id=id)
    return await call.run(eips.release_eip, request)


async def create_ipv4_gateway(call: Call, body: CreateIpv4GatewayBody) -> Response:
    """Make a VPC's IPv4 gateway.

    Once it is enabled, the route tables decide what leaves by the internet, so that a range outside RFC 1918 can be reached over
    a link.
    """
    request = ipv4_gateways.CreateIpv4Gateway(**body.given(), client_token=call.token)
    return await call.run(ipv4_gateways.create_ipv4_gateway, request, 201)


async def list_ipv4_gateways(call: Call, query: Annotated[GatewayList, Query()]) -> Response:
    """List IPv4 gateways."""
    return await call.list_by(ipv4_gateways.list_ipv4_gateways, **query.given())


async def get_ipv4_gateway(call: Call, id: Id) -> Response:
    """Show an IPv4 gateway."""
    return await call.find(ipv4_gateways.get_ipv4_gateway, id)


async def update_ipv4_gateway(call: Call, id: Id, body: UpdateIpv4GatewayBody) -> Response:
    """Change texts, and whether the route tables decide."""
    request = ipv4_gateways.UpdateIpv4Gateway(id=id, **body.given())
    return await call.run(ipv4_gateways.update_ipv4_gateway, request)


async def delete_ipv4_gateway(call: Call, id: Id) -> Response:
    """Start the deletion of an IPv4 gateway that no route leads to."""
    request = ipv4_gateways.DeleteIpv4Gateway(id=id)
    return await call.run(ipv4_gateways.delete_ipv4_gateway, request, 202)


OPERATIONS: Final = (
    Operation("POST", "/external-networks", create_external_network, ExternalNetwork, 201),
    Operation("GET", "/external-networks", list_external_networks, ListOf[ExternalNetwork]),
    Operation("GET", "/external-networks/{id}", get_external_network, ExternalNetwork),
    Operation("DELETE", "/external-networks/{id}", delete_external_network, ExternalNetwork),
    Operation("POST", "/eips", allocate_eip, Eip, 201),
    Operation("GET", "/eips", list_eips, ListOf[Eip]),
    Operation("GET", "/eips/{id}", get_eip, Eip),
    Operation("POST", "/eips/{id}/associate", associate_eip, Eip),
    Operation("POST", "/eips/{id}/disassociate", disassociate_eip, Eip),
    Operation("DELETE", "/eips/{id}", release_eip, Eip),
    Operation("POST", "/ipv4-gateways", create_ipv4_gateway, Ipv4Gateway, 201),
    Operation("GET", "/ipv4-gateways", list_ipv4_gateways, ListOf[Ipv4Gateway]),
    Operation("GET", "/ipv4-gateways/{id}", get_ipv4_gateway, Ipv4Gateway),
    Operation("PATCH", "/ipv4-gateways/{id}", update_ipv4_gateway, Ipv4Gateway),
    Operation("DELETE", "/ipv4-gateways/{id}", delete_ipv4_gateway, Ipv4Gateway, 202),
)
