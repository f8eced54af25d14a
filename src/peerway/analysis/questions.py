"""From a question about two points to the packet that asks it.

Owns which addresses stand for a point, and the guests that are imagined where a question is about a VSwitch and nobody is there.
What happens to the packet is the readers' business; who may ask is the use cases'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from peerway.analysis.network import Network
from peerway.analysis.outside import is_inside, way_in
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.path import Point, PointKind, Question
from peerway.domain.prefixes import Address
from peerway.domain.vpc import Instance
from peerway.fabric.model import Endpoint, Router, Subnet
from peerway.fabric.packets import CLIENT_PORT, PORTED, Packet

#: What the id of an imagined guest ends in; no stored id does.
IMAGINED: Final = "/guest"

#: Addresses at the start of a range that no guest gets.
RESERVED: Final = 4


@dataclass(frozen=True, slots=True)
class Posed:
    """A question, ready to be asked."""

    #: The network that it is asked of; differs from the real one by imagined guests only.
    network: Network
    #: The request.
    packet: Packet
    #: Port that answers go to; 0 for protocols without ports.
    client_port: int
    #: Who should get the request: an instance or database, a border router's line; None when it is an address, whoever has it.
    receiver: str | None
    #: The sender, when it is an instance that is stopped: nothing is sent.
    stopped_sender: str | None = None


@dataclass(frozen=True, slots=True)
class Unposable:
    """A question for which there is not enough information."""

    #: What is not known, for people.
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """What a point is in the network."""

    #: Its addresses, the one to be taken first in front.
    addresses: tuple[Address, ...]
    #: Who sends from it, or gets what is for it; None for an address alone and for a load balancer.
    holder: str | None
    #: The router with the imagined guest, where there is one.
    router: Router | None = None
    #: Whether it is an instance that is stopped: it has its addresses, and is not on the network.
    stopped: bool = False


def pose(network: Network, question: Question) -> Posed | Unposable:
    """The packet that asks the question.

    `NotFound` for a point that is not there, `InvalidInput` naming `source` or `target` for one that has no fitting address.
    """
    source, network = _placed(network, question.source, "source")
    target, network = _placed(network, question.target, "target")
    chosen = _addresses(source, target, question)
    sender = source.holder
    if sender is None:
        uplink, chosen = _way_in(network, question, *chosen)
        if uplink is not None and is_inside(network, chosen[0], _homes(network, question, uplink)):
            return Unposable(
                f"{chosen[0]} is a private address or one of this network's own, which nothing comes from that is outside:"
                " name the instance that has it, or the line that it comes by"
            )
        sender = uplink
    if sender is None:
        return Unposable(
            f"where packets from {chosen[0]} come in is not known, as {chosen[1]} is no public address:"
            " name the instance that has it, or the line that it comes by"
        )
    protocol = question.protocol.number(chosen[0].version)
    client_port = (question.source_port or CLIENT_PORT) if protocol in PORTED else 0
    packet = Packet(*chosen, protocol, question.port, sender, client_port)
    return Posed(network, packet, client_port, target.holder, sender if source.stopped else None)


def _placed(network: Network, point: Point, field: str) -> tuple[_Place, Network]:
    """What the point is, and the network with the guest that it may need."""
    place = _place(network, point, field)
    return place, network if place.router is None else network.with_router(place.router)


def _place(network: Network, point: Point, field: str) -> _Place:
    id = point.id or ""
    match point.kind:
        case PointKind.ADDRESS:
            assert point.address is not None  # noqa: S101 - `check_question` makes it so
            return _Place((point.address,), None)
        case PointKind.INSTANCE | PointKind.DATABASE:
            return _at_endpoint(network, point, field)
        case PointKind.LOAD_BALANCER:
            found = network.snapshot.site(network.snapshot.homes.get(id)).load_balancers.get(id)
            if found is None:
                raise NotFound("load_balancer", id, field=field)
            if point.address not in {None, found.address}:
                raise InvalidInput(f"{field}.address", f"must be the address of {id}", point.address)
            return _Place((found.address,), None)
        case PointKind.VSWITCH:
            return _in_subnet(network, point, field)
        case PointKind.VBR:
            router = network.fabric.routers.get(id)
            line = router.uplinks.get(id) if router is not None else None
            if line is None:
                raise NotFound("vbr", id, field=field)
            ends = tuple(transfer.peer for transfer in line.transfers)
            return _Place((point.address,) if point.address is not None else ends, id)


def _at_endpoint(network: Network, point: Point, field: str) -> _Place:
    id = point.id or ""
    found, resting = network.endpoint(id), stopped_instance(network, id)
    if found is not None:
        addresses, forwards = found[1].addresses, found[1].forwards
    elif resting is not None:
        addresses, forwards = resting.addresses, not resting.source_dest_check
    else:
        raise NotFound(point.kind.value, id, field=field)
    if point.address is None:
        return _Place(addresses, id, stopped=found is None)
    if point.address not in addresses and not forwards:
        raise InvalidInput(f"{field}.address", f"must be an address of {id}", point.address)
    return _Place((point.address,), id, stopped=found is None)


def stopped_instance(network: Network, id: str) -> Instance | None:
    """The instance of that id, when it is one that is stopped."""
    found = network.snapshot.site(network.snapshot.homes.get(id)).instances.get(id)
    return found if found is not None and found.stopped else None


def _in_subnet(network: Network, point: Point, field: str) -> _Place:
    """Whoever has the address in the VSwitch; without one, or when nobody has it, an imagined guest without security groups."""
    id = point.id or ""
    router = network.router_of(id)
    subnet = router.subnets.get(id) if router is not None else None
    if router is None or subnet is None:
        raise NotFound("vswitch", id, field=field)
    if point.address is not None and not any(point.address in prefix for prefix in subnet.prefixes):
        raise InvalidInput(f"{field}.address", f"must be in the range of {id}", point.address)
    taken = {address: one for one in router.endpoints.values() for address in one.addresses}
    if point.address is not None and point.address in taken:
        return _Place((point.address,), taken[point.address].id)
    addresses = (point.address,) if point.address is not None else tuple(_free(subnet, taken))
    guest = Endpoint(f"{id}{IMAGINED}", id, addresses, mac="")
    return _Place(addresses, guest.id, replace(router, endpoints={**router.endpoints, guest.id: guest}))


def _free(subnet: Subnet, taken: Iterable[Address]) -> Iterator[Address]:
    """The first address of each range that nobody has."""
    used = set(taken)
    for prefix in subnet.prefixes:
        for number in range(RESERVED, min(prefix.num_addresses - 1, RESERVED + len(used) + 1)):
            if (address := prefix[number]) not in used:
                yield address
                break


def _addresses(source: _Place, target: _Place, question: Question) -> tuple[Address, Address]:
    """An address of each, of one IP version; IPv4 where both have both."""
    for one in source.addresses:
        for other in target.addresses:
            if one.version == other.version:
                return one, other
    raise InvalidInput(
        "target", f"has no address of an IP version that {question.source} has, too", str(question.target)
    )


def _way_in(
    network: Network, question: Question, source: Address, target: Address
) -> tuple[str | None, tuple[Address, Address]]:
    """The uplink by which a packet from outside comes, and its addresses: those that are public stand for what they are of."""
    found = network.endpoint(question.target.id or "")
    if found is not None and found[1].public is not None:
        target = found[1].public
    uplink = way_in(network, target)
    return uplink.id if uplink is not None else None, (source, target)


def _homes(network: Network, question: Question, uplink: str) -> Iterator[str]:
    """The routers that the target and its way in are at."""
    found = (network.router_of(id) for id in (question.target.id, uplink) if id is not None)
    return (router.id for router in found if router is not None)
