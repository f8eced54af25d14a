"""A walk's steps with the words of what decides, read from the compiled network and from the stored objects behind it (PATH-1).

Owns the look-up of each step's deciding object. The sentences are `sentences`' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from peerway.analysis.network import Network
from peerway.analysis.telling.hops import (
    DefaultWords,
    Hop,
    LinkWords,
    Rewrite,
    RouteWords,
    RuleWords,
    UplinkWords,
    Words,
)
from peerway.analysis.telling.links import link_called
from peerway.analysis.telling.sentences import hop_text
from peerway.domain.route_table import RouteEntry
from peerway.domain.security import AclEntry, Direction, NetworkAcl, SecurityRule
from peerway.domain.service import Database
from peerway.fabric.decisions import destination_nat, longest_match, service_at, source_nat
from peerway.fabric.model import Router
from peerway.fabric.outcomes import Check, Step, Walk
from peerway.fabric.packets import Connection, Flow, Packet
from peerway.fabric.site import Site

#: Checks of packets on their way into something.
INWARD = frozenset({Check.INGRESS_ACL, Check.INGRESS_POLICY})


def tell(
    network: Network, walk: Walk, start: Packet, known: AbstractSet[Connection] = frozenset()
) -> tuple[Hop, ...]:
    """The walk's steps as hops. `start` is the packet as it was sent, `known` what the routers remembered before."""
    return tuple(_Telling(network, walk, start, known).hops())


class _Telling:
    """One walk, told from its start; what the packet is at each router is worked out on the way."""

    def __init__(self, network: Network, walk: Walk, start: Packet, known: AbstractSet[Connection]) -> None:
        self.network = network
        self.walk = walk
        self.known = known
        #: The packet as it came to the router where the telling is.
        self.came = start
        #: As it is by now.
        self.packet = start
        #: The connection it belongs to at that router.
        self.connection: Connection | None = None

    def hops(self) -> Iterator[Hop]:
        """Each step as a hop."""
        steps = self.walk.steps
        for place, step in enumerate(steps):
            if not place or step.router_id != steps[place - 1].router_id:
                self.enter(step.router_id, steps[place - 1].router_id if place else None)
            router = self.network.fabric.routers[step.router_id]
            site = self.network.snapshot.site(step.router_id)
            before = self.packet.flow
            self.translate(router, step)
            rewrite = Rewrite(before, self.packet.flow) if before != self.packet.flow else None
            made = Hop(
                router_id=router.id,
                owner_uid=site.router.owner_uid if site.router else "",
                region_id=router.region_id,
                check=step.check,
                subject=step.subject,
                source=step.source,
                outcome=step.outcome,
                words=self.words(router, site, step),
                rewrite=rewrite,
                text="",
            )
            yield replace(made, text=hop_text(made, self.packet))

    def enter(self, router_id: str, before: str | None) -> None:
        """Come to a router: as what the one before made of the packet."""
        if before is not None:
            self.packet = self.came.along(self.onward(before))
        self.came = self.packet
        held = [one for one in self.known if one.holds(router_id, self.packet)]
        self.connection = held[0] if held else None
        if self.connection is not None:
            onward = self.connection.onward(self.came.flow)
            self.packet = replace(self.packet, destination=onward.destination, port=onward.port)

    def onward(self, router_id: str) -> Flow:
        """What the packet was when it left the router, by what that remembers of it."""
        for connection in self.walk.connections:
            if connection.router_id == router_id and self.came.flow in {
                connection.came,
                connection.went.reversed,
            }:
                return connection.onward(self.came.flow)
        return self.packet.flow

    def translate(self, router: Router, step: Step) -> None:
        """What the step does to the addresses."""
        uplink = router.uplinks.get(step.subject)
        translation = uplink.translation if uplink is not None else None
        if step.outcome is not None or self.connection is not None:
            return
        if step.check is Check.DESTINATION_NAT and translation is not None:
            entry = destination_nat(translation, self.packet)
            if entry is not None:
                port = (entry.private_port if entry.public_port else 0) or self.packet.port
                self.packet = replace(self.packet, destination=entry.private, port=port)
        elif step.check is Check.SERVICE:
            service = service_at(router, self.packet)
            if service is not None and service.live:
                backend = service.live[0]
                self.packet = replace(self.packet, destination=backend.address, port=backend.port)
        elif step.check is Check.SOURCE_NAT and translation is not None:
            source = source_nat(translation, self.packet.source)
            if source is not None and source.public:
                self.packet = replace(self.packet, source=source.public[0])

    # ---- words -----------------------------------------------------------------------------------------------------------

    def words(self, router: Router, site: Site, step: Step) -> Words | None:
        """The deciding object in its own words."""
        match step.check:
            case Check.ROUTE | Check.INBOUND_ROUTE:
                return self.route_words(router, site, step)
            case Check.EGRESS_POLICY | Check.INGRESS_POLICY | Check.EGRESS_ACL | Check.INGRESS_ACL:
                return self.filter_words(site, step)
            case Check.LINK:
                return self.link_words(router, step)
            case Check.UPLINK | Check.EXIT:
                return _uplink_words(router, site, step.subject)
        return None

    def route_words(self, router: Router, site: Site, step: Step) -> RouteWords | None:
        """The entry that matched."""
        fib = (
            router.inbound
            if step.check is Check.INBOUND_ROUTE
            else router.fibs.get(step.subject, router.inbound)
        )
        entry = longest_match(fib, self.packet.destination)
        if entry is None:
            return None
        stored = site.route_entries.get(entry.source)
        if stored is not None:
            return RouteWords(
                fib.id, entry.prefix, stored.origin.value, stored.next_hop.value, next_hop_of(stored)
            )
        local = entry.source in site.vswitches or entry.source in router.uplinks
        kind, id = ("local", entry.source) if local else ("service", None)
        return RouteWords(fib.id, entry.prefix, "system", kind, id)

    def filter_words(self, site: Site, step: Step) -> Words:
        """The rule that matched, or what holds without one."""
        action = "accept" if step.outcome is None else "drop"
        if self.connection is not None and step.check in {Check.EGRESS_POLICY, Check.INGRESS_POLICY}:
            return DefaultWords("connection", step.subject, action)
        database = site.databases.get(step.subject)
        if database is not None:
            return self.whitelist_words(database, step, action)
        if step.source is None:
            return DefaultWords("default", step.subject, action)
        rule = site.security_rules.get(step.source)
        if rule is not None:
            return _rule_words(rule)
        if step.source in site.security_groups:
            return DefaultWords("members", step.source, action)
        found = acl_entry(site.network_acls.get(step.subject), step.source)
        return (
            _acl_words(step, *found) if found is not None else DefaultWords("default", step.subject, action)
        )

    def whitelist_words(self, database: Database, step: Step, action: str) -> Words:
        """The range that matched, or that none did; what a database sends is let through."""
        if step.check is not Check.INGRESS_POLICY:
            return DefaultWords("default", database.id, action)
        for listed in database.whitelist if step.source is not None else ():
            if self.packet.source in listed:
                port = database.port
                return RuleWords("whitelist", database.id, "ingress", action, "tcp", port, port, listed)
        return DefaultWords("whitelist", database.id, action)

    def link_words(self, router: Router, step: Step) -> LinkWords | None:
        """The link that it takes, or the first of those that it can't take."""
        id = step.source or step.subject.partition("+")[0]
        link = self.network.fabric.links.get(id)
        if link is None:
            return None
        stored = link_called(self.network, router.id, id)
        return LinkWords(
            id,
            "peering" if id in self.network.snapshot.peerings else "router_interface",
            stored.states if stored is not None else (),
            link.up,
            link.cap_mbps,
            (link.ends[0].region_id, link.ends[1].region_id),
            link.other(router.id).router_id,
        )


def next_hop_of(entry: RouteEntry) -> str | None:
    """What an entry leads to; several are joined with `+`."""
    return "+".join(path.interface_id for path in entry.paths) or entry.next_hop_id


def acl_entry(acl: NetworkAcl | None, source: str) -> tuple[Direction, int, AclEntry] | None:
    """Direction, position and entry of what a rule's source `ACL/direction/position` names."""
    _, _, rest = source.partition("/")
    direction, _, position = rest.partition("/")
    if acl is None or not position.isdigit() or direction not in set(Direction):
        return None
    way = Direction(direction)
    entries = acl.ingress if way is Direction.INGRESS else acl.egress
    return (way, int(position), entries[int(position) - 1]) if int(position) <= len(entries) else None


def _rule_words(rule: SecurityRule) -> RuleWords:
    return RuleWords(
        "security_rule",
        rule.security_group_id,
        rule.direction.value,
        rule.action.value,
        rule.protocol.value,
        rule.port_low,
        rule.port_high,
        rule.remote_cidr,
        rule.remote_group_id,
        rule.priority,
    )


def _acl_words(step: Step, way: Direction, position: int, entry: AclEntry) -> RuleWords:
    return RuleWords(
        "acl_entry",
        step.subject,
        way.value,
        entry.action.value,
        entry.protocol.value,
        entry.port_low,
        entry.port_high,
        entry.cidr,
        order=position,
    )


def _uplink_words(router: Router, site: Site, id: str) -> UplinkWords:
    """What kind of way out it is."""
    uplink = router.uplinks.get(id)
    up = uplink is not None and uplink.up
    if id in site.nat_gateways:
        return UplinkWords("nat_gateway", up)
    if id in site.ipv4_gateways:
        return UplinkWords("ipv4_gateway", up)
    return UplinkWords("direct" if uplink is not None and uplink.translation is not None else "vbr", up)
