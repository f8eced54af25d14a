"""The actions about labels alone: `TagResources`, `UnTagResources`, `ListTagResources` and `MoveResourceGroup`, for any product."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from peerway.api.alibaba.errors import TAGS
from peerway.api.alibaba.labels import labels_for, tags_of, wanted_tags
from peerway.api.clouds.action import Answer, Product
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import Reader
from peerway.app.usecases.labels import labelled, move_to_group, put_tags, take_tags
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.labels import Labels, Tag, has_tags
from peerway.domain.resource import Resource

#: Most resources that one request may tag, and most lines of a list of tags.
MOST_RESOURCES: Final = 50
MOST_LINES: Final = 50
#: Lines of a list of tags unless the caller asks for another number.
LINES: Final = 50


@dataclass(frozen=True, slots=True)
class LabelledKind:
    """A type of resource that takes labels."""

    #: The kind in the words of errors (`vpc`), as labels keep it.
    word: str
    #: The use case that finds one by its id, for whoever may see it.
    find: Callable[[Reader, World, Caller, str], Resource]


def serve_labels(
    product: Product, kinds: Mapping[str, LabelledKind], *, bare: bool = False, suffix: str = ""
) -> None:
    """Declare those of the four actions that the product's table has rows for; `kinds` are by `ResourceType`, case aside.

    The product learns the words of `tags.toml`, where its table has none of its own.

    `bare` is for products that answer `Success`, and lists without a wrapper; `suffix` ends the actions' names where a product has
    more than one family of them. The rows:

        [actions.TagResources]
        takes = "ResourceId[]*:s, ResourceType*:s, Tag[]*{Key:s, Value:s}"
        [actions.UnTagResources]      # or UntagResources
        takes = "ResourceId[]*:s, ResourceType*:s, TagKey[]:s, All:b"
        [actions.ListTagResources]
        takes = "ResourceId[]:s, ResourceType*:s, Tag[]{Key:s, Value:s}, MaxResults:i, NextToken:s"
        [actions.MoveResourceGroup]
        takes = "ResourceId*:s, ResourceType*:s, NewResourceGroupId*:s"
    """
    product.errors = {**TAGS, **product.errors}
    served = _Served({name.lower(): (name, kind) for name, kind in kinds.items()}, bare)
    writes = {
        "TagResources": served.tag,
        "UnTagResources": served.untag,
        "UntagResources": served.untag,
        "MoveResourceGroup": served.move,
    }
    for name, run in writes.items():
        if product.has_row(f"{name}{suffix}"):
            product.writes(f"{name}{suffix}")(run)
    if product.has_row(f"ListTagResources{suffix}"):
        product.reads(f"ListTagResources{suffix}")(served.list)


@dataclass(frozen=True, slots=True)
class _Served:
    """The operations for one product."""

    #: Types of resources with their spelling, by their names in lower case.
    kinds: Mapping[str, tuple[str, LabelledKind]]
    #: Whether its answers say `Success` and its lists have no wrapper.
    bare: bool

    def tag(self, call: WriteCall, given: Given) -> Answer:
        """Put tags on resources."""
        _, kind = self._kind(given)
        for resource in _resources(call, kind, given["ResourceId"]):
            put_tags(call.tx, call.caller, resource, tags_of(given["Tag"]), "Tag")
        return self._done()

    def untag(self, call: WriteCall, given: Given) -> Answer:
        """Take tags off resources: those that are named, or all with `All`."""
        _, kind = self._kind(given)
        everything = given.get("All") and not given.get("TagKey")
        for resource in _resources(call, kind, given["ResourceId"]):
            take_tags(call.tx, call.caller, resource, None if everything else given.get("TagKey", ()))
        return self._done()

    def move(self, call: WriteCall, given: Given) -> Answer:
        """Put a resource into another group."""
        _, kind = self._kind(given)
        (resource,) = _resources(call, kind, [given["ResourceId"]])
        move_to_group(call.tx, call.caller, resource, given["NewResourceGroupId"], "NewResourceGroupId")
        return self._done()

    def list(self, call: ReadCall, given: Given) -> Answer:
        """A line for each tag of the resources that are named, or that have the tags asked for."""
        name, kind = self._kind(given)
        size, token = _size(given), ""
        lines: list[dict[str, Any]] = []
        for labels, tag in _lines(call, kind, given):
            if len(lines) == size:
                token = _token(lines[-1]["ResourceId"], lines[-1]["TagKey"])
                break
            line = {"ResourceType": name, "ResourceId": labels.resource_id}
            lines.append({**line, "TagKey": tag.key, "TagValue": tag.value})
        if not self.bare:
            return {"TagResources": {"TagResource": lines}, "NextToken": token}
        placed = [{"RegionNo": call.region_id or "", **line} for line in lines]
        return {"TagResources": placed, "NextToken": token, "MaxResults": size}

    def _kind(self, given: Given) -> tuple[str, LabelledKind]:
        found = self.kinds.get(given["ResourceType"].lower())
        if found is None:
            rule = f"must be one of {', '.join(name for name, _ in self.kinds.values())}"
            raise InvalidInput("ResourceType", rule, given["ResourceType"], code="unknown_resource_type")
        return found

    def _done(self) -> Answer:
        return {"Success": True} if self.bare else None


def _resources(call: AnyCall, kind: LabelledKind, ids: Sequence[str]) -> list[Resource]:
    """The resources, all of them visible to the caller."""
    if len(ids) > MOST_RESOURCES:
        rule = f"must have at most {MOST_RESOURCES} items"
        raise InvalidInput("ResourceId", rule, len(ids), code="too_many_resources")
    return [_visible(call, kind, id) for id in dict.fromkeys(ids)]


def _visible(call: AnyCall, kind: LabelledKind, id: str) -> Resource:
    try:
        return call.use(kind.find, id)
    except NotFound:
        raise NotFound(kind.word, id[:64], field="ResourceId") from None


def _lines(call: ReadCall, kind: LabelledKind, given: Given) -> Iterator[tuple[Labels, Tag]]:
    """Tags of the resources that are asked for, in order of ids and keys, from where the token says."""
    wanted, ids = wanted_tags(given.get("Tag", ())), given.get("ResourceId", ())
    if not wanted and not ids:
        raise InvalidInput("ResourceId", "must be given where Tag is not", code="both_empty")
    start = _read_token(given.get("NextToken"))
    if ids:
        found = labels_for(call, _resources(call, kind, ids))
    else:
        found = {labels.resource_id: labels for labels in labelled(call.tx, call.caller, kind.word)}
    for id in sorted(found):
        labels = found[id]
        if id >= start[0] and has_tags(labels.tags, wanted) and (ids or _still_there(call, kind, id)):
            yield from ((labels, tag) for tag in labels.tags if (id, tag.key) > start)


def _still_there(call: ReadCall, kind: LabelledKind, id: str) -> bool:
    try:
        call.use(kind.find, id)
    except NotFound:
        return False
    return True


def _size(given: Given) -> int:
    size: int = given.get("MaxResults", LINES)
    if not 1 <= size <= MOST_LINES:
        raise InvalidInput("MaxResults", f"must be from 1 to {MOST_LINES}", size)
    return size


def _token(id: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{id}\n{key}".encode()).decode()


def _read_token(token: str | None) -> tuple[str, str]:
    if not token:
        return "", ""
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        text = ""
    id, middle, key = text.partition("\n")
    if not middle:
        raise InvalidInput("NextToken", "must be the one that was answered", token)
    return id, key
