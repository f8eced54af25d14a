"""What a topology has beyond VPCs and peer connections: router interfaces, border routers, ways out, services, databases.

The other half of `tests.builders.topology.Topology`, which is the class to use.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    ip_address,
    ip_network,
)
from typing import Any, TypeVar

from peerway.domain.gateway import (
    DnatEntry,
    Eip,
    EipTarget,
    ExternalNetwork,
    Ipv4Gateway,
    NatGateway,
    SnatEntry,
)
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteTable, TableKind
from peerway.domain.router_interface import (
    NEGATIVE,
    SAME_REGION_SPEC,
    InterfaceRole,
    InterfaceState,
    RouterInterface,
    RouterType,
)
from peerway.domain.service import Backend, Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch

R = TypeVar("R", bound=Resource)

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = "1000000000000001"
REGION = "cn-hangzhou"

#: What interfaces and their routes can be attached to.
Home = Vpc | VirtualBorderRouter


class Borders:
    """Methods named after what they add; `put`, `change` and `new_id` are the topology's."""

    def put(self, resource: R) -> R:
        """Add or replace a resource."""
        raise NotImplementedError

    def change(self, resource: R, **fields: Any) -> R:
        """Change fields of the resource as it is now."""
        raise NotImplementedError

    def new_id(self, prefix: str) -> str:
        """The next id of a kind."""
        raise NotImplementedError

    # ---- Express Connect -------------------------------------------------------------------------------------------------

    def vbr(
        self,
        port: str = "netns:/run/netns/outside",
        *,
        vlan: int = 0,
        local: str = "172.31.0.1/30",
        peer: str = "172.31.0.2",
        local6: str | None = None,
        peer6: str | None = None,
        **fields: Any,
    ) -> VirtualBorderRouter:
        """A border router and its table; its line comes in at `port`."""
        id, table_id, line_id = self.new_id("vbr"), self.new_id("vtb"), self.new_id("pc")
        kind, _, name = port.partition(":")
        made = VirtualBorderRouter(
            **(
                {
                    "id": id,
                    "owner_uid": OWNER,
                    "created_at": MADE_AT,
                    "region_id": REGION,
                    "line_id": line_id,
                    "line_owner_uid": OWNER,
                    "access_point_id": "ap-1",
                    "name": id,
                    "vlan": vlan,
                    "local_gateway": IPv4Interface(local),
                    "peer_gateway": IPv4Address(peer),
                    "local_gateway6": IPv6Interface(local6) if local6 else None,
                    "peer_gateway6": ip_address(peer6) if peer6 else None,
                    "route_table_id": table_id,
                    "port": Port(PortKind(kind), name, vlan),
                    "state": VbrState.ACTIVE,
                    "state_since": MADE_AT,
                }
                | fields
            )
        )
        self.put(
            RouteTable(
                id=table_id,
                owner_uid=OWNER,
                created_at=MADE_AT,
                vpc_id=id,
                name=table_id,
                kind=TableKind.SYSTEM,
            )
        )
        return self.put(made)

    def interface(
        self,
        home: Home,
        role: InterfaceRole,
        opposite: Home,
        state: InterfaceState = InterfaceState.ACTIVE,
        **fields: Any,
    ) -> RouterInterface:
        """A router interface that names the router at the other side, and no interface there."""
        id, initiates = self.new_id("ri"), role is InterfaceRole.INITIATOR
        made = RouterInterface(
            **(
                {
                    "id": id,
                    "owner_uid": home.owner_uid,
                    "created_at": MADE_AT,
                    "region_id": home.region_id,
                    "vpc_id": home.id,
                    "router_id": router_id(home),
                    "router_type": _router_type(home),
                    "role": role,
                    "name": id,
                    "spec": SAME_REGION_SPEC if initiates else NEGATIVE,
                    "opposite_region_id": opposite.region_id,
                    "opposite_router_id": router_id(opposite),
                    "opposite_router_type": _router_type(opposite),
                    "opposite_owner_uid": opposite.owner_uid,
                    "state": state,
                    "state_since": MADE_AT,
                }
                | fields
            )
        )
        return self.put(made)

    def pair(
        self,
        initiator: Home,
        acceptor: Home,
        state: InterfaceState = InterfaceState.ACTIVE,
        *,
        spec: str = SAME_REGION_SPEC,
        **fields: Any,
    ) -> tuple[RouterInterface, RouterInterface]:
        """Two interfaces that name each other: the initiator's and the acceptor's; `fields` are both sides'."""
        one = self.interface(initiator, InterfaceRole.INITIATOR, acceptor, state, spec=spec, **fields)
        other = self.interface(
            acceptor,
            InterfaceRole.ACCEPTOR,
            initiator,
            state,
            opposite_interface_id=one.id,
            **fields,
        )
        return self.change(one, opposite_interface_id=other.id), other

    # ---- ways out --------------------------------------------------------------------------------------------------------

    def network(
        self,
        port: str = "netns:/run/netns/internet",
        *,
        pools: Sequence[str] = ("203.0.113.0/24",),
        local: str | None = None,
        gateway: str | None = None,
        region: str = REGION,
    ) -> ExternalNetwork:
        """An outside network."""
        return self.put(
            ExternalNetwork(
                id=self.new_id("ext"),
                owner_uid=OWNER,
                created_at=MADE_AT,
                region_id=region,
                port=port,
                pools=tuple(map(IPv4Network, pools)),
                local=IPv4Interface(local) if local else None,
                gateway=IPv4Address(gateway) if gateway else None,
            )
        )

    def eip(self, network: ExternalNetwork, address: str, target: Instance | NatGateway | None = None) -> Eip:
        """A public address, for an instance, a NAT gateway, or nothing."""
        kinds = {Instance: EipTarget.INSTANCE, NatGateway: EipTarget.NAT_GATEWAY}
        return self.put(
            Eip(
                id=self.new_id("eip"),
                owner_uid=OWNER,
                created_at=MADE_AT,
                region_id=network.region_id,
                network_id=network.id,
                address=IPv4Address(address),
                target=kinds[type(target)] if target else None,
                target_id=target.id if target else None,
                vpc_id=target.vpc_id if target else None,
            )
        )

    def nat_gateway(self, vpc: Vpc, network: ExternalNetwork, *public: str) -> NatGateway:
        """A NAT gateway with public addresses and no entries."""
        made = self.put(
            NatGateway(
                id=self.new_id("ngw"),
                owner_uid=vpc.owner_uid,
                created_at=MADE_AT,
                vpc_id=vpc.id,
                network_id=network.id,
                state=Provisioning.AVAILABLE,
            )
        )
        for address in public:
            self.eip(network, address, made)
        return made

    def snat(self, gateway: NatGateway, source: str, *public: str) -> SnatEntry:
        """A source entry of a NAT gateway."""
        return self.put(
            SnatEntry(
                id=self.new_id("snat"),
                owner_uid=gateway.owner_uid,
                created_at=MADE_AT,
                vpc_id=gateway.vpc_id,
                nat_gateway_id=gateway.id,
                source=IPv4Network(source),
                public=tuple(map(IPv4Address, public)),
            )
        )

    def dnat(
        self,
        gateway: NatGateway,
        public: str,
        private: str | Instance,
        protocol: str = "any",
        ports: tuple[int, int] = (0, 0),
    ) -> DnatEntry:
        """A destination entry of a NAT gateway; `ports` are the public and the private one."""
        return self.put(
            DnatEntry(
                id=self.new_id("dnat"),
                owner_uid=gateway.owner_uid,
                created_at=MADE_AT,
                vpc_id=gateway.vpc_id,
                nat_gateway_id=gateway.id,
                public=IPv4Address(public),
                private=private.ipv4 if isinstance(private, Instance) else IPv4Address(private),
                protocol=protocol,
                public_port=ports[0],
                private_port=ports[1],
            )
        )

    def ipv4_gateway(self, vpc: Vpc, *, enabled: bool = True) -> Ipv4Gateway:
        """The VPC's IPv4 gateway."""
        return self.put(
            Ipv4Gateway(
                id=self.new_id("ipv4gw"),
                owner_uid=vpc.owner_uid,
                created_at=MADE_AT,
                vpc_id=vpc.id,
                enabled=enabled,
                state=Provisioning.AVAILABLE,
            )
        )

    # ---- services --------------------------------------------------------------------------------------------------------

    def balancer(self, vswitch: VSwitch, number: int = 100) -> LoadBalancer:
        """A load balancer with the VSwitch's address of that number."""
        return self.put(
            LoadBalancer(
                id=self.new_id("slb"),
                owner_uid=vswitch.owner_uid,
                created_at=MADE_AT,
                vpc_id=vswitch.vpc_id,
                vswitch_id=vswitch.id,
                address=vswitch.cidr[number],
                state=Provisioning.AVAILABLE,
            )
        )

    def listener(
        self,
        balancer: LoadBalancer,
        port: int,
        *instances: Instance,
        protocol: str = "tcp",
        backend_port: int | None = None,
        weight: int = 100,
        **fields: Any,
    ) -> Listener:
        """A listener with instances behind it."""
        made = self.put(
            Listener(
                id=self.new_id("lsn"),
                owner_uid=balancer.owner_uid,
                created_at=MADE_AT,
                vpc_id=balancer.vpc_id,
                load_balancer_id=balancer.id,
                protocol=protocol,
                port=port,
                **fields,
            )
        )
        for instance in instances:
            self.backend(made, instance, backend_port or port, weight=weight)
        return made

    def backend(self, listener: Listener, instance: Instance, port: int, **fields: Any) -> Backend:
        """An instance behind a listener."""
        return self.put(
            Backend(
                id=self.new_id("bke"),
                owner_uid=listener.owner_uid,
                created_at=MADE_AT,
                vpc_id=listener.vpc_id,
                listener_id=listener.id,
                instance_id=instance.id,
                port=port,
                **fields,
            )
        )

    def database(
        self, vswitch: VSwitch, *whitelist: str, port: int = 5432, number: int = 50, **fields: Any
    ) -> Database:
        """A database with the VSwitch's address of that number."""
        id = self.new_id("rds")
        return self.put(
            Database(
                id=id,
                owner_uid=vswitch.owner_uid,
                created_at=MADE_AT,
                vpc_id=vswitch.vpc_id,
                vswitch_id=vswitch.id,
                address=vswitch.cidr[number],
                mac="02:01:" + int(vswitch.cidr[number]).to_bytes(4, "big").hex(":"),
                engine="postgresql",
                port=port,
                whitelist=tuple(map(ip_network, whitelist)),
                **({"name": id, "state": Provisioning.AVAILABLE} | fields),
            )
        )


def router_id(home: Home) -> str:
    """The id of a router as users name it."""
    return home.router_id if isinstance(home, Vpc) else home.id


def _router_type(home: Home) -> RouterType:
    return RouterType.VROUTER if isinstance(home, Vpc) else RouterType.VBR
