"""Cms 2019-01-01: metrics of links, alarm rules, and the contacts and groups that they tell."""

from peerway.api.alibaba.products.cms import contacts, metadata, metrics, rules
from peerway.api.alibaba.products.cms.product import PRODUCT

__all__ = ["PRODUCT", "contacts", "metadata", "metrics", "rules"]
