"""Which stored objects wait for the data plane, on what, and the use case that takes them out of that state.

One row a kind. Owns no state move; those are in the lifecycles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from peerway.app.store import Writer
from peerway.app.usecases import settle
from peerway.app.world import World
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.lifecycle.vbr import is_behind
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.router_interface import RouterInterface
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.model import Link

#: A settling that is ready to be done in a transaction.
Settle = Callable[[Writer], object]


@dataclass(frozen=True, slots=True)
class Settling:
    """How one kind waits for the data plane."""

    #: Whether the resource is in a state that ends when the data plane has done its part.
    waits: Callable[[Any], bool]
    #: Ids of the data plane's objects that it rests on, beside its own.
    rests_on: Callable[[Any], tuple[str, ...]]
    #: The use case, given the resource as the data plane acted on it.
    settle: Callable[[Writer, World, Any], object]


def _unsettled(resource: Any) -> bool:
    return resource.state is not Provisioning.AVAILABLE


def _in_vpc(resource: Any) -> tuple[str, ...]:
    return (resource.vpc_id,)


def _link_of(interface: RouterInterface) -> tuple[str, ...]:
    return tuple(id for id in (interface.vpc_id, interface.link_id) if id is not None)


SETTLINGS: Final[Mapping[type[Resource], Settling]] = {
    Vpc: Settling(
        _unsettled, lambda _: (), lambda tx, world, vpc: settle.settle_vpc(tx, world, vpc.id, vpc.state)
    ),
    **{
        kind: Settling(
            _unsettled,
            _in_vpc,
            lambda tx, _, made: settle.settle_made(tx, type(made), made.id, made.state),
        )
        for kind in (VSwitch, Instance, NatGateway, Ipv4Gateway, LoadBalancer, Database)
    },
    Peering: Settling(
        lambda peering: not PEERING.states[peering.state].stable,
        lambda peering: tuple(side.vpc_id for side in peering.sides),
        lambda tx, world, peering: settle.settle_peering(tx, world, peering.id, peering.generation),
    ),
    RouterInterface: Settling(
        lambda interface: not ROUTER_INTERFACE.states[interface.state].stable,
        _link_of,
        lambda tx, world, interface: settle.settle_router_interface(
            tx, world, interface.id, interface.generation
        ),
    ),
    VirtualBorderRouter: Settling(
        is_behind,
        lambda _: (),
        lambda tx, world, vbr: settle.settle_vbr(tx, world, vbr.id, vbr.generation),
    ),
}


def waits(resource: Resource) -> bool:
    """Whether the resource waits for the data plane."""
    row = SETTLINGS.get(type(resource))
    return row is not None and row.waits(resource)


def held_up(resource: Resource, failures: Mapping[str, str], links: Mapping[str, Link]) -> bool:
    """Whether a failure keeps the resource from having reached its desired state; a link rests on the routers at its ends."""
    needed = (resource.id, *SETTLINGS[type(resource)].rests_on(resource))
    ends = (end.router_id for id in needed if id in links for end in links[id].ends)
    return any(id in failures for id in (*needed, *ends))


def settle_with(world: World, resource: Resource) -> Settle:
    """What takes the resource out of the waiting state that the data plane has just acted on."""
    row = SETTLINGS[type(resource)]
    return lambda tx: row.settle(tx, world, resource)
