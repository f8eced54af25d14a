"""Route entries, one at a time; several at once are `route_batches`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from peerway.api.alibaba.products.vpc.common import here, named
from peerway.api.alibaba.products.vpc.product import PRODUCT, extra, meanings, word
from peerway.api.alibaba.products.vpc.shown_entries import hops
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import route_entries
from peerway.domain.errors import InvalidInput
from peerway.domain.route_table import NextHop, RouteEntry, RoutePath, RouteTable, TableEntry
from peerway.domain.text import check_number

#: Entries of a page unless the caller asks for another number, and the most it may ask for.
PAGE, LARGEST_PAGE = 10, 100
#: Weight of one of several next hops when none is given.
WEIGHT: Final = 100


@PRODUCT.writes("CreateRouteEntry")
def create_route_entry(call: WriteCall, given: Given) -> Answer:
    """Write a custom entry."""
    here(call, RouteTable, given["RouteTableId"], "RouteTableId")
    fields = named("CreateRouteEntry", given)
    fields["destination"] = masked(fields["destination"])
    fields |= _next_hop(given)
    entry = call.use(route_entries.create_route_entry, route_entries.CreateRouteEntry(**fields))
    return {"RouteEntryId": entry.id}


@PRODUCT.writes("ModifyRouteEntry")
def modify_route_entry(call: WriteCall, given: Given) -> Answer:
    """Change an entry's texts and where it leads."""
    entry = find_entry(call, given.get("RouteEntryId"), given.get("RouteTableId"), given)
    fields = named("ModifyRouteEntry", given) | {"id": entry.id}
    for name in ("route_table_id", "destination"):
        fields.pop(name, None)
    if "next_hop" in fields:
        fields["next_hop"] = hop_kind(fields["next_hop"], "next_hop")
    call.use(route_entries.update_route_entry, route_entries.UpdateRouteEntry(**fields))
    return None


@PRODUCT.writes("DeleteRouteEntry")
def delete_route_entry(call: WriteCall, given: Given) -> Answer:
    """Remove an entry, by its id or by its table and destination."""
    entry = find_entry(call, given.get("RouteEntryId"), given.get("RouteTableId"), given)
    hops = {"NextHopId": given.get("NextHopId")} if "NextHopId" in given else {}
    several = [hop.get("NextHopId", "") for hop in given.get("NextHopList", ())]
    check_leads_to(entry, hops.get("NextHopId"), several)
    call.use(route_entries.delete_route_entry, route_entries.DeleteRouteEntry(id=entry.id))
    return None


@PRODUCT.reads("DescribeRouteEntryList")
def describe_route_entry_list(call: ReadCall, given: Given) -> Answer:
    """Part of a table's entries, computed ones first."""
    id = here(call, RouteTable, given["RouteTableId"], "RouteTableId")
    tests = list(_tests(given))
    entries = [
        entry for entry in call.list(route_entries.list_entries, id) if all(passes(entry) for passes in tests)
    ]
    size = check_number(given.get("MaxResult", PAGE), "MaxResult", 1, LARGEST_PAGE)
    start = _start(given.get("NextToken"))
    more = start + size < len(entries)
    return {
        "TotalCount": len(entries),
        "NextToken": str(start + size) if more else "",
        "RouteEntrys": {"RouteEntry": [_shown(entry) for entry in entries[start : start + size]]},
    }


def find_entry(call: AnyCall, id: str | None, table_id: str | None, given: Given) -> RouteEntry:
    """The stored entry that a request is about."""
    if id is not None:
        here(call, RouteEntry, id, "RouteEntryId")
        return call.use(route_entries.get_route_entry, id)
    destination = given.get("DestinationCidrBlock") or given.get("DstCidrBlock")
    for name, value in (("RouteTableId", table_id), ("DestinationCidrBlock", destination)):
        if value is None:
            raise InvalidInput(name, "or RouteEntryId is required", code="missing")
    here(call, RouteTable, str(table_id), "RouteTableId")
    return call.list(route_entries.find_route_entry, str(table_id), masked(str(destination)))


def check_leads_to(entry: RouteEntry, id: str | None, several: list[str]) -> None:
    """`InvalidInput` unless the entry leads where the request says; one that says nothing is right."""
    leads: set[str | None] = {path.interface_id for path in entry.paths} or {entry.next_hop_id}
    asked = set(several) or ({id} if id else leads)
    if asked != leads:
        raise InvalidInput("NextHopId", "must be that of the entry", id, code="other_next_hop")


def masked(destination: str) -> str:
    """The range; an address without a length is that of a host."""
    if "/" in destination:
        return destination
    return f"{destination}/{128 if ':' in destination else 32}"


def hop_kind(name: str, field: str) -> str:
    """Our word for a kind of next hop; `InvalidInput` for one that there is not here."""
    kind = meanings("next_hops").get(name)
    if kind is None or kind not in set(NextHop):
        choices = ", ".join(word("next_hops", kind) for kind in NextHop)
        raise InvalidInput(field, f"must be one of {choices}", name)
    return kind


def _next_hop(given: Given) -> dict[str, Any]:
    """Where a new entry is to lead: one next hop, or several router interfaces."""
    several = given.get("NextHopList") or ()
    if several and "NextHopId" in given:
        raise InvalidInput("NextHopList", "must not be given beside NextHopId", code="both_next_hops")
    if several:
        kinds = {hop_kind(hop.get("NextHopType", "RouterInterface"), "paths") for hop in several}
        paths = tuple(RoutePath(hop.get("NextHopId", ""), hop.get("Weight", WEIGHT)) for hop in several)
        return {"next_hop": kinds.pop() if len(kinds) == 1 else "", "paths": paths}
    name = given.get("NextHopType", extra("defaults")["next_hop"])
    kind = hop_kind(name, "next_hop")
    if "NextHopId" not in given and kind not in {NextHop.BLACKHOLE, NextHop.LINE}:
        raise InvalidInput("NextHopId", "or NextHopList must be given", code="no_next_hop")
    return {"next_hop": kind}


def _tests(given: Given) -> Iterator[Callable[[TableEntry], bool]]:
    """What the filters of a request ask of an entry."""
    ranges = set(given.get("DestCidrBlockList", ()))
    if "DestinationCidrBlock" in given:
        ranges.add(given["DestinationCidrBlock"])
    if ranges:
        yield lambda entry: str(entry.destination) in ranges
    if "NextHopId" in given:
        yield lambda entry: given["NextHopId"] in {hop["NextHopId"] for hop in hops(entry)}
    if "ServiceType" in given:
        yield lambda _: False
    for name, field in SHOWN_FILTERS.items():
        if name in given:
            yield lambda entry, name=name, field=field: _shown(entry)[field] == given[name]  # type: ignore[misc]
    if "NextHopType" in given:
        yield lambda entry: word("next_hops", entry.next_hop) == given["NextHopType"]
    if "IpVersion" in given:
        yield lambda entry: _shown(entry)["IpVersion"].lower() == given["IpVersion"].lower()


#: Filters by a field as it is shown.
SHOWN_FILTERS: Final = {
    "RouteEntryId": "RouteEntryId",
    "RouteEntryName": "RouteEntryName",
    "RouteEntryType": "Type",
}


def _shown(entry: TableEntry) -> dict[str, Any]:
    nowhere = {"InstanceId": "", "InstanceType": "", "RegionId": ""}
    return {
        "RouteTableId": entry.route_table_id,
        "RouteEntryId": entry.id or "",
        "RouteEntryName": entry.name,
        "Description": entry.description,
        "DestinationCidrBlock": str(entry.destination),
        "IpVersion": f"IPv{entry.destination.version}",
        "Type": word("entry_types", entry.kind),
        "Status": "Available",
        "GmtModified": "",
        "Origin": "",
        "ServiceType": "",
        "NextHops": {
            "NextHop": [{**hop, "NextHopRegionId": "", "NextHopRelatedInfo": nowhere} for hop in hops(entry)]
        },
    }


def _start(token: str | None) -> int:
    """Place in the list that a token stands for."""
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) < 10):
        raise InvalidInput("NextToken", "must be the one that was answered", token)
    return int(token)
