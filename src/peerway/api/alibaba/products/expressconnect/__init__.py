"""Vpc 2016-04-28, Express Connect's half: router interfaces, border routers, leased lines and access points."""

from peerway.api.alibaba.products.expressconnect import access_points, interfaces, lines, tags, vbrs
from peerway.api.alibaba.products.expressconnect.product import PRODUCT

__all__ = ["PRODUCT", "access_points", "interfaces", "lines", "tags", "vbrs"]
