"""Ecs 2014-05-26: instances, their interfaces and security groups, regions and zones."""

from __future__ import annotations

from peerway.api.alibaba.products.ecs import groups, instances, interfaces, labels, machines, places, rules
from peerway.api.alibaba.products.ecs.product import PRODUCT

__all__ = ["PRODUCT", "groups", "instances", "interfaces", "labels", "machines", "places", "rules"]
