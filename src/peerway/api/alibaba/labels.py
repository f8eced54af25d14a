"""Tags and resource groups, the same for all of Alibaba Cloud's products: written with a resource, shown beside it, searched by.

A product shows labels by `shown_labels`, writes those of new resources by `label_new` and narrows its lists by `label_filter`.
The actions that are about tags alone are in `tagging`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from peerway.api.clouds.call import AnyCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.labels import (
    group_of,
    labelled,
    labels_by_resource,
    labels_of,
    move_to_group,
    put_tags,
)
from peerway.domain.labels import Labels, Tag, has_tags
from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How a product writes a resource's tags: `{"Tags": {"Tag": [{"Key": ..., "Value": ...}]}}`."""

    #: Name of the list inside `Tags`; empty where `Tags` is the list itself.
    wrapper: str = "Tag"
    #: Names of a tag's two halves.
    key: str = "Key"
    value: str = "Value"


#: VPCs and what is in them; peer connections; router interfaces and border routers; leased lines; ECS.
IN_VPC: Final = TagStyle()
BARE: Final = TagStyle("")
INTERFACES: Final = TagStyle("Tags")
PHYSICAL: Final = TagStyle("tags")
IN_ECS: Final = TagStyle("Tag", "TagKey", "TagValue")


def shown_labels(call: AnyCall, style: TagStyle, labels: Labels | None) -> dict[str, Any]:
    """`Tags` and `ResourceGroupId` of an answer, for what the caller wrote on a resource; None for nothing."""
    tags = [{style.key: tag.key, style.value: tag.value} for tag in (labels.tags if labels else ())]
    return {
        "Tags": {style.wrapper: tags} if style.wrapper else tags,
        "ResourceGroupId": group_of(labels, call.caller.uid),
    }


def shown_labels_of(call: AnyCall, style: TagStyle, resource: Resource) -> dict[str, Any]:
    """`Tags` and `ResourceGroupId` of the answer about one resource."""
    return shown_labels(call, style, labels_of(call.tx, call.caller, resource))


def labels_for(call: AnyCall, resources: Iterable[Resource]) -> Mapping[str, Labels]:
    """What the caller wrote on the resources of a page, by their ids; one look-up for all."""
    return labels_by_resource(call.tx, call.caller, (resource.id for resource in resources))


def label_new(call: WriteCall, given: Given, resource: Resource) -> None:
    """Write the `Tag` and `ResourceGroupId` of a request on what it just made; not again when a client token is repeated."""
    if resource.created_at == call.tx.now:
        label(call, given, resource)


def label(call: WriteCall, given: Given, resource: Resource) -> None:
    """Write the `Tag` and `ResourceGroupId` of a request on a resource."""
    if given.get("Tag"):
        put_tags(call.tx, call.caller, resource, tags_of(given["Tag"]), "Tag")
    if given.get("ResourceGroupId"):
        move_to_group(call.tx, call.caller, resource, given["ResourceGroupId"], "ResourceGroupId")


def label_filter(call: AnyCall, given: Given, *words: str) -> Callable[[Resource], bool] | None:
    """What keeps resources of these kinds with the tags (`Tag` or `Tags`) and the `ResourceGroupId` asked for; None for all."""
    wanted = wanted_tags(given.get("Tag") or given.get("Tags") or ())
    group = given.get("ResourceGroupId")
    if not wanted and not group:
        return None
    known = {labels.resource_id: labels for labels in labelled(call.tx, call.caller, *words)}

    def keep(resource: Resource) -> bool:
        labels = known.get(resource.id)
        if group and group_of(labels, call.caller.uid) != group:
            return False
        return has_tags(labels.tags if labels else (), wanted)

    return keep


def tags_of(raw: Sequence[Mapping[str, str]]) -> list[Tag]:
    """The tags of a request."""
    return [Tag(one.get("Key", ""), one.get("Value", "")) for one in raw]


def wanted_tags(raw: Sequence[Mapping[str, str]]) -> dict[str, str | None]:
    """The tags of a filter; one without a value takes any."""
    return {one.get("Key", ""): one.get("Value") for one in raw}
