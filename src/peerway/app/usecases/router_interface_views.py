"""What is shown beside a router interface: the other side, as far as it names this one, and whether packets pass (EC-1, EC-4)."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.app.store import Reader
from peerway.app.world import World
from peerway.domain.lifecycle.router_interface import carries
from peerway.domain.router_interface import SPECS, RouterInterface, cap_mbps, joined

#: State that is shown of another side that was deleted after the two had been joined.
DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OppositeView:
    """The other side of an interface. Every field is None while the other side does not name this one in turn."""

    #: Its state, `deleted` when it is gone after the two had been joined.
    state: str | None = None
    #: Its spec.
    spec: str | None = None
    #: What that spec allows; None for an acceptor's.
    bandwidth_mbps: int | None = None
    #: Its VPC, or border router.
    vpc_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceView:
    """What follows for an interface from itself and the other side."""

    #: The other side.
    opposite: OppositeView
    #: Cap of the link each way; None while an acceptor's other side is not known.
    bandwidth_mbps: int | None
    #: Whether the other side is in the same region.
    same_region: bool
    #: Whether exactly one side is in mainland China.
    cross_border: bool
    #: Whether packets pass: both sides are switched on.
    carries: bool


def view_of(tx: Reader, world: World, interface: RouterInterface) -> InterfaceView:
    """What is shown beside the interface to its owner."""
    named = None
    if interface.opposite_interface_id is not None and not interface.opposite_deleted:
        named = tx.get(RouterInterface, interface.opposite_interface_id)
    other = named if joined(interface, named) else None
    return InterfaceView(
        opposite=_opposite(interface, other),
        bandwidth_mbps=cap_mbps(interface, other),
        same_region=interface.inside_region,
        cross_border=world.regions.crosses_border(interface.region_id, interface.opposite_region_id),
        carries=carries(interface, other),
    )


def _opposite(interface: RouterInterface, other: RouterInterface | None) -> OppositeView:
    if other is None:
        return OppositeView(state=DELETED if interface.opposite_deleted else None)
    return OppositeView(
        state=other.state.value, spec=other.spec, bandwidth_mbps=SPECS.get(other.spec), vpc_id=other.vpc_id
    )
