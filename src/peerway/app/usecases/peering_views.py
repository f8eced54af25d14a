"""What is shown beside a connection: its warnings, and the routes, tables and VSwitches that use it (PEER-6, NET-10, PEER-15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from peerway.app.store import Reader, where
from peerway.app.usecases.access import existing
from peerway.app.usecases.links import vswitch_prefixes, writes_routes
from peerway.app.usecases.pages import Page, page
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import NotFound
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Prefix, is_private, overlaps
from peerway.domain.route_table import RouteEntry, RouteTable, may_route
from peerway.domain.vpc import Vpc, VSwitch
from peerway.profiles.model import Onlooker
from peerway.profiles.rules import onlookers, sees


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringWarning:
    """Something that is allowed and will surprise."""

    #: `overlap`, `public_range` or `auto_route_skipped`.
    code: str
    #: What it means and what to do.
    text: str
    #: Ranges it is about.
    prefixes: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringRoute:
    """An entry that leads to a connection, and what takes it."""

    #: The entry.
    entry: RouteEntry
    #: Whose side it is on.
    side: Literal["requester", "accepter"]
    #: Table that it is in.
    table: RouteTable
    #: VSwitches that are bound to the table.
    vswitches: tuple[VSwitch, ...]


def peering_warnings(tx: Reader, world: World, peering: Peering) -> tuple[PeeringWarning, ...]:
    """Warnings about the connection as it is now; none when a VPC is gone."""
    vpc, peer = (tx.get(Vpc, side.vpc_id) for side in peering.sides)
    if vpc is None or peer is None:
        return ()
    return (*_overlap(vpc, peer), *_public(vpc, peer), *_skipped(tx, peering, vpc, peer))


def is_visible(world: World, peering: Peering, caller: Caller) -> bool:
    """Whether the caller sees the connection; an operator sees what one of its sides does."""
    profile = world.require_profile(peering.profile)
    if caller.role.may(Role.OPERATOR):
        return onlookers(profile, peering.state) is not Onlooker.NOBODY
    return sees(profile, peering, caller.uid)


def visible_peering(tx: Reader, world: World, caller: Caller, id: str) -> Peering:
    """The connection, or `NotFound` for who does not see it."""
    peering = tx.get(Peering, id)
    if peering is None or not is_visible(world, peering, caller):
        raise NotFound("peering", id[:64])
    return peering


def peering_routes(
    tx: Reader, world: World, caller: Caller, id: str, *, after: str | None = None, limit: int | None = None
) -> Page[PeeringRoute]:
    """Entries, tables and VSwitches that use the connection, on both sides (PEER-15)."""
    peering = visible_peering(tx, world, caller, id)
    found = page(tx, RouteEntry, where("next_hop_id", peering.id), after=after, limit=limit)
    table_ids = dict.fromkeys(entry.route_table_id for entry in found.items)
    tables = {table_id: existing(tx, RouteTable, table_id) for table_id in table_ids}
    bound = tx.select(VSwitch, where("route_table_id", *table_ids)) if table_ids else []
    routes = (
        PeeringRoute(
            entry=entry,
            side="requester" if entry.vpc_id == peering.requester.vpc_id else "accepter",
            table=tables[entry.route_table_id],
            vswitches=tuple(one for one in bound if one.route_table_id == entry.route_table_id),
        )
        for entry in found.items
    )
    return Page(tuple(routes), found.next)


def _overlap(vpc: Vpc, peer: Vpc) -> list[PeeringWarning]:
    """Ranges of the two VPCs overlap (PEER-6)."""
    found = tuple(
        {
            p: None
            for one in vpc.prefixes
            for other in peer.prefixes
            if overlaps(one, other)
            for p in (one, other)
        }
    )
    if not found:
        return []
    text = (
        "The ranges of the two VPCs overlap: packets to addresses of an own VSwitch stay in the VPC. "
        "Route to VSwitch ranges of the other side that no own VSwitch overlaps, or move one side to other ranges."
    )
    return [PeeringWarning(code="overlap", text=text, prefixes=found)]


def _public(vpc: Vpc, peer: Vpc) -> list[PeeringWarning]:
    """Ranges outside RFC 1918 (NET-10)."""
    found = tuple(dict.fromkeys(p for p in (*vpc.prefixes, *peer.prefixes) if not is_private(p)))
    if not found:
        return []
    text = (
        "These ranges are outside RFC 1918 and count as public: instances with public access reach them by the internet, "
        "not by the connection, until an IPv4 gateway makes the range private."
    )
    return [PeeringWarning(code="public_range", text=text, prefixes=found)]


def _skipped(tx: Reader, peering: Peering, vpc: Vpc, peer: Vpc) -> list[PeeringWarning]:
    """Ranges that the system wrote no route to because an own VSwitch has them (PEER-8)."""
    if not writes_routes(peering):
        return []
    mine, theirs = vswitch_prefixes(tx, vpc.id), vswitch_prefixes(tx, peer.id)
    skipped = (
        *(prefix for prefix in peer.prefixes if not may_route(prefix, mine)),
        *(prefix for prefix in vpc.prefixes if not may_route(prefix, theirs)),
    )
    if not skipped:
        return []
    text = "No route was written to these ranges: the VPC has them in a VSwitch of its own."
    return [PeeringWarning(code="auto_route_skipped", text=text, prefixes=skipped)]
