"""Reading and changing the tags of resources, which are named in six parts: `qcs::vpc:ap-guangzhou:uin/:subnet/vsw-1`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import md5
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.tag.product import PRODUCT
from peerway.app.store import Reader
from peerway.app.usecases.labels import labels_by_resource, put_tags, take_tags
from peerway.app.usecases.network_acls import get_network_acl
from peerway.app.usecases.peerings import get_peering
from peerway.app.usecases.route_tables import get_route_table
from peerway.app.usecases.security_groups import get_security_group
from peerway.app.usecases.vpcs import get_vpc
from peerway.app.usecases.vswitches import get_vswitch
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput
from peerway.domain.labels import Labels, Tag
from peerway.domain.resource import Resource
from peerway.domain.text import check_number

Find = Callable[[Reader, World, Caller, str], Resource]

#: What resources of this cloud are found by: service and prefix, and what labels call the kind.
KINDS: Final[Mapping[tuple[str, str], tuple[str, Find]]] = {
    ("vpc", "vpc"): ("vpc", get_vpc),
    ("vpc", "subnet"): ("vswitch", get_vswitch),
    ("vpc", "rtb"): ("route_table", get_route_table),
    ("vpc", "acl"): ("network_acl", get_network_acl),
    ("vpc", "pcx"): ("peering", get_peering),
    ("cvm", "sg"): ("security_group", get_security_group),
}
#: Parts of a resource's name; region and account are not looked at, ids are unique without them.
SIX_PARTS: Final = re.compile(r"qcs::(?P<service>[a-z]+):[^:]*:[^:]*:(?P<prefix>[a-z]+)/(?P<id>[^/:]+)")

#: Tags of a window unless the request asks for another number, and the most it may ask for.
WINDOW: Final = 15
LARGEST: Final = 1000
#: Most resources of a request.
MOST: Final = 100


@PRODUCT.reads("DescribeResourceTagsByResourceIds")
def describe(call: ReadCall, given: Given) -> Answer:
    """A window of the tags of resources; those that are not there have none."""
    service, prefix = given["ServiceType"], given["ResourcePrefix"]
    word, _ = _kind(service, prefix, "ServiceType")
    offset = check_number(given.get("Offset", 0), "Offset", 0, 1 << 40, code="limit_range")
    limit = check_number(given.get("Limit", WINDOW), "Limit", 1, LARGEST, code="limit_range")
    lines = list(_lines(call, _few(given, "ResourceIds"), word))
    shown = [
        {**line, "ServiceType": service, "Category": "Custom"} for line in lines[offset : offset + limit]
    ]
    return {"TotalCount": len(lines), "Offset": offset, "Limit": limit, "Tags": shown}


@PRODUCT.writes("ModifyResourceTags")
def modify(call: WriteCall, given: Given) -> Answer:
    """Take tags off a resource, and put others on it."""
    resource = _named(call, given["Resource"], "Resource")
    take_tags(call.tx, call.caller, resource, [one["TagKey"] for one in given.get("DeleteTags", ())])
    put_tags(call.tx, call.caller, resource, _tags(given.get("ReplaceTags", ())), "ReplaceTags")
    return None


@PRODUCT.writes("TagResources")
def tag(call: WriteCall, given: Given) -> Answer:
    """Put tags on resources."""
    for name in _few(given, "ResourceList"):
        put_tags(call.tx, call.caller, _named(call, name, "ResourceList"), _tags(given["Tags"]), "Tags")
    return {"FailedResources": []}


@PRODUCT.writes("UnTagResources")
def untag(call: WriteCall, given: Given) -> Answer:
    """Take tags off resources."""
    for name in _few(given, "ResourceList"):
        take_tags(call.tx, call.caller, _named(call, name, "ResourceList"), given["TagKeys"])
    return {"FailedResources": []}


def _lines(call: AnyCall, ids: Iterable[str], word: str) -> Iterable[Mapping[str, Any]]:
    found = labels_by_resource(call.tx, call.caller, ids)
    for id in dict.fromkeys(ids):
        labels: Labels | None = found.get(id)
        for one in labels.tags if labels and labels.resource_kind == word else ():
            yield {
                "TagKey": one.key,
                "TagValue": one.value,
                "TagKeyMd5": _digest(one.key),
                "TagValueMd5": _digest(one.value),
                "ResourceId": id,
            }


def _named(call: AnyCall, name: str, field: str) -> Resource:
    parts = SIX_PARTS.fullmatch(name)
    if parts is None:
        raise InvalidInput(
            field, "must be like qcs::vpc:ap-guangzhou:uin/:vpc/vpc-1", name, code="description"
        )
    _, find = _kind(parts["service"], parts["prefix"], field)
    return call.use(find, parts["id"])


def _kind(service: str, prefix: str, field: str) -> tuple[str, Find]:
    kind = KINDS.get((service, prefix))
    if kind is None:
        rule = f"must be one of {', '.join(map('/'.join, KINDS))}"
        raise InvalidInput(field, rule, f"{service}/{prefix}"[:64], code="kind")
    return kind


def _few(given: Given, field: str) -> list[str]:
    names: list[str] = given[field]
    if len(names) > MOST:
        raise InvalidInput(field, f"must have at most {MOST} items", len(names), code="limit_range")
    return names


def _tags(given: Iterable[Mapping[str, str]]) -> tuple[Tag, ...]:
    return tuple(Tag(one["TagKey"], one["TagValue"]) for one in given)


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
