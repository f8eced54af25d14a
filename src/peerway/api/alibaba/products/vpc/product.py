"""The product: its table, parted by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import load_product

PRODUCT: Final = load_product(
    __package__ or "",
    "product.toml",
    "vpcs.toml",
    "routes.toml",
    "network_acls.toml",
    "gateways.toml",
    "unsupported.toml",
)


def words(name: str) -> Mapping[str, str]:
    """A table of words: ours to the cloud's."""
    found: Mapping[str, str] = PRODUCT.extra[name]
    return found


def meanings(name: str) -> Mapping[str, str]:
    """The same table read the other way."""
    return {theirs: ours for ours, theirs in words(name).items()}


def word(name: str, value: str | None) -> str:
    """The cloud's word for one of ours; none for nothing."""
    return words(name)[value] if value else ""


def extra(name: str) -> Any:
    """Whatever else the table says."""
    return PRODUCT.extra[name]
