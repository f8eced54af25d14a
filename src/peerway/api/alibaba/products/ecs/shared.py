"""What the modules of Ecs share: regions, pages in both styles, times, words, and finding things in the region that is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.clouds.call import AnyCall
from peerway.api.clouds.paging import numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, where
from peerway.app.usecases.instances import get_instance
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.pages import page
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.resource import Resource
from peerway.domain.sharing import Share
from peerway.domain.text import check_number
from peerway.domain.vpc import Instance, Vpc

R = TypeVar("R", bound=Resource)

#: Items of a page unless the request says otherwise, and the most.
PAGE_SIZE: Final = 10
LARGEST_PAGE: Final = 100
#: Highest number of a page.
LAST_PAGE: Final = 1_000_000

#: What the id of an instance's interface begins with; the rest is the instance's.
INTERFACE: Final = "eni-"
INSTANCE: Final = "i-"


def time_of(at: datetime) -> str:
    """A time as most answers have it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_of(at: datetime) -> str:
    """A time as answers about instances have it."""
    return at.strftime("%Y-%m-%dT%H:%MZ")


def fields_of(action: str, given: Given) -> dict[str, Any]:
    """What the request sets, by the fields that the action's row names."""
    return PRODUCT.actions[action].set_by(given)


def meant(table: str, value: str, parameter: str) -> Any:
    """What a word stands for in a table; `InvalidInput` for a word that is not in it."""
    words: Mapping[str, Any] = PRODUCT.extra[table]
    if value.lower() not in words:
        raise InvalidInput(parameter, f"must be one of {', '.join(words)}", value)
    return words[value.lower()]


def in_region(call: AnyCall) -> tuple[Where, ...] | None:
    """The condition that keeps a list to VPCs of the region that is named; None when there are none in it.

    No condition where everything of the caller's is there.
    """
    region = call.world.regions.require(call.region_id or "", "RegionId").id
    uid = call.caller.uid
    shared = {share.vpc_id for share in call.tx.select(Share, where("user_uid", uid))}
    found = [*call.tx.select(Vpc, where("owner_uid", uid))]
    found += [vpc for vpc in (call.tx.get(Vpc, id) for id in sorted(shared)) if vpc is not None]
    here = {vpc.id for vpc in found if vpc.region_id == region}
    if len(here) == len({vpc.id for vpc in found}):
        return ()
    return (where("vpc_id", *sorted(here)),) if here else None


def listed(
    call: AnyCall,
    given: Given,
    kind: type[R],
    *conditions: Where,
    keep: Callable[[R], bool] | None = None,
) -> tuple[list[R], dict[str, Any]]:
    """A page of the caller's resources in the region, and the figures that go with it: by number, or by token."""
    region = in_region(call)
    if region is None:
        return [], {"TotalCount": 0, "PageNumber": 1, "PageSize": _size(given, "PageSize"), "NextToken": ""}
    wanted = (where("owner_uid", call.caller.uid), *region, *conditions)
    if "MaxResults" not in given and "NextToken" not in given:
        number = check_number(given.get("PageNumber", 1), "PageNumber", 1, LAST_PAGE)
        found = numbered(call.tx, kind, *wanted, number=number, size=_size(given, "PageSize"), keep=keep)
        figures = {"TotalCount": found.total, "PageNumber": found.number, "PageSize": found.size}
        return found.items, {**figures, "NextToken": ""}
    size, after = _size(given, "MaxResults"), given.get("NextToken")
    part = page(call.tx, kind, *wanted, after=after, limit=size, keep=keep or (lambda _: True))
    return list(part.items), {"NextToken": part.next or "", "PageSize": size}


def _size(given: Given, parameter: str) -> int:
    return check_number(given.get(parameter, PAGE_SIZE), parameter, 1, LARGEST_PAGE)


def require_here(call: AnyCall, resource: R) -> R:
    """The resource of a VPC; `NotFound` when the request names another region than the VPC's."""
    vpc = call.tx.get(Vpc, getattr(resource, "vpc_id", ""))
    if call.region_id and vpc is not None and vpc.region_id != call.region_id:
        raise NotFound(WORDS[type(resource)], resource.id)
    return resource


def interface_id(instance: Instance) -> str:
    """Id of an instance's only interface."""
    return INTERFACE + instance.id.removeprefix(INSTANCE)


def instance_of(interface: str) -> str:
    """Id of the instance that an interface is of."""
    return INSTANCE + interface.removeprefix(INTERFACE)


def by_interface(call: AnyCall, interface: str) -> Instance:
    """The instance that an interface is of; `NotFound` in the words of interfaces."""
    try:
        return call.use(get_instance, instance_of(interface))
    except NotFound:
        raise NotFound("network_interface", interface[:64]) from None
