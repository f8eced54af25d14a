"""Answers about reachability that nobody waits for: exact sets for a pair, who reaches whom in a VPC, many questions at once.

Owns who is told of what. Only points of the caller's own enter an answer, and nothing of the ways between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from peerway.analysis.grounds import Atlas
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed, pose
from peerway.analysis.spaces import BARE, EMPTY, Space, protocol_name
from peerway.analysis.symbolic import reach
from peerway.app.store import Reader
from peerway.app.usecases.access import readable
from peerway.app.usecases.paths import Ask, usable_question
from peerway.domain.account import Caller, Role
from peerway.domain.errors import InvalidInput
from peerway.domain.path import Point, PointKind, Question
from peerway.domain.prefixes import Address
from peerway.domain.vpc import Vpc
from peerway.fabric.model import Endpoint
from peerway.fabric.packets import CLIENT_PORT

#: Most pairs of ends that one answer is made of.
MOST_PAIRS: Final = 10_000

#: Points with addresses of their own.
HOSTS: Final = frozenset({PointKind.INSTANCE, PointKind.DATABASE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsView:
    """Ports of a protocol."""

    #: `tcp` or `udp`.
    protocol: str
    #: First port.
    port_low: int
    #: Last port.
    port_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolsView:
    """Protocols without ports."""

    #: First protocol number.
    first: int
    #: Last protocol number.
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView:
    """A set of protocols and ports, exactly."""

    #: For people, such as `tcp 22, 80-443; icmp`.
    text: str
    #: What there is of the protocols that have ports.
    ports: tuple[PortsView, ...]
    #: What there is of the others.
    protocols: tuple[ProtocolsView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachView:
    """What gets through from one address to another."""

    #: Source address.
    source: Address
    #: Destination address.
    target: Address
    #: What is received and answered.
    answered: SpaceView
    #: What is received and not answered: the way back is missing.
    one_way: SpaceView
    #: Whether a connection's hash decides something on the way; then it is the first choice's answer.
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """What gets through between two points."""

    #: Revision of the network that it is true for.
    revision: int
    #: Who asks.
    source: Point
    #: Who is asked.
    target: Point
    #: Each pair of their addresses.
    reach: tuple[ReachView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Who reaches whom with the same."""

    #: Who asks.
    sources: tuple[str, ...]
    #: Who is asked.
    targets: tuple[str, ...]
    #: What is received and answered.
    answered: SpaceView


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """Who reaches whom in a VPC and in those that are joined to it."""

    #: Revision of the network that it is true for.
    revision: int
    #: The VPC.
    vpc_id: str
    #: Pairs that reach one another, alike ones together; who is in none reaches nobody and is reached by nobody.
    groups: tuple[GroupView, ...]


def pair_question(tx: Reader, caller: Caller, source: str, target: str) -> Question:
    """The two points, when the caller may ask about them; `NotFound` and `InvalidInput` as for an analysis."""
    return usable_question(tx, caller, Ask(source=source, target=target))


def reach_of_pair(atlas: Atlas, question: Question) -> PairView:
    """Everything that gets through between two points that somebody may ask about."""
    network = atlas.network
    sources = _ends(network, question.source)
    targets = _targets(network, question.target)
    if len(sources) * len(targets) > MOST_PAIRS:
        raise InvalidInput("target", f"has more than {MOST_PAIRS} addresses: name one", question.target)
    found = (
        _reach(atlas, Question(source=source, target=target))
        for source in sources
        for target in targets
        if _may_meet(source, target)
    )
    views = tuple(view for view in found if view is not None)
    if not views:
        _require_posable(network, question)
    return PairView(revision=network.revision, source=question.source, target=question.target, reach=views)


def map_of_vpc(atlas: Atlas, caller: Caller, vpc: Vpc) -> MapView:
    """Who of the caller's reaches whom of the caller's, one of them in the VPC; an operator is told of everybody."""
    network = atlas.network
    inside = _residents(network, caller, vpc.id)
    around = [
        one
        for id in sorted(set(network.snapshot.neighbours(vpc.id)))
        for one in _residents(network, caller, id)
    ]
    pairs = [(one, other) for one in inside for other in (*inside, *around) if one is not other]
    pairs += [(other, one) for other in around for one in inside]
    if len(pairs) > MOST_PAIRS:
        raise InvalidInput(
            "id", f"has more than {MOST_PAIRS} pairs to tell of: ask for pairs one by one", vpc.id
        )
    return MapView(revision=network.revision, vpc_id=vpc.id, groups=_grouped(atlas, pairs))


def visible_vpc(tx: Reader, caller: Caller, id: str) -> Vpc:
    """A VPC that the caller may ask about."""
    return readable(tx, caller, Vpc, id)


def _require_posable(network: Network, question: Question) -> None:
    """Raise what is wrong with a question that has no pair of addresses."""
    posed = pose(network, question)
    if not isinstance(posed, Posed):
        raise InvalidInput("source", f"can't be asked from: {posed.text}")


def _ends(network: Network, point: Point) -> list[Point]:
    """The point with each of its addresses; as it is where it has none of its own."""
    found = network.endpoint(point.id or "") if point.kind in HOSTS and point.address is None else None
    return [point] if found is None else [replace(point, address=address) for address in found[1].addresses]


def _targets(network: Network, point: Point) -> list[Point]:
    """The same; of a VSwitch every address that somebody has, or one of its own when nobody has any."""
    router = network.router_of(point.id or "")
    if point.kind is not PointKind.VSWITCH or point.address is not None or router is None:
        return _ends(network, point)
    guests = (one for one in router.endpoints.values() if one.subnet_id == point.id)
    return [replace(point, address=address) for one in guests for address in one.addresses] or [point]


def _may_meet(source: Point, target: Point) -> bool:
    """Whether their addresses, where they are known, are of one IP version."""
    known = {point.address.version for point in (source, target) if point.address is not None}
    return len(known) < 2


def _reach(atlas: Atlas, question: Question) -> ReachView | None:
    """What gets through from one address to another; None for two that can't be asked about together."""
    try:
        posed = pose(atlas.network, question)
    except InvalidInput:
        return None
    if not isinstance(posed, Posed):
        return None
    packet = posed.packet
    ready = atlas if posed.network is atlas.network else atlas.after(posed.network)
    found = reach(
        ready, packet.sender, packet.source, packet.destination, question.source_port or CLIENT_PORT
    )
    received = found.receivers.get(posed.receiver, EMPTY) if posed.receiver is not None else found.arrives
    answered = found.answered_by(posed.receiver)
    return ReachView(
        source=packet.source,
        target=packet.destination,
        answered=space_view(answered),
        one_way=space_view(received - answered - found.unknown),
        chosen=found.chosen,
    )


def space_view(space: Space) -> SpaceView:
    """A set, told."""
    ports = ((protocol_name(protocol), low, high) for protocol, low, high in space - BARE)
    bare = sorted(protocol for protocol, _, _ in space & BARE)
    return SpaceView(
        text=str(space),
        ports=tuple(PortsView(protocol=name, port_low=low, port_high=high) for name, low, high in ports),
        protocols=tuple(_runs(bare)),
    )


def _runs(numbers: list[int]) -> Iterator[ProtocolsView]:
    """Rising numbers as ranges of those that follow one another."""
    first: int | None = None
    for place, number in enumerate(numbers):
        first = number if first is None else first
        if place + 1 == len(numbers) or numbers[place + 1] != number + 1:
            yield ProtocolsView(first=first, last=number)
            first = None


def _residents(network: Network, caller: Caller, router_id: str) -> list[Endpoint]:
    """Instances and databases at a router that the caller may be told of."""
    router, site = network.fabric.routers.get(router_id), network.snapshot.site(router_id)
    if router is None:
        return []
    hosts = (*site.instances.values(), *site.databases.values())
    whole = caller.role.may(Role.OPERATOR)
    seen = {host.id for host in hosts if whole or host.owner_uid == caller.uid}
    return [one for one in router.endpoints.values() if one.id in seen]


def _grouped(atlas: Atlas, pairs: list[tuple[Endpoint, Endpoint]]) -> tuple[GroupView, ...]:
    """The pairs with something between them: alike targets of a source together, then sources that have the same."""
    by_source: dict[str, dict[Space, list[str]]] = {}
    for one, other in pairs:
        space = _between(atlas, one, other)
        if space:
            by_source.setdefault(one.id, {}).setdefault(space, []).append(other.id)
    groups: dict[tuple[Space, tuple[str, ...]], list[str]] = {}
    for source, spaces in by_source.items():
        for space, targets in spaces.items():
            groups.setdefault((space, tuple(sorted(targets))), []).append(source)
    return tuple(
        GroupView(sources=tuple(sorted(sources)), targets=targets, answered=space_view(space))
        for (space, targets), sources in groups.items()
    )


def _between(atlas: Atlas, one: Endpoint, other: Endpoint) -> Space:
    """All that the other answers the one, at whichever of its addresses."""
    found = EMPTY
    for source in one.addresses:
        for target in other.addresses:
            if source.version == target.version:
                found = found | reach(atlas, one.id, source, target).answered_by(other.id)
    return found
