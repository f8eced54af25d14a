"""ResourceManager 2020-03-31: resource groups."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.labels import (
    CreateResourceGroup,
    DeleteResourceGroup,
    create_resource_group,
    delete_resource_group,
    get_resource_group,
)
from peerway.domain.labels import ResourceGroup, default_group_id
from peerway.domain.text import check_number

PRODUCT = load_product(__package__, "resourcemanager.toml")

#: Groups in a page unless the caller asks for another number, and the most it may ask for.
PAGE_SIZE, PAGE_LIMIT = 10, 100
#: Status of every group: making and deleting one take no time.
STATUS = "OK"


@PRODUCT.writes("CreateResourceGroup")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a group."""
    request = CreateResourceGroup(name=given["Name"], display_name=given["DisplayName"])
    return {"ResourceGroup": {**_shown(call.use(create_resource_group, request)), **_regions(call)}}


@PRODUCT.finds("GetResourceGroup")
def get(call: ReadCall, given: Given) -> Answer:
    """One group; the default one is there without having been made."""
    group = call.use(get_resource_group, given["ResourceGroupId"])
    return {"ResourceGroup": {**_shown(group), **_regions(call)}}


@PRODUCT.writes("DeleteResourceGroup")
def delete(call: WriteCall, given: Given) -> Answer:
    """Delete an empty group."""
    group = call.use(delete_resource_group, DeleteResourceGroup(id=given["ResourceGroupId"]))
    return {"ResourceGroup": {**_shown(group), **_regions(call)}}


@PRODUCT.reads("ListResourceGroups")
def list_groups(call: ReadCall, given: Given) -> Answer:
    """The default group and those that were made; there are few."""
    number = check_number(given.get("PageNumber", 1), "PageNumber", 1, 1_000_000)
    size = check_number(given.get("PageSize", PAGE_SIZE), "PageSize", 1, PAGE_LIMIT)
    default = call.use(get_resource_group, default_group_id(call.caller.uid))
    made = call.tx.select(ResourceGroup, where("owner_uid", call.caller.uid))
    groups = [_shown(group) for group in (default, *made)]
    wanted = [group for group in groups if _meets(group, given)]
    page = wanted[(number - 1) * size : number * size]
    return {
        "ResourceGroups": {"ResourceGroup": page},
        "TotalCount": len(wanted),
        "PageNumber": number,
        "PageSize": size,
    }


def _meets(group: dict[str, Any], given: Given) -> bool:
    """Whether a group is as the filters say."""
    ids = given.get("ResourceGroupIds")
    fields = {"ResourceGroupId": "Id", "Name": "Name", "DisplayName": "DisplayName", "Status": "Status"}
    equal = all(group[field] == given[name] for name, field in fields.items() if name in given)
    return equal and (not ids or group["Id"] in ids)


def _shown(group: ResourceGroup) -> dict[str, Any]:
    return {
        "Id": group.id,
        "Name": group.name,
        "DisplayName": group.display_name,
        "AccountId": group.owner_uid,
        "CreateDate": time_text(group.created_at),
        "Status": STATUS,
        "Tags": {"Tag": []},
    }


def _regions(call: ReadCall | WriteCall) -> dict[str, Any]:
    """A group is in all regions at once."""
    statuses = [{"RegionId": region.id, "Status": STATUS} for region in call.world.regions]
    return {"RegionStatuses": {"RegionStatus": statuses}}
