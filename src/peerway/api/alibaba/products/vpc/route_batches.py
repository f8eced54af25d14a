"""Several route entries in one request: each is made or removed, or fails, by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from peerway.api.alibaba.errors import told
from peerway.api.alibaba.products.vpc.common import here
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.alibaba.products.vpc.route_entries import check_leads_to, find_entry, hop_kind, masked
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import Call, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import route_entries
from peerway.domain.errors import InvalidInput, Kind, PeerwayError
from peerway.domain.route_table import RouteTable

#: Most entries of one request.
MOST: Final = 50
#: Fields of an entry that are told again when it fails.
TOLD: Final = ("RouteEntryId", "DstCidrBlock", "NextHop")

Item = Mapping[str, Any]


@PRODUCT.writes("CreateRouteEntries")
def create_route_entries(call: WriteCall, given: Given) -> Answer:
    """Write custom entries; those that can't be are told."""
    made, failed = _each(call, given, "CreateRouteEntry", _create)
    return {"SuccessCount": len(made), "RouteEntryIds": made, **failed}


@PRODUCT.writes("DeleteRouteEntries")
def delete_route_entries(call: WriteCall, given: Given) -> Answer:
    """Remove entries; those that can't be are told."""
    gone, failed = _each(call, given, "DeleteRouteEntry", _delete)
    return {"SuccessCount": len(gone), **failed}


def _each(
    call: WriteCall, given: Given, action: str, do: Callable[[WriteCall, Item], str]
) -> tuple[list[str], dict[str, Any]]:
    """Ids of the entries that it was done with, and the others with their errors as `action` tells them.

    Each is tried first: what fails half-way leaves nothing behind.
    """
    if len(given["RouteEntries"]) > MOST:
        raise InvalidInput("RouteEntries", f"must have at most {MOST} items", len(given["RouteEntries"]))
    done: list[str] = []
    failed: list[dict[str, str]] = []
    for item in given["RouteEntries"]:
        try:
            call.tx.trial(lambda tx, item=item: do(_within(call, tx), item))  # type: ignore[misc]
            done.append(do(call, item))
        except PeerwayError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            words = told(error, PRODUCT.actions[action])
            fields = {name: item[name] for name in TOLD if name in item}
            failed.append({**fields, "FailedCode": words.code, "FailedMessage": words.text})
    return done, {"FailedCount": len(failed), "FailedRouteEntries": failed}


def _within(call: WriteCall, tx: Any) -> WriteCall:
    """The call inside a trial."""
    return Call(tx, call.services, call.caller, call.region_id, call.host)


def _create(call: WriteCall, item: Item) -> str:
    here(call, RouteTable, item["RouteTableId"], "RouteTableId")
    request = route_entries.CreateRouteEntry(
        route_table_id=item["RouteTableId"],
        destination=masked(item["DstCidrBlock"]),
        next_hop=hop_kind(item["NextHopType"], "next_hop"),
        next_hop_id=item["NextHop"],
        name=item.get("Name", ""),
        description=item.get("Description", ""),
    )
    return call.use(route_entries.create_route_entry, request).id


def _delete(call: WriteCall, item: Item) -> str:
    entry = find_entry(call, item.get("RouteEntryId"), item.get("RouteTableId"), item)
    check_leads_to(entry, item.get("NextHop"), [])
    return call.use(route_entries.delete_route_entry, route_entries.DeleteRouteEntry(id=entry.id)).id
