"""Regions and zones, and what there is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall
from peerway.api.clouds.parameters import Given
from peerway.domain.region import Region


@PRODUCT.finds("DescribeRegions")
def describe_regions(call: ReadCall, given: Given) -> Answer:
    """All regions; the door of each is this one."""
    shown = [
        {
            "RegionId": region.id,
            "LocalName": _name(region, given),
            "RegionEndpoint": call.host,
            "Status": "available",
        }
        for region in call.world.regions
    ]
    return {"Regions": {"Region": shown}}


@PRODUCT.finds("DescribeZones")
def describe_zones(call: ReadCall, given: Given) -> Answer:
    """The zones of a region; in each there is everything."""
    region = _region(call)
    return {"Zones": {"Zone": [_zone(region, zone, given) for zone in region.zones]}}


@PRODUCT.finds("DescribeInstanceTypes")
def describe_instance_types(_: ReadCall, given: Given) -> Answer:
    """The one type that there is."""
    kind = _type()
    wanted = kind["InstanceTypeId"] in given.get("InstanceTypes", [kind["InstanceTypeId"]])
    family = given.get("InstanceTypeFamily", kind["InstanceTypeFamily"]) == kind["InstanceTypeFamily"]
    return {"InstanceTypes": {"InstanceType": [kind] if wanted and family else []}, "NextToken": ""}


@PRODUCT.finds("DescribeAvailableResource")
def describe_available_resource(call: ReadCall, given: Given) -> Answer:
    """The one type, in every zone of a region."""
    region = _region(call)
    available = {"Status": "Available", "StatusCategory": "WithStock"}
    supported = [{"Value": _type()["InstanceTypeId"], **available}]
    resource = {"Type": given["DestinationResource"], "SupportedResources": {"SupportedResource": supported}}
    zones = [
        {
            "RegionId": region.id,
            "ZoneId": zone,
            **available,
            "AvailableResources": {"AvailableResource": [resource]},
        }
        for zone in region.zones
        if given.get("ZoneId", zone) == zone
    ]
    return {"AvailableZones": {"AvailableZone": zones}}


def _region(call: AnyCall) -> Region:
    return call.world.regions.require(call.region_id or "", "RegionId")


def _type() -> Mapping[str, Any]:
    found: Mapping[str, Any] = PRODUCT.extra["instance_type"]
    return found


def _name(region: Region, given: Given) -> str:
    """Name of a region in the language asked for."""
    chinese = given.get("AcceptLanguage", "zh-CN").lower() in PRODUCT.extra["languages"]
    return region.name_zh if chinese else region.name_en


def _zone(region: Region, zone: str, given: Given) -> dict[str, Any]:
    types = [_type()["InstanceTypeId"]]
    disks = [PRODUCT.extra["like_all_disks"]["Category"]]
    resources = {
        "IoOptimized": True,
        "InstanceTypes": {"supportedInstanceType": types},
        "InstanceTypeFamilies": {"supportedInstanceTypeFamily": [_type()["InstanceTypeFamily"]]},
        "InstanceGenerations": {"supportedInstanceGeneration": []},
        "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
        "SystemDiskCategories": {"supportedSystemDiskCategory": disks},
        "DataDiskCategories": {"supportedDataDiskCategory": []},
    }
    return {
        "ZoneId": zone,
        "LocalName": f"{_name(region, given)} {zone.rpartition('-')[2].upper()}",
        "ZoneType": "AvailabilityZone",
        "AvailableInstanceTypes": {"InstanceTypes": types},
        "AvailableResourceCreation": {"ResourceTypes": ["VSwitch", "Instance"]},
        "AvailableResources": {"ResourcesInfo": [resources]},
        "AvailableDiskCategories": {"DiskCategories": disks},
        "AvailableVolumeCategories": {"VolumeCategories": []},
        "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
        "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
    }
