"""Route tables, with their routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import Pick, Wanted, Window, ask, contains_text, field_is, reads_as, window_of
from peerway.api.tencent.places import in_region
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.products.vpc.routes import create_one
from peerway.api.tencent.products.vpc.routes import shape as route_shape
from peerway.api.tencent.products.vpc.vpcs import THERE
from peerway.api.tencent.shapes import asked_tags, tag_set, time_text
from peerway.app.store import where
from peerway.app.usecases.labels import labels_by_resource, put_tags
from peerway.app.usecases.route_tables import CreateRouteTable, create_route_table, get_route_table
from peerway.domain.route_table import RouteEntry, RouteTable, TableKind
from peerway.domain.vpc import VSwitch

FILTERS: Final[Mapping[str, Pick]] = {
    "route-table-id": field_is("id"),
    "route-table-name": contains_text(lambda table: table.name),
    "vpc-id": field_is("vpc_id"),
    "association.main": reads_as(lambda table: table.kind is TableKind.SYSTEM),
    "visible": reads_as(lambda _: True),
}


@PRODUCT.writes("CreateRouteTable")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a route table."""
    request = CreateRouteTable(vpc_id=given["VpcId"], name=given["RouteTableName"])
    table = call.use(create_route_table, request)
    put_tags(call.tx, call.caller, table, asked_tags(given), "Tags")
    return {"RouteTable": shapes(call, [table])[0]}


@PRODUCT.reads("DescribeRouteTables")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's route tables, each with its routes."""
    start = in_region(call, Wanted(RouteTable, [where("owner_uid", call.caller.uid)]))
    wanted = ask(call, given, start, "RouteTableIds", FILTERS, "route_table")
    page, total = window_of(call.tx, wanted, Window.of(given))
    return {"TotalCount": total, "RouteTableSet": shapes(call, page)}


@PRODUCT.writes("CreateRoutes")
def create_routes(call: WriteCall, given: Given) -> Answer:
    """Make routes; the answer is their table, with no others."""
    made = [create_one(call, given["RouteTableId"], route) for route in given["Routes"]]
    table = call.use(get_route_table, given["RouteTableId"])
    told = {**shapes(call, [table])[0], "RouteSet": [route_shape(call, entry) for entry in made]}
    return {"TotalCount": 1, "RouteTableSet": [told]}


def shapes(call: AnyCall, tables: Sequence[RouteTable]) -> list[Mapping[str, Any]]:
    """Route tables as answers have them."""
    ids = [table.id for table in tables]
    if not ids:
        return []
    routes: dict[str, list[RouteEntry]] = defaultdict(list)
    for entry in call.tx.select(RouteEntry, where("route_table_id", *ids)):
        routes[entry.route_table_id].append(entry)
    bound: dict[str, list[str]] = defaultdict(list)
    for subnet in call.tx.select(VSwitch, where("route_table_id", *ids), THERE):
        bound[subnet.route_table_id].append(subnet.id)
    labels = labels_by_resource(call.tx, call.caller, ids)
    return [
        {
            "VpcId": table.vpc_id,
            "RouteTableId": table.id,
            "RouteTableName": table.name,
            "AssociationSet": [
                {"SubnetId": subnet_id, "RouteTableId": table.id} for subnet_id in bound[table.id]
            ],
            "RouteSet": [route_shape(call, entry) for entry in routes[table.id]],
            "Main": table.kind is TableKind.SYSTEM,
            "CreatedTime": time_text(table.created_at),
            "TagSet": tag_set(labels.get(table.id)),
            "LocalCidrForCcn": [],
        }
        for table in tables
    ]
