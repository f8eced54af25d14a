"""Route tables, and what VSwitches they are bound to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peerway.api.alibaba.labels import IN_VPC, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    Keep,
    account,
    by,
    here,
    ids,
    in_vpcs_here,
    listed,
    named,
    paged,
    wanted,
)
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.alibaba.products.vpc.shown_entries import hops
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.paging import Numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import route_entries, route_tables
from peerway.app.usecases.access import seen_by
from peerway.domain.errors import InvalidInput
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.route_table import RouteTable, TableEntry, TableKind
from peerway.domain.vpc import Vpc, VSwitch

#: What tables can be associated with; gateways have none.
VSWITCH = "VSwitch"
#: What has tables: routers of VPCs, and border routers.
VROUTER, VBR = "VRouter", "VBR"


@PRODUCT.writes("CreateRouteTable")
def create_route_table(call: WriteCall, given: Given) -> Answer:
    """Make a custom table."""
    here(call, Vpc, given["VpcId"], "VpcId")
    if given.get("AssociateType", VSWITCH) != VSWITCH:
        raise InvalidInput("AssociateType", f"must be {VSWITCH}", given["AssociateType"])
    request = route_tables.CreateRouteTable(**named("CreateRouteTable", given))
    table = call.use(route_tables.create_route_table, request)
    label_new(call, given, table)
    return {"RouteTableId": table.id}


@PRODUCT.reads("DescribeRouteTableList")
def describe_route_table_list(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's tables, without their entries."""
    page = _tables(call, given, given.get("RouterId"), given.get("RouteTableType"))
    tables, bound, labels = page.items, _bound(call, page.items), labels_for(call, page.items)
    shown = [
        {
            **_shown(table, bound),
            "RouteTableName": table.name,
            "Description": table.description,
            "AssociateType": VSWITCH,
            "GatewayIds": {"GatewayIds": []},
            "OwnerId": account(table.owner_uid),
            "RoutePropagationEnable": False,
            **_router(call, table),
            **shown_labels(call, IN_VPC, labels.get(table.id)),
        }
        for table in tables
    ]
    return {**paged(page), "RouterTableList": {"RouterTableListType": shown}}


@PRODUCT.reads("DescribeRouteTables")
def describe_route_tables(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's tables with all their entries."""
    page = _tables(call, given, given.get("VRouterId") or given.get("RouterId"), given.get("Type"))
    bound, labels = _bound(call, page.items), labels_for(call, page.items)
    shown = [
        {
            **_shown(table, bound),
            "VRouterId": _router(call, table)["RouterId"],
            "ResourceGroupId": shown_labels(call, IN_VPC, labels.get(table.id))["ResourceGroupId"],
            "RouteEntrys": {
                "RouteEntry": [_entry(entry) for entry in call.list(route_entries.list_entries, table.id)]
            },
        }
        for table in page.items
    ]
    return {**paged(page), "RouteTables": {"RouteTable": shown}}


def _tables(call: AnyCall, given: Given, router_id: str | None, kind: str | None) -> Numbered[RouteTable]:
    """The tables that both lists are about."""
    conditions = wanted(given, vpc_id="VpcId", id="RouteTableId", name="RouteTableName")
    if router_id is not None:
        vpcs = call.tx.select(Vpc, where("router_id", router_id), limit=1)
        conditions.append(where("vpc_id", vpcs[0].id if vpcs else router_id))
    conditions += in_vpcs_here(call, given.get("VpcId"))
    keep = list[Keep]()
    if kind is not None:
        conditions.append(where("kind", *(one for one in TableKind if word("table_types", one) == kind)))
    if "RouterType" in given:
        borders = frozenset(ids(call.tx.select(VirtualBorderRouter, *seen_by(call.caller))))
        wanted_type = given["RouterType"]
        keep.append(lambda table: wanted_type == (VBR if table.vpc_id in borders else VROUTER))
    return listed(call, given, RouteTable, *conditions, keep=keep)


def _bound(call: AnyCall, tables: Sequence[RouteTable]) -> Mapping[str, list[VSwitch]]:
    """VSwitches by their tables."""
    return by(call.tx.select(VSwitch, where("route_table_id", *ids(tables))), "route_table_id")


def _shown(table: RouteTable, bound: Mapping[str, list[VSwitch]]) -> dict[str, Any]:
    """What both lists say of a table."""
    return {
        "RouteTableId": table.id,
        "RouteTableType": word("table_types", table.kind),
        "Status": "Available",
        "CreationTime": time_text(table.created_at),
        "VSwitchIds": {"VSwitchId": ids(bound.get(table.id))},
    }


def _router(call: AnyCall, table: RouteTable) -> dict[str, str]:
    vpc = call.tx.get(Vpc, table.vpc_id)
    if vpc is None:
        return {"RouterType": VBR, "RouterId": table.vpc_id, "VpcId": ""}
    return {"RouterType": VROUTER, "RouterId": vpc.router_id, "VpcId": vpc.id}


def _entry(entry: TableEntry) -> dict[str, Any]:
    """An entry with its next hop told twice: as clients read it that know one only, and as a list."""
    return {
        "RouteTableId": entry.route_table_id,
        "RouteEntryId": entry.id or "",
        "RouteEntryName": entry.name,
        "Description": entry.description,
        "DestinationCidrBlock": str(entry.destination),
        "Type": word("entry_types", entry.kind),
        "Status": "Available",
        "NextHopType": word("next_hops", entry.next_hop),
        "InstanceId": entry.next_hop_id or "" if entry.id else "",
        "NextHops": {"NextHop": hops(entry)},
    }
