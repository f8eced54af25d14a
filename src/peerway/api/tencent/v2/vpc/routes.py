"""Route tables and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.shapes import time_text
from peerway.api.tencent.v2.vpc.networks import listed, subnet_in, vpcs_of
from peerway.api.tencent.v2.vpc.product import PRODUCT
from peerway.app.store import where
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    DeleteRouteEntry,
    create_route_entry,
    delete_route_entry,
    list_entries,
)
from peerway.app.usecases.route_tables import UpdateRouteTable, get_route_table, update_route_table
from peerway.app.usecases.vpcs import get_vpc
from peerway.app.usecases.vswitches import UpdateVSwitch, update_vswitch
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.route_table import RouteTable, TableEntry, TableKind
from peerway.domain.vpc import VSwitch

#: Kinds of next hops by their numbers, and back.
HOPS: Final[Mapping[str, str]] = PRODUCT.extra["next_types"]
NUMBERS: Final[Mapping[str, int]] = {hop: int(number) for number, hop in HOPS.items()}

#: Stands for a next hop that has no number.
NO_NUMBER: Final = -1


@PRODUCT.reads("DescribeRouteTable")
def describe_route_table(call: ReadCall, given: Given) -> Answer:
    """A window of the caller's tables, with the entries that were written into them."""
    inside = where("vpc_id", *vpcs_of(call, given))
    return listed(call, given, RouteTable, inside, names=("routeTableId", "routeTableName"), shape=_table)


@PRODUCT.writes("CreateRoute")
def create_route(call: WriteCall, given: Given) -> Answer:
    """Write entries: all of them or none."""
    table = _table_in(call, given)
    for one in given["routeSet"]:
        call.use(create_route_entry, _entry(table, one))
    return None


@PRODUCT.writes("ModifyRouteTableAttribute")
def modify_route_table_attribute(call: WriteCall, given: Given) -> Answer:
    """Change the name, or have the table hold the entries given and no others."""
    table = _table_in(call, given)
    if "routeTableName" in given:
        call.use(update_route_table, UpdateRouteTable(id=table.id, name=given["routeTableName"]))
    if "routeSet" in given:
        asked = [_entry(table, one) for one in given["routeSet"]]
        present = {_key(entry): entry.id for entry in call.use(list_entries, table.id) if entry.id}
        for key in present.keys() - {_asked_key(one) for one in asked}:
            call.use(delete_route_entry, DeleteRouteEntry(id=present[key] or ""))
        for one in asked:
            if _asked_key(one) not in present:
                call.use(create_route_entry, one)
    return None


@PRODUCT.writes("AssociateRouteTable")
def associate_route_table(call: WriteCall, given: Given) -> Answer:
    """Have a subnet use a table of its VPC."""
    vswitch = subnet_in(call, given["vpcId"], given["subnetId"])
    call.use(update_vswitch, UpdateVSwitch(id=vswitch.id, route_table_id=_table_in(call, given).id))
    return None


def _table_in(call: AnyCall, given: Given) -> RouteTable:
    """The table that a request names, of the VPC that it names."""
    vpc, table = call.use(get_vpc, given["vpcId"]), call.use(get_route_table, given["routeTableId"])
    if table.vpc_id != vpc.id:
        raise NotFound("route_table", table.id)
    return table


def _entry(table: RouteTable, asked: Mapping[str, Any]) -> CreateRouteEntry:
    hop = HOPS.get(str(asked["nextType"]))
    if hop is None:
        raise InvalidInput("next_hop", f"must be one of {', '.join(HOPS)}", asked["nextType"])
    return CreateRouteEntry(
        route_table_id=table.id,
        destination=asked["destinationCidrBlock"],
        next_hop=hop,
        next_hop_id=asked["nextHub"],
        description=asked.get("description", ""),
    )


def _key(entry: TableEntry) -> tuple[str, str, str | None]:
    return str(entry.destination), entry.next_hop, entry.next_hop_id


def _asked_key(asked: CreateRouteEntry) -> tuple[str, str, str | None]:
    return asked.destination, asked.next_hop, asked.next_hop_id


def _table(call: AnyCall, table: RouteTable) -> dict[str, Any]:
    vpc = call.use(get_vpc, table.vpc_id)
    routes = [_route(entry) for entry in call.use(list_entries, table.id) if entry.id]
    return {
        "vpcId": vpc.id,
        "unVpcId": vpc.id,
        "vpcName": vpc.name,
        "vpcCidrBlock": str(vpc.cidr),
        "routeTableId": table.id,
        "unRouteTableId": table.id,
        "routeTableName": table.name,
        "routeTableType": int(table.kind is TableKind.SYSTEM),
        "routeTableCreateTime": time_text(table.created_at),
        "subnetNum": call.tx.count(VSwitch, where("route_table_id", table.id)),
        # The document calls it one thing, clients the other.
        "routeSet": routes,
        "routeTableSet": routes,
    }


def _route(entry: TableEntry) -> dict[str, Any]:
    hop = entry.next_hop_id or ""
    return {
        "destinationCidrBlock": str(entry.destination),
        "nextType": NUMBERS.get(entry.next_hop, NO_NUMBER),
        "nextHub": hop,
        "unNextHub": hop,
        "description": entry.description,
    }
