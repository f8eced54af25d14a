"""Regions and zones."""

from __future__ import annotations

from peerway.api.alibaba.products.vpc.common import region_of
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.domain.region import Region


@PRODUCT.finds("DescribeRegions")
def describe_regions(call: ReadCall, given: Given) -> Answer:
    """All regions; the endpoint of each is the one that was asked."""
    regions = [
        {"RegionId": region.id, "LocalName": _name(region, given), "RegionEndpoint": call.host}
        for region in call.world.regions
    ]
    return {"Regions": {"Region": regions}}


@PRODUCT.finds("DescribeZones")
def describe_zones(call: ReadCall, given: Given) -> Answer:
    """The zones of a region."""
    region = call.world.regions.require(region_of(call) or "", "RegionId")
    zones = [
        {
            "ZoneId": zone,
            "LocalName": f"{_name(region, given)} {zone.rpartition('-')[2].upper()}",
            "ZoneType": "AvailabilityZone",
        }
        for zone in region.zones
    ]
    return {"Zones": {"Zone": zones}}


def _name(region: Region, given: Given) -> str:
    """Chinese unless another language is asked for, as the cloud has it."""
    chinese = given.get("AcceptLanguage", "zh-CN").lower().startswith("zh")
    return region.name_zh if chinese else region.name_en
