"""VPCs (NET-3): made with a VRouter and a system route table, given ranges, deleted when nothing is left in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, own_or_shared, readable, require_member, require_staying, seen_by
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.links import check_new_range, live_peerings, write_routes_to
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InUse, InvalidInput
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.offer import PeeringOffer
from peerway.domain.prefixes import contains, parse_ipv4_prefix
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import EntryOrigin, RouteEntry, RouteTable, TableKind
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import NetworkAcl, SecurityGroup
from peerway.domain.text import check_description, check_name
from peerway.domain.vpc import (
    Vpc,
    VpcKind,
    VSwitch,
    check_disjoint,
    check_vpc_cidr,
    check_vpc_ipv6_cidr,
    unique_local_cidr,
)

#: What keeps a VPC from being deleted, beside custom tables and links.
INSIDE: Final[tuple[type[Resource], ...]] = (
    VSwitch,
    SecurityGroup,
    NetworkAcl,
    RouterInterface,
    NatGateway,
    Ipv4Gateway,
    PeeringOffer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVpc:
    """Make a VPC."""

    #: Region.
    region_id: str
    #: IPv4 range.
    cidr: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: More IPv4 ranges.
    secondary_cidrs: tuple[str, ...] = ()
    #: IPv6 range; `auto` picks a unique local one; None for none.
    ipv6_cidr: str | None = None
    #: `ecs` or `cps`.
    kind: str = VpcKind.ECS
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateVpc:
    """Change a VPC's texts."""

    #: The VPC.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSecondaryCidr:
    """Give a VPC one more IPv4 range."""

    #: The VPC.
    id: str
    #: The range.
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSecondaryCidr:
    """Take a secondary range from a VPC."""

    #: The VPC.
    id: str
    #: The range.
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteVpc:
    """Delete an empty VPC."""

    #: The VPC.
    id: str


def create_vpc(tx: Writer, world: World, caller: Caller, request: CreateVpc) -> Vpc:
    """Make a VPC and its system route table; the data plane makes it available."""
    require_member(caller)

    def run() -> Vpc:
        vpc = _decide_vpc(tx, world, caller, request)
        table = RouteTable(
            id=vpc.system_table_id,
            owner_uid=vpc.owner_uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            name="system",
            kind=TableKind.SYSTEM,
        )
        stored = insert(tx, caller, vpc)
        insert(tx, caller, table)
        return stored

    return idempotent(tx, caller, request.client_token, "create_vpc", request, run, Vpc)


def get_vpc(tx: Reader, world: World, caller: Caller, id: str) -> Vpc:
    """A VPC of the caller's."""
    return readable(tx, caller, Vpc, id)


def list_vpcs(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    region_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Vpc]:
    """The caller's VPCs, of one region when it is named."""
    conditions = list(seen_by(caller, all_accounts=all_accounts))
    if region_id is not None:
        conditions.append(where("region_id", world.regions.require(region_id).id))
    return page(tx, Vpc, *conditions, after=after, limit=limit)


def update_vpc(tx: Writer, world: World, caller: Caller, request: UpdateVpc) -> Vpc:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, Vpc, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def add_secondary_cidr(tx: Writer, world: World, caller: Caller, request: AddSecondaryCidr) -> Vpc:
    """Give a VPC one more range; connections that write routes by themselves tell the other sides about it."""
    require_member(caller)
    vpc = usable_vpc(tx, caller, request.id, "id")
    cidr = check_vpc_cidr(request.cidr)
    check_disjoint(cidr, vpc.ipv4_prefixes, "cidr")
    used = len(vpc.secondary_cidrs)
    check_limit(tx, world, "secondary_cidrs_per_vpc", vpc.owner_uid, used, scope=vpc.id, field="id")
    peerings = live_peerings(tx, vpc.id)
    check_new_range(tx, world, vpc, cidr, peerings)
    after = replace(vpc, secondary_cidrs=(*vpc.secondary_cidrs, cidr))
    stored = replace_stored(tx, caller, vpc, after, "add_cidr")
    for peering in peerings:
        write_routes_to(tx, world, peering, vpc.id, (cidr,))
    return stored


def remove_secondary_cidr(tx: Writer, world: World, caller: Caller, request: RemoveSecondaryCidr) -> Vpc:
    """Take a range from a VPC; `InUse` while a VSwitch is in it."""
    require_member(caller)
    vpc = own(tx, caller, Vpc, request.id)
    cidr = parse_ipv4_prefix(request.cidr, "cidr")
    if cidr not in vpc.secondary_cidrs:
        raise InvalidInput("cidr", "is not a secondary range of the VPC", request.cidr)
    for vswitch in tx.select(VSwitch, where("vpc_id", vpc.id)):
        if contains(cidr, vswitch.cidr):
            raise InUse("range", str(cidr), "vswitch", vswitch.id)
    after = replace(vpc, secondary_cidrs=tuple(c for c in vpc.secondary_cidrs if c != cidr))
    stored = replace_stored(tx, caller, vpc, after, "remove_cidr")
    _drop_routes_to(tx, vpc.id, cidr)
    return stored


def delete_vpc(tx: Writer, world: World, caller: Caller, request: DeleteVpc) -> Vpc:
    """Start the deletion of an empty VPC; `InUse` names what is left in it. A repeat changes nothing."""
    require_member(caller)
    vpc = own(tx, caller, Vpc, request.id)
    if vpc.state is Provisioning.DELETING:
        return vpc
    _check_empty(tx, vpc)
    return begin_deletion(tx, caller, vpc)


def usable_vpc(tx: Reader, caller: Caller, id: str, field: str = "vpc_id") -> Vpc:
    """The caller's VPC when things may be put into it: `Conflict` while it is being deleted."""
    return require_staying(own(tx, caller, Vpc, id, field))


def joinable_vpc(tx: Reader, caller: Caller, id: str, field: str = "vpc_id") -> Vpc:
    """The same for a VPC that is the caller's or shared with it: where its instances and their security groups may be."""
    return require_staying(own_or_shared(tx, caller, Vpc, id, field))


def _decide_vpc(tx: Writer, world: World, caller: Caller, request: CreateVpc) -> Vpc:
    region = world.regions.require(request.region_id)
    id = world.entropy.new_id("vpc")
    secondary = _decide_secondary(request.secondary_cidrs, cidr := check_vpc_cidr(request.cidr))
    check_limit(
        tx,
        world,
        "secondary_cidrs_per_vpc",
        caller.uid,
        0,
        scope="the VPC",
        field="secondary_cidrs",
        adding=len(secondary),
    )
    return Vpc(
        id=id,
        owner_uid=caller.uid,
        created_at=tx.now,
        region_id=region.id,
        name=check_name(request.name),
        description=check_description(request.description),
        cidr=cidr,
        secondary_cidrs=secondary,
        ipv6_cidr=_decide_ipv6(request.ipv6_cidr, id),
        kind=choose(VpcKind, request.kind, "kind"),
        router_id=world.entropy.new_id("vrt"),
        system_table_id=world.entropy.new_id("vtb"),
    )


def _decide_secondary(texts: object, primary: IPv4Network) -> tuple[IPv4Network, ...]:
    if not isinstance(texts, tuple | list):
        raise InvalidInput("secondary_cidrs", "must be a list of CIDRs", texts)
    chosen: list[IPv4Network] = []
    for text in texts:
        cidr = check_vpc_cidr(text, "secondary_cidrs")
        check_disjoint(cidr, (primary, *chosen), "secondary_cidrs")
        chosen.append(cidr)
    return tuple(chosen)


def _decide_ipv6(text: str | None, id: str) -> IPv6Network | None:
    if text is None:
        return None
    return unique_local_cidr(id) if text == "auto" else check_vpc_ipv6_cidr(text)


def _check_empty(tx: Reader, vpc: Vpc) -> None:
    inside = where("vpc_id", vpc.id)
    for kind in INSIDE:
        for left in tx.select(kind, inside, limit=1):
            raise InUse("vpc", vpc.id, WORDS[kind], left.id)
    for table in tx.select(RouteTable, inside, limit=2):
        if table.kind is TableKind.CUSTOM:
            raise InUse("vpc", vpc.id, "route_table", table.id)
    for peering in live_peerings(tx, vpc.id, limit=1):
        raise InUse("vpc", vpc.id, "peering", peering.id)


def _drop_routes_to(tx: Writer, vpc_id: str, cidr: IPv4Network) -> None:
    """Remove what the system wrote at the other sides of the VPC's connections for a range that is gone."""
    for peering in live_peerings(tx, vpc_id):
        for entry in tx.select(RouteEntry, where("next_hop_id", peering.id)):
            ours = entry.origin is EntryOrigin.AUTO and entry.destination == cidr and entry.vpc_id != vpc_id
            if ours:
                tx.delete(entry)
