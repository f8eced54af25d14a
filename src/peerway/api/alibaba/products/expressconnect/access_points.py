"""Where leased lines come in."""

from __future__ import annotations

from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.products.expressconnect.shared import page_place, region_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.access_points import list_access_points
from peerway.domain.line import AccessPoint


@PRODUCT.finds("DescribeAccessPoints")
def describe_access_points(call: ReadCall, given: Given) -> Answer:
    """A page of the region's access points; in English on demand, else in Chinese."""
    points = call.list(list_access_points, region_id=region_of(call))
    number, size = page_place(given)
    english = given.get("AcceptLanguage", "").lower().startswith("en")

    def shape(point: AccessPoint) -> dict[str, object]:
        name = point.name_en if english else point.name_zh
        return {
            "AccessPointId": point.id,
            "AttachedRegionNo": point.region_id,
            "Name": name,
            "Description": name,
            "HostOperator": ",".join(point.operators),
            "Location": point.location,
            "Status": point.status.value,
            "Type": "VPC",
            "AccessPointFeatureModels": {"AccessPointFeatureModel": []},
        }

    skip = (number - 1) * size
    return {
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": len(points),
        "AccessPointSet": {"AccessPointType": [shape(point) for point in points[skip : skip + size]]},
    }
