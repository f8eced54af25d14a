"""Tencent Cloud's names for regions and zones, and this installation's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from peerway.app.world import World
from peerway.domain.errors import InvalidInput

_ROWS: Final = tomllib.loads((files("peerway.api.tencent") / "regions.toml").read_text(encoding="utf-8"))[
    "regions"
]

#: This installation's region by Tencent's code, short or long.
OURS: Final[Mapping[str, str]] = {row[form]: row["ours"] for row in _ROWS for form in ("short", "long")}
#: Codes by this installation's region.
SHORT: Final[Mapping[str, str]] = {row["ours"]: row["short"] for row in _ROWS}
LONG: Final[Mapping[str, str]] = {row["ours"]: row["long"] for row in _ROWS}


def region_of(code: str) -> str:
    """This installation's region by any of its names; what no table has is taken for the installation's own."""
    return OURS.get(code, code)


def short_of(region_id: str) -> str:
    """The short code of answers; regions that Tencent Cloud does not have go by the installation's own name."""
    return SHORT.get(region_id, region_id)


def zone_of(world: World, region_id: str, name: str, field: str = "Zone") -> str:
    """The zone of a region: `ap-guangzhou-1` is the first of the installation's `cn-guangzhou`."""
    zones = world.regions.require(region_id).zones
    named = {zone_name(zone, place, region_id): zone for place, zone in enumerate(zones, 1)}
    zone = named.get(name) or (name if name in zones else None)
    if zone is None:
        known = ", ".join(named)
        raise InvalidInput(field, f"must be one of {known}", name, code="unknown_zone")
    return zone


def zone_name(zone: str, place: int, region_id: str) -> str:
    """Tencent's name of the zone at a place of its region's list, from 1."""
    return f"{LONG[region_id]}-{place}" if region_id in LONG else zone


def name_of_zone(world: World, zone: str) -> str:
    """Tencent's name of a zone."""
    region_id = zone.rpartition("-")[0]
    return zone_name(zone, world.regions.require(region_id).zones.index(zone) + 1, region_id)
