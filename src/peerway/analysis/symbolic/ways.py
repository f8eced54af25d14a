"""The ways that packets take, from who sends them to where they end.

Owns `fabric.walk`'s order of checks, for sets of (protocol, port) instead of one. With sender and addresses fixed, every table
gives one answer for the whole set; `filters` and `translation` may split it.
"""

from __future__ import annotations

from peerway.analysis.places.atoms import SIX
from peerway.analysis.symbolic.filters import ask_acl, ask_security
from peerway.analysis.symbolic.grounds import Ground
from peerway.analysis.symbolic.parts import Flow, Part
from peerway.analysis.symbolic.translation import replace_destination, replace_source
from peerway.analysis.symbolic.trips import Trip
from peerway.fabric.model import (
    Blackhole,
    Endpoint,
    Fib,
    FibEntry,
    LinkPath,
    Subnet,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToUplink,
    Uplink,
)
from peerway.fabric.outcomes import GOT, Check, Outcome


def from_endpoint(trip: Trip, ground: Ground, sender: Endpoint, part: Part) -> None:
    """From an instance's interface. A packet to an own address never leaves the guest."""
    own = ground.own[sender.id]
    trip.notes.consulted += ((ground.owners, part.flow.source), (ground.owners, part.flow.destination))
    if part.flow.destination in own:
        trip.end(ground, trip.depart(ground, part), Check.DELIVERY, sender.id, None, Outcome.DELIVERED)
        return
    for each in replace_destination(trip, ground, part):
        if each.flow.source not in own and not sender.forwards:
            trip.end(ground, each, Check.SOURCE, sender.id, None, Outcome.SPOOFED)
            continue
        passing = ask_security(trip, Check.EGRESS_POLICY, ground, sender, each)
        if passing is not None:
            _out_of(trip, ground, sender, passing)


def from_uplink(trip: Trip, ground: Ground, uplink: Uplink, part: Part) -> None:
    """From outside."""
    router = ground.router
    if not _carries(uplink, part.flow):
        trip.end(ground, part, Check.UPLINK, uplink.id, None, Outcome.UPLINK_DOWN)
        return
    for each in replace_destination(trip, ground, part, uplink):
        if uplink.fib_id is None:
            _follow(trip, Check.INBOUND_ROUTE, ground, router.inbound, None, each)
        else:
            _follow(trip, Check.ROUTE, ground, router.fibs[uplink.fib_id], None, each)


def _from_link(trip: Trip, ground: Ground, part: Part) -> None:
    """From another router."""
    for entered in trip.enter(ground, part.asked, part.flow, part.memories):
        for each in replace_destination(trip, ground, entered):
            _follow(trip, Check.INBOUND_ROUTE, ground, ground.router.inbound, None, each)


def _out_of(trip: Trip, ground: Ground, sender: Endpoint, part: Part) -> None:
    """By the exit, or as the subnet's table says."""
    router = ground.router
    subnet = router.subnets[sender.subnet_id]
    if router.exit_id is None or not _takes_exit(trip, ground, sender, part):
        _follow(trip, Check.ROUTE, ground, router.fibs[subnet.fib_id], subnet, part)
        return
    passing = ask_acl(trip, Check.EGRESS_ACL, ground, subnet, part)
    if passing is not None:
        _leave(trip, ground, router.exit_id, router.exit_id, passing)


def _takes_exit(trip: Trip, ground: Ground, sender: Endpoint, part: Part) -> bool:
    """Whether it leaves by the router's exit, whatever the tables say (NET-10)."""
    if sender.public is None or part.flow.source not in ground.own[sender.id]:
        return False
    trip.notes.consulted.append((ground.public, part.flow.destination))
    return ground.public.at(part.flow.destination)


def _follow(trip: Trip, check: Check, ground: Ground, fib: Fib, leaving: Subnet | None, part: Part) -> None:
    """What the table says; `leaving` is the subnet of the instance that sends, None for packets from elsewhere."""
    table = ground.fib(fib)
    trip.notes.consulted.append((table, part.flow.destination))
    entry = table.at(part.flow.destination)
    if entry is None:
        trip.end(ground, part, check, fib.id, None, Outcome.NO_ROUTE)
        return
    hop = entry.hop
    if isinstance(hop, Blackhole):
        transit = check is Check.INBOUND_ROUTE and ground.leads_out(entry)
        outcome = Outcome.TRANSIT if transit else Outcome.BLACKHOLE
        trip.end(ground, part, check, fib.id, entry.source, outcome)
        return
    passing: Part | None = part
    if leaving is not None and isinstance(hop, ToLink | ToLinks | ToUplink):
        passing = ask_acl(trip, Check.EGRESS_ACL, ground, leaving, part)
    if passing is None:
        return
    match hop:
        case ToLink(link_id):
            _cross(trip, ground, ToLinks((LinkPath(link_id),)), passing)
        case ToLinks():
            _cross(trip, ground, hop, passing)
        case ToUplink(uplink_id):
            _leave(trip, ground, uplink_id, entry.source, passing)
        case ToResolver():
            gone = trip.depart(ground, passing)
            trip.end(ground, gone, Check.DELIVERY, ground.router.id, entry.source, Outcome.HANDED_TO_RESOLVER)
        case _:
            _arrive(trip, ground, leaving, entry, passing)


def _cross(trip: Trip, ground: Ground, hop: ToLinks, part: Part) -> None:
    """Over a live link and into the router at its other end."""
    live = hop.live(trip.links)
    subject = "+".join(path.link_id for path in hop.paths)
    if not live:
        trip.end(ground, part, Check.LINK, subject, None, Outcome.LINK_DOWN)
        return
    path = trip.notes.choose(live)
    other = trip.links[path.link_id].other(ground.router.id)
    _from_link(trip, trip.atlas.ground(other.router_id), trip.depart(ground, part))


def _leave(trip: Trip, ground: Ground, uplink_id: str, decided_by: str, part: Part) -> None:
    """Out of the network."""
    uplink = ground.router.uplinks[uplink_id]
    if not _carries(uplink, part.flow):
        trip.end(ground, part, Check.UPLINK, uplink_id, None, Outcome.UPLINK_DOWN)
        return
    going = replace_source(trip, ground, uplink, part)
    if going is not None:
        trip.end(ground, trip.depart(ground, going), Check.DELIVERY, uplink_id, decided_by, Outcome.LEFT)


def _arrive(trip: Trip, ground: Ground, leaving: Subnet | None, entry: FibEntry, part: Part) -> None:
    """Out of the subnet it leaves (None for one that came from elsewhere) and to an interface of this router."""
    router, destination = ground.router, part.flow.destination
    trip.notes.consulted.append((ground.owners, destination))
    if isinstance(entry.hop, ToEndpoint):
        receiver = router.endpoints.get(entry.hop.endpoint_id)
    else:
        receiver = ground.owners.found.get(destination)
    entering_id = receiver.subnet_id if receiver else entry.source
    inside = leaving is not None and leaving.id == entering_id
    passing: Part | None = part
    if leaving is not None and not inside:
        passing = ask_acl(trip, Check.EGRESS_ACL, ground, leaving, part)
    if passing is None:
        return
    if receiver is None:
        trip.end(ground, passing, Check.DELIVERY, entering_id, entry.source, Outcome.NO_SUCH_ADDRESS)
        return
    if not inside:
        passing = ask_acl(trip, Check.INGRESS_ACL, ground, router.subnets[entering_id], passing)
    if passing is not None:
        passing = ask_security(trip, Check.INGRESS_POLICY, ground, receiver, passing)
    if passing is not None:
        outcome = _reception(trip, ground, receiver, destination)
        gone = trip.depart(ground, passing) if outcome in GOT else passing
        trip.end(ground, gone, Check.DELIVERY, receiver.id, entry.source, outcome)


def _reception(trip: Trip, ground: Ground, receiver: Endpoint, destination: int) -> Outcome:
    """What the interface that it reaches does with it."""
    if destination not in ground.own[receiver.id]:
        return Outcome.HANDED_TO_ENDPOINT if receiver.forwards else Outcome.NOT_A_GATEWAY
    return Outcome.HAIRPIN if receiver.id == trip.sender_id else Outcome.DELIVERED


def _carries(uplink: Uplink, flow: Flow) -> bool:
    """Whether packets of this IP version pass the uplink now."""
    version = 6 if flow.source >= SIX else 4
    versions = {transfer.peer.version for transfer in uplink.transfers}
    return uplink.up and (not versions or version in versions)
