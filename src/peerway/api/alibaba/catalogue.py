"""All products of Alibaba Cloud that this installation speaks."""

from __future__ import annotations

from typing import Final

from peerway.api.alibaba.products import (
    bss,
    cdt,
    cms,
    ecs,
    expressconnect,
    location,
    nis,
    quotas,
    resourcemanager,
    sts,
    vpc,
    vpcpeer,
)
from peerway.api.clouds.action import Product

PRODUCTS: Final[tuple[Product, ...]] = (
    vpcpeer.PRODUCT.bind(),
    vpc.PRODUCT.bind(),
    expressconnect.PRODUCT.bind(),
    ecs.PRODUCT.bind(),
    sts.PRODUCT.bind(),
    resourcemanager.PRODUCT.bind(),
    quotas.PRODUCT.bind(),
    cdt.PRODUCT.bind(),
    cms.PRODUCT.bind(),
    bss.PRODUCT.bind(),
    location.PRODUCT.bind(),
    nis.PRODUCT.bind(),
)
