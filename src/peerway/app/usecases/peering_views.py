"""What is shown beside a connection: its warnings, and the routes, tables and VSwitches that use it (PEER-6, NET-10, PEER-15)."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.app.store import Reader, where
from peerway.app.usecases.links import routes_over, vswitch_prefixes, writes_routes
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import NotFound
from peerway.domain.peering import Peering, PeeringSide
from peerway.domain.prefixes import Prefix, is_private, overlaps
from peerway.domain.route_table import RouteEntry, RouteTable, may_route
from peerway.domain.vpc import Vpc, VSwitch
from peerway.profiles.rules import sees


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
class SideRoutes:
    """What uses a connection on one of its sides."""

    #: The side.
    side: PeeringSide
    #: Entries that lead to the connection.
    entries: tuple[RouteEntry, ...]
    #: Tables the entries are in.
    tables: tuple[RouteTable, ...]
    #: VSwitches that are bound to those tables.
    vswitches: tuple[VSwitch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringRoutes:
    """What uses a connection, on both sides."""

    #: At the requester's VPC.
    requester: SideRoutes
    #: At the accepter's VPC.
    accepter: SideRoutes


def peering_warnings(tx: Reader, world: World, peering: Peering) -> tuple[PeeringWarning, ...]:
    """Warnings about the connection as it is now; none when a VPC is gone."""
    vpc, peer = (tx.get(Vpc, side.vpc_id) for side in peering.sides)
    if vpc is None or peer is None:
        return ()
    return (*_overlap(vpc, peer), *_public(vpc, peer), *_skipped(tx, peering, vpc, peer))


def peering_routes(tx: Reader, world: World, caller: Caller, id: str) -> PeeringRoutes:
    """Entries, tables and VSwitches that use the connection, on both sides (PEER-15)."""
    peering = tx.get(Peering, id)
    operator = caller.role.may(Role.OPERATOR)
    if peering is None or not (operator or sees(world.require_profile(peering.profile), peering, caller.uid)):
        raise NotFound("peering", id[:64])
    entries = routes_over(tx, peering.id)
    requester, accepter = (_side_routes(tx, side, entries) for side in peering.sides)
    return PeeringRoutes(requester=requester, accepter=accepter)


def _side_routes(tx: Reader, side: PeeringSide, entries: list[RouteEntry]) -> SideRoutes:
    mine = tuple(entry for entry in entries if entry.vpc_id == side.vpc_id)
    table_ids = tuple(dict.fromkeys(entry.route_table_id for entry in mine))
    tables = (tx.get(RouteTable, id) for id in table_ids)
    bound = tx.select(VSwitch, where("route_table_id", *table_ids)) if table_ids else []
    return SideRoutes(
        side=side,
        entries=mine,
        tables=tuple(table for table in tables if table is not None),
        vswitches=tuple(bound),
    )


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
