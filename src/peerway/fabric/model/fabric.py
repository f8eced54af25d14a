"""All of the network in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peerway.fabric.model.links import Link
from peerway.fabric.model.routers import Router


@dataclass(frozen=True, slots=True)
class Fabric:
    """The whole desired network at one revision."""

    #: Store revision it is true for.
    revision: int
    #: By VPC or VBR id.
    routers: Mapping[str, Router] = field(default_factory=dict)
    #: By link id: every link that exists in the data plane, up or down.
    links: Mapping[str, Link] = field(default_factory=dict)
