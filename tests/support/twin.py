"""The slow twin of the walk in plain networks: what becomes of a packet, asked of the resources themselves.

`Twin` answers from the resources alone: a destination in a VSwitch's range is local; then comes the service range; then the longest
custom entry. The filter rule that decides is the best of those that match, not the first in a sorted list.
"""

from __future__ import annotations

from tests.builders.strategies import of_kind
from tests.builders.topology import EGRESS, INGRESS, Topology

from peerway.domain.peering import Peering, PeeringState
from peerway.domain.prefixes import SERVICE_RANGE, Address
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.security import (
    AclEntry,
    Direction,
    NetworkAcl,
    Protocol,
    RuleAction,
    SecurityGroup,
    SecurityRule,
)
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.packets import Packet

CARRYING = {PeeringState.CREATING, PeeringState.UPDATING, PeeringState.ACTIVE}


class Twin:
    """Answers from the resources of a topology whose VPCs, VSwitches and instances are all there."""

    def __init__(self, topology: Topology) -> None:
        self.all = topology.resources
        #: Those that are on the network.
        self.instances = [one for one in of_kind(topology, Instance) if not one.stopped]
        self.vswitches = of_kind(topology, VSwitch)
        self.entries = of_kind(topology, RouteEntry)
        self.rules = of_kind(topology, SecurityRule)

    def fate(  # noqa: PLR0911 - one for each way to end
        self, packet: Packet, known: frozenset[str] = frozenset()
    ) -> tuple[str, str | None, set[str]]:
        """How the packet ends, at which instance, and the VPCs whose routers it passed.

        `known` are VPCs whose security groups let it pass as part of a connection.
        """
        sender = self.all[packet.sender]
        assert isinstance(sender, Instance)
        if packet.destination in sender.addresses:
            return "delivered", sender.id, {sender.vpc_id}
        if sender.source_dest_check and packet.source not in sender.addresses:
            return "spoofed", None, set()
        if sender.vpc_id not in known and not self.groups_allow(sender, EGRESS, packet):
            return "dropped_by_policy", None, set()
        home = self.all[sender.vswitch_id]
        assert isinstance(home, VSwitch)
        hop = self.route(sender.vpc_id, home.route_table_id, packet.destination)
        if not isinstance(hop, Peering):
            outcome, receiver = self.arrive(sender.vpc_id, home, hop, packet, known)
            return outcome, receiver, {sender.vpc_id}
        if not self.acl_allows(home, EGRESS, packet):
            return "dropped_by_acl", None, set()
        if hop.state not in CARRYING:
            return "link_down", None, set()
        there = self.all[hop.opposite_of(sender.vpc_id).vpc_id]
        assert isinstance(there, Vpc)
        hop = self.route(there.id, there.system_table_id, packet.destination)
        if isinstance(hop, Peering):
            return "transit", None, {sender.vpc_id}
        outcome, receiver = self.arrive(there.id, None, hop, packet, known)
        return outcome, receiver, {sender.vpc_id, there.id}

    def route(self, vpc_id: str, table_id: str, destination: Address) -> object:
        """A peer connection, an instance, "local", "drop", or None for no route."""
        ranges = [cidr for vswitch in self.vswitches if vswitch.vpc_id == vpc_id for cidr in vswitch.prefixes]
        if any(destination in cidr for cidr in ranges):
            return "local"
        if destination in SERVICE_RANGE:
            return "drop"
        fitting = [
            entry
            for entry in self.entries
            if entry.route_table_id == table_id and entry.enabled and destination in entry.destination
        ]
        if not fitting:
            return None
        best = max(fitting, key=lambda entry: entry.destination.prefixlen)
        hop = self.all.get(best.next_hop_id) if best.next_hop_id else None
        if best.next_hop is NextHop.PEERING and isinstance(hop, Peering):
            ends = {side.vpc_id for side in hop.sides}
            if vpc_id in ends and hop.state in {*CARRYING, PeeringState.SUSPENDED}:
                return hop
        if best.next_hop is NextHop.INSTANCE and hop in self.instances and hop.vpc_id == vpc_id:
            return hop
        return "drop"

    def arrive(  # noqa: PLR0911 - as `fate`
        self, vpc_id: str, home: VSwitch | None, hop: object, packet: Packet, known: frozenset[str]
    ) -> tuple[str, str | None]:
        """What happens inside the last VPC; `home` is the VSwitch that the packet leaves there."""
        if hop is None:
            return "no_route", None
        if hop == "drop":
            return "blackhole", None
        receiver = hop if isinstance(hop, Instance) else self.owner(vpc_id, packet.destination)
        crosses = home is None or receiver is None or receiver.vswitch_id != home.id
        if receiver is None and home is not None:
            crosses = not any(packet.destination in cidr for cidr in home.prefixes)
        if crosses and home is not None and not self.acl_allows(home, EGRESS, packet):
            return "dropped_by_acl", None
        if receiver is None:
            return "no_such_address", None
        if crosses and not self.acl_allows(self.all[receiver.vswitch_id], INGRESS, packet):
            return "dropped_by_acl", None
        if vpc_id not in known and not self.groups_allow(receiver, INGRESS, packet):
            return "dropped_by_policy", None
        if packet.destination in receiver.addresses:
            return "delivered", receiver.id
        return ("not_a_gateway", None) if receiver.source_dest_check else ("handed_to_endpoint", receiver.id)

    def owner(self, vpc_id: str, address: Address) -> Instance | None:
        """The VPC's instance that has the address."""
        owners = [one for one in self.instances if one.vpc_id == vpc_id and address in one.addresses]
        return owners[0] if owners else None

    def groups_allow(self, instance: Instance, direction: Direction, packet: Packet) -> bool:
        """Whether the instance's security groups accept the packet as the first of a connection."""
        if not instance.security_group_ids:
            return True
        far = packet.source if direction is INGRESS else packet.destination
        peers_groups = self.groups_of(instance.vpc_id, far)
        verdicts = []
        for rule in self.rules:
            mine = rule.security_group_id in instance.security_group_ids and rule.direction is direction
            near = far in rule.remote_cidr if rule.remote_cidr else self.names(rule, instance.vpc_id, far)
            if mine and near and concerns(rule, packet):
                verdicts.append((rule.priority, 0 if rule.action is RuleAction.DROP else 1))
        if verdicts:
            return min(verdicts)[1] == 1
        shared = [self.all[id] for id in peers_groups & set(instance.security_group_ids)]
        friends = any(isinstance(group, SecurityGroup) and group.inner_access for group in shared)
        return direction is EGRESS or friends

    def groups_of(self, vpc_id: str, address: Address) -> set[str]:
        """Groups of the VPC's instance that has the address."""
        owner = self.owner(vpc_id, address)
        return set(owner.security_group_ids) if owner else set()

    def names(self, rule: SecurityRule, vpc_id: str, far: Address) -> bool:
        """Whether the far side is in the rule's group."""
        return rule.remote_group_id in self.groups_of(vpc_id, far)

    def acl_allows(self, vswitch: object, direction: Direction, packet: Packet) -> bool:
        """Whether the VSwitch's ACL accepts the packet."""
        assert isinstance(vswitch, VSwitch)
        if vswitch.network_acl_id is None:
            return True
        acl = self.all[vswitch.network_acl_id]
        assert isinstance(acl, NetworkAcl)
        far = packet.source if direction is INGRESS else packet.destination
        for entry in acl.ingress if direction is INGRESS else acl.egress:
            if far in entry.cidr and concerns(entry, packet):
                return entry.action is RuleAction.ACCEPT
        return False


def concerns(rule: SecurityRule | AclEntry, packet: Packet) -> bool:
    """Whether the rule's protocol and ports are the packet's; `icmp` is the packet's version's."""
    if rule.protocol is Protocol.ALL:
        return True
    if rule.protocol is Protocol.ICMP:
        return packet.protocol == (1 if packet.source.version == 4 else 58)
    if rule.protocol in {Protocol.TCP, Protocol.UDP}:
        return packet.protocol == rule.protocol.number and rule.port_low <= packet.port <= rule.port_high
    return packet.protocol == rule.protocol.number
