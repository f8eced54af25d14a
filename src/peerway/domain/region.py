"""Regions and zones (NET-2). Owns the value and the lookups; the list itself is data in `profiles/regions.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peerway.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the cloud."""

    #: Such as `cn-hangzhou`.
    id: str
    #: Chinese name.
    name_zh: str
    #: English name.
    name_en: str
    #: Whether it is in mainland China; a link with one side there and one not is cross-border.
    mainland: bool
    #: Ids of its zones.
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regions:
    """All regions of the installation, in the order of the list."""

    #: Regions by id.
    by_id: Mapping[str, Region]

    def __iter__(self) -> Iterator[Region]:
        return iter(self.by_id.values())

    def require(self, region_id: str, field: str = "region_id") -> Region:
        """The region, or `InvalidInput` naming the field."""
        region = self.by_id.get(region_id)
        if region is None:
            raise InvalidInput(field, "is not a known region", region_id)
        return region

    def require_zone(self, region_id: str, zone_id: str, field: str = "zone_id") -> str:
        """The zone's id, or `InvalidInput` when the region has no such zone."""
        if zone_id not in self.require(region_id).zones:
            raise InvalidInput(field, f"is not a zone of {region_id}", zone_id)
        return zone_id

    def crosses_border(self, one: str, other: str) -> bool:
        """Whether exactly one of the two regions is in mainland China."""
        return self.require(one).mainland != self.require(other).mainland
