"""Route tables and their rules. A rule to a VPC peering names the caller's half, and leads to the connection behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.services.places import in_vpcs_here, subnet_here, table_here, vpc_here
from peerway.api.jdcloud.services.shaping import (
    changed_texts,
    filters_of,
    labelled_page,
    labels_shown,
    part_of,
    put_labels,
    time_of,
)
from peerway.api.jdcloud.services.vpc.product import KIND, PRODUCT
from peerway.app.store import where
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.offers import connection_of, half_of
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    DeleteRouteEntry,
    UpdateRouteEntry,
    create_route_entry,
    delete_route_entry,
    get_route_entry,
    list_entries,
    update_route_entry,
)
from peerway.app.usecases.route_tables import (
    CreateRouteTable,
    DeleteRouteTable,
    UpdateRouteTable,
    create_route_table,
    delete_route_table,
    update_route_table,
)
from peerway.app.usecases.vswitches import (
    DisassociateTable,
    UpdateVSwitch,
    disassociate_table,
    update_vswitch,
)
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.route_table import NextHop, RouteEntry, RouteTable, TableEntry
from peerway.domain.vpc import VSwitch


@PRODUCT.writes("createRouteTable")
def create_table(call: WriteCall, given: Given) -> Answer:
    """Make a table."""
    request = CreateRouteTable(
        vpc_id=vpc_here(call, KIND, given["vpcId"]).id,
        name=given["routeTableName"],
        description=given.get("description", ""),
    )
    table = call.use(create_route_table, request)
    put_labels(call, table, given)
    return {"routeTableId": table.id}


@PRODUCT.reads("describeRouteTables")
def describe_tables(call: ReadCall, given: Given) -> Answer:
    """The caller's tables in the region."""
    filters = filters_of(PRODUCT, "describeRouteTables", given)
    conditions = [*filters.conditions, *in_vpcs_here(call, KIND)]
    return labelled_page(call, given, RouteTable, *conditions, field="routeTables", shape=_table)


@PRODUCT.reads("describeRouteTable")
def describe_table(call: ReadCall, given: Given) -> Answer:
    """One table with its rules."""
    table = table_here(call, KIND, given["routeTableId"])
    return {"routeTable": _table(call, table, labels_shown(call, table))}


@PRODUCT.writes("modifyRouteTable")
def modify_table(call: WriteCall, given: Given) -> Answer:
    """Change a table's texts."""
    request = UpdateRouteTable(
        id=table_here(call, KIND, given["routeTableId"]).id,
        **changed_texts(given, "routeTableName"),
    )
    call.use(update_route_table, request)
    return None


@PRODUCT.writes("deleteRouteTable")
def delete_table(call: WriteCall, given: Given) -> Answer:
    """Delete a table that no subnet is bound to."""
    call.use(delete_route_table, DeleteRouteTable(id=table_here(call, KIND, given["routeTableId"]).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("associateRouteTable")
def associate(call: WriteCall, given: Given) -> Answer:
    """Bind subnets to a table; they leave the one they had."""
    table = table_here(call, KIND, given["routeTableId"])
    for subnet_id in given["subnetIds"]:
        subnet = subnet_here(call, KIND, subnet_id)
        call.use(update_vswitch, UpdateVSwitch(id=subnet.id, route_table_id=table.id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("disassociateRouteTable")
def disassociate(call: WriteCall, given: Given) -> Answer:
    """Give a subnet back to the VPC's own table."""
    table = table_here(call, KIND, given["routeTableId"])
    subnet = subnet_here(call, KIND, given["subnetId"])
    call.use(disassociate_table, DisassociateTable(vswitch_id=subnet.id, route_table_id=table.id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("addRouteTableRules")
def add_rules(call: WriteCall, given: Given) -> Answer:
    """Add rules, all or none."""
    table = table_here(call, KIND, given["routeTableId"])
    for spec in given["routeTableRuleSpecs"]:
        next_hop = _next_hop(spec["nextHopType"])
        request = CreateRouteEntry(
            route_table_id=table.id,
            destination=spec["addressPrefix"],
            next_hop=next_hop,
            next_hop_id=_hop_id(call, table, next_hop, spec["nextHopId"]),
            description=spec.get("description", ""),
        )
        call.use(create_route_entry, request)
    call.wakes_worker = True
    return None


@PRODUCT.writes("modifyRouteTableRules")
def modify_rules(call: WriteCall, given: Given) -> Answer:
    """Lead rules elsewhere and change their ranges and texts."""
    table = table_here(call, KIND, given["routeTableId"])
    for spec in given["modifyRouteTableRuleSpecs"]:
        entry = _entry(call, table, spec["ruleId"])
        next_hop: str | Unset = _next_hop(spec["nextHopType"]) if "nextHopType" in spec else UNSET
        kind = entry.next_hop.value if isinstance(next_hop, Unset) else next_hop
        request = UpdateRouteEntry(
            id=entry.id,
            destination=spec.get("addressPrefix", UNSET),
            next_hop=next_hop,
            next_hop_id=_hop_id(call, table, kind, spec["nextHopId"]) if "nextHopId" in spec else UNSET,
            description=spec.get("description", UNSET),
        )
        call.use(update_route_entry, request)
    call.wakes_worker = True
    return None


@PRODUCT.writes("removeRouteTableRules")
def remove_rules(call: WriteCall, given: Given) -> Answer:
    """Remove rules, all or none."""
    table = table_here(call, KIND, given["routeTableId"])
    for rule_id in given["ruleIds"]:
        call.use(delete_route_entry, DeleteRouteEntry(id=_entry(call, table, rule_id).id))
    call.wakes_worker = True
    return None


@PRODUCT.reads("describeRouteTableRules")
def describe_rules(call: ReadCall, given: Given) -> Answer:
    """The rules of a table."""
    table = table_here(call, KIND, given["routeTableId"])
    filters = filters_of(PRODUCT, "describeRouteTableRules", given)
    kept = [rule for rule in _rules(call, table) if filters.matches(rule)]
    return {"routeTableRules": list(part_of(kept, given)), "totalCount": len(kept)}


def _next_hop(theirs: str) -> str:
    known: Mapping[str, str] = PRODUCT.extra["next_hops"]
    for ours, name in known.items():
        if name == theirs and ours in PRODUCT.extra["next_hops_taken"]:
            return ours
    taken = ", ".join(known[ours] for ours in PRODUCT.extra["next_hops_taken"])
    raise InvalidInput("nextHopType", f"must be one of {taken}", theirs)


def _hop_id(call: AnyCall, table: RouteTable, next_hop: str, id: str) -> str:
    """What a rule leads to: of a VPC peering it is the connection behind the half."""
    if next_hop != NextHop.PEERING:
        return id
    peering = connection_of(call.tx, call.world, call.caller, id)
    if half_of(call.tx, peering.id, table.vpc_id) is None:
        raise NotFound("peering_offer", id[:64], field="next_hop_id")
    return peering.id


def _entry(call: AnyCall, table: RouteTable, id: str) -> RouteEntry:
    entry = call.use(get_route_entry, id)
    if entry.route_table_id != table.id:
        raise NotFound("route_entry", id[:64], field="ruleId")
    return entry


def _table(call: AnyCall, table: RouteTable, labels: dict[str, Any]) -> dict[str, Any]:
    return {
        "routeTableId": table.id,
        "routeTableName": table.name,
        "routeTableType": PRODUCT.extra["table_types"][table.kind.value],
        "associateType": "subnet",
        "description": table.description,
        "vpcId": table.vpc_id,
        "routeTableRules": list(_rules(call, table)),
        "routePropagations": [],
        "subnetIds": [one.id for one in call.tx.select(VSwitch, where("route_table_id", table.id))],
        "createdTime": time_of(table.created_at),
        **labels,
    }


def _rules(call: AnyCall, table: RouteTable) -> Iterable[dict[str, Any]]:
    """What the table shows; the range of the cloud's own services is not among it."""
    names: Mapping[str, str] = PRODUCT.extra["next_hops"]
    for entry in call.list(list_entries, table.id):
        if entry.next_hop in names:
            yield {
                "ruleId": entry.id or "",
                "priority": 100,
                "nextHopType": names[entry.next_hop],
                "nextHopId": _shown_hop(call, table, entry),
                "addressPrefixType": "CIDR",
                "addressPrefix": str(entry.destination),
                "origin": "static",
                "description": entry.description,
            }


def _shown_hop(call: AnyCall, table: RouteTable, entry: TableEntry) -> str:
    half = half_of(call.tx, entry.next_hop_id or "", table.vpc_id)
    return half.id if half else entry.next_hop_id or ""
