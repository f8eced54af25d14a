"""Instances, probes from them and shells in them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call, answer
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf
from peerway.api.native.schemas.probes import ProbeAnswer, ProbeBody, ProbeOutcome, ShellAnswer
from peerway.api.native.schemas.vpcs import CreateInstanceBody, InstanceList, UpdateInstanceBody
from peerway.app.dataplane import Probe, ProbeResult, Verdict
from peerway.app.store import Reader
from peerway.app.usecases import instances
from peerway.app.usecases.common import own, require_member
from peerway.domain.errors import Conflict, InvalidInput
from peerway.domain.prefixes import Address, parse_address
from peerway.domain.vpc import Instance


async def create_instance(call: Call, body: CreateInstanceBody) -> Response:
    """Make an instance."""
    request = instances.CreateInstance(**body.given(), client_token=call.token)
    return await call.write(lambda tx: instances.create_instance(tx, call.world, call.caller, request), 201)


async def list_instances(call: Call, query: Annotated[InstanceList, Query()]) -> Response:
    """List instances."""
    return await call.read(lambda tx: instances.list_instances(tx, call.world, call.caller, **query.given()))


async def get_instance(call: Call, id: Id) -> Response:
    """Show an instance."""
    return await call.point(lambda tx: instances.get_instance(tx, call.world, call.caller, id))


async def update_instance(call: Call, id: Id, body: UpdateInstanceBody) -> Response:
    """Change name, security groups and the source and destination check."""
    request = instances.UpdateInstance(id=id, **body.given())
    return await call.write(lambda tx: instances.update_instance(tx, call.world, call.caller, request))


async def delete_instance(call: Call, id: Id) -> Response:
    """Start the deletion of an instance."""
    request = instances.DeleteInstance(id=id)
    return await call.write(lambda tx: instances.delete_instance(tx, call.world, call.caller, request), 202)


#: IP protocol numbers of probes, by protocol and IP version.
NUMBERS: Final = {
    ("icmp", 4): 1,
    ("icmp", 6): 58,
    ("tcp", 4): 6,
    ("tcp", 6): 6,
    ("udp", 4): 17,
    ("udp", 6): 17,
}


async def probe_instance(call: Call, id: Id, body: ProbeBody) -> Response:
    """Send probes from an instance and tell what came back.

    The target is any address, or the id of one of the caller's instances. The memory data plane sends nothing: it says what
    would happen.
    """
    if body.protocol != "icmp" and body.port == 0:
        raise InvalidInput("port", "must be given for tcp and udp")
    target = await call.in_thread(
        lambda: call.services.store.read(lambda tx: _target(call, tx, id, body.target))
    )
    number = NUMBERS[body.protocol, target.version]
    probe = Probe(source_id=id, target=target, protocol=number, port=body.port, timeout_ms=body.timeout_ms)
    results = [await call.in_thread(lambda: call.services.agent.probe(probe)) for _ in range(body.count)]
    return answer(_outcome(call, probe, results))


async def instance_shell(call: Call, id: Id) -> Response:
    """Tell where local users run commands in the instance."""
    await call.in_thread(lambda: call.services.store.read(lambda tx: _shell_owner(call, tx, id)))
    path = call.services.agent.shell_socket()
    if path is None:
        raise Conflict("the data plane has no guests to run commands in", code="no_guests")
    return answer({"socket": path})


def _shell_owner(call: Call, tx: Reader, id: str) -> Instance:
    require_member(call.caller)
    return own(tx, call.caller, Instance, id)


def _target(call: Call, tx: Reader, id: str, target: str) -> Address:
    own(tx, call.caller, Instance, id)
    if not target.startswith("i-"):
        return parse_address(target, "target")
    return own(tx, call.caller, Instance, target, "target").ipv4


def _outcome(call: Call, probe: Probe, results: list[ProbeResult]) -> ProbeAnswer:
    outcomes = [
        ProbeOutcome(verdict=result.verdict, round_trip_ms=result.round_trip_ms, detail=result.detail)
        for result in results
    ]
    return ProbeAnswer(
        source_id=probe.source_id,
        target=str(probe.target),
        dataplane=call.services.agent.dataplane_name,
        sent=len(results),
        answered=sum(result.verdict is not Verdict.SILENT for result in results),
        results=outcomes,
    )


OPERATIONS: Final = (
    Operation("POST", "/instances", create_instance, Instance, 201),
    Operation("GET", "/instances", list_instances, ListOf[Instance]),
    Operation("GET", "/instances/{id}", get_instance, Instance),
    Operation("PATCH", "/instances/{id}", update_instance, Instance),
    Operation("DELETE", "/instances/{id}", delete_instance, Instance, 202),
    Operation("POST", "/instances/{id}/probe", probe_instance, ProbeAnswer),
    Operation("GET", "/instances/{id}/shell", instance_shell, ShellAnswer),
)
