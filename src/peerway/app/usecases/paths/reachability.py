"""Answers about reachability that nobody waits for: exact sets for a pair, who reaches whom in a VPC, many questions at once.

Owns who is told of what. Nothing of the ways between two points enters an answer, and of another account's end only its range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from peerway.analysis.network import Network
from peerway.analysis.pairs import across, at_router
from peerway.analysis.places.atoms import address_at
from peerway.analysis.questions import Posed, pose
from peerway.analysis.symbolic import reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import BARE, EMPTY, Space, protocol_name
from peerway.app.store import Reader
from peerway.app.usecases.access import readable
from peerway.app.usecases.paths.paths import Ask, usable_question
from peerway.app.usecases.paths.reach_effects import End, EndView, ReachEnd, together
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput
from peerway.domain.path import Point, PointKind, Question
from peerway.domain.prefixes import Address, Prefix
from peerway.domain.vpc import Vpc

#: Most answers that a map is made of: some seconds' worth.
MOST_ANSWERS: Final = 20_000

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
    """What gets through from an address to a range of addresses, the same to each of them."""

    #: Source address.
    source: Address
    #: First destination address.
    target: Address
    #: Last destination address.
    target_last: Address
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
    """Who reaches whom with the same: each of the sources each of the targets."""

    #: Who asks.
    sources: tuple[ReachEnd, ...]
    #: Who is asked.
    targets: tuple[ReachEnd, ...]
    #: What is received and answered.
    answered: SpaceView
    #: What is received, or leaves the network, and is not answered.
    one_way: SpaceView
    #: Whether a connection's hash decides something on the way; then it is the first choice's answer.
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """Who reaches whom at a VPC: from it, in it, and into it from what is joined to it."""

    #: Revision of the network that it is true for.
    revision: int
    #: The VPC.
    vpc_id: str
    #: Pairs that reach one another, alike ones together; what is in none reaches nobody and is reached by nobody.
    groups: tuple[GroupView, ...]
    #: Whether these are all of them.
    complete: bool


def pair_question(tx: Reader, caller: Caller, source: str, target: str) -> Question:
    """The two points, when the caller may ask about them; `NotFound` and `InvalidInput` as for an analysis."""
    return usable_question(tx, caller, Ask(source=source, target=target))


def reach_of_pair(atlas: Atlas, question: Question) -> PairView:
    """Everything that gets through between two points that somebody may ask about.

    Of a VSwitch as target it tells of every address where something gets through.
    """
    network = atlas.network
    router = network.router_of(question.target.id or "")
    subnet = router.subnets.get(question.target.id or "") if router is not None else None
    views = [
        view
        for source in _ends(network, question.source)
        for view in (
            _across(atlas, source, subnet.prefixes)
            if subnet is not None and question.target.address is None
            else _to_point(atlas, source, question.target)
        )
    ]
    if not views:
        _require_posable(network, question)
    return PairView(
        revision=network.revision, source=question.source, target=question.target, reach=tuple(views)
    )


def _to_point(atlas: Atlas, source: Point, target: Point) -> Iterator[ReachView]:
    """To each address of a point."""
    for end in _ends(atlas.network, target):
        if _may_meet(source, end):
            yield from _reach(atlas, Question(source=source, target=end))


def _across(atlas: Atlas, source: Point, prefixes: Iterable[Prefix]) -> Iterator[ReachView]:
    """To each address of ranges where something gets through."""
    for prefix in prefixes:
        here = Point(PointKind.ADDRESS, None, prefix.network_address)
        posed = _posed(atlas, Question(source=source, target=here)) if _may_meet(source, here) else None
        if posed is None:
            continue
        packet = posed.packet
        for answer in across(_ready(atlas, posed), packet.sender, packet.source, prefix):
            if answer.arrives:
                first, last = map(address_at, answer.target.span)
                one_way = answer.arrives - answer.answered - answer.unknown
                yield ReachView(
                    source=packet.source,
                    target=first,
                    target_last=last,
                    answered=space_view(answer.answered),
                    one_way=space_view(one_way),
                    chosen=answer.chosen,
                )


def map_of_vpc(atlas: Atlas, caller: Caller, vpc: Vpc) -> MapView:
    """Who reaches whom at a VPC, as the caller may see it: one of the two is the caller's, of another's only the range is told."""
    network = atlas.network
    view = EndView(caller, (network,))
    found: dict[_Pair, tuple[Space, Space]] = {}
    answers = at_router(atlas, vpc.id) if vpc.id in network.fabric.routers else ()
    complete = True
    for number, answer in enumerate(answers):
        if number == MOST_ANSWERS:
            complete = False
            break
        for sources, targets in view.pairs(answer.sources, (answer.target,)):
            pair = _Pair(sources, targets, answer.chosen)
            answered, one_way = found.get(pair, (EMPTY, EMPTY))
            missing = answer.arrives - answer.answered - answer.unknown
            found[pair] = answered | answer.answered, one_way | missing
    return MapView(revision=network.revision, vpc_id=vpc.id, groups=_grouped(found), complete=complete)


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


def _may_meet(source: Point, target: Point) -> bool:
    """Whether their addresses, where they are known, are of one IP version."""
    known = {point.address.version for point in (source, target) if point.address is not None}
    return len(known) < 2


def _posed(atlas: Atlas, question: Question) -> Posed | None:
    """The question as a packet; None for points that can't be asked about together, and when nothing is sent."""
    try:
        posed = pose(atlas.network, question)
    except InvalidInput:
        return None
    return posed if isinstance(posed, Posed) and posed.stopped_sender is None else None


def _ready(atlas: Atlas, posed: Posed) -> Atlas:
    """The network of a posed question, which may have a guest more."""
    return atlas if posed.network is atlas.network else atlas.after(posed.network)


def _reach(atlas: Atlas, question: Question) -> Iterator[ReachView]:
    """What gets through from one address to another, unless these can't be asked about together."""
    posed = _posed(atlas, question)
    if posed is None:
        return
    packet = posed.packet
    found = reach(_ready(atlas, posed), packet.sender, packet.source, packet.destination)
    received = found.receivers.get(posed.receiver, EMPTY) if posed.receiver is not None else found.arrives
    answered = found.answered_by(posed.receiver)
    yield ReachView(
        source=packet.source,
        target=packet.destination,
        target_last=packet.destination,
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


class _Pair(NamedTuple):
    """Ends that were found together, and whether a hash decides between them."""

    sources: tuple[End, ...]
    targets: tuple[End, ...]
    chosen: bool


def _grouped(found: Mapping[_Pair, tuple[Space, Space]]) -> tuple[GroupView, ...]:
    """The pairs with something between them, those with the same targets and the same sets together."""
    groups = together(
        (pair.sources, pair.targets, (answered, one_way - answered, pair.chosen))
        for pair, (answered, one_way) in found.items()
        if answered or one_way
    )
    return tuple(
        GroupView(
            sources=tuple(sources),
            targets=tuple(targets),
            answered=space_view(answered),
            one_way=space_view(one_way),
            chosen=chosen,
        )
        for sources, targets, (answered, one_way, chosen) in groups
    )
