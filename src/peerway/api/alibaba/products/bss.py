"""BssOpenApi 2017-12-14: what is bought. Terraform asks it which site the account is of."""

from __future__ import annotations

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given

PRODUCT = load_product(__package__, "bss.toml")


@PRODUCT.finds("QueryAvailableInstances")
def query_available_instances(_: ReadCall, given: Given) -> Answer:
    """An empty page."""
    page = {"PageNum": given.get("PageNum", 1), "PageSize": given.get("PageSize", 20)}
    return {
        "Success": True,
        "Code": "Success",
        "Message": "Successful!",
        "Data": {"InstanceList": [], "TotalCount": 0, **page},
    }
