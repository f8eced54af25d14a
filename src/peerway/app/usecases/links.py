"""What peer connections do to the VPCs they join: which ones count, the routes they bring, the ranges they forbid.

Owns no state move; those are `peerings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peerway.app.store import Reader, Where, Writer, where
from peerway.app.world import World
from peerway.domain.errors import InvalidInput
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.offer import PeeringOffer
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Prefix, first_overlap
from peerway.domain.route_table import EntryOrigin, NextHop, RouteEntry, may_route
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Vpc, VSwitch
from peerway.profiles.model import OverlapRule
from peerway.profiles.rules import among_peers_rule

#: States in which a connection counts: for uniqueness, quotas and overlap.
LIVE = tuple(state for state, info in PEERING.states.items() if info.live)


def live() -> Where:
    """The condition that a connection counts."""
    return where("state", *LIVE)


def of_vpc(vpc_id: str) -> Where:
    """The condition that a VPC is one of a connection's sides."""
    return where(("requester.vpc_id", "accepter.vpc_id"), vpc_id)


def live_peerings(tx: Reader, vpc_id: str, limit: int | None = None) -> list[Peering]:
    """The VPC's connections that count."""
    return tx.select(Peering, of_vpc(vpc_id), live(), limit=limit)


def live_between(tx: Reader, one_vpc_id: str, other_vpc_id: str) -> Peering | None:
    """The connection of the two VPCs that counts, whoever asked; there is at most one."""
    ids = (one_vpc_id, other_vpc_id)
    found = tx.select(
        Peering, where("requester.vpc_id", *ids), where("accepter.vpc_id", *ids), live(), limit=1
    )
    return found[0] if found else None


def peer_prefixes(tx: Reader, vpc_id: str, *, same_region: bool, besides: str = "") -> list[Prefix]:
    """Ranges of the VPCs that the VPC has live connections of that kind with, all but `besides`."""
    others = (p.opposite_of(vpc_id).vpc_id for p in live_peerings(tx, vpc_id) if p.same_region == same_region)
    vpcs = (tx.get(Vpc, other) for other in others if other != besides)
    return [prefix for vpc in vpcs if vpc for prefix in vpc.prefixes]


def check_new_range(tx: Reader, world: World, vpc: Vpc, cidr: Prefix, peerings: Iterable[Peering]) -> None:
    """`InvalidInput` when a product that refuses overlap joins the VPC with one that has part of the new range (PEER-6)."""
    for peering in peerings:
        profile = world.require_profile(peering.profile)
        other = tx.get(Vpc, peering.opposite_of(vpc.id).vpc_id)
        if other and profile.overlap is OverlapRule.REFUSE and first_overlap((cidr,), other.prefixes):
            raise InvalidInput("cidr", f"overlaps the other side of {peering.id}", cidr, code="overlap")
        rule = among_peers_rule(profile, same_region=peering.same_region)
        if other and rule is OverlapRule.REFUSE:
            beside = peer_prefixes(tx, other.id, same_region=peering.same_region, besides=vpc.id)
            if first_overlap((cidr,), beside):
                text = f"overlaps another peer of the other side of {peering.id}"
                raise InvalidInput("cidr", text, cidr, code="overlap")


def writes_routes(peering: Peering) -> bool:
    """Whether the system keeps both sides' routes at this time: asked for, and the connection carries packets."""
    return peering.auto_routes and PEERING.states[peering.state].carries


def write_routes(tx: Writer, world: World, peering: Peering) -> None:
    """Write the routes to each side's ranges into the other side's system table (PEER-8)."""
    for side in peering.sides if writes_routes(peering) else ():
        target = tx.get(Vpc, side.vpc_id)
        if target is not None:
            write_routes_to(tx, world, peering, side.vpc_id, target.prefixes)


def write_routes_to(
    tx: Writer, world: World, peering: Peering, target_vpc_id: str, prefixes: Sequence[Prefix]
) -> None:
    """Write routes to ranges of one side into the other side's system table, when the connection wants that.

    Ranges that the table's rules refuse (a VSwitch of its own has them, an entry is there already) are left out.
    """
    if not writes_routes(peering):
        return
    vpc = tx.get(Vpc, peering.opposite_of(target_vpc_id).vpc_id)
    if vpc is None:
        return
    own_prefixes = vswitch_prefixes(tx, vpc.id)
    taken = {
        entry.destination for entry in tx.select(RouteEntry, where("route_table_id", vpc.system_table_id))
    }
    for prefix in prefixes:
        if prefix not in taken and may_route(prefix, own_prefixes):
            tx.insert(_auto_entry(tx, world, peering, vpc, prefix))


def remove_routes(tx: Writer, peering: Peering) -> None:
    """Remove every entry that points to the connection, both sides, all tables (PEER-4)."""
    for entry in routes_over(tx, peering.id):
        tx.delete(entry)


def halves_of(tx: Reader, peering_id: str) -> list[PeeringOffer]:
    """The halves that the connection was made of, where it was."""
    return tx.select(PeeringOffer, where("peering_id", peering_id))


def routes_over(tx: Reader, link_id: str) -> list[RouteEntry]:
    """Every entry that points to the connection, or interface, alone."""
    return tx.select(RouteEntry, where("next_hop_id", link_id))


def routes_by(tx: Reader, interface: RouterInterface) -> list[RouteEntry]:
    """Every entry of its router's tables that leads to the interface, alone or beside others."""
    beside = (
        entry
        for entry in tx.select(RouteEntry, where("vpc_id", interface.vpc_id))
        if any(path.interface_id == interface.id for path in entry.paths)
    )
    return [*routes_over(tx, interface.id), *beside]


def vswitch_prefixes(tx: Reader, vpc_id: str) -> tuple[Prefix, ...]:
    """Ranges of the VPC's VSwitches."""
    return tuple(
        prefix for vswitch in tx.select(VSwitch, where("vpc_id", vpc_id)) for prefix in vswitch.prefixes
    )


def _auto_entry(tx: Writer, world: World, peering: Peering, vpc: Vpc, destination: Prefix) -> RouteEntry:
    return RouteEntry(
        id=world.entropy.new_id("rte"),
        owner_uid=vpc.owner_uid,
        created_at=tx.now,
        vpc_id=vpc.id,
        route_table_id=vpc.system_table_id,
        destination=destination,
        next_hop=NextHop.PEERING,
        next_hop_id=peering.id,
        origin=EntryOrigin.AUTO,
    )
