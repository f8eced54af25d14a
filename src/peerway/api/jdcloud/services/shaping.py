"""What the services' answers have in common: times, tags, and lists with filters, by pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from peerway.api.clouds.action import Answer, Product
from peerway.api.clouds.call import AnyCall, WriteCall
from peerway.api.clouds.paging import Numbered, numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, where
from peerway.app.usecases.fields import UNSET
from peerway.app.usecases.labels import (
    group_of,
    labelled,
    labels_by_resource,
    move_to_group,
    put_tags,
)
from peerway.domain.errors import InvalidInput
from peerway.domain.labels import Labels, Tag
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

#: Items of a page unless the request says otherwise.
PAGE: Final = 20
#: Most items of a page.
LARGEST_PAGE: Final = 100
#: Ways to compare that filters may name: all of them are equality with any of the values.
OPERATORS: Final = frozenset({"", "eq", "in"})


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed down to: values by the attributes of the resource."""

    #: Values, one of which an attribute has to have.
    by_attribute: Mapping[str, Sequence[str]]

    @property
    def conditions(self) -> list[Where]:
        """That resources have one of the values in each of the attributes."""
        return [where(name, *values) for name, values in self.by_attribute.items()]

    def translated(self, attribute: str, translate: Callable[[str], str]) -> Filters:
        """The same with other words for the values of an attribute."""
        if attribute not in self.by_attribute:
            return self
        values = [translate(value) for value in self.by_attribute[attribute]]
        return Filters({**self.by_attribute, attribute: values})

    def matches(self, shown: Mapping[str, Any]) -> bool:
        """Whether what an answer shows has one of the values in each of the fields, where filters stand for those."""
        return all(str(shown[name]) in values for name, values in self.by_attribute.items())


def filters_of(product: Product, action: str, given: Given) -> Filters:
    """The filters of a request by what the action's row says they stand for; nothing where they have no effect."""
    known: Mapping[str, str] = product.actions[action].extra.get("filters", {})
    found: dict[str, Sequence[str]] = {}
    for place, one in enumerate(given.get("filters", ())):
        name = one["name"]
        if name not in known:
            raise InvalidInput(f"filters.{place + 1}.name", f"must be one of {', '.join(known)}", name)
        if one.get("operator", "").lower() not in OPERATORS:
            raise InvalidInput(f"filters.{place + 1}.operator", "must be eq or in", one["operator"])
        if known[name]:
            found[known[name]] = one.get("values", ())
    return Filters(found)


def page_of(
    call: AnyCall,
    given: Given,
    kind: type[R],
    *conditions: Where,
    keep: Callable[[R], bool] | None = None,
    least: int = 10,
) -> Numbered[R]:
    """The page that a request asks for; beyond the last one it is the last one, as JD Cloud has it."""
    number, size = given.get("pageNumber", 1), given.get("pageSize", PAGE)
    _check_page(number, size, least)
    found = numbered(call.tx, kind, *conditions, number=number, size=size, keep=keep)
    if found.items or not found.total:
        return found
    return numbered(call.tx, kind, *conditions, number=-(-found.total // size), size=size, keep=keep)


def own_page(
    call: AnyCall,
    given: Given,
    kind: type[R],
    *conditions: Where,
    keep: Callable[[R], bool] | None = None,
    least: int = 10,
) -> Numbered[R]:
    """The page of the caller's resources of a kind."""
    mine = where("owner_uid", call.caller.uid)
    return page_of(call, given, kind, mine, *conditions, keep=keep, least=least)


def labelled_page(
    call: AnyCall,
    given: Given,
    kind: type[R],
    *conditions: Where,
    field: str,
    shape: Callable[[AnyCall, R, dict[str, Any]], dict[str, Any]],
) -> Answer:
    """The answer with such a page, in a field: those with the labels asked for, each in its shape and with its labels."""
    page = own_page(call, given, kind, *conditions, keep=labelled_filter(call, given))
    shown = [shape(call, one, labels) for one, labels in with_labels(call, page.items)]
    return {field: shown, "totalCount": page.total}


def part_of(items: Sequence[T], given: Given, least: int = 10) -> Sequence[T]:
    """The same of a list that is there already."""
    number, size = given.get("pageNumber", 1), given.get("pageSize", PAGE)
    _check_page(number, size, least)
    last = max(1, -(-len(items) // size))
    begin = (min(number, last) - 1) * size
    return items[begin : begin + size]


def _check_page(number: int, size: int, least: int) -> None:
    if not 1 <= number <= 10**9:
        raise InvalidInput("pageNumber", "must be from 1", number)
    if not least <= size <= LARGEST_PAGE:
        raise InvalidInput("pageSize", f"must be from {least} to {LARGEST_PAGE}", size)


def labelled_filter(call: AnyCall, given: Given) -> Callable[[Resource], bool] | None:
    """What keeps the resources with the tags and in the resource groups that a request asks for; None when it asks for none."""
    tags, groups = given.get("tags", ()), given.get("resourceGroupIds", ())
    if not tags and not groups:
        return None
    uid = call.caller.uid
    by_id = {labels.resource_id: labels for labels in labelled(call.tx, call.caller)}

    def keep(one: Resource) -> bool:
        labels = by_id.get(one.id)
        return (not groups or group_of(labels, uid) in groups) and all(_has(labels, tag) for tag in tags)

    return keep


def _has(labels: Labels | None, wanted: Mapping[str, Any]) -> bool:
    values = wanted.get("values", ())
    tags = labels.tags if labels else ()
    return any(tag.key == wanted["key"] and (not values or tag.value in values) for tag in tags)


def asked(given: Given, **fields: str) -> list[Where]:
    """Conditions for the parameters that are given, by the fields they are about: `asked(given, vpc_id="vpcId")`."""
    return [where(field, given[name]) for field, name in fields.items() if name in given]


def changed_texts(given: Given, name: str = "name") -> dict[str, Any]:
    """What a request changes of a resource's texts, by the fields of a use case's request; `name` is what its name is called."""
    return {"name": given.get(name, UNSET), "description": given.get("description", UNSET)}


def put_labels(call: WriteCall, resource: Resource, given: Given) -> None:
    """Put the tags and the resource group of a request on what it made."""
    tags = [Tag(tag["key"], tag.get("value", "")) for tag in given.get("userTags", ())]
    if tags:
        put_tags(call.tx, call.caller, resource, tags, "userTags")
    if given.get("resourceGroupId"):
        move_to_group(call.tx, call.caller, resource, given["resourceGroupId"], "resourceGroupId")


def with_labels(call: AnyCall, resources: Iterable[R]) -> Iterator[tuple[R, dict[str, Any]]]:
    """Resources, each with the fields that tell its tags and resource group."""
    listed = list(resources)
    by_id = labels_by_resource(call.tx, call.caller, [one.id for one in listed])
    for one in listed:
        labels = by_id.get(one.id)
        tags = [{"key": tag.key, "value": tag.value} for tag in (labels.tags if labels else ())]
        yield one, {"tags": tags, "resourceGroupId": group_of(labels, call.caller.uid)}


def labels_shown(call: AnyCall, resource: Resource) -> dict[str, Any]:
    """The fields that tell a resource's tags and resource group."""
    return next(shown for _, shown in with_labels(call, [resource]))


def time_of(when: datetime | None) -> str:
    """A time such as `2021-08-09T05:16:00Z`; nothing for none."""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
