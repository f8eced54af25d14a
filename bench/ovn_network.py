"""A topology as rows of an OVN northbound database.

A VPC is a logical router, a VSwitch a logical switch, an instance a port with its address fixed, a peer connection a transit switch
between two router ports whose own routing table is empty, so that nothing is passed on to a third VPC. Security groups are port
groups with stateful ACLs, network ACLs stateless ones at the VSwitch's router port.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any, Final

from tests.builders.strategies import of_kind
from tests.builders.topology import Topology

from bench.rpc import named, ovs_map, ovs_set
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.prefixes import Prefix
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

Row = dict[str, Any]

#: Priority of the first rule; of what no rule of a group lets in.
FIRST, LAST = 2000, 1000

#: Where transit switches get their ranges of four addresses.
TRANSIT: Final = int(IPv4Address("169.254.0.0"))

#: The routing table of ports towards other VPCs: it has no routes.
FROM_PEER: Final = "from-peer"


def rows(topology: Topology) -> list[Row]:
    """Operations of one transaction that make the whole network; `NB_Global.nb_cfg` becomes 1."""
    network = _Network(topology)
    operations = [*network.switches(), *network.routers(), *network.groups(), *network.acls()]
    bump = {"op": "update", "table": "NB_Global", "where": [], "row": {"nb_cfg": 1}}
    return [*operations, bump]


def router_mac(vswitch: VSwitch) -> str:
    """MAC address of the router in a VSwitch."""
    return "0a:" + int(vswitch.cidr.network_address).to_bytes(4, "big").hex(":") + ":01"


class _Network:
    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._vswitches = of_kind(topology, VSwitch)
        self._instances = of_kind(topology, Instance)
        self._peerings = of_kind(topology, Peering)
        #: ACLs by the switch or group that they are of.
        self._acls: dict[str, list[Row]] = {}
        for rule in of_kind(topology, SecurityRule):
            self._acls.setdefault(rule.security_group_id, []).append(_of_rule(rule))
        for group in of_kind(topology, SecurityGroup):
            rest = _acl("to-lport", LAST, f"outport == @{_pg(group.id)} && ip", "drop")
            self._acls.setdefault(group.id, []).append(rest)
        for vswitch in self._vswitches:
            if vswitch.network_acl_id is not None:
                acl = topology.resources[vswitch.network_acl_id]
                assert isinstance(acl, NetworkAcl)
                self._acls[vswitch.id] = list(_of_acl(acl, vswitch))

    def switches(self) -> Iterator[Row]:
        """VSwitches and their instances, and the transit switches of peer connections."""
        for vswitch in self._vswitches:
            ports = [_router_port(f"{vswitch.id}-r", f"{vswitch.id}-lrp")]
            ports += [_instance(one) for one in self._instances if one.vswitch_id == vswitch.id]
            yield from _switch(
                vswitch.id, ports, [f"{vswitch.id} {n}" for n in self._acl_numbers(vswitch.id)]
            )
        for peering in self._peerings:
            ports = [
                _router_port(f"{peering.id}-{side.vpc_id}-s", f"{peering.id}-{side.vpc_id}")
                for side in peering.sides
            ]
            yield from _switch(peering.id, ports, [])

    def routers(self) -> Iterator[Row]:
        """VPCs with their ports and routes."""
        ports: dict[str, list[Row]] = {vpc.id: [] for vpc in of_kind(self._topology, Vpc)}
        routes: dict[str, list[Row]] = {id: [] for id in ports}
        for vswitch in self._vswitches:
            gateway = f"{vswitch.cidr[1]}/{vswitch.cidr.prefixlen}"
            ports[vswitch.vpc_id].append(_port(f"{vswitch.id}-lrp", router_mac(vswitch), gateway))
        for number, peering in enumerate(self._peerings):
            for end, side in enumerate(peering.sides):
                mac = "0e:" + number.to_bytes(4, "big").hex(":") + f":0{end + 1}"
                address = f"{_transit(number, end)}/30"
                up = peering.state is PeeringState.ACTIVE
                ports[side.vpc_id].append(
                    _port(f"{peering.id}-{side.vpc_id}", mac, address, up=up, table=FROM_PEER)
                )
        for entry in of_kind(self._topology, RouteEntry):
            routes[entry.vpc_id].append(self._route(entry))
        for id, own in ports.items():
            yield from (_insert("Logical_Router_Port", row, f"{row['name']}") for row in own)
            numbered = [(f"{id} route {n}", row) for n, row in enumerate(routes[id])]
            yield from (_insert("Logical_Router_Static_Route", row, name) for name, row in numbered)
            row = {
                "name": id,
                "ports": ovs_set([named(_row(port["name"])) for port in own]),
                "static_routes": ovs_set([named(_row(name)) for name, _ in numbered]),
            }
            yield _insert("Logical_Router", row, f"{id} itself")

    def groups(self) -> Iterator[Row]:
        """Security groups and their members."""
        for group in of_kind(self._topology, SecurityGroup):
            members = [one.id for one in self._instances if group.id in one.security_group_ids]
            row = {
                "name": _pg(group.id),
                "ports": ovs_set([named(_row(id)) for id in members]),
                "acls": ovs_set([named(_row(f"{group.id} {n}")) for n in self._acl_numbers(group.id)]),
            }
            yield _insert("Port_Group", row, f"{group.id} itself")

    def acls(self) -> Iterator[Row]:
        """The rules of groups and VSwitches."""
        for owner, own in self._acls.items():
            yield from (_insert("ACL", row, f"{owner} {number}") for number, row in enumerate(own))

    def _acl_numbers(self, owner: str) -> range:
        return range(len(self._acls.get(owner, [])))

    def _route(self, entry: RouteEntry) -> Row:
        if entry.next_hop is not NextHop.PEERING:
            return {"ip_prefix": str(entry.destination), "nexthop": "discard"}
        number, peering = next(
            (number, one) for number, one in enumerate(self._peerings) if one.id == entry.next_hop_id
        )
        far = 0 if peering.sides[1].vpc_id == entry.vpc_id else 1
        return {
            "ip_prefix": str(entry.destination),
            "nexthop": str(_transit(number, far)),
            "output_port": f"{peering.id}-{entry.vpc_id}",
        }


def _row(name: str) -> str:
    """A transaction's name for a row."""
    return "r_" + "".join(one if one.isalnum() else "_" for one in name)


def _pg(group_id: str) -> str:
    return group_id.replace("-", "_")


def _transit(number: int, end: int) -> IPv4Address:
    return IPv4Address(TRANSIT + number * 4 + 1 + end)


def _insert(table: str, row: Row, name: str) -> Row:
    return {"op": "insert", "table": table, "row": row, "uuid-name": _row(name)}


def _switch(id: str, ports: list[Row], acls: list[str]) -> Iterator[Row]:
    yield from (_insert("Logical_Switch_Port", row, row["name"]) for row in ports)
    row = {
        "name": id,
        "ports": ovs_set([named(_row(port["name"])) for port in ports]),
        "acls": ovs_set([named(_row(name)) for name in acls]),
    }
    yield _insert("Logical_Switch", row, f"{id} itself")


def _router_port(name: str, peer: str) -> Row:
    """A switch's port to a router."""
    return {"name": name, "type": "router", "addresses": "router", "options": ovs_map({"router-port": peer})}


def _instance(instance: Instance) -> Row:
    address = f"{instance.mac} {instance.ipv4}"
    return {"name": instance.id, "addresses": address, "port_security": address}


def _port(name: str, mac: str, network: str, *, up: bool = True, table: str | None = None) -> Row:
    """A router's port."""
    options = {"route_table": table} if table else {}
    return {"name": name, "mac": mac, "networks": network, "enabled": up, "options": ovs_map(options)}


def _of_rule(rule: SecurityRule) -> Row:
    inward = rule.direction is Direction.INGRESS
    port = f"{'outport' if inward else 'inport'} == @{_pg(rule.security_group_id)}"
    match = (
        f"{port} && {_match(rule.remote_cidr, rule.protocol, rule.port_low, rule.port_high, inward=inward)}"
    )
    action = "allow-related" if rule.action is RuleAction.ACCEPT else "drop"
    return _acl("to-lport" if inward else "from-lport", FIRST - rule.priority, match, action)


def _of_acl(acl: NetworkAcl, vswitch: VSwitch) -> Iterator[Row]:
    """Stateless, at the router's port: what comes from it enters the VSwitch."""
    for inward, entries in ((True, acl.ingress), (False, acl.egress)):
        port = f'{"inport" if inward else "outport"} == "{vswitch.id}-r"'
        direction = "from-lport" if inward else "to-lport"
        for number, entry in enumerate(entries):
            yield _acl(
                direction, FIRST - number, f"{port} && {_entry_match(entry, inward=inward)}", _said(entry)
            )
        yield _acl(direction, LAST, f"{port} && ip", "drop")


def _entry_match(entry: AclEntry, *, inward: bool) -> str:
    return _match(entry.cidr, entry.protocol, entry.port_low, entry.port_high, inward=inward)


def _said(entry: AclEntry) -> str:
    return "allow-stateless" if entry.action is RuleAction.ACCEPT else "drop"


def _match(remote: Prefix | None, protocol: Protocol, low: int, high: int, *, inward: bool) -> str:
    assert remote is not None
    words = [f"ip4.{'src' if inward else 'dst'} == {remote}"]
    if protocol.has_ports:
        words.append(f"{low} <= {protocol.value}.dst <= {high}")
    elif protocol is Protocol.ICMP:
        words.append("icmp4")
    return " && ".join(words)


def _acl(direction: str, priority: int, match: str, action: str) -> Row:
    return {"direction": direction, "priority": priority, "match": match, "action": action}
