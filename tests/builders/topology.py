"""Small networks as domain resources, built by hand: ids count up, every state is settled unless said otherwise.

Shared by the fabric's tests, the data planes' contract suite, the topology tests and the benches. Builds values only: what the
use cases would refuse (overlaps, dangling references) can be built too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeVar

from tests.builders.borders import MADE_AT, OWNER, REGION, Borders, Home

from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import NextHop, RouteEntry, RoutePath, RouteTable, TableKind
from peerway.domain.router_interface import RouterInterface
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
from peerway.fabric.compile import compile_fabric
from peerway.fabric.model import Fabric
from peerway.fabric.snapshot import Snapshot

R = TypeVar("R", bound=Resource)

ACCEPT, DROP = RuleAction.ACCEPT, RuleAction.DROP
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS


#: Kinds of next hop by the prefix of its id; everything else is an instance.
NEXT_HOPS = {
    "": NextHop.BLACKHOLE,
    "pcc": NextHop.PEERING,
    "ri": NextHop.ROUTER_INTERFACE,
    "vbr": NextHop.LINE,
    "ngw": NextHop.NAT_GATEWAY,
    "ipv4gw": NextHop.IPV4_GATEWAY,
}


class Topology(Borders):
    """A network under construction: `resources` by id, and methods named after what they add."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.revision = 0
        self._numbers: dict[str, int] = {}

    # ---- what there is --------------------------------------------------------------------------------------------------

    def vpc(
        self,
        cidr: str = "10.0.0.0/16",
        *,
        secondary: Sequence[str] = (),
        ipv6: str | None = None,
        region: str = REGION,
        owner: str = OWNER,
        **fields: Any,
    ) -> Vpc:
        """A VPC and its system table."""
        id, table_id = self.new_id("vpc"), self.new_id("vtb")
        made = Vpc(
            id=id,
            owner_uid=owner,
            created_at=MADE_AT,
            region_id=region,
            name=id,
            cidr=IPv4Network(cidr),
            secondary_cidrs=tuple(map(IPv4Network, secondary)),
            ipv6_cidr=IPv6Network(ipv6) if ipv6 else None,
            router_id=id.replace("vpc", "vrt"),
            system_table_id=table_id,
            **({"state": Provisioning.AVAILABLE} | fields),
        )
        self.put(
            RouteTable(
                id=table_id,
                owner_uid=owner,
                created_at=MADE_AT,
                vpc_id=id,
                name=table_id,
                kind=TableKind.SYSTEM,
            )
        )
        return self.put(made)

    def vswitch(
        self,
        vpc: Vpc,
        cidr: str,
        *,
        ipv6: str | None = None,
        table: RouteTable | None = None,
        acl: NetworkAcl | None = None,
        **fields: Any,
    ) -> VSwitch:
        """A VSwitch, bound to the system table unless `table` is given."""
        id = self.new_id("vsw")
        made = VSwitch(
            id=id,
            owner_uid=vpc.owner_uid,
            created_at=MADE_AT,
            vpc_id=vpc.id,
            zone_id=f"{vpc.region_id}-a",
            name=id,
            cidr=IPv4Network(cidr),
            ipv6_cidr=IPv6Network(ipv6) if ipv6 else None,
            route_table_id=table.id if table else vpc.system_table_id,
            network_acl_id=acl.id if acl else None,
            **({"state": Provisioning.AVAILABLE} | fields),
        )
        return self.put(made)

    def instance(
        self,
        vswitch: VSwitch,
        *groups: SecurityGroup,
        ipv4: str | None = None,
        ipv6: str | None = None,
        gateway: bool = False,
        **fields: Any,
    ) -> Instance:
        """An instance with the next free addresses of its VSwitch; a `gateway` sends and takes foreign addresses."""
        id = self.new_id("i")
        number = self._numbers["i"]
        host = self._next(f"host of {vswitch.id}") + 9
        if ipv6 is None and vswitch.ipv6_cidr is not None:
            ipv6 = str(vswitch.ipv6_cidr[host])
        made = Instance(
            id=id,
            owner_uid=vswitch.owner_uid,
            created_at=MADE_AT,
            vpc_id=vswitch.vpc_id,
            vswitch_id=vswitch.id,
            name=id,
            ipv4=ip_address(ipv4) if ipv4 else vswitch.cidr[host],
            ipv6=ip_address(ipv6) if ipv6 else None,
            mac="02:00:" + number.to_bytes(4, "big").hex(":"),
            security_group_ids=tuple(group.id for group in groups),
            source_dest_check=not gateway,
            **({"state": Provisioning.AVAILABLE} | fields),
        )
        return self.put(made)

    def table(self, vpc: Vpc) -> RouteTable:
        """A custom route table."""
        id = self.new_id("vtb")
        return self.put(
            RouteTable(
                id=id,
                owner_uid=vpc.owner_uid,
                created_at=MADE_AT,
                vpc_id=vpc.id,
                name=id,
                kind=TableKind.CUSTOM,
            )
        )

    def route(
        self,
        where: Home | RouteTable,
        destination: str | Prefix,
        *hops: Resource | str | tuple[RouterInterface, int] | None,
        **fields: Any,
    ) -> RouteEntry:
        """A custom entry in the router's system table or the table given; without a hop it is a blackhole.

        A hop given as text is an id (`pcc-...`, `ri-...`) that may not exist. Several hops, router interfaces with weights, make
        one entry over several links. The border router itself stands for its line.
        """
        id = self.new_id("rte")
        hop = hops[0] if hops else None
        paths = ()
        if isinstance(hop, tuple):
            paths, hop = tuple(RoutePath(each[0].id, each[1]) for each in hops), "ri"
        hop_id = hop.id if isinstance(hop, Resource) else hop
        kind = NEXT_HOPS.get((hop_id or "").split("-")[0], NextHop.INSTANCE)
        return self.put(
            RouteEntry(
                id=id,
                owner_uid=where.owner_uid,
                created_at=MADE_AT,
                vpc_id=where.vpc_id if isinstance(where, RouteTable) else where.id,
                route_table_id=table_of(where),
                destination=ip_network(destination),
                next_hop=kind,
                next_hop_id=None if paths else hop_id,
                paths=paths,
                **fields,
            )
        )

    def peering(
        self,
        requester: Vpc,
        accepter: Vpc,
        state: PeeringState = PeeringState.ACTIVE,
        *,
        names: bool = False,
        groups: bool = False,
        **fields: Any,
    ) -> Peering:
        """A peer connection, active unless said otherwise; `names` and `groups` are what both sides let the other one know."""
        id = self.new_id("pcc")
        sides = [
            PeeringSide(vpc.owner_uid, vpc.region_id, vpc.id, names, groups) for vpc in (requester, accepter)
        ]
        return self.put(
            Peering(
                id=id,
                owner_uid=requester.owner_uid,
                created_at=MADE_AT,
                name=id,
                requester=sides[0],
                accepter=sides[1],
                state=state,
                state_since=MADE_AT,
                **({"profile": "native"} | fields),
            )
        )

    def join(self, one: Vpc, other: Vpc, **fields: Any) -> Peering:
        """A peer connection with routes to all ranges of the other side in both system tables, where those are free."""
        peering = self.peering(one, other, **fields)
        for here, there in ((one, other), (other, one)):
            for prefix in there.prefixes:
                if prefix not in self.destinations(here.system_table_id):
                    self.route(here, prefix, peering)
        return peering

    def group(self, vpc: Vpc, *, inner_access: bool = True) -> SecurityGroup:
        """A security group without rules."""
        id = self.new_id("sg")
        return self.put(
            SecurityGroup(
                id=id,
                owner_uid=vpc.owner_uid,
                created_at=MADE_AT,
                vpc_id=vpc.id,
                name=id,
                inner_access=inner_access,
            )
        )

    def rule(
        self,
        group: SecurityGroup,
        remote: str | SecurityGroup = "0.0.0.0/0",
        *,
        direction: Direction = INGRESS,
        protocol: Protocol = Protocol.ALL,
        ports: tuple[int, int] = (0, 65535),
        action: RuleAction = ACCEPT,
        priority: int = 1,
    ) -> SecurityRule:
        """A rule of a security group: accept all from anywhere (IPv4) unless said otherwise."""
        named = isinstance(remote, SecurityGroup)
        return self.put(
            SecurityRule(
                id=self.new_id("sgr"),
                owner_uid=group.owner_uid,
                created_at=MADE_AT,
                vpc_id=group.vpc_id,
                security_group_id=group.id,
                direction=direction,
                priority=priority,
                action=action,
                protocol=protocol,
                port_low=ports[0],
                port_high=ports[1],
                remote_cidr=None if named else ip_network(remote),
                remote_group_id=remote.id if named else None,
            )
        )

    def acl(self, vpc: Vpc, ingress: Sequence[AclEntry] = (), egress: Sequence[AclEntry] = ()) -> NetworkAcl:
        """A network ACL; without entries it drops everything."""
        id = self.new_id("acl")
        return self.put(
            NetworkAcl(
                id=id,
                owner_uid=vpc.owner_uid,
                created_at=MADE_AT,
                vpc_id=vpc.id,
                name=id,
                ingress=tuple(ingress),
                egress=tuple(egress),
            )
        )

    # ---- changes --------------------------------------------------------------------------------------------------------

    def put(self, resource: R) -> R:
        """Add or replace a resource; each change is a revision."""
        self.revision += 1
        self.resources[resource.id] = resource
        return resource

    def change(self, resource: R, **fields: Any) -> R:
        """Change fields of the resource as it is now."""
        return self.put(replace(self.resources[resource.id], **fields))

    def remove(self, resource: Resource) -> tuple[str, str]:
        """Take out a resource; gives what `Snapshot.with_changes` wants to hear of it."""
        self.revision += 1
        del self.resources[resource.id]
        return type(resource).__name__.lower(), resource.id

    # ---- what it makes --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The snapshot of all resources."""
        return Snapshot.of(self.revision, self.resources.values())

    def fabric(self) -> Fabric:
        """The network compiled from all resources."""
        return compile_fabric(self.snapshot())

    def destinations(self, table_id: str) -> set[Prefix]:
        """Destinations of a table's custom entries."""
        entries = [resource for resource in self.resources.values() if isinstance(resource, RouteEntry)]
        return {entry.destination for entry in entries if entry.route_table_id == table_id}

    def __repr__(self) -> str:
        return "\n".join(["Topology:", *map(repr, self.resources.values())])

    def new_id(self, prefix: str) -> str:
        """The next id of a kind: `vpc-1`, `vpc-2` ..."""
        return f"{prefix}-{self._next(prefix)}"

    def _next(self, name: str) -> int:
        self._numbers[name] = self._numbers.get(name, 0) + 1
        return self._numbers[name]


def table_of(where: Home | RouteTable) -> str:
    """The table that is meant: a VPC's system table, a border router's only one, or the table itself."""
    if isinstance(where, Vpc):
        return where.system_table_id
    return where.route_table_id if isinstance(where, VirtualBorderRouter) else where.id


def acl_entry(
    action: RuleAction = ACCEPT,
    cidr: str = "0.0.0.0/0",
    protocol: Protocol = Protocol.ALL,
    ports: tuple[int, int] = (0, 65535),
) -> AclEntry:
    """An entry of a network ACL: accept all IPv4 unless said otherwise."""
    return AclEntry(
        action=action, cidr=ip_network(cidr), protocol=protocol, port_low=ports[0], port_high=ports[1]
    )


#: Entries that accept everything of both IP versions.
ACCEPT_ALL = (acl_entry(), acl_entry(cidr="::/0"))
