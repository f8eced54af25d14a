"""Instances, probes from them and shells in them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.guests import probe_from, shell_of
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.probes import ProbeAnswer, ProbeBody, ShellAnswer
from peerway.api.native.schemas.vpcs import CreateInstanceBody, InstanceList, UpdateInstanceBody
from peerway.app.usecases import instances
from peerway.domain.vpc import Instance


async def create_instance(call: Call, body: CreateInstanceBody) -> Response:
    """Make an instance."""
    request = instances.CreateInstance(**body.given(), client_token=call.token)
    return await call.run(instances.create_instance, request, 201)


async def list_instances(call: Call, query: Annotated[InstanceList, Query()]) -> Response:
    """List instances."""
    return await call.list_by(instances.list_instances, **query.given())


async def get_instance(call: Call, id: Id) -> Response:
    """Show an instance."""
    return await call.find(instances.get_instance, id)


async def update_instance(call: Call, id: Id, body: UpdateInstanceBody) -> Response:
    """Change name, security groups and the source and destination check."""
    request = instances.UpdateInstance(id=id, **body.given())
    return await call.run(instances.update_instance, request)


async def stop_instance(call: Call, id: Id) -> Response:
    """Take an instance off the network; it keeps its place and its addresses."""
    return await call.run(instances.stop_instance, instances.StopInstance(id=id))


async def start_instance(call: Call, id: Id) -> Response:
    """Put a stopped instance back on the network."""
    return await call.run(instances.start_instance, instances.StartInstance(id=id))


async def delete_instance(call: Call, id: Id) -> Response:
    """Start the deletion of an instance."""
    request = instances.DeleteInstance(id=id)
    return await call.run(instances.delete_instance, request, 202)


async def probe_instance(call: Call, id: Id, body: ProbeBody) -> Response:
    """Send probes from an instance and tell what came back.

    The target is any address, or the id of one of the caller's instances, databases or load balancers. The memory data plane
    sends nothing: it says what would happen.
    """
    return await probe_from(call, Instance, id, body)


async def instance_shell(call: Call, id: Id) -> Response:
    """Tell where local users run commands in the instance."""
    return await shell_of(call, Instance, id)


OPERATIONS: Final = (
    Operation("POST", "/instances", create_instance, Instance, 201),
    Operation("GET", "/instances", list_instances, ListOf[Instance]),
    Operation("GET", "/instances/{id}", get_instance, Instance),
    Operation("PATCH", "/instances/{id}", update_instance, Instance),
    Operation("DELETE", "/instances/{id}", delete_instance, Instance, 202),
    Operation("POST", "/instances/{id}/stop", stop_instance, Instance),
    Operation("POST", "/instances/{id}/start", start_instance, Instance),
    Operation("POST", "/instances/{id}/probe", probe_instance, ProbeAnswer, asks=True),
    Operation("GET", "/instances/{id}/shell", instance_shell, ShellAnswer),
)
