"""Links between two routers as their owners see them, in whatever state: what carries, what could, and what one side lacks.

Owns the finding of links that the compiled network does not have, as they carry nothing. What would mend one is told with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from peerway.analysis.network import Network
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.route_table import NextHop
from peerway.domain.router_interface import InterfaceRole, RouterInterface, joined

#: States of a peer connection, the one that is nearest to carrying first.
_NEAREST: Final = (
    PeeringState.ACTIVE,
    PeeringState.UPDATING,
    PeeringState.CREATING,
    PeeringState.SUSPENDED,
    PeeringState.PENDING,
    PeeringState.EXPIRED,
    PeeringState.REJECTED,
)


@dataclass(frozen=True, slots=True)
class PeeringLink:
    """A peer connection."""

    #: As it is stored.
    peering: Peering

    @property
    def id(self) -> str:
        """Id of the link."""
        return self.peering.id

    @property
    def carries(self) -> bool:
        """Whether its state lets packets pass."""
        return PEERING.states[self.peering.state].carries

    @property
    def states(self) -> tuple[str, ...]:
        """Its state, for people."""
        return (self.peering.state.value,)

    def hop_from(self, router_id: str) -> tuple[NextHop, str] | None:
        """What a route entry at the router calls it."""
        return (NextHop.PEERING, self.peering.id) if router_id in self.ends() else None

    def ends(self) -> tuple[str, str]:
        """The routers it joins."""
        one, other = self.peering.sides
        return one.vpc_id, other.vpc_id


@dataclass(frozen=True, slots=True)
class InterfaceLink:
    """A pair of router interfaces of which at least one names the other."""

    #: The initiator.
    initiator: RouterInterface
    #: The acceptor.
    acceptor: RouterInterface

    @property
    def id(self) -> str:
        """Id of the link."""
        return self.initiator.id

    @property
    def carries(self) -> bool:
        """Whether both sides are on."""
        sides = (self.initiator, self.acceptor)
        return joined(*sides) and all(ROUTER_INTERFACE.states[side.state].carries for side in sides)

    @property
    def states(self) -> tuple[str, ...]:
        """The states of the two sides, the initiator's first."""
        return self.initiator.state.value, self.acceptor.state.value

    def hop_from(self, router_id: str) -> tuple[NextHop, str] | None:
        """What a route entry at the router calls it."""
        for side in (self.initiator, self.acceptor):
            if side.vpc_id == router_id:
                return NextHop.ROUTER_INTERFACE, side.id
        return None

    def ends(self) -> tuple[str, str]:
        """The routers it joins."""
        return self.initiator.vpc_id, self.acceptor.vpc_id


AnyLink = PeeringLink | InterfaceLink


def links_of(network: Network, router_id: str) -> Iterator[AnyLink]:
    """All links of a router that there are or were meant to be."""
    site = network.snapshot.site(router_id)
    for peering in site.peerings.values():
        if peering.state in _NEAREST:
            yield PeeringLink(peering)
    for near in site.interfaces.values():
        far = network.snapshot.interface(near.opposite_interface_id)
        if far is None or near.opposite_deleted or far.role is near.role:
            continue
        ours = near.role is InterfaceRole.INITIATOR
        yield InterfaceLink(near, far) if ours else InterfaceLink(far, near)


def links_between(network: Network, one: str, other: str) -> list[AnyLink]:
    """The links that join two routers, the one that is nearest to carrying first."""
    found = [link for link in links_of(network, one) if set(link.ends()) == {one, other}]
    return sorted(found, key=_distance)


def link_called(network: Network, router_id: str, id: str) -> AnyLink | None:
    """The link that a route entry at the router calls `id`."""
    for link in links_of(network, router_id):
        hop = link.hop_from(router_id)
        if hop is not None and id in {hop[1], link.id}:
            return link
    return None


def _distance(link: AnyLink) -> tuple[bool, int, str]:
    """Sort key: what carries first."""
    far = _NEAREST.index(link.peering.state) if isinstance(link, PeeringLink) else 0
    return not link.carries, far, link.id
