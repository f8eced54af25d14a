"""All products of Tencent Cloud that this installation speaks."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product
from peerway.api.tencent.products.vpc import account, peerings, route_tables, routes, subnets, vpcs
from peerway.api.tencent.products.vpc.product import PRODUCT as VPC

#: Where the operations of products are that have several modules.
MODULES: Final = (account, peerings, route_tables, routes, subnets, vpcs)

PRODUCTS: Final[tuple[Product, ...]] = (VPC.bind(),)
