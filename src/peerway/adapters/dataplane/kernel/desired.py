"""What all namespaces shall hold, kept up to date from fabric to fabric; pure.

Owns which routers a new fabric concerns: those whose value changed and those at the ends of links that changed. Everything
else keeps its plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from peerway.adapters.dataplane.kernel.encode import (
    encode_guest,
    encode_router,
    encode_wire,
    guest_namespace,
)
from peerway.adapters.dataplane.kernel.features import Features
from peerway.adapters.dataplane.kernel.names import owner_id, router_namespace
from peerway.adapters.dataplane.kernel.plan import Plan, RouterPlan, Wire
from peerway.adapters.dataplane.kernel.protocol import GUEST, ROUTER
from peerway.adapters.dataplane.kernel.ruleset import Ruleset, compile_ruleset
from peerway.adapters.dataplane.kernel.uplinks import encode_outside
from peerway.fabric.model import Fabric, Link, Router


@dataclass(frozen=True, slots=True)
class Guest:
    """The far side of a wire: an instance's, or an uplink's in a namespace of the host."""

    #: What its namespace shall hold.
    plan: Plan
    #: Router that it hangs on.
    router_id: str
    #: Name of its namespace.
    namespace: str
    #: Path of an attached namespace; None for one of the driver's.
    netns: str | None


@dataclass(slots=True)
class Desired:
    """The plans by id."""

    #: What the kernel offers.
    features: Features = field(default_factory=Features)
    #: The fabric that they were made from.
    fabric: Fabric = field(default_factory=lambda: Fabric(revision=-1))
    #: By router id.
    routers: dict[str, RouterPlan] = field(default_factory=dict)
    #: By router id; None for a router that filters nothing.
    rulesets: dict[str, Ruleset | None] = field(default_factory=dict)
    #: By endpoint id.
    guests: dict[str, Guest] = field(default_factory=dict)
    #: By id of an uplink that leads to a namespace of the host.
    outsides: dict[str, Guest] = field(default_factory=dict)
    #: By uplink id: the router that has it.
    uplinks: dict[str, str] = field(default_factory=dict)
    #: Names of attached namespaces that something was taken out of, and may not be wanted any more.
    left: set[str] = field(default_factory=set)
    #: By link id: links whose two routers are there.
    links: dict[str, Link] = field(default_factory=dict)
    #: By router id, then link id.
    links_of: dict[str, dict[str, Link]] = field(default_factory=dict)

    def update(self, fabric: Fabric) -> set[str]:
        """Take a new fabric over; returns the ids of the routers it concerns, removed ones included."""
        before = self.fabric
        concerned = {id for id in before.routers if id not in fabric.routers}
        concerned |= {id for id, router in fabric.routers.items() if before.routers.get(id) is not router}
        links = {id: link for id, link in fabric.links.items() if _whole(link, fabric)}
        for id in links.keys() | self.links.keys():
            old, new = self.links.get(id), links.get(id)
            if old is not new and old != new:
                concerned |= {end.router_id for link in (old, new) if link is not None for end in link.ends}
        self._index_links(links)
        self.fabric = fabric
        concerned = {
            id for id in concerned if self._differs(before.routers.get(id), fabric.routers.get(id), id)
        }
        for id in concerned:
            self.plan(id, withheld=frozenset())
        return concerned

    def _differs(self, old: Router | None, new: Router | None, id: str) -> bool:
        """An equal router with equal links needs nothing, though it is another object."""
        plan, links = self.routers.get(id), self.links_of.get(id, {})
        if plan is None or old != new or plan.links.keys() != links.keys():
            return True
        return any(
            _programmed(plan.links[one], plan) != _programmed(link, plan) for one, link in links.items()
        )

    def _index_links(self, links: dict[str, Link]) -> None:
        self.links, self.links_of = links, {}
        for link in links.values():
            for end in link.ends:
                self.links_of.setdefault(end.router_id, {})[link.id] = link

    def plan(self, router_id: str, *, withheld: frozenset[str]) -> None:
        """Make a router's plan anew, without the withheld endpoints."""
        previous = self.routers.pop(router_id, None)
        if previous is not None:
            self._forget(previous)
        router = self.fabric.routers.get(router_id)
        if router is None:
            self.rulesets.pop(router_id, None)
            return
        plan = encode_router(router, self.links_of.get(router_id, {}), withheld, vlans=self.features.vlans)
        self.routers[router_id] = plan
        self.rulesets[router_id] = compile_ruleset(router, flowtables=self.features.flowtables)
        for index, wire in plan.wires.items():
            endpoint = router.endpoints[wire.owner]
            guest = Guest(encode_guest(endpoint, index), router_id, guest_namespace(endpoint), endpoint.netns)
            self.guests[wire.owner] = guest
        self.uplinks |= dict.fromkeys(router.uplinks, router_id)
        for id, wire in plan.outward.items():
            uplink = router.uplinks[id]
            self.outsides[id] = Guest(encode_outside(uplink, wire), router_id, wire.far[0], uplink.port.name)

    def _forget(self, plan: RouterPlan) -> None:
        """Forget what hung on a router, unless another has it by now."""
        for id in plan.endpoints:
            if id in self.guests and self.guests[id].router_id == plan.id:
                self.left.add(self.guests.pop(id).namespace)
        for id in plan.uplinks:
            if self.uplinks.get(id) == plan.id:
                del self.uplinks[id]
                if id in self.outsides:
                    self.left.add(self.outsides.pop(id).namespace)

    def far(self, namespace: str) -> Guest | None:
        """What is wanted in a namespace that is no router's."""
        id = owner_id(namespace)
        guest = self.guests.get(id) or self.outsides.get(id)
        return guest if guest is not None and guest.namespace == namespace else None

    def namespaces(self) -> Iterator[tuple[str, str]]:
        """Names and kinds of the namespaces that must be there."""
        for id in self.routers:
            yield router_namespace(id), ROUTER
        for guest in self.guests.values():
            if guest.netns is None:
                yield guest.namespace, GUEST

    def attached(self) -> dict[str, str]:
        """Names and paths of attached namespaces."""
        far = chain(self.guests.values(), self.outsides.values())
        return {guest.namespace: guest.netns for guest in far if guest.netns is not None}

    def guarded(self, router_id: str) -> frozenset[str]:
        """Endpoints and uplinks of a router that must not be reachable without its filter."""
        router = self.fabric.routers[router_id]
        translating = frozenset(one.id for one in router.uplinks.values() if one.translation is not None)
        return translating | frozenset(
            endpoint.id
            for endpoint in router.endpoints.values()
            if endpoint.policy_id is not None
            or router.subnets[endpoint.subnet_id].acl_id is not None
            or any(address.version == 6 for address in endpoint.addresses)
        )

    def wires(self, router_id: str) -> Iterator[Wire]:
        """The wires that have an end at a router."""
        plan = self.routers[router_id]
        yield from plan.wires.values()
        yield from plan.outward.values()
        for link in self.links_of.get(router_id, {}).values():
            first, second = (self.routers[end.router_id].index for end in link.ends)
            yield encode_wire(link, first, second)


def _programmed(link: Link, plan: RouterPlan) -> tuple[object, ...]:
    """What a router's plan depends on."""
    check = link.check
    asked = (check.via, check.target) if check is not None and check.router_id == plan.id else None
    return link.ends, link.up, link.cap_mbps, link.healthy or link.id not in plan.watched, asked


def _whole(link: Link, fabric: Fabric) -> bool:
    first, second = (end.router_id for end in link.ends)
    return first != second and first in fabric.routers and second in fabric.routers
