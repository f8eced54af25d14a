"""VSwitches (NET-4): subnets of a VPC, each bound to one route table and at most one network ACL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Network

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, own_or_shared, readable, require_member, require_staying
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import Conflict, InUse, NotFound
from peerway.domain.gateway import SnatEntry
from peerway.domain.prefixes import Prefix, contains
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteEntry, RouteTable, TableKind
from peerway.domain.security import NetworkAcl
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.text import check_description, check_name
from peerway.domain.vpc import (
    Instance,
    Vpc,
    VSwitch,
    check_disjoint,
    check_vswitch_cidr,
    check_vswitch_ipv6_cidr,
    free_ipv6_subnet,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVSwitch:
    """Make a VSwitch."""

    #: VPC it will be in.
    vpc_id: str
    #: Zone of the VPC's region.
    zone_id: str
    #: IPv4 range inside the VPC's.
    cidr: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: A /64 inside the VPC's IPv6 range; `auto` picks a free one; None for none.
    ipv6_cidr: str | None = None
    #: Route table to bind it to; None for the VPC's system table.
    route_table_id: str | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateVSwitch:
    """Change a VSwitch's texts and what it is bound to."""

    #: The VSwitch.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: Route table; None for the VPC's system table.
    route_table_id: str | Unset | None = UNSET
    #: Network ACL; None unbinds.
    network_acl_id: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateTable:
    """Bind a VSwitch to a custom route table."""

    #: The VSwitch.
    vswitch_id: str
    #: The table.
    route_table_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateTable:
    """Bind a VSwitch to its VPC's system table again."""

    #: The VSwitch.
    vswitch_id: str
    #: The custom table that it is bound to.
    route_table_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateAcl:
    """Bind a VSwitch to a network ACL."""

    #: The VSwitch.
    vswitch_id: str
    #: The ACL.
    network_acl_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateAcl:
    """Free a VSwitch of a network ACL."""

    #: The VSwitch.
    vswitch_id: str
    #: The ACL that it is bound to.
    network_acl_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteVSwitch:
    """Delete a VSwitch without instances."""

    #: The VSwitch.
    id: str


def create_vswitch(tx: Writer, world: World, caller: Caller, request: CreateVSwitch) -> VSwitch:
    """Make a VSwitch; the data plane makes it available."""
    require_member(caller)

    def run() -> VSwitch:
        return insert(tx, caller, _decide_vswitch(tx, world, caller, request))

    return idempotent(tx, caller, request.client_token, "create_vswitch", request, run, VSwitch)


def get_vswitch(tx: Reader, world: World, caller: Caller, id: str) -> VSwitch:
    """A VSwitch of the caller's."""
    return readable(tx, caller, VSwitch, id)


def list_vswitches(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[VSwitch]:
    """The caller's VSwitches, of one VPC when it is named."""
    return own_page(tx, caller, VSwitch, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id)


def update_vswitch(tx: Writer, world: World, caller: Caller, request: UpdateVSwitch) -> VSwitch:
    """Change texts, route table and network ACL."""
    require_member(caller)
    before = own(tx, caller, VSwitch, request.id)
    after = replace(before, **given(request, **TEXTS))
    if request.route_table_id is not UNSET:
        vpc = own(tx, caller, Vpc, before.vpc_id)
        after = replace(after, route_table_id=_table_in(tx, caller, vpc, request.route_table_id))
    if request.network_acl_id is not UNSET:
        after = replace(after, network_acl_id=_acl_in(tx, caller, before.vpc_id, request.network_acl_id))
    return replace_stored(tx, caller, before, after)


def associate_table(tx: Writer, world: World, caller: Caller, request: AssociateTable) -> VSwitch:
    """Bind a VSwitch to a custom table of its VPC, whichever it was bound to; a system table binds by itself: `Conflict`."""
    require_member(caller)
    before = own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id")
    table = _custom_table(tx, caller, before, request.route_table_id)
    return replace_stored(tx, caller, before, replace(before, route_table_id=table.id))


def disassociate_table(tx: Writer, world: World, caller: Caller, request: DisassociateTable) -> VSwitch:
    """Bind a VSwitch to the system table again; `Conflict` when it is not bound to the custom table named."""
    require_member(caller)
    before = own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id")
    table = _custom_table(tx, caller, before, request.route_table_id)
    if before.route_table_id != table.id:
        raise _not_bound(before, table.id)
    vpc = own(tx, caller, Vpc, before.vpc_id)
    return replace_stored(tx, caller, before, replace(before, route_table_id=vpc.system_table_id))


def associate_acl(tx: Writer, world: World, caller: Caller, request: AssociateAcl) -> VSwitch:
    """Bind a VSwitch to a network ACL of its VPC; `Conflict` while it is bound to another one. A repeat changes nothing."""
    require_member(caller)
    before = own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id")
    acl_id = _acl_in(tx, caller, before.vpc_id, request.network_acl_id)
    if before.network_acl_id not in {None, acl_id}:
        text = f"VSwitch {before.id} is bound to network ACL {before.network_acl_id}"
        raise Conflict(text, code="acl_bound", field="vswitch_id", id=before.id)
    return replace_stored(tx, caller, before, replace(before, network_acl_id=acl_id))


def disassociate_acl(tx: Writer, world: World, caller: Caller, request: DisassociateAcl) -> VSwitch:
    """Free a VSwitch of a network ACL; `Conflict` when it is not bound to it."""
    require_member(caller)
    before = own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id")
    acl_id = _acl_in(tx, caller, before.vpc_id, request.network_acl_id)
    if before.network_acl_id != acl_id:
        raise _not_bound(before, request.network_acl_id)
    return replace_stored(tx, caller, before, replace(before, network_acl_id=None))


def delete_vswitch(tx: Writer, world: World, caller: Caller, request: DeleteVSwitch) -> VSwitch:
    """Start the deletion of a VSwitch; `InUse` names what is left in it. A repeat changes nothing."""
    require_member(caller)
    vswitch = own(tx, caller, VSwitch, request.id)
    if vswitch.state is Provisioning.DELETING:
        return vswitch
    for kind in (Instance, LoadBalancer, Database, Share, SnatEntry):
        for left in tx.select(kind, where("vswitch_id", vswitch.id), limit=1):
            raise InUse("vswitch", vswitch.id, WORDS[kind], left.id)
    return begin_deletion(tx, caller, vswitch)


def usable_vswitch(tx: Reader, caller: Caller, id: str) -> VSwitch:
    """The caller's VSwitch, or one that is shared with it, when things may be put into it."""
    return require_staying(own_or_shared(tx, caller, VSwitch, id, "vswitch_id"))


def _decide_vswitch(tx: Writer, world: World, caller: Caller, request: CreateVSwitch) -> VSwitch:
    vpc = usable_vpc(tx, caller, request.vpc_id)
    siblings = tx.select(VSwitch, where("vpc_id", vpc.id))
    check_limit(tx, world, "vswitches_per_vpc", vpc.owner_uid, len(siblings), scope=vpc.id, field="vpc_id")
    taken = tuple(prefix for sibling in siblings for prefix in sibling.prefixes)
    cidr = check_vswitch_cidr(request.cidr, vpc)
    check_disjoint(cidr, taken, "cidr")
    ipv6_cidr = _decide_ipv6(request.ipv6_cidr, vpc, taken)
    _check_no_route_inside(tx, vpc, (cidr,) if ipv6_cidr is None else (cidr, ipv6_cidr))
    return VSwitch(
        id=world.entropy.new_id("vsw"),
        owner_uid=caller.uid,
        created_at=tx.now,
        vpc_id=vpc.id,
        zone_id=world.regions.require_zone(vpc.region_id, request.zone_id),
        name=check_name(request.name),
        description=check_description(request.description),
        cidr=cidr,
        ipv6_cidr=ipv6_cidr,
        route_table_id=_table_in(tx, caller, vpc, request.route_table_id),
    )


def _decide_ipv6(text: str | None, vpc: Vpc, taken: Sequence[Prefix]) -> IPv6Network | None:
    if text is None:
        return None
    if text == "auto":
        return free_ipv6_subnet(vpc, taken)
    cidr = check_vswitch_ipv6_cidr(text, vpc)
    check_disjoint(cidr, taken, "ipv6_cidr")
    return cidr


def _check_no_route_inside(tx: Reader, vpc: Vpc, prefixes: Sequence[Prefix]) -> None:
    """An entry equal to or inside the new range would take its packets away: refused, as the other order is (NET-5)."""
    for entry in tx.select(RouteEntry, where("vpc_id", vpc.id)):
        if any(contains(prefix, entry.destination) for prefix in prefixes):
            text = f"route entry {entry.id} to {entry.destination} is inside the new range"
            raise Conflict(text, code="route_in_the_way", field="cidr", entry=entry.id)


def _table_in(tx: Reader, caller: Caller, vpc: Vpc, id: str | None) -> str:
    if id is None:
        return vpc.system_table_id
    table = own(tx, caller, RouteTable, id, "route_table_id")
    if table.vpc_id != vpc.id:
        raise NotFound("route_table", id, field="route_table_id")
    return table.id


def _custom_table(tx: Reader, caller: Caller, vswitch: VSwitch, id: str) -> RouteTable:
    table = own(tx, caller, RouteTable, id, "route_table_id")
    if table.vpc_id != vswitch.vpc_id:
        raise NotFound("route_table", id, field="route_table_id")
    if table.kind is TableKind.SYSTEM:
        text = "a VSwitch is bound to the system table while it is bound to no other one"
        raise Conflict(text, code="system_table", id=table.id)
    return table


def _not_bound(vswitch: VSwitch, id: str) -> Conflict:
    return Conflict(f"VSwitch {vswitch.id} is not bound to {id}", code="not_bound", field="vswitch_id", id=id)


def _acl_in(tx: Reader, caller: Caller, vpc_id: str, id: str | None) -> str | None:
    if id is None:
        return None
    acl = own(tx, caller, NetworkAcl, id, "network_acl_id")
    if acl.vpc_id != vpc_id:
        raise NotFound("network_acl", id, field="network_acl_id")
    return acl.id
