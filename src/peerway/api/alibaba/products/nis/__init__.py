"""Nis 2021-12-16: whether one thing reaches another, and why not."""

from __future__ import annotations

from peerway.api.alibaba.products.nis import operations
from peerway.api.alibaba.products.nis.product import PRODUCT

__all__ = ["PRODUCT", "operations"]
