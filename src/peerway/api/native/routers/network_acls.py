"""Network ACLs."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.network import AclEntriesBody, CreateAclBody
from peerway.api.native.schemas.vpcs import UpdateTextsBody, VpcItemList
from peerway.app.usecases import network_acls
from peerway.domain.security import NetworkAcl


async def create_network_acl(call: Call, body: CreateAclBody) -> Response:
    """Make a network ACL."""
    request = network_acls.CreateNetworkAcl(**body.given(), client_token=call.token)
    return await call.run(network_acls.create_network_acl, request, 201)


async def list_network_acls(call: Call, query: Annotated[VpcItemList, Query()]) -> Response:
    """List network ACLs."""
    return await call.list_by(network_acls.list_network_acls, **query.given())


async def get_network_acl(call: Call, id: Id) -> Response:
    """Show a network ACL."""
    return await call.find(network_acls.get_network_acl, id)


async def update_network_acl(call: Call, id: Id, body: UpdateTextsBody) -> Response:
    """Change name and description."""
    request = network_acls.UpdateNetworkAcl(id=id, **body.given())
    return await call.run(network_acls.update_network_acl, request)


async def delete_network_acl(call: Call, id: Id) -> Response:
    """Delete an ACL that no VSwitch is bound to."""
    request = network_acls.DeleteNetworkAcl(id=id)
    return await call.run(network_acls.delete_network_acl, request)


async def replace_acl_entries(call: Call, id: Id, body: AclEntriesBody) -> Response:
    """Give an ACL new entries, both directions in one step."""
    request = network_acls.ReplaceAclEntries(id=id, **body.given())
    return await call.run(network_acls.replace_acl_entries, request)


OPERATIONS: Final = (
    Operation("POST", "/network-acls", create_network_acl, NetworkAcl, 201),
    Operation("GET", "/network-acls", list_network_acls, ListOf[NetworkAcl]),
    Operation("GET", "/network-acls/{id}", get_network_acl, NetworkAcl),
    Operation("PATCH", "/network-acls/{id}", update_network_acl, NetworkAcl),
    Operation("DELETE", "/network-acls/{id}", delete_network_acl, NetworkAcl),
    Operation("PUT", "/network-acls/{id}/entries", replace_acl_entries, NetworkAcl),
)
