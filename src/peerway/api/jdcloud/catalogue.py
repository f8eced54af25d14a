"""All services of JD Cloud that this installation speaks."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product
from peerway.api.jdcloud.services.cps import networks as cps_networks
from peerway.api.jdcloud.services.cps import peerings as cps_peerings
from peerway.api.jdcloud.services.cps import subnets as cps_subnets
from peerway.api.jdcloud.services.cps.product import PRODUCT as CPS
from peerway.api.jdcloud.services.vpc import (
    network_acls,
    networks,
    peerings,
    quotas,
    route_tables,
    security_groups,
)
from peerway.api.jdcloud.services.vpc.product import PRODUCT as VPC

#: Modules that declare operations; they are named here so that they are there when the tables are bound.
OPERATIONS: Final = (
    *(cps_networks, cps_peerings, cps_subnets),
    *(network_acls, networks, peerings, quotas, route_tables, security_groups),
)

PRODUCTS: Final[tuple[Product, ...]] = (VPC.bind(), CPS.bind())
