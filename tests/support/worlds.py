"""The worlds outside of random networks: namespaces of customers and of outside networks, in which the same far hosts answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.builders.strategies import of_kind
from tests.builders.topology import Topology
from tests.builders.wide import FAR
from tests.support.kernel import foreign_namespace, outside

from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.domain.gateway import ExternalNetwork
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind
from peerway.domain.resource import Resource
from peerway.fabric.model import Fabric
from peerway.fabric.outcomes import Walk

#: How many lines have a customer, and how many outside networks there are.
LINES, NETWORKS = 4, 2


@dataclass
class Worlds:
    """Namespaces outside."""

    #: Paths of customers' namespaces, one a line.
    customers: list[str]
    #: Paths of outside networks.
    networks: list[str]

    @property
    def paths(self) -> list[str]:
        """All of them."""
        return [*self.customers, *self.networks]

    def settle(self, topology: Topology) -> None:
        """Plug the topology's lines and networks in; lines without a customer are not confirmed. A repeat changes nothing."""
        vbrs = of_kind(topology, VirtualBorderRouter)
        for vbr, path in zip(vbrs, self.customers, strict=False):
            _set(topology, vbr, port=Port(PortKind.NETNS, path), vlan=0)
        for vbr in vbrs[LINES:]:
            _set(topology, vbr, state=VbrState.UNCONFIRMED)
        for number, network in enumerate(of_kind(topology, ExternalNetwork)):
            path = self.networks[number % NETWORKS]
            _set(topology, network, port=f"netns:{path}", local=None, gateway=None)

    def route(self, fabric: Fabric) -> None:
        """Have each customer send everything over its line."""
        for router in fabric.routers.values():
            for uplink in router.uplinks.values():
                if uplink.translation is None and uplink.up:
                    name, via = outside_interface(uplink.id), uplink.transfers[0].local.ip
                    outside(uplink.port.name, f"ip route replace default via {via} dev {name} onlink")


def _set(topology: Topology, resource: Resource, **fields: object) -> None:
    if any(getattr(resource, name) != value for name, value in fields.items()):
        topology.change(resource, **fields)


@contextmanager
def worlds_outside() -> Iterator[Worlds]:
    """The namespaces, for as long as the block."""
    with ExitStack() as stack:
        paths = [stack.enter_context(foreign_namespace()) for _ in range(LINES + NETWORKS)]
        for path in paths:
            outside(path, "ip link set lo up", *(f"ip addr add {address}/32 dev lo" for address in FAR))
        yield Worlds(paths[:LINES], paths[LINES:])


def meets_somebody(request: Walk) -> bool:
    """Whether who gets a request outside is one of the hosts that are there."""
    return request.left_by is None or str(request.packet.destination) in FAR
