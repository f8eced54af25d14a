"""What the guests at the two ends do with packets before the network sees them: a bridge may have the addresses (PATH-3).

Owns which guest has to send what to where. How a guest decides is `domain.guest`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peerway.analysis.diagnosis.report import Blocker, Way
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed
from peerway.domain.guest import GuestRouteKind, GuestView
from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import Exchange


@dataclass(frozen=True, slots=True)
class Inside:
    """A guest that has to send a packet."""

    #: Instance.
    id: str
    #: Its account.
    owner_uid: str
    #: Which packet.
    way: Way
    #: To where.
    destination: Address


def insides(network: Network, posed: Posed, asked: Exchange) -> Iterator[Inside]:
    """The instances at the two ends; databases and what is imagined have no guest that could be looked into."""
    ends = (
        (posed.packet.sender, Way.REQUEST, posed.packet.destination),
        (asked.request.receiver or posed.receiver or "", Way.REPLY, asked.request.packet.source),
    )
    for id, way, destination in ends:
        instance = network.snapshot.site(network.snapshot.homes.get(id)).instances.get(id)
        # In a guest that is stopped there is nothing.
        if instance is not None and not instance.stopped and destination not in instance.addresses:
            yield Inside(id, instance.owner_uid, way, destination)


def guest_blockers(
    network: Network, posed: Posed, asked: Exchange, guests: Mapping[str, GuestView]
) -> Iterator[Blocker]:
    """What guests keep from the network."""
    for inside in insides(network, posed, asked):
        view = guests.get(inside.id)
        text = capture_text(inside, view) if view is not None else None
        if text is not None:
            yield Blocker(
                way=inside.way,
                hop=None,
                text=text,
                owner_uid=inside.owner_uid,
                remedy=None,
                why_none="the guest's own network has to move to another range (Docker: `bip` in daemon.json)",
            )


def capture_text(inside: Inside, view: GuestView) -> str | None:
    """What the guest does with the packet instead of sending it to the network, in one sentence; None when it sends it."""
    route = view.capture_of(inside.destination)
    if route is None:
        return None
    if route.kind is GuestRouteKind.REFUSE:
        return f"the guest of {inside.id} has a route of its own that drops {route.prefix}, in which {inside.destination} is"
    if route.kind is GuestRouteKind.LOCAL:
        return f"the guest of {inside.id} has {inside.destination} itself"
    names = ", ".join(route.interfaces)
    return (
        f"the guest of {inside.id} sends {route.prefix}, in which {inside.destination} is, to its own interface {names} "
        f"and not to the network"
    )
