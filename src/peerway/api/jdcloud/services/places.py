"""VPCs of one kind in one region, and what is in them, as both services look them up: what is elsewhere is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from peerway.api.clouds.call import AnyCall
from peerway.app.store import Where, among, where
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.route_tables import get_route_table
from peerway.app.usecases.vpcs import get_vpc
from peerway.app.usecases.vswitches import get_vswitch
from peerway.domain.errors import NotFound
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.route_table import RouteTable
from peerway.domain.security import NetworkAcl, SecurityGroup
from peerway.domain.vpc import Vpc, VpcKind, VSwitch

#: What is in a VPC.
Inside = TypeVar("Inside", bound=VSwitch | RouteTable | NetworkAcl | SecurityGroup)


def region_of_call(call: AnyCall) -> str:
    """The region in the path; it is known by now."""
    return call.world.regions.require(call.region_id or "", "regionId").id


def vpc_here(call: AnyCall, kind: VpcKind, id: str, field: str = "vpcId") -> Vpc:
    """The caller's VPC of the kind in the region."""
    vpc = call.use(get_vpc, id)
    if not _is_here(call, vpc, kind):
        raise NotFound("vpc", id[:64], field=field)
    return vpc


def vpcs_here(call: AnyCall, kind: VpcKind) -> Mapping[str, Vpc]:
    """All of the caller's VPCs of the kind in the region, by id."""
    mine = call.tx.select(Vpc, where("owner_uid", call.caller.uid), where("region_id", region_of_call(call)))
    return {vpc.id: vpc for vpc in mine if vpc.kind is kind}


def vpcs_of(call: AnyCall, things: Iterable[VSwitch | RouteTable]) -> Mapping[str, Vpc]:
    """The VPCs of the things of a page, by id; one look-up for all."""
    ids = sorted({one.vpc_id for one in things})
    return {vpc.id: vpc for vpc in call.tx.select(Vpc, where("id", *ids))}


def in_vpcs_here(call: AnyCall, kind: VpcKind) -> list[Where]:
    """The condition that things are of the caller's VPCs of the kind in the region; none when they can't be of anything else."""
    mine = where("owner_uid", call.caller.uid)
    here = where("region_id", region_of_call(call)), where("kind", kind)
    elsewhere = call.tx.count(Vpc, mine) - call.tx.count(Vpc, mine, *here)
    if not elsewhere and not call.tx.count(VirtualBorderRouter, mine):
        return []
    return [among("vpc_id", (Vpc,), mine, *here)]


def subnet_here(call: AnyCall, kind: VpcKind, id: str) -> VSwitch:
    """The caller's VSwitch in such a VPC."""
    return inside_here(call, kind, get_vswitch, id, "subnetId")


def table_here(call: AnyCall, kind: VpcKind, id: str) -> RouteTable:
    """The caller's route table in such a VPC."""
    return inside_here(call, kind, get_route_table, id, "routeTableId")


def inside_here(call: AnyCall, kind: VpcKind, get: Callable[..., Inside], id: str, field: str) -> Inside:
    """What a use case gets by its id, in such a VPC."""
    found = call.use(get, id)
    vpc = call.tx.get(Vpc, found.vpc_id)
    if vpc is None or not _is_here(call, vpc, kind):
        raise NotFound(WORDS[type(found)], id[:64], field=field)
    return found


def _is_here(call: AnyCall, vpc: Vpc, kind: VpcKind) -> bool:
    return vpc.kind is kind and vpc.region_id == region_of_call(call)
