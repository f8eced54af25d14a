"""What the operations of the product share: regions, requests from parameters, pages, times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from peerway.api.alibaba.labels import label_filter
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.clouds.action import Action
from peerway.api.clouds.call import AnyCall
from peerway.api.clouds.paging import Numbered, numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, among, where
from peerway.app.usecases.access import seen_by
from peerway.app.usecases.kinds import WORDS
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.gateway import Eip, Ipv4Gateway, NatGateway
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteTable
from peerway.domain.security import NetworkAcl
from peerway.domain.text import check_number
from peerway.domain.vpc import Vpc, VSwitch

R = TypeVar("R", bound=Resource)
Keep = Callable[[Any], bool]

#: Items of a page unless the caller asks for another number, and the most it may ask for.
PAGE, LARGEST_PAGE = 10, 50
#: Most ids in one parameter.
MOST_IDS: Final = 100
#: Fields of requests that hold text for people, which may not look like an address of the web.
TEXTS: Final = frozenset({"name", "description"})
ADDRESS: Final = re.compile("https?://", re.IGNORECASE)
#: What the parameters are ids of by which rows name what they are about.
KINDS: Final[Mapping[str, type[Resource]]] = {
    "AllocationId": Eip,
    "Ipv4GatewayId": Ipv4Gateway,
    "NatGatewayId": NatGateway,
    "NetworkAclId": NetworkAcl,
    "RouteTableId": RouteTable,
    "VSwitchId": VSwitch,
    "VpcId": Vpc,
}


def named(action: str, given: Given) -> dict[str, Any]:
    """What the parameters of an action set, by the fields of the use case's request."""
    fields = PRODUCT.actions[action].set_by(given)
    for name in TEXTS & fields.keys():
        if ADDRESS.match(fields[name]):
            raise InvalidInput(name, "must not begin with http:// or https://", fields[name])
    return fields


@PRODUCT.fills
def filled(call: AnyCall, action: Action, given: Given) -> Mapping[str, Any]:
    """What the use case that a row calls gets; what the row is `about` has to be in the request's region."""
    name = action.extra["about"]
    here(call, KINDS[name], given[name], name)
    return named(action.name, given)


def region_of(call: AnyCall) -> str | None:
    """Region that the request names; `InvalidInput` for one that is not there, None for none."""
    if call.region_id is None:
        return None
    return call.world.regions.require(call.region_id, "RegionId").id


def home_of(call: AnyCall, resource: Any) -> str | None:
    """Region of a resource: its own, or that of the VPC or border router that it belongs to."""
    region: str | None = getattr(resource, "region_id", None)
    if region is not None or isinstance(resource, Vpc | VirtualBorderRouter):
        return region
    router = call.tx.get(Vpc, resource.vpc_id) or call.tx.get(VirtualBorderRouter, resource.vpc_id)
    return router.region_id if router else None


def here(call: AnyCall, kind: type[Resource], id: str, field: str) -> str:
    """The id, for a use case to look up; `NotFound` for what is in another region than the request's, whoever has it."""
    region = region_of(call)
    found = call.tx.get(kind, id) if region is not None else None
    if found is not None and home_of(call, found) != region:
        raise NotFound(WORDS[kind], id[:64], field=field)
    return id


def is_here(call: AnyCall, resource: Resource) -> bool:
    """Whether the resource is in the region that the request names, if it names one."""
    region = region_of(call)
    return region is None or home_of(call, resource) == region


def conditions_here(call: AnyCall, kind: type[Resource], field: str, *values: object) -> list[Where]:
    """The condition that a field tells the request's region; none when all of the caller's tell it.

    That costs one more count, and saves looking at each row on the way to a late page.
    """
    own, there = seen_by(call.caller), where(field, *values)
    everything_there = call.tx.count(kind, *own) == call.tx.count(kind, *own, there)
    return [] if everything_there else [there]


def vpcs_here(call: AnyCall, given: Given) -> list[Where]:
    """The condition that VPCs are in the region that the request names, if it names one."""
    region = region_of(call)
    if region is not None and "VpcId" in given:
        return [where("region_id", region)]
    return [] if region is None else conditions_here(call, Vpc, "region_id", region)


def in_vpcs_here(call: AnyCall, vpc_id: str | None = None) -> list[Where]:
    """The condition that things are of VPCs and border routers of the request's region; none when all of the caller's are there."""
    region = region_of(call)
    if region is None:
        return []
    if vpc_id is not None:
        vpc = call.tx.get(Vpc, vpc_id)
        return [] if vpc is None or vpc.region_id == region else [where("vpc_id")]
    routers = (Vpc, VirtualBorderRouter)
    if not any(conditions_here(call, kind, "region_id", region) for kind in routers):
        return []
    return [among("vpc_id", routers, *seen_by(call.caller), where("region_id", region))]


def listed(
    call: AnyCall, given: Given, kind: type[R], *conditions: Where, keep: Sequence[Keep | None] = ()
) -> Numbered[R]:
    """A page of the caller's resources of a kind: by conditions, by what every `keep` keeps, by the labels asked for."""
    kept = [one for one in (*keep, label_filter(call, given, WORDS[kind])) if one is not None]
    return numbered(
        call.tx,
        kind,
        *seen_by(call.caller),
        *conditions,
        number=check_number(given.get("PageNumber", 1), "PageNumber", 1, 10**9),
        size=check_number(given.get("PageSize", PAGE), "PageSize", 1, LARGEST_PAGE),
        keep=(lambda one: all(keeps(one) for keeps in kept)) if kept else None,
    )


def paged(page: Numbered[Any]) -> dict[str, int]:
    """The numbers that a page by number comes with."""
    return {"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}


def wanted(given: Given, **fields: str) -> list[Where]:
    """Conditions for the parameters that are given, by the fields they are about: `wanted(given, vpc_id="VpcId")`.

    A list of values takes any of them.
    """
    found = []
    for field, name in fields.items():
        value = given.get(name)
        if isinstance(value, list):
            if len(value) > MOST_IDS:
                raise InvalidInput(name, f"must have at most {MOST_IDS} items", len(value))
            found.append(where(field, *value))
        elif value is not None:
            found.append(where(field, value))
    return found


def by(items: Iterable[R], field: str) -> Mapping[str, list[R]]:
    """Items by the value of one of their fields."""
    found: dict[str, list[R]] = {}
    for item in items:
        found.setdefault(getattr(item, field), []).append(item)
    return found


def ids(items: Iterable[Resource] | None) -> list[str]:
    """Their ids."""
    return [item.id for item in items or ()]


def account(uid: str) -> int:
    """An account's number as a number; 0 for one that is none."""
    return int(uid) if uid.isdecimal() else 0
