"""JD Cloud's names for regions and zones, and this installation's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from peerway.app.world import World
from peerway.domain.errors import InvalidInput

#: This installation's regions by JD Cloud's names.
OURS: Final[Mapping[str, str]] = tomllib.loads(
    (files("peerway.api.jdcloud") / "regions.toml").read_text(encoding="utf-8")
)["regions"]
#: The other way.
THEIRS: Final[Mapping[str, str]] = {ours: theirs for theirs, ours in OURS.items()}


def region_of(name: str) -> str:
    """This installation's region by either name; what the table does not have is taken for the installation's own."""
    return OURS.get(name, name)


def region_name(region_id: str) -> str:
    """The region as answers name it."""
    return THEIRS.get(region_id, region_id)


def zone_name(region_id: str, zone_id: str) -> str:
    """The zone as answers name it: `cn-north-1a` for `cn-beijing-a`."""
    name = THEIRS.get(region_id)
    return zone_id if name is None else name + zone_id.removeprefix(f"{region_id}-")


def zone_of(world: World, region_id: str, name: str) -> str:
    """The zone of a region by either name; a name that is none is handed on as it is."""
    zones = world.regions.require(region_id).zones
    return next((zone for zone in zones if zone_name(region_id, zone) == name), name)


def zone_for(world: World, region_id: str, name: str | None, field: str) -> str:
    """The zone for something new, by either name; the region's first one for none, `InvalidInput` for one it does not have."""
    zones = world.regions.require(region_id).zones
    found = zones[0] if name is None else zone_of(world, region_id, name)
    if found not in zones:
        rule = f"must be one of {', '.join(zone_name(region_id, zone) for zone in zones)}"
        raise InvalidInput(field, rule, name)
    return found
