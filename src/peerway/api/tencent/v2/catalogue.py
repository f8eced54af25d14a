"""All products that the second version speaks of. Nothing tells them apart but the names of their actions."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product
from peerway.api.tencent.v2.monitor import metrics
from peerway.api.tencent.v2.monitor.product import PRODUCT as MONITOR
from peerway.api.tencent.v2.vpc import networks, peerings, routes, tasks
from peerway.api.tencent.v2.vpc.product import PRODUCT as VPC

#: Where the operations are.
MODULES: Final = (metrics, networks, peerings, routes, tasks)

PRODUCTS: Final[tuple[Product, ...]] = (VPC.bind(), MONITOR.bind())
