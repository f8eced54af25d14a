"""Accounts and networks made by the use cases on a store in memory, with a clock that tests move."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from tests.support.stores import memory_store
from tests.support.world import REGIONS, make_world

from peerway.app.clock import VirtualClock
from peerway.app.store import Store
from peerway.app.usecases.accounts import CreateAccount, create_account, ensure_operator
from peerway.app.usecases.instances import CreateInstance, create_instance
from peerway.app.usecases.line_steps import (
    AllocateLine,
    ApproveLine,
    LineRequest,
    allocate_line,
    approve_line,
    confirm_line,
    enable_line,
)
from peerway.app.usecases.lines import ApplyForLine, apply_for_line
from peerway.app.usecases.peerings import AcceptPeering, CreatePeering, accept_peering, create_peering
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry
from peerway.app.usecases.router_interfaces import (
    ConnectRouterInterface,
    CreateRouterInterface,
    UpdateRouterInterface,
    connect_router_interface,
    create_router_interface,
    update_router_interface,
)
from peerway.app.usecases.settle import (
    settle_made,
    settle_peering,
    settle_router_interface,
    settle_vbr,
    settle_vpc,
)
from peerway.app.usecases.vbrs import CreateVbr, create_vbr
from peerway.app.usecases.vpcs import CreateVpc, create_vpc
from peerway.app.usecases.vswitches import CreateVSwitch, create_vswitch
from peerway.domain.account import Caller, Role
from peerway.domain.errors import PeerwayError
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.lifecycle.vbr import is_behind
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteEntry
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Instance, Vpc, VSwitch

E = TypeVar("E", bound=PeerwayError)
R = TypeVar("R", bound=Resource)


#: An access point of the first region, one with room.
HANGZHOU = "ap-cn-hangzhou-yh-ts-A"


class Estate:
    """A store, in memory unless one is given, the catalogues, and short ways to fill it."""

    def __init__(self, store: Store | None = None) -> None:
        self.clock = VirtualClock()
        self.store: Store = store or memory_store(self.clock)
        self.world = make_world()
        made = self.store.write(lambda tx: ensure_operator(tx, self.world))
        self.operator = Caller(made.account.uid, Role.OPERATOR, made.credential.id)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    @property
    def revision(self) -> int:
        """Revision of the store."""
        return self.store.latest_revision()

    def do(self, use_case: Callable[..., Any], caller: Caller, request: object) -> Any:
        """Run a mutation."""
        return self.store.write(lambda tx: use_case(tx, self.world, caller, request))

    def ask(self, use_case: Callable[..., Any], caller: Caller, *args: Any, **options: Any) -> Any:
        """Run a read."""
        return self.store.read(lambda tx: use_case(tx, self.world, caller, *args, **options))

    def refused(self, error: type[E], use_case: Callable[..., Any], caller: Caller, request: object) -> E:
        """Run a mutation that must fail with that error and change nothing."""
        before = self.revision
        with pytest.raises(error) as caught:
            self.do(use_case, caller, request)
        assert type(caught.value) is error
        assert self.revision == before
        return caught.value

    def get(self, kind: type[R], id: str) -> R | None:
        """A stored resource."""
        return self.store.read(lambda tx: tx.get(kind, id))

    def all(self, kind: type[R]) -> list[R]:
        """All stored resources of a kind."""
        return self.store.read(lambda tx: tx.select(kind))

    def tenant(self, name: str, **account: Any) -> Caller:
        """A new account, as its first credential's caller."""
        made = self.do(create_account, self.operator, CreateAccount(name=name, **account))
        return Caller(made.account.uid, Role.MEMBER, made.credential.id)

    def vpc(
        self, caller: Caller, cidr: str = "10.0.0.0/16", region_id: str = "cn-hangzhou", **fields: Any
    ) -> Vpc:
        """A new VPC."""
        return self.do(create_vpc, caller, CreateVpc(region_id=region_id, cidr=cidr, **fields))

    def vswitch(self, caller: Caller, vpc: Vpc, cidr: str = "10.0.1.0/24", **fields: Any) -> VSwitch:
        """A new VSwitch in the region's first zone."""
        zone = REGIONS.require(vpc.region_id).zones[0]
        request = CreateVSwitch(vpc_id=vpc.id, zone_id=zone, cidr=cidr, **fields)
        return self.do(create_vswitch, caller, request)

    def instance(self, caller: Caller, vswitch: VSwitch, **fields: Any) -> Instance:
        """A new instance."""
        return self.do(create_instance, caller, CreateInstance(vswitch_id=vswitch.id, **fields))

    def request(self, vpc: Vpc, peer: Vpc, **fields: Any) -> CreatePeering:
        """A request for a connection between two VPCs."""
        return CreatePeering(
            vpc_id=vpc.id,
            peer_vpc_id=peer.id,
            peer_uid=peer.owner_uid,
            peer_region_id=peer.region_id,
            **fields,
        )

    def ask_for(self, caller: Caller, vpc: Vpc, peer: Vpc, **fields: Any) -> Peering:
        """A new connection, not answered."""
        return self.do(create_peering, caller, self.request(vpc, peer, **fields))

    def peer(self, caller: Caller, accepter: Caller, vpc: Vpc, peer: Vpc, **fields: Any) -> Peering:
        """A connection between two accounts that is active."""
        peering = self.ask_for(caller, vpc, peer, **fields)
        self.do(accept_peering, accepter, AcceptPeering(id=peering.id))
        self.settle()
        found = self.get(Peering, peering.id)
        assert found is not None
        return found

    def route(
        self, caller: Caller, vpc: Vpc, destination: str, peering: Peering, **fields: Any
    ) -> RouteEntry:
        """A custom entry to a connection, in the system table unless another is named."""
        request = CreateRouteEntry(
            **{"route_table_id": vpc.system_table_id, **fields},
            destination=destination,
            next_hop="peering",
            next_hop_id=peering.id,
        )
        return self.do(create_route_entry, caller, request)

    def interface(
        self, caller: Caller, router: str, role: str, opposite_region: str | None = None, **fields: Any
    ) -> RouterInterface:
        """A new router interface."""
        request = CreateRouterInterface(
            router_id=router, role=role, opposite_region_id=opposite_region, **fields
        )
        return self.do(create_router_interface, caller, request)

    def face(
        self, callers: tuple[Caller, Caller], vpcs: tuple[Vpc, Vpc], spec: str | None = None
    ) -> tuple[RouterInterface, RouterInterface]:
        """An initiator at the first VPC and an acceptor at the second that name each other, not connected."""
        (one, other), (here, there) = callers, vpcs
        cross = here.region_id != there.region_id
        initiator = self.interface(
            one, here.id, "initiator", there.region_id, spec=(spec or "Small.1") if cross else None
        )
        acceptor = self.interface(other, there.id, "acceptor", here.region_id)
        return self.name(one, initiator, acceptor), self.name(other, acceptor, initiator)

    def name(self, caller: Caller, interface: RouterInterface, opposite: RouterInterface) -> RouterInterface:
        """Tell an interface whom it is to be joined to."""
        request = UpdateRouterInterface(
            id=interface.id,
            opposite_interface_id=opposite.id,
            opposite_router_id=opposite.router_id,
            opposite_owner_uid=opposite.owner_uid,
        )
        return self.do(update_router_interface, caller, request)

    def join(
        self, callers: tuple[Caller, Caller], vpcs: tuple[Vpc, Vpc], spec: str | None = None
    ) -> tuple[RouterInterface, RouterInterface]:
        """Two interfaces that are joined and active."""
        initiator, acceptor = self.face(callers, vpcs, spec)
        self.connect(callers[0], initiator)
        one, other = (self.get(RouterInterface, side.id) for side in (initiator, acceptor))
        assert one is not None
        assert other is not None
        return one, other

    def applied_line(
        self, caller: Caller, access_point_id: str = HANGZHOU, **fields: Any
    ) -> PhysicalConnection:
        """A leased line that was applied for."""
        request = ApplyForLine(**{"access_point_id": access_point_id, "line_operator": "CT", **fields})
        return self.do(apply_for_line, caller, request)

    def line(self, caller: Caller, access_point_id: str = HANGZHOU, **fields: Any) -> PhysicalConnection:
        """A leased line that is enabled, with a port of its own."""
        id = self.applied_line(caller, access_point_id, **fields).id
        port = f"interface:eth{len(self.all(PhysicalConnection))}"
        self.do(approve_line, self.operator, ApproveLine(id=id, room="room 1", contact="Li"))
        self.do(allocate_line, self.operator, AllocateLine(id=id, port=port))
        self.do(confirm_line, caller, LineRequest(id=id))
        return self.do(enable_line, self.operator, LineRequest(id=id))

    def vbr(
        self, caller: Caller, line: PhysicalConnection, vlan: int = 100, **fields: Any
    ) -> VirtualBorderRouter:
        """A new border router on a line of the caller's."""
        gateways = {"local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"}
        return self.do(create_vbr, caller, CreateVbr(line_id=line.id, vlan=vlan, **{**gateways, **fields}))

    def connect(self, caller: Caller, initiator: RouterInterface) -> None:
        """Join two interfaces that name each other."""
        self.do(connect_router_interface, caller, ConnectRouterInterface(id=initiator.id))
        self.settle()

    def settle_one(self, resource):
        """Do what the reconciler does once the data plane has reached one thing that it makes and removes; what is left of it."""
        return self.store.write(lambda tx: settle_made(tx, type(resource), resource.id, resource.state))

    def settle(self) -> None:
        """Do what the reconciler does once the data plane has reached everything."""
        for vbr in self.all(VirtualBorderRouter):
            if is_behind(vbr):
                self.store.write(lambda tx, v=vbr: settle_vbr(tx, self.world, v.id, v.generation))
        for side in self.all(RouterInterface):
            if not ROUTER_INTERFACE.states[side.state].stable:
                self.store.write(
                    lambda tx, s=side: settle_router_interface(tx, self.world, s.id, s.generation)
                )
        for peering in self.all(Peering):
            if not PEERING.states[peering.state].stable:
                self.store.write(lambda tx, p=peering: settle_peering(tx, self.world, p.id, p.generation))
        for made in (*self.all(Instance), *self.all(VSwitch)):
            self.settle_one(made)
        for vpc in self.all(Vpc):
            self.store.write(lambda tx, v=vpc: settle_vpc(tx, self.world, v.id, v.state))
