"""Quotas: what one VPC, table or group may have, and how much of it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.services.places import inside_here, table_here, vpc_here
from peerway.api.jdcloud.services.vpc.product import KIND, PRODUCT
from peerway.app.store import where
from peerway.app.usecases.limits import limit_of
from peerway.app.usecases.offers import halves_limit
from peerway.app.usecases.security_groups import get_security_group
from peerway.domain.errors import InvalidInput
from peerway.domain.offer import PeeringOffer
from peerway.domain.route_table import EntryOrigin, RouteEntry, RouteTable
from peerway.domain.security import SecurityRule
from peerway.domain.vpc import VSwitch

#: Limit and use of one type of quota below a parent.
Counted = tuple[int, int]


@PRODUCT.finds("describeQuota")
def describe_quota(call: ReadCall, given: Given) -> Answer:
    """One quota."""
    counted = COUNTS.get(given["type"])
    if counted is None:
        raise InvalidInput("type", f"must be one of {', '.join(COUNTS)}", given["type"])
    parent = given.get("parentResourceId")
    if parent is None:
        raise InvalidInput("parentResourceId", "is required", code="missing")
    limit, used = counted(call, parent)
    quota = {"type": given["type"], "parentResourceId": parent, "maxLimit": limit, "count": used}
    return {"quota": quota}


def _halves(call: AnyCall, id: str) -> Counted:
    vpc = vpc_here(call, KIND, id, "parentResourceId")
    used = call.tx.count(PeeringOffer, where("vpc_id", vpc.id))
    return halves_limit(call.tx, call.world, vpc.owner_uid), used


def _subnets(call: AnyCall, id: str) -> Counted:
    vpc = vpc_here(call, KIND, id, "parentResourceId")
    return _limit(call, "vswitches_per_vpc"), call.tx.count(VSwitch, where("vpc_id", vpc.id))


def _tables(call: AnyCall, id: str) -> Counted:
    """Custom tables: the system one is not counted."""
    vpc = vpc_here(call, KIND, id, "parentResourceId")
    return _limit(call, "custom_tables_per_vpc"), call.tx.count(RouteTable, where("vpc_id", vpc.id)) - 1


def _routes(call: AnyCall, id: str) -> Counted:
    table = table_here(call, KIND, id)
    entries = call.tx.select(RouteEntry, where("route_table_id", table.id))
    return _limit(call, "custom_entries_per_table"), sum(e.origin is EntryOrigin.CUSTOM for e in entries)


def _group_rules(call: AnyCall, id: str) -> Counted:
    group = inside_here(call, KIND, get_security_group, id, "parentResourceId")
    return _limit(call, "rules_per_group"), call.tx.count(SecurityRule, where("security_group_id", group.id))


def _limit(call: AnyCall, name: str) -> int:
    return limit_of(call.tx, name, call.caller.uid, call.world.limits[name])


#: How to count each type.
COUNTS: Final[Mapping[str, Callable[[AnyCall, str], Counted]]] = {
    "vpcpeering": _halves,
    "subnet": _subnets,
    "routeTable": _tables,
    "staticRoute": _routes,
    "securityGroupRule": _group_rules,
}
