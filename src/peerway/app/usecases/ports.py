"""Ports of the host that operators name: one line, border router or outside network each."""

from __future__ import annotations

from peerway.app.store import Reader, where
from peerway.domain.errors import AlreadyExists
from peerway.domain.gateway import ExternalNetwork
from peerway.domain.lifecycle.line import LINE
from peerway.domain.line import LineState, PhysicalConnection, VirtualBorderRouter
from peerway.domain.port import parse_port

#: States in which a line may have a port.
HOLDING = tuple(state for state in LineState if LINE.states[state].live)


def check_port_free(tx: Reader, port: object, besides: str = "") -> str:
    """The port as text; `AlreadyExists` when something but `besides` is plugged into it.

    Operators have few ports and name one rarely, so this looks at all that have one.
    """
    kind, name = parse_port(port)
    wanted = f"{kind}:{name}"
    for id, taken in _taken(tx):
        if taken == wanted and id != besides:
            raise AlreadyExists(f"port {wanted} is taken by {id}", code="port_taken", field="port", id=id)
    return wanted


def _taken(tx: Reader) -> list[tuple[str, str]]:
    lines = tx.select(PhysicalConnection, where("state", *HOLDING))
    own = [(vbr.id, f"{vbr.port.kind}:{vbr.port.name}") for vbr in tx.select(VirtualBorderRouter)]
    by_line = {line.port for line in lines}
    return [
        *((line.id, line.port) for line in lines if line.port),
        *((id, port) for id, port in own if port not in by_line),
        *((network.id, network.port) for network in tx.select(ExternalNetwork)),
    ]
