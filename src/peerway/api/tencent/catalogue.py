"""All products of Tencent Cloud that this installation speaks."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product
from peerway.api.tencent.products.vpc import (
    account,
    group_policies,
    network_acls,
    peerings,
    route_tables,
    routes,
    security_groups,
    subnets,
    vpcs,
)
from peerway.api.tencent.products.vpc.product import PRODUCT as VPC

#: Where the operations of products are that have several modules.
MODULES: Final = (
    account,
    group_policies,
    network_acls,
    peerings,
    route_tables,
    routes,
    security_groups,
    subnets,
    vpcs,
)

PRODUCTS: Final[tuple[Product, ...]] = (VPC.bind(),)
