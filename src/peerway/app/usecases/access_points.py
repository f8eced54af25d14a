"""Where leased lines may come in (EC-8); the installation names them."""

from __future__ import annotations

from peerway.app.store import Reader
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.line import AccessPoint


def list_access_points(
    tx: Reader, world: World, caller: Caller, *, region_id: str | None = None
) -> list[AccessPoint]:
    """The access points, of one region when it is named; there are few, so no pages."""
    wanted = None if region_id is None else world.regions.require(region_id).id
    return [point for point in world.access_points if wanted in {None, point.region_id}]
