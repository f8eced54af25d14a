"""What guests of the network do when asked to: send probes and run commands. Guests are instances, and databases' namespaces."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from peerway.api.native.call import Call, answer
from peerway.api.native.schemas.probes import ProbeAnswer, ProbeBody, ProbeOutcome
from peerway.app.dataplane import Probe, ProbeResult, Verdict
from peerway.app.store import Reader
from peerway.app.usecases.access import own, require_member
from peerway.domain.errors import Conflict, IllegalState, InvalidInput, NotFound, Unavailable
from peerway.domain.prefixes import Address, parse_address
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.vpc import Instance

#: What has a guest.
Guest = type[Instance] | type[Database]

#: IP protocol numbers of probes, by protocol and IP version.
NUMBERS: Final = {
    ("icmp", 4): 1,
    ("icmp", 6): 58,
    ("tcp", 4): 6,
    ("tcp", 6): 6,
    ("udp", 4): 17,
    ("udp", 6): 17,
}


async def probe_from(call: Call, kind: Guest, id: str, body: ProbeBody) -> Response:
    """Send probes from a guest of the caller's and tell what came back."""
    if body.protocol != "icmp" and body.port == 0:
        raise InvalidInput("port", "must be given for tcp and udp")
    target = await call.in_thread(
        lambda: call.services.store.read(lambda tx: _target(call, tx, kind, id, body.target))
    )
    number = NUMBERS[body.protocol, target.version]
    probe = Probe(source_id=id, target=target, protocol=number, port=body.port, timeout_ms=body.timeout_ms)
    try:
        results = [await call.in_thread(lambda: call.services.agent.probe(probe)) for _ in range(body.count)]
    except NotFound as error:  # the store has the guest; an agent that has just started does not know it yet
        raise Unavailable("the data plane does not have it yet") from error
    return answer(_outcome(call, probe, results))


async def shell_of(call: Call, kind: Guest, id: str) -> Response:
    """Tell where local users run commands in a guest of the caller's."""
    require_member(call.caller)
    await call.in_thread(lambda: call.services.store.read(lambda tx: _running(call, tx, kind, id, "exec")))
    path = call.services.agent.shell_socket()
    if path is None:
        raise Conflict("the data plane has no guests to run commands in", code="no_guests")
    return answer({"socket": path})


def _running(call: Call, tx: Reader, kind: Guest, id: str, verb: str) -> None:
    """`NotFound` unless the guest is the caller's, `IllegalState` while it is stopped."""
    guest = own(tx, call.caller, kind, id)
    if isinstance(guest, Instance) and guest.stopped:
        raise IllegalState("instance", guest.id, "stopped", verb)


def _target(call: Call, tx: Reader, kind: Guest, id: str, target: str) -> Address:
    _running(call, tx, kind, id, "probe")
    if target.startswith("i-"):
        return own(tx, call.caller, Instance, target, "target").ipv4
    if target.startswith("rds-"):
        return own(tx, call.caller, Database, target, "target").address
    if target.startswith("lb-"):
        return own(tx, call.caller, LoadBalancer, target, "target").address
    return parse_address(target, "target")


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
