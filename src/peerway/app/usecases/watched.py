"""What metrics are about: subjects by their dimensions, and the ends of links that are counted for them.

Owns who sees whose: every account sees the links that it has a side of, and each side what its own end counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from peerway.app.store import Reader, where
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.router_interface_views import view_of
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.alarm import Dimensions
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.metric import End
from peerway.domain.peering import Peering, PeeringSide
from peerway.domain.resource import Resource
from peerway.domain.router_interface import RouterInterface
from peerway.profiles.metrics import MetricNamespace, Subject, Whose
from peerway.profiles.rules import sees

#: Why a link has no metrics.
INSIDE_REGION: Final = "links inside one region have no metrics"
NOT_JOINED: Final = "it is not joined to another side"


@dataclass(frozen=True, slots=True)
class Watched:
    """One subject of metrics, as far as the asker sees it."""

    #: Names and values that tell it from others, the subject's id first.
    dimensions: Dimensions
    #: Ends whose counts are its counts.
    ends: tuple[End, ...]
    #: Cap each way; None without one.
    cap_mbps: int | None = None
    #: Why it has no metrics; empty when it has.
    note: str = ""

    @property
    def id(self) -> str:
        """Tells it from all others of its namespace."""
        return "/".join(value for _, value in self.dimensions)


def find_watched(
    tx: Reader,
    world: World,
    caller: Caller,
    namespace: MetricNamespace,
    dimensions: Dimensions,
    *,
    region_id: str | None = None,
    field: str = "dimensions",
) -> list[Watched]:
    """What the dimensions are about: one subject, or with no subject's id all that the caller has.

    `InvalidInput` for a name that the namespace does not have; `NotFound` for a subject that the caller does not see.
    """
    asked = dict(dimensions)
    strange = [name for name, _ in dimensions if name not in namespace.dimensions]
    if strange or len(asked) < len(dimensions):
        rule = f"must have names among {', '.join(namespace.dimensions)}, each once"
        raise InvalidInput(field, rule, ", ".join(strange) or None, code="unknown_dimension")
    region = asked.get("regionId", region_id)
    if asked.get("userId", caller.uid) != caller.uid:
        raise NotFound("account", asked["userId"][:64], field=field)
    id = asked.get(namespace.dimension)
    if id is None:
        found: Iterable[Resource] = _all(tx, world, caller, namespace)
    else:
        found = [_one(tx, world, caller, namespace, id, field)]
    seen = (one for resource in found for one in _watched(tx, world, caller, namespace, resource, region))
    return [one for one in seen if asked.get("routerId") in {None, dict(one.dimensions).get("routerId")}]


def _all(tx: Reader, world: World, caller: Caller, namespace: MetricNamespace) -> Iterator[Resource]:
    own = where("owner_uid", caller.uid)
    match namespace.subject:
        case Subject.PEERING:
            yield from _peerings(tx, world, caller, namespace.profile)
        case Subject.ROUTER_INTERFACE:
            yield from tx.select(RouterInterface, own)
        case Subject.VBR:
            yield from tx.select(VirtualBorderRouter, own)
        case Subject.LINK:
            yield from _peerings(tx, world, caller, None)
            yield from tx.select(RouterInterface, own)


def _peerings(tx: Reader, world: World, caller: Caller, profile: str | None) -> Iterator[Peering]:
    for peering in tx.select(Peering, where(("requester.uid", "accepter.uid"), caller.uid)):
        if _is_seen(world, caller, peering, profile):
            yield peering


def _is_seen(world: World, caller: Caller, peering: Peering, profile: str | None) -> bool:
    rules = world.require_profile(peering.profile)
    return peering.profile == (profile or peering.profile) and sees(rules, peering, caller.uid)


def _one(
    tx: Reader, world: World, caller: Caller, namespace: MetricNamespace, id: str, field: str
) -> Resource:
    found: Resource | None = None
    subject = namespace.subject
    if subject in {Subject.PEERING, Subject.LINK}:
        profile = None if subject is Subject.LINK else namespace.profile
        peering = tx.get(Peering, id)
        found = peering if peering is not None and _is_seen(world, caller, peering, profile) else None
    if found is None and subject in {Subject.ROUTER_INTERFACE, Subject.LINK}:
        found = _owned(caller, tx.get(RouterInterface, id))
    if subject is Subject.VBR:
        found = _owned(caller, tx.get(VirtualBorderRouter, id))
    if found is None:
        kinds = {Subject.ROUTER_INTERFACE: RouterInterface, Subject.VBR: VirtualBorderRouter}
        raise NotFound(WORDS[kinds.get(subject, Peering)], id[:64], field=field)
    return found


def _owned(caller: Caller, found: Resource | None) -> Resource | None:
    return found if found is not None and found.owner_uid == caller.uid else None


def _watched(
    tx: Reader,
    world: World,
    caller: Caller,
    namespace: MetricNamespace,
    resource: Resource,
    region_id: str | None,
) -> list[Watched]:
    """The subjects that a resource stands for; none when its own side is in another region than the one asked for."""
    if isinstance(resource, Peering):
        return _of_peering(caller, namespace, resource, region_id)
    if isinstance(resource, RouterInterface):
        return _of_interface(tx, world, namespace, resource, region_id)
    if isinstance(resource, VirtualBorderRouter) and region_id in {None, resource.region_id}:
        interfaces = tx.select(RouterInterface, where("vpc_id", resource.id))
        ends = tuple(End(one.link_id, resource.id) for one in interfaces if one.link_id is not None)
        return [Watched(_named(namespace, caller.uid, resource.id, resource.region_id), ends)]
    return []


def _of_peering(
    caller: Caller, namespace: MetricNamespace, peering: Peering, region_id: str | None
) -> list[Watched]:
    own = [side for side in peering.sides if side.uid == caller.uid and region_id in {None, side.region_id}]
    # Both sides of one account in different regions are one subject, seen from the requester's unless a region says otherwise.
    sides = own if namespace.subject is Subject.LINK else own[:1]
    silent = namespace.across_regions and peering.same_region
    return [
        Watched(
            _named(namespace, caller.uid, peering.id, side.region_id, side.vpc_id),
            () if silent else (_end(namespace, peering, side),),
            peering.bandwidth_mbps,
            INSIDE_REGION if silent else "",
        )
        for side in sides
    ]


def _end(namespace: MetricNamespace, peering: Peering, side: PeeringSide) -> End:
    counted = peering.accepter if namespace.end is Whose.ACCEPTER else side
    return End(peering.id, counted.vpc_id)


def _of_interface(
    tx: Reader, world: World, namespace: MetricNamespace, interface: RouterInterface, region_id: str | None
) -> list[Watched]:
    if region_id not in {None, interface.region_id}:
        return []
    link_id = interface.link_id
    names = _named(namespace, interface.owner_uid, interface.id, interface.region_id, interface.vpc_id)
    if link_id is None or interface.opposite_interface_id is None:
        return [Watched(names, (), note=NOT_JOINED)]
    cap = view_of(tx, world, interface).bandwidth_mbps
    return [Watched(names, (End(link_id, interface.vpc_id),), cap)]


def _named(namespace: MetricNamespace, uid: str, id: str, region_id: str, router_id: str = "") -> Dimensions:
    known = {"userId": uid, "regionId": region_id, "routerId": router_id}
    return ((namespace.dimension, id), *((name, known[name]) for name in namespace.more))
