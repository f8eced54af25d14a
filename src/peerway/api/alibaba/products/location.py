"""Location 2015-06-12: where a service's endpoint is. All are at this very door, under the name that the client used for it."""

from __future__ import annotations

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given

PRODUCT = load_product(__package__, "location.toml")


@PRODUCT.finds("DescribeEndpoints")
def describe_endpoints(call: ReadCall, given: Given) -> Answer:
    """One endpoint, whichever service it is: an answer without one sends clients to the real cloud."""
    region = call.world.regions.require(given["Id"], "Id")
    endpoint = {
        "Endpoint": call.host,
        "Id": region.id,
        "Namespace": "",
        # The real service spells it like this; clients look for either.
        "SerivceCode": given["ServiceCode"],
        "ServiceCode": given["ServiceCode"],
        "Type": given.get("Type", "openAPI"),
        "Protocols": {"Protocols": ["HTTP", "HTTPS"]},
    }
    return {"Endpoints": {"Endpoint": [endpoint]}, "Success": True}
