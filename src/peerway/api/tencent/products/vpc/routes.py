"""Routes: made, changed, switched and found by their numbers or their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.lists import (
    Pick,
    Wanted,
    Window,
    ask,
    contains_text,
    field_is,
    starts_with,
    window_of,
)
from peerway.api.tencent.places import in_region
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.api.tencent.shapes import time_text
from peerway.app.store import where
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    DeleteRouteEntry,
    UpdateRouteEntry,
    create_route_entry,
    delete_route_entry,
    update_route_entry,
)
from peerway.app.usecases.route_tables import get_route_table
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.vpc import Instance

FILTERS: Final[Mapping[str, Pick]] = {
    "vpc-id": field_is("vpc_id"),
    "route-table-id": field_is("route_table_id"),
    "gateway-id": field_is("next_hop_id"),
    "description": contains_text(lambda entry: entry.description),
    "dest-cidr": starts_with(lambda entry: str(entry.destination)),
}


def create_one(call: WriteCall, table_id: str, route: Given) -> RouteEntry:
    """Make a route, switched off when it is asked to be."""
    kind, hop_id = _hop(call, table_id, route)
    request = CreateRouteEntry(
        route_table_id=table_id,
        destination=_destination(route),
        next_hop=kind,
        next_hop_id=hop_id,
        description=route.get("RouteDescription", ""),
    )
    entry = call.use(create_route_entry, request)
    if route.get("Enabled", True):
        return entry
    return call.use(update_route_entry, UpdateRouteEntry(id=entry.id, enabled=False))


@PRODUCT.writes("ReplaceRoutes")
def replace(call: WriteCall, given: Given) -> Answer:
    """Change routes, which stay who they are."""
    table_id = given["RouteTableId"]
    before = [_find(call, table_id, route) for route in given["Routes"]]
    after = [
        call.use(update_route_entry, _changes(call, table_id, entry, route))
        for entry, route in zip(before, given["Routes"], strict=True)
    ]
    return {
        "OldRouteSet": [shape(call, entry) for entry in before],
        "NewRouteSet": [shape(call, entry) for entry in after],
    }


@PRODUCT.writes("DeleteRoutes")
def delete(call: WriteCall, given: Given) -> Answer:
    """Remove routes."""
    found = [_find(call, given["RouteTableId"], route) for route in given["Routes"]]
    gone = [shape(call, entry) for entry in found]
    for entry in found:
        call.use(delete_route_entry, DeleteRouteEntry(id=entry.id))
    return {"RouteSet": gone}


@PRODUCT.writes("EnableRoutes")
def enable(call: WriteCall, given: Given) -> Answer:
    """Switch routes on."""
    return _switch(call, given, enabled=True)


@PRODUCT.writes("DisableRoutes")
def disable(call: WriteCall, given: Given) -> Answer:
    """Switch routes off; they stay in the table."""
    return _switch(call, given, enabled=False)


@PRODUCT.reads("DescribeRoutes")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the region's routes."""
    start = in_region(call, Wanted(RouteEntry, [where("owner_uid", call.caller.uid)]))
    wanted = ask(call, given, start, "", FILTERS, "route_entry")
    page, total = window_of(call.tx, wanted, Window.of(given))
    return {"TotalCount": total, "RouteSet": [shape(call, entry) for entry in page]}


def shape(call: AnyCall, entry: RouteEntry) -> Mapping[str, Any]:
    """A route as answers have it."""
    ipv4 = entry.destination.version == 4
    return {
        "RouteId": route_number(entry.id),
        "RouteItemId": entry.id,
        "RouteTableId": entry.route_table_id,
        "DestinationCidrBlock": str(entry.destination) if ipv4 else "",
        "DestinationIpv6CidrBlock": "" if ipv4 else str(entry.destination),
        "GatewayType": PRODUCT.extra["gateways_told"][entry.next_hop.value],
        "GatewayId": _gateway_id(call, entry),
        "RouteDescription": entry.description,
        "Enabled": entry.enabled,
        "RouteType": "USER",
        "PublishedToVbc": False,
        "CreatedTime": time_text(entry.created_at),
        "CdcId": "",
    }


def route_number(entry_id: str) -> int:
    """The number that this cloud gives a route, drawn from its id: below 2 to the 53rd, so that any client can hold it."""
    return (int.from_bytes(hashlib.sha256(entry_id.encode()).digest()[:8], "big") >> 11) or 1


def _switch(call: WriteCall, given: Given, *, enabled: bool) -> Answer:
    wanted = [{"RouteItemId": id} for id in given.get("RouteItemIds", ())]
    wanted += [{"RouteId": number} for number in given.get("RouteIds", ())]
    if not wanted:
        raise InvalidInput("RouteIds", "is required", code="missing")
    for route in wanted:
        entry = _find(call, given["RouteTableId"], route)
        call.use(update_route_entry, UpdateRouteEntry(id=entry.id, enabled=enabled))
    return None


def _find(call: AnyCall, table_id: str, route: Given) -> RouteEntry:
    """The route of a table that a request means: by id, by number, or by destination."""
    table = call.use(get_route_table, table_id)
    entries = call.tx.select(RouteEntry, where("route_table_id", table.id))
    if route.get("RouteItemId"):
        return _only(entries, lambda entry: entry.id == route["RouteItemId"], route["RouteItemId"])
    if route.get("RouteId"):
        return _only(entries, lambda entry: route_number(entry.id) == route["RouteId"], route["RouteId"])
    destination = _destination(route)
    return _only(entries, lambda entry: str(entry.destination) == destination, destination)


def _only(entries: Sequence[RouteEntry], fits: Any, what: object) -> RouteEntry:
    for entry in entries:
        if fits(entry):
            return entry
    raise NotFound("route_entry", str(what)[:64])


def _changes(call: AnyCall, table_id: str, entry: RouteEntry, route: Given) -> UpdateRouteEntry:
    changes: dict[str, Any] = {}
    if route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"):
        changes["destination"] = _destination(route)
    if route.get("GatewayType"):
        changes["next_hop"], changes["next_hop_id"] = _hop(call, table_id, route)
    if "RouteDescription" in route:
        changes["description"] = route["RouteDescription"]
    if "Enabled" in route:
        changes["enabled"] = route["Enabled"]
    return UpdateRouteEntry(id=entry.id, **changes)


def _destination(route: Given) -> str:
    found: str = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock") or ""
    if not found:
        raise InvalidInput("DestinationCidrBlock", "is required", code="missing")
    return found


def _hop(call: AnyCall, table_id: str, route: Given) -> tuple[str, str]:
    """Kind and id of a next hop; an instance goes by its address as well."""
    kind = PRODUCT.extra["gateways"].get(route["GatewayType"])
    if kind is None:
        known = ", ".join(PRODUCT.extra["gateways"])
        raise InvalidInput("next_hop", f"must be one of {known}", route["GatewayType"])
    hop_id: str = route.get("GatewayId", "")
    if kind != NextHop.INSTANCE or not _is_address(hop_id):
        return kind, hop_id
    table = call.use(get_route_table, table_id)
    for instance in call.tx.select(Instance, where("vpc_id", table.vpc_id)):
        if hop_id in {str(address) for address in instance.addresses}:
            return kind, instance.id
    raise NotFound("instance", hop_id, field="next_hop_id")


def _gateway_id(call: AnyCall, entry: RouteEntry) -> str:
    if entry.next_hop is not NextHop.INSTANCE:
        return entry.next_hop_id or ",".join(path.interface_id for path in entry.paths)
    instance = call.tx.get(Instance, entry.next_hop_id or "")
    return str(instance.ipv4) if instance else entry.next_hop_id or ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
