"""The service's tables, and how its pages look; the modules beside declare its operations."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.paging import Numbered
from peerway.domain.vpc import VpcKind

PRODUCT: Final = load_product(__package__, "cps.toml", "peerings.toml")

#: Kind of the service's VPCs.
KIND: Final = VpcKind.CPS
#: Fewest items of a page.
LEAST: Final = 20


def paged(name: str, shown: list[dict[str, Any]], page: Numbered[Any]) -> Answer:
    """A page of a list, with where it is."""
    return {name: shown, "pageNumber": page.number, "pageSize": page.size, "totalCount": page.total}
