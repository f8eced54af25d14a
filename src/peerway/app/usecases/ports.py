"""Ports of the host that operators name: one line, border router or outside network each, but for namespaces of sites.

A namespace gets a cable of its own for each border router, so that any number of lines may end in the same one.
"""

from __future__ import annotations

from peerway.app.store import Reader, where
from peerway.domain.errors import AlreadyExists
from peerway.domain.gateway import ExternalNetwork
from peerway.domain.lifecycle.line import LINE
from peerway.domain.line import LineState, PhysicalConnection, VirtualBorderRouter
from peerway.domain.port import PortKind, parse_port

#: States in which a line may have a port.
HOLDING = tuple(state for state in LineState if LINE.states[state].live)


def check_line_port(tx: Reader, port: object, besides: str = "") -> str:
    """The port of a line, or of one of its border routers, as text; `AlreadyExists` when it is taken."""
    kind, _ = parse_port(port)
    taken = _by_networks(tx) if kind is PortKind.NETNS else [*_by_lines(tx), *_by_networks(tx)]
    return _free(port, taken, besides)


def check_port_free(tx: Reader, port: object, besides: str = "") -> str:
    """The port as text; `AlreadyExists` when anything but `besides` is plugged into it."""
    return _free(port, [*_by_lines(tx), *_by_networks(tx)], besides)


def _free(port: object, taken: list[tuple[str, str]], besides: str) -> str:
    kind, name = parse_port(port)
    wanted = f"{kind}:{name}"
    for id, other in taken:
        if other == wanted and id != besides:
            raise AlreadyExists(f"port {wanted} is taken by {id}", code="port_taken", field="port", id=id)
    return wanted


# Operators have few ports and name one rarely, so these look at all that have one.


def _by_lines(tx: Reader) -> list[tuple[str, str]]:
    lines = tx.select(PhysicalConnection, where("state", *HOLDING))
    own = [(vbr.id, f"{vbr.port.kind}:{vbr.port.name}") for vbr in tx.select(VirtualBorderRouter)]
    by_line = {line.port for line in lines}
    return [
        *((line.id, line.port) for line in lines if line.port),
        *((id, port) for id, port in own if port not in by_line),
    ]


def _by_networks(tx: Reader) -> list[tuple[str, str]]:
    return [(network.id, network.port) for network in tx.select(ExternalNetwork)]
