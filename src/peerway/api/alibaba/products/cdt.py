"""CDT 2021-08-13: the cloud's traffic account, which clients look at before they peer regions; it counts as opened."""

from __future__ import annotations

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.access import require_member

PRODUCT = load_product(__package__, "cdt.toml")


@PRODUCT.finds("GetCdtServiceStatus", "GetCdtCbServiceStatus")
def get_cdt_service_status(_: ReadCall, __: Given) -> Answer:
    """Traffic needs no account of its own here."""
    return {"Enabled": True}


@PRODUCT.writes("OpenCdtService", "OpenCdtCbService")
def open_cdt_service(call: WriteCall, _: Given) -> Answer:
    """An order that is fulfilled already."""
    require_member(call.caller)
    return {"OrderId": call.world.entropy.new_id("order").partition("-")[2]}


@PRODUCT.finds("ListCdtInternetTraffic", "ListCdtCrossBordTraffic")
def list_cdt_traffic(_: ReadCall, __: Given) -> Answer:
    """No traffic is counted this way."""
    return {"TrafficDetails": []}


@PRODUCT.finds("ListCdtTrafficTiers")
def list_cdt_traffic_tiers(_: ReadCall, __: Given) -> Answer:
    """No tiers."""
    return {"TrafficTiers": []}
