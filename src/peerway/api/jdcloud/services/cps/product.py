"""The service's tables; the modules beside declare its operations."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import load_product
from peerway.domain.vpc import VpcKind

PRODUCT: Final = load_product(__package__, "cps.toml", "peerings.toml")

#: Kind of the service's VPCs.
KIND: Final = VpcKind.CPS
#: Fewest items of a page.
LEAST: Final = 20
