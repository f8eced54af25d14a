"""What Express Connect's actions share: requests by the table, words of the cloud, filters, pages and times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from peerway.api.alibaba.labels import label_filter
from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, WriteCall
from peerway.api.clouds.paging import Numbered, numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, where
from peerway.app.usecases.kinds import WORDS
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.resource import Resource
from peerway.domain.router_interface import RouterInterface
from peerway.domain.text import check_number

R = TypeVar("R", bound=Resource)

#: Page unless the request names another; largest one.
PAGE_SIZE: Final = 10
LARGEST_PAGE: Final = 50
#: Highest number of a page.
LAST_PAGE: Final = 1_000_000
#: Most filters of a request.
MOST_FILTERS: Final = 5

#: How the values of a field are called here, and there: the enumeration, and the table with the cloud's words (empty where
#: they are the same).
Choices = Mapping[str, tuple[type[StrEnum], str]]


def fields_of(action: str, given: Given) -> dict[str, Any]:
    """What the request sets, by the fields that the action's row names."""
    return PRODUCT.actions[action].set_by(given)


def word(table: str, ours: str) -> str:
    """The cloud's word for one of ours."""
    return str(PRODUCT.extra[table][ours])


def meant(table: str, value: str, parameter: str) -> str:
    """Our word for one of the cloud's; `InvalidInput` (`unknown_word`) for any other."""
    for ours, theirs in PRODUCT.extra[table].items():
        if theirs == value:
            return str(ours)
    rule = f"must be one of {', '.join(PRODUCT.extra[table].values())}"
    raise InvalidInput(parameter, rule, value, code="unknown_word")


def time_of(at: datetime | None) -> str:
    """A time as answers have it; empty for none."""
    return "" if at is None else time_text(at)


def region_of(call: AnyCall) -> str:
    """The region that the request names; `InvalidInput` when there is no such."""
    return call.world.regions.require(call.region_id or "", "RegionId").id


def here(
    call: AnyCall, kind: type[RouterInterface | PhysicalConnection | VirtualBorderRouter], id: str
) -> str:
    """The id, for a use case to look up; `NotFound` for what is in another region than the request's, whoever has it."""
    region = region_of(call)
    found = call.tx.get(kind, id)
    if found is not None and found.region_id != region:
        raise NotFound(WORDS[kind], id[:64])
    return id


def declare_verb(
    action: str,
    kind: type[RouterInterface | PhysicalConnection | VirtualBorderRouter],
    use_case: Callable[..., object],
    request: Callable[..., object],
) -> None:
    """Declare an action that hands its parameters to a use case, and answers nothing."""

    @PRODUCT.writes(action)
    def run(call: WriteCall, given: Given) -> Answer:
        fields = fields_of(action, given)
        here(call, kind, fields["id"])
        call.use(use_case, request(**fields))
        return None


def page_place(given: Given) -> tuple[int, int]:
    """Number and size of the page asked for."""
    number = check_number(given.get("PageNumber", 1), "PageNumber", 1, LAST_PAGE)
    return number, check_number(given.get("PageSize", PAGE_SIZE), "PageSize", 1, LARGEST_PAGE)


def filtered(given: Given, table: str, choices: Choices) -> list[Where]:
    """The conditions of `Filter.N`; `InvalidInput` for too many, and (`unknown_filter`) for an unknown key."""
    filters: Sequence[Mapping[str, Any]] = given.get("Filter", [])
    if len(filters) > MOST_FILTERS:
        raise InvalidInput("Filter", f"must be at most {MOST_FILTERS}", len(filters))
    fields = PRODUCT.extra[table]
    conditions = []
    for one in filters:
        if one["Key"] not in fields:
            rule = f"must be one of {', '.join(fields)}"
            raise InvalidInput("Filter", rule, one["Key"], code="unknown_filter")
        field, values = fields[one["Key"]], one.get("Value", [])
        if field in choices:
            kind, words = choices[field]
            theirs = PRODUCT.extra.get(words, {})
            conditions.append(where(field, *(ours for ours in kind if theirs.get(ours, ours) in values)))
        elif field:
            conditions.append(where(field, *values))
    return conditions


def listed(call: AnyCall, given: Given, kind: type[R], *conditions: Where) -> Numbered[R]:
    """A page of the region's resources that meet the conditions and have the labels asked for."""
    number, size = page_place(given)
    keep: Callable[[R], bool] | None = label_filter(call, given, WORDS[kind])
    of_region = where("region_id", region_of(call))
    return numbered(call.tx, kind, *conditions, of_region, number=number, size=size, keep=keep)


def page_shape(page: Numbered[R], wrapper: str, inner: str, shape: Callable[[R], object]) -> dict[str, Any]:
    """The answer of a list: `{"RouterInterfaceSet": {"RouterInterfaceType": [...]}}` with the page's figures."""
    return {
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": page.total,
        wrapper: {inner: [shape(one) for one in page.items]},
    }
