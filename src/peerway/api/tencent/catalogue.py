"""All products of Tencent Cloud that this installation speaks."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product
from peerway.api.tencent.products.monitor import bindings, metrics, notices, policies, types
from peerway.api.tencent.products.monitor.product import PRODUCT as MONITOR
from peerway.api.tencent.products.tag import resources
from peerway.api.tencent.products.tag.product import PRODUCT as TAG
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
    bindings,
    group_policies,
    metrics,
    network_acls,
    notices,
    peerings,
    policies,
    resources,
    route_tables,
    routes,
    security_groups,
    subnets,
    types,
    vpcs,
)

PRODUCTS: Final[tuple[Product, ...]] = (VPC.bind(), MONITOR.bind(), TAG.bind())
