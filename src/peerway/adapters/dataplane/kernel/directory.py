"""The names of instances, as the name servers of their VPCs answer for them; pure.

Owns which names there are, whose they are and which VPC may see them. How they are asked for is `answers`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from peerway.domain.prefixes import Address
from peerway.fabric.model import Endpoint, Fabric, Router


@dataclass(frozen=True, slots=True)
class Zone:
    """The names in one VPC."""

    #: The VPC that it was made from.
    router: Router
    #: Instances by label.
    endpoints: Mapping[str, Endpoint]
    #: Label by address: the name that people gave, or else the id.
    labels: Mapping[Address, str]

    def covers(self, address: Address) -> bool:
        """Whether the address is in one of the VPC's VSwitches."""
        return any(address in prefix for subnet in self.router.subnets.values() for prefix in subnet.prefixes)


class Directory:
    """The names of one fabric. Nothing is made before it is asked for; of `zones` what has not changed is taken over."""

    def __init__(self, fabric: Fabric, zones: dict[str, Zone] | None = None) -> None:
        #: What it answers from.
        self.fabric = fabric
        #: What has been asked for, by VPC id.
        self.zones: dict[str, Zone] = {} if zones is None else zones

    def zone(self, vpc_id: str) -> Zone | None:
        """The names of a VPC; None when there is no such VPC."""
        router = self.fabric.routers.get(vpc_id)
        if router is None:
            self.zones.pop(vpc_id, None)
            return None
        known = self.zones.get(vpc_id)
        if known is None or known.router is not router:
            known = self.zones[vpc_id] = _zone(router)
        return known

    def sees(self, vpc_id: str, other_id: str) -> bool:
        """Whether a VPC's name server answers for the names of another, or of its own."""
        return vpc_id == other_id or other_id in self._neighbours.get(vpc_id, ())

    def visible(self, vpc_id: str) -> Iterator[tuple[str, Zone]]:
        """The VPCs whose names a VPC's name server answers for, its own first."""
        for id in (vpc_id, *sorted(self._neighbours.get(vpc_id, ()))):
            zone = self.zone(id)
            if zone is not None:
                yield id, zone

    @cached_property
    def _neighbours(self) -> Mapping[str, set[str]]:
        """By VPC id: those at the other ends of links that are up and whose names are told there."""
        result: dict[str, set[str]] = {}
        for link in self.fabric.links.values():
            for end in link.ends if link.up else ():
                if end.names:
                    result.setdefault(link.other(end.router_id).router_id, set()).add(end.router_id)
        return result


def _zone(router: Router) -> Zone:
    endpoints: dict[str, Endpoint] = {}
    labels: dict[Address, str] = {}
    for endpoint in router.endpoints.values():
        for label in endpoint.labels:
            endpoints.setdefault(label, endpoint)
        given = sorted(label for label in endpoint.labels if label != endpoint.id)
        if endpoint.labels:
            labels |= dict.fromkeys(endpoint.addresses, given[0] if given else endpoint.id)
    return Zone(router, endpoints, labels)
