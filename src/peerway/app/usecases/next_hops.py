"""Where route entries may lead, and whether packets can go there now (NET-5, EC-9, EC-11).

One row a kind of next hop. Owns no rule of destinations and no state move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from peerway.app.store import Reader
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.routers import border_router
from peerway.app.world import World
from peerway.domain.errors import Conflict, InvalidInput, NotFound
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE, carries
from peerway.domain.lifecycle.vbr import VBR
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Prefix, contains
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import (
    NextHop,
    RouteEntry,
    RoutePath,
    RouteTable,
    check_paths,
)
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Instance, Vpc
from peerway.profiles.rules import sees

#: Kinds of next hop in the table of a border router.
OF_VBR: Final = frozenset({NextHop.ROUTER_INTERFACE, NextHop.LINE, NextHop.BLACKHOLE})

#: What the kinds are that entries of IPv6 can't lead to.
IPV4_ONLY: Final = frozenset({NextHop.NAT_GATEWAY, NextHop.IPV4_GATEWAY})


@dataclass(frozen=True, slots=True)
class Hop:
    """Where an entry leads, as it is stored."""

    #: What it leads to; None for a blackhole and for several router interfaces.
    id: str | None = None
    #: The router interfaces, when there are several.
    paths: tuple[RoutePath, ...] = ()


#: What decides over one kind of next hop, given the id of the request.
Decide = Callable[[Reader, World, RouteTable, str | None], str | None]
#: What says whether packets can take it now.
Look = Callable[[Reader, str], bool]


def choose_hop(
    tx: Reader,
    world: World,
    table: RouteTable,
    kind: NextHop,
    id: str | None,
    paths: Sequence[RoutePath],
    destination: Prefix,
) -> Hop:
    """Where a new entry leads: something of the table's own router that is there and, when it is a link, carries packets."""
    vbr = border_router(tx, table)
    if (kind not in OF_VBR) if vbr is not None else (kind is NextHop.LINE):
        where = "a VBR" if vbr is not None else "a VPC"
        raise InvalidInput("next_hop", f"can't be {kind} in a table of {where}", kind)
    if destination.version == 6 and kind in IPV4_ONLY:
        raise InvalidInput("destination", f"must be an IPv4 range: {kind} carries no IPv6", destination)
    if destination.version == 6 and kind is NextHop.LINE and vbr is not None and vbr.local_gateway6 is None:
        raise InvalidInput("destination", "must be an IPv4 range: the VBR has no IPv6 gateways", destination)
    if not paths:
        hop_id = KINDS[kind].decide(tx, world, table, id)
        if kind is NextHop.PEERING and hop_id is not None:
            _check_within_peer(tx, world, table, hop_id, destination)
        return Hop(hop_id)
    if kind is not NextHop.ROUTER_INTERFACE:
        raise InvalidInput("paths", f"must not be given for {kind}")
    if id is not None:
        raise InvalidInput("paths", "must not be given beside next_hop_id")
    for place, path in enumerate(check_paths(paths)):
        _interface(tx, table, path.interface_id, f"paths[{place}].interface_id")
    return Hop(paths=tuple(paths))


def is_available(tx: Reader, entry: RouteEntry) -> bool:
    """Whether packets can take the entry now: its next hop, or one of its paths, is there and carries."""
    if entry.paths:
        return any(_interface_carries(tx, path.interface_id) for path in entry.paths)
    return entry.next_hop_id is None or KINDS[entry.next_hop].carries(tx, entry.next_hop_id)


def _instance(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    instance = tx.get(Instance, _given(id))
    if instance is None or instance.vpc_id != table.vpc_id:
        raise NotFound("instance", _given(id), field="next_hop_id")
    if instance.state is Provisioning.DELETING:
        raise _inactive("instance", instance.id, instance.state.value)
    return instance.id


def _peering(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    peering = tx.get(Peering, _given(id))
    joins = peering is not None and table.vpc_id in {side.vpc_id for side in peering.sides}
    if (
        peering is None
        or not joins
        or not sees(world.require_profile(peering.profile), peering, table.owner_uid)
    ):
        raise NotFound("peering", _given(id), field="next_hop_id")
    if not PEERING.states[peering.state].carries:
        raise _inactive("peering", peering.id, peering.state.value)
    return peering.id


def _check_within_peer(tx: Reader, world: World, table: RouteTable, id: str, destination: Prefix) -> None:
    """`InvalidInput` where the product routes over a connection to ranges of the other VPC only, and this is none."""
    peering = tx.get(Peering, id)
    if peering is None or not world.require_profile(peering.profile).routes_within_peer:
        return
    peer = tx.get(Vpc, peering.opposite_of(table.vpc_id).vpc_id)
    if peer is None or not any(contains(range_, destination) for range_ in peer.prefixes):
        rule = "must be inside a range of the VPC that the connection leads to"
        raise InvalidInput("destination", rule, destination, code="outside_peer")


def _one_interface(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    return _interface(tx, table, _given(id), "next_hop_id")


def _interface(tx: Reader, table: RouteTable, id: str, field: str) -> str:
    """An interface of the table's router that is joined and not switched off."""
    interface = tx.get(RouterInterface, id)
    if interface is None or interface.vpc_id != table.vpc_id:
        raise NotFound("router_interface", str(id)[:64], field=field)
    if not ROUTER_INTERFACE.states[interface.state].carries:
        raise _inactive("router_interface", interface.id, interface.state.value, field)
    return interface.id


def _line(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
    """The VBR's own line; its id is the VBR's, and may be left out."""
    if id not in {None, table.vpc_id}:
        raise NotFound("vbr", str(id)[:64], field="next_hop_id")
    return table.vpc_id


def _gateway(kind: type[NatGateway | Ipv4Gateway]) -> Decide:
    def decide(tx: Reader, world: World, table: RouteTable, id: str | None) -> str:
        gateway = tx.get(kind, _given(id))
        if gateway is None or gateway.vpc_id != table.vpc_id:
            raise NotFound(WORDS[kind], _given(id), field="next_hop_id")
        if gateway.state is Provisioning.DELETING:
            raise _inactive(WORDS[kind], gateway.id, gateway.state.value)
        return gateway.id

    return decide


def _nowhere(tx: Reader, world: World, table: RouteTable, id: str | None) -> None:
    if id is not None:
        raise InvalidInput("next_hop_id", "must not be given for a blackhole", id)


def _given(id: str | None) -> str:
    if not isinstance(id, str) or not id:
        raise InvalidInput("next_hop_id", "must be given for this kind of next hop", id)
    return id


def _inactive(word: str, id: str, state: str, field: str = "next_hop_id") -> Conflict:
    text = f"{word} {id} is {state}: a route can't lead to it"
    return Conflict(text, code="next_hop_not_active", resource=word, field=field, id=id, state=state)


def _made(kind: type[Instance | NatGateway]) -> Look:
    def carries(tx: Reader, id: str) -> bool:
        found = tx.get(kind, id)
        return found is not None and found.state is Provisioning.AVAILABLE

    return carries


def _peering_carries(tx: Reader, id: str) -> bool:
    peering = tx.get(Peering, id)
    return peering is not None and PEERING.states[peering.state].carries


def _interface_carries(tx: Reader, id: str) -> bool:
    """Both sides of the link are on."""
    near = tx.get(RouterInterface, id)
    far = tx.get(RouterInterface, near.opposite_interface_id or "") if near is not None else None
    return carries(near, far)


def _line_carries(tx: Reader, id: str) -> bool:
    vbr = tx.get(VirtualBorderRouter, id)
    return vbr is not None and VBR.states[vbr.state].carries


def _gateway_carries(tx: Reader, id: str) -> bool:
    """An IPv4 gateway carries once it is enabled, too."""
    gateway = tx.get(Ipv4Gateway, id)
    return gateway is not None and gateway.state is Provisioning.AVAILABLE and gateway.enabled


@dataclass(frozen=True, slots=True)
class HopKind:
    """One kind of next hop."""

    #: Its id, once checked.
    decide: Decide
    #: Whether packets can take it now.
    carries: Look


#: What there is to know of each kind.
KINDS: Final[Mapping[NextHop, HopKind]] = {
    NextHop.INSTANCE: HopKind(_instance, _made(Instance)),
    NextHop.PEERING: HopKind(_peering, _peering_carries),
    NextHop.ROUTER_INTERFACE: HopKind(_one_interface, _interface_carries),
    NextHop.LINE: HopKind(_line, _line_carries),
    NextHop.NAT_GATEWAY: HopKind(_gateway(NatGateway), _made(NatGateway)),
    NextHop.IPV4_GATEWAY: HopKind(_gateway(Ipv4Gateway), _gateway_carries),
    NextHop.BLACKHOLE: HopKind(_nowhere, lambda _tx, _id: True),
}
