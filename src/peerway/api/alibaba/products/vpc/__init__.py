"""Vpc 2016-04-28: networks, their routes and filters, and their ways to the internet.

What Express Connect has under the same name and version is a product beside this one.
"""

from __future__ import annotations

from peerway.api.alibaba.products.vpc import (
    eips,
    forward_entries,
    ipv4_gateways,
    nat_gateways,
    network_acls,
    regions,
    route_batches,
    route_entries,
    route_tables,
    snat_entries,
    tags,
    vpcs,
    vswitches,
)
from peerway.api.alibaba.products.vpc.product import PRODUCT

#: Modules that declare operations.
DECLARING = (
    eips,
    forward_entries,
    ipv4_gateways,
    nat_gateways,
    network_acls,
    regions,
    route_batches,
    route_entries,
    route_tables,
    snat_entries,
    tags,
    vpcs,
    vswitches,
)

__all__ = ["DECLARING", "PRODUCT"]
