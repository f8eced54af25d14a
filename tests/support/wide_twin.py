"""The larger slow twin of the walk, which answers for the first packet of a connection.

It knows border routers, several links, public addresses, NAT gateways, load balancers, databases and groups across links.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from tests.builders.topology import EGRESS, INGRESS
from tests.builders.wide import RESOLVER
from tests.support.twin import CARRYING, Twin

from peerway.domain.errors import NotFound
from peerway.domain.gateway import DnatEntry, Eip, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE, Address
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.router_interface import InterfaceHealth, InterfaceRole, InterfaceState, RouterInterface
from peerway.domain.security import Direction, SecurityRule
from peerway.domain.service import Backend, BackendHealth, Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.packets import Packet

#: States in which a side of a pair carries, and in which it is joined though it doesn't.
ON = {
    InterfaceState.CONNECTING,
    InterfaceState.ACCEPTING_CONNECTING,
    InterfaceState.ACTIVATING,
    InterfaceState.ACTIVE,
    InterfaceState.MODIFYING,
}
OFF = {InterfaceState.DEACTIVATING, InterfaceState.INACTIVE}
LINE_OPEN = {VbrState.CREATING, VbrState.ACTIVE, VbrState.RECOVERING}
LINE_SHUT = {VbrState.TERMINATING, VbrState.TERMINATED}

NUMBERS = {"tcp": 6, "udp": 17}

#: How a packet ends, and who has it then: an instance, or the uplink by which it left.
Fate = tuple[str, str | None]


class Dropped(Exception):
    """The packet ends here."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.fate: Fate = outcome, None


@dataclass
class Way:
    """A link as one of its routers sees it."""

    #: Router at the other end.
    there: str
    #: Whether it carries.
    up: bool
    #: What its check says.
    healthy: bool
    #: Whether the other end lets its groups be named.
    groups: bool


class WideTwin(Twin):
    """Answers from the resources; VPCs, VSwitches and instances are all there."""

    def kind(self, *kinds: type) -> list:
        """Resources of a kind."""
        return [resource for resource in self.all.values() if isinstance(resource, kinds)]

    def ask(self, packet: Packet) -> Fate:
        """How the packet ends."""
        try:
            sender = self.all.get(packet.sender)
            if isinstance(sender, Instance | Database):
                return self.from_inside(sender, packet)
            return self.from_outside(packet)
        except Dropped as dropped:
            return dropped.fate

    # ---- where it comes from ---------------------------------------------------------------------------------------------

    def from_inside(self, sender: Instance | Database, packet: Packet) -> Fate:
        own = sender.addresses if isinstance(sender, Instance) else (sender.address,)
        if packet.destination in own:
            return "delivered", sender.id
        packet = self.serve(sender.vpc_id, packet)
        if packet.source not in own and (isinstance(sender, Database) or sender.source_dest_check):
            raise Dropped("spoofed")
        if isinstance(sender, Instance) and not self.groups_allow(sender, EGRESS, packet):
            raise Dropped("dropped_by_policy")
        home = self.all[sender.vswitch_id]
        assert isinstance(home, VSwitch)
        doors = self.doors(sender.vpc_id)
        public = {eip.target_id for eip in doors.get(sender.vpc_id, [])}
        if sender.id in public and packet.source in own and self.counts_public(home, packet.destination):
            self.pass_acl(home, EGRESS, packet)
            return self.leave(sender.vpc_id, packet, doors[sender.vpc_id])
        hop = self.hop(sender.vpc_id, home.route_table_id, packet.destination)
        return self.follow(sender.vpc_id, hop, packet, home)

    def from_outside(self, packet: Packet) -> Fate:
        vbr = self.all.get(packet.sender)
        if isinstance(vbr, VirtualBorderRouter) and vbr.state in LINE_OPEN | LINE_SHUT:
            if vbr.state in LINE_SHUT:
                raise Dropped("uplink_down")
            return self.follow(vbr.id, self.hop(vbr.id, vbr.route_table_id, packet.destination), packet, None)
        for vpc in self.kind(Vpc):
            doors = self.doors(vpc.id)
            if packet.sender in doors:
                return self.inbound(vpc.id, self.serve(vpc.id, self.let_in(doors[packet.sender], packet)))
        raise NotFound("sender", packet.sender)

    def inbound(self, router_id: str, packet: Packet) -> Fate:
        """Into a router by a link, or by an uplink that translates."""
        router = self.all[router_id]
        vpc = isinstance(router, Vpc)
        table_id = router.system_table_id if vpc else router.route_table_id
        if vpc and packet.destination == ip_address(RESOLVER):
            raise Dropped("blackhole")
        hop = self.hop(router_id, table_id, packet.destination)
        if isinstance(hop, list) or (vpc and isinstance(hop, Eip | NatGateway | Ipv4Gateway)):
            raise Dropped("transit")
        return self.follow(router_id, hop, packet, None)

    # ---- where it goes ---------------------------------------------------------------------------------------------------

    def hop(self, router_id: str, table_id: str, destination: Address) -> object:
        """Links (a list), a gateway or VBR to leave by, an instance, "local", "resolver", "drop", or None for no route."""
        ranges = [
            cidr for vswitch in self.vswitches if vswitch.vpc_id == router_id for cidr in vswitch.prefixes
        ]
        if any(destination in cidr for cidr in ranges):
            return "local"
        if destination in SERVICE_RANGE and isinstance(self.all[router_id], Vpc):
            return "resolver" if destination == ip_address(RESOLVER) else "drop"
        fitting = [
            entry
            for entry in self.entries
            if entry.route_table_id == table_id and entry.enabled and destination in entry.destination
        ]
        if not fitting:
            return None
        return self.next_hop(router_id, max(fitting, key=lambda entry: entry.destination.prefixlen))

    def next_hop(self, router_id: str, entry: RouteEntry) -> object:
        target = self.all.get(entry.next_hop_id or "")
        if entry.next_hop is NextHop.ROUTER_INTERFACE and entry.paths:
            ways = [(self.way(router_id, path.interface_id), path.weight) for path in entry.paths]
            return [(way, weight) for way, weight in ways if way] or "drop"
        if entry.next_hop in {NextHop.PEERING, NextHop.ROUTER_INTERFACE}:
            way = self.way(router_id, entry.next_hop_id or "")
            return [(way, 1)] if way else "drop"
        if entry.next_hop is NextHop.LINE and isinstance(self.all[router_id], VirtualBorderRouter):
            return self.all[router_id]
        if entry.next_hop in {NextHop.NAT_GATEWAY, NextHop.IPV4_GATEWAY}:
            return target if entry.next_hop_id in self.doors(router_id) else "drop"
        if entry.next_hop is NextHop.INSTANCE and target in self.instances and target.vpc_id == router_id:
            return target
        return "drop"

    def follow(self, router_id: str, hop: object, packet: Packet, home: VSwitch | None) -> Fate:
        if hop is None or hop == "drop":
            raise Dropped("no_route" if hop is None else "blackhole")
        if hop == "resolver":
            return "handed_to_resolver", None
        if hop == "local" or isinstance(hop, Instance):
            return self.reach(router_id, hop, packet, home)
        if home is not None:
            self.pass_acl(home, EGRESS, packet)
        if not isinstance(hop, list):
            assert isinstance(hop, VirtualBorderRouter | NatGateway | Ipv4Gateway)
            return self.leave(hop.id, packet, self.doors(router_id).get(hop.id))
        way = self.choose([each for each in hop if each[0].up])
        return self.inbound(way.there, self.serve(way.there, packet))

    def choose(self, up: list[tuple[Way, int]]) -> Way:
        """The first that connections are given to."""
        if not up:
            raise Dropped("link_down")
        usable = [each for each in up if each[0].healthy] or up
        return ([each for each in usable if each[1]] or usable)[0][0]

    def leave(self, uplink_id: str, packet: Packet, door: list | None) -> Fate:
        """By a line (no door), or by a door that translates."""
        vbr = self.all.get(uplink_id)
        if isinstance(vbr, VirtualBorderRouter):
            four = packet.source.version == 4
            return ("left", vbr.id) if vbr.state in LINE_OPEN and four else ("uplink_down", None)
        sources = [(eip.address, f"{self.private(eip)}/32") for eip in door or [] if isinstance(eip, Eip)]
        entries = [entry for entry in door or [] if isinstance(entry, SnatEntry)]
        if any(str(packet.source) == cidr.split("/")[0] for _, cidr in sources):
            return "left", uplink_id
        fitting = [entry for entry in entries if packet.source in entry.source]
        best = max(fitting, key=lambda entry: (entry.source.prefixlen, _first(entry.id)), default=None)
        if best is not None and set(best.public) & self.owned(uplink_id):
            return "left", uplink_id
        raise Dropped("no_translation")

    def reach(self, vpc_id: str, hop: object, packet: Packet, home: VSwitch | None) -> Fate:
        """An interface in the VPC."""
        receiver = hop if isinstance(hop, Instance) else self.host(vpc_id, packet.destination)
        if receiver is None:
            if home is not None and not any(packet.destination in cidr for cidr in home.prefixes):
                self.pass_acl(home, EGRESS, packet)
            raise Dropped("no_such_address")
        there = self.all[receiver.vswitch_id]
        assert isinstance(there, VSwitch)
        if home is None or home.id != there.id:
            if home is not None:
                self.pass_acl(home, EGRESS, packet)
            self.pass_acl(there, INGRESS, packet)
        own = receiver.addresses if isinstance(receiver, Instance) else (receiver.address,)
        if isinstance(receiver, Database):
            listed = any(packet.source in cidr for cidr in receiver.whitelist)
            if not (listed and (packet.protocol, packet.port) == (6, receiver.port)):
                raise Dropped("dropped_by_policy")
        elif not self.groups_allow(receiver, INGRESS, packet):
            raise Dropped("dropped_by_policy")
        if packet.destination in own:
            return ("hairpin", None) if receiver.id == packet.sender else ("delivered", receiver.id)
        assert isinstance(receiver, Instance)
        return ("not_a_gateway", None) if receiver.source_dest_check else ("handed_to_endpoint", receiver.id)

    def host(self, vpc_id: str, address: Address) -> Instance | Database | None:
        """Who has the address."""
        for database in self.kind(Database):
            if database.vpc_id == vpc_id and database.address == address:
                return database
        return self.owner(vpc_id, address)

    # ---- links -----------------------------------------------------------------------------------------------------------

    def way(self, here: str, id: str) -> Way | None:
        """The link that the router's entries call so."""
        resource = self.all.get(id)
        if isinstance(resource, Peering) and here in {side.vpc_id for side in resource.sides}:
            if resource.state not in {*CARRYING, PeeringState.SUSPENDED}:
                return None
            other = resource.opposite_of(here)
            return Way(other.vpc_id, resource.state in CARRYING, healthy=True, groups=other.groups)
        if not isinstance(resource, RouterInterface) or resource.vpc_id != here:
            return None
        opposite = self.all.get(resource.opposite_interface_id or "")
        if not isinstance(opposite, RouterInterface) or opposite.vpc_id == here:
            return None
        pair = {resource.role, opposite.role} == set(InterfaceRole)
        mutual = opposite.opposite_interface_id == resource.id and all(
            map(_names_right, (resource, opposite), (opposite, resource))
        )
        states = {resource.state, opposite.state}
        if not (pair and mutual and states <= ON | OFF and self.there(here) and self.there(opposite.vpc_id)):
            return None
        sick = InterfaceHealth.ABNORMAL in {resource.health, opposite.health}
        return Way(opposite.vpc_id, states <= ON, not sick, opposite.groups)

    def there(self, router_id: str) -> bool:
        """Whether the router is in the data plane."""
        router = self.all.get(router_id)
        return isinstance(router, Vpc) or (
            isinstance(router, VirtualBorderRouter) and router.state in LINE_OPEN | LINE_SHUT
        )

    # ---- translation -----------------------------------------------------------------------------------------------------

    def doors(self, vpc_id: str) -> dict[str, list]:
        """Uplinks of a VPC that translate: NAT gateways with their entries, the direct exit with its addresses."""
        found: dict[str, list] = {}
        for gateway in self.kind(NatGateway):
            if gateway.vpc_id == vpc_id and gateway.network_id in self.all:
                entries = self.kind(SnatEntry, DnatEntry)
                found[gateway.id] = [entry for entry in entries if entry.nat_gateway_id == gateway.id]
        eips = sorted(self.kind(Eip), key=lambda eip: eip.id)
        mine = [
            eip
            for eip in eips
            if eip.vpc_id == vpc_id and self.all.get(eip.target_id or "") in self.instances
        ]
        network = min((eip.network_id for eip in mine), default=None)
        firsts: dict[str, Eip] = {}
        for eip in mine:
            if eip.network_id == network:
                firsts.setdefault(eip.target_id or "", eip)
        if firsts:
            enabled = [each.id for each in self.kind(Ipv4Gateway) if each.vpc_id == vpc_id and each.enabled]
            found[enabled[0] if enabled else vpc_id] = list(firsts.values())
        return found

    def owned(self, gateway_id: str) -> set[Address]:
        """Public addresses of a NAT gateway, of its own network."""
        gateway = self.all[gateway_id]
        assert isinstance(gateway, NatGateway)
        return {
            eip.address
            for eip in self.kind(Eip)
            if eip.target_id == gateway_id and eip.network_id == gateway.network_id
        }

    def private(self, eip: Eip) -> Address:
        instance = self.all[eip.target_id or ""]
        assert isinstance(instance, Instance)
        return instance.ipv4

    def let_in(self, door: list, packet: Packet) -> Packet:
        """The packet with the private destination that an uplink gives it."""
        for eip in door:
            if isinstance(eip, Eip) and eip.address == packet.destination:
                return replace(packet, destination=self.private(eip))
        entries = [entry for entry in door if isinstance(entry, DnatEntry)]
        for entry in sorted(entries, key=lambda one: (one.public_port == 0, one.protocol == "any", one.id)):
            asked = entry.public == packet.destination and entry.public in self.owned(entry.nat_gateway_id)
            same = entry.protocol == "any" or NUMBERS[entry.protocol] == packet.protocol
            if asked and same and entry.public_port in {0, packet.port}:
                return replace(packet, destination=entry.private, port=entry.private_port or packet.port)
        raise Dropped("no_translation")

    def serve(self, router_id: str, packet: Packet) -> Packet:
        """The packet with the destination of the instance behind a service, if it is for one."""
        for balancer in self.kind(LoadBalancer):
            if (balancer.vpc_id, balancer.address) != (router_id, packet.destination):
                continue
            for listener in self.kind(Listener):
                asked = NUMBERS[listener.protocol], listener.port
                if listener.load_balancer_id == balancer.id and asked == (packet.protocol, packet.port):
                    return self.spread(listener, packet)
        return packet

    def spread(self, listener: Listener, packet: Packet) -> Packet:
        backends = sorted(
            (
                each
                for each in self.kind(Backend)
                if each.listener_id == listener.id and each.weight and self.is_near(each, listener)
            ),
            key=lambda each: each.id,
        )
        live = [each for each in backends if each.health is not BackendHealth.ABNORMAL] or backends
        if not live:
            raise Dropped("no_backend")
        instance = self.all[live[0].instance_id]
        assert isinstance(instance, Instance)
        return replace(packet, destination=instance.ipv4, port=live[0].port)

    def is_near(self, backend: Backend, listener: Listener) -> bool:
        instance = self.all.get(backend.instance_id)
        return instance in self.instances and instance.vpc_id == listener.vpc_id

    def counts_public(self, home: VSwitch, destination: Address) -> bool:
        """NET-10."""
        local = [cidr for each in self.vswitches if each.vpc_id == home.vpc_id for cidr in each.prefixes]
        return destination.version == 4 and not any(
            destination in cidr for cidr in (*PRIVATE_RANGES, SERVICE_RANGE, *local)
        )

    # ---- filters ---------------------------------------------------------------------------------------------------------

    def pass_acl(self, vswitch: VSwitch, direction: Direction, packet: Packet) -> None:
        if not self.acl_allows(vswitch, direction, packet):
            raise Dropped("dropped_by_acl")

    def names(self, rule: SecurityRule, vpc_id: str, far: Address) -> bool:
        """Whether the far side is in the rule's group, which may be another VPC's."""
        if super().names(rule, vpc_id, far):
            return True
        group = self.all[rule.remote_group_id or ""]
        if group.vpc_id == vpc_id or group.vpc_id not in self.givers(vpc_id):
            return False
        return any(
            each.vpc_id == group.vpc_id and group.id in each.security_group_ids and far in each.addresses
            for each in self.instances
        )

    def givers(self, vpc_id: str) -> Iterator[str]:
        """VPCs that let this one's rules name their groups."""
        for id in [each.id for each in self.kind(Peering, RouterInterface)]:
            way = self.way(vpc_id, id)
            if way is not None and way.up and way.groups:
                yield way.there


def _names_right(one: RouterInterface, other: RouterInterface) -> bool:
    """Whether `one` names the other side."""
    named = one.opposite_interface_id, one.opposite_router_id, one.opposite_owner_uid
    return named == (other.id, other.router_id, other.owner_uid)


def _first(id: str) -> tuple[int, ...]:
    """A key by which the id that sorts first is the greatest."""
    return tuple(-ord(letter) for letter in id)
