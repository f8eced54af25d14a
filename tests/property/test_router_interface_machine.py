"""Router interfaces under any order of calls, against a model of a few lines: who may do what, and what it leads to."""

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from tests.builders.estate import Estate

from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.router_interface_views import view_of
from peerway.app.usecases.router_interfaces import (
    ActivateRouterInterface,
    ConnectRouterInterface,
    CreateRouterInterface,
    DeactivateRouterInterface,
    DeleteRouterInterface,
    UpdateRouterInterface,
    activate_router_interface,
    connect_router_interface,
    create_router_interface,
    deactivate_router_interface,
    delete_router_interface,
    list_router_interfaces,
    update_router_interface,
)
from peerway.domain.errors import IllegalState, NotFound, PeerwayError, QuotaExceeded
from peerway.domain.peering import pair_key
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Vpc

#: What a call leads to: (verb, state) -> state. Everything else is refused.
MOVES = {
    ("connect", "idle"): "connecting",
    ("deactivate", "active"): "deactivating",
    ("activate", "inactive"): "activating",
    ("modify", "idle"): "idle",
    ("modify", "active"): "modifying",
    ("modify", "inactive"): "inactive",
    ("delete", "idle"): "deleting",
    ("delete", "inactive"): "deleting",
    ("name", "idle"): "idle",
}
#: What the data plane's word leads to.
SETTLED = {
    "connecting": "active",
    "accepting_connecting": "active",
    "activating": "active",
    "modifying": "active",
    "deactivating": "inactive",
}
STABLE = {"idle", "active", "inactive"}
ON = {"connecting", "accepting_connecting", "activating", "active", "modifying"}
JOINED = ON | {"deactivating", "inactive"}
REGIONS = ("cn-hangzhou", "cn-beijing")
PER_ACCOUNT, PER_ROUTER = 5, 3


@dataclass
class Side:
    """What the model knows of an interface."""

    vpc: Vpc
    role: str
    far: str
    spec: str | None
    state: str = "idle"
    names: str | None = None
    #: Whether the other side was deleted after the two had been joined.
    left: bool = False


class RouterInterfaceMachine(RuleBasedStateMachine):
    """Two accounts with two VPCs each in two regions, small quotas."""

    interfaces = Bundle("interfaces")

    @initialize()
    def begin(self):
        self.estate = Estate()
        self.alice, self.bob = (self.estate.tenant(name) for name in ("alice", "bob"))
        owners = (self.alice, self.alice, self.bob, self.bob)
        self.vpcs = [
            self.estate.vpc(owner, f"10.{n}.0.0/16", REGIONS[n % 2]) for n, owner in enumerate(owners)
        ]
        for caller in (self.alice, self.bob):
            request = GrantQuota(uid=caller.uid, name="router_interfaces_per_router", limit=PER_ROUTER)
            self.estate.do(grant_quota, self.estate.operator, request)
        #: id -> what it should be
        self.model = {}

    def teardown(self):
        if hasattr(self, "estate"):
            self.estate.close()

    def attempt(self, use_case, caller, request):
        """The result, or the error, which must have changed nothing."""
        before = self.estate.revision
        try:
            return self.estate.do(use_case, caller, request)
        except PeerwayError as error:
            assert self.estate.revision == before
            return error

    def owner(self, vpc):
        return self.alice if vpc.owner_uid == self.alice.uid else self.bob

    @rule(
        target=interfaces,
        n=st.integers(0, 3),
        role=st.sampled_from(["initiator", "acceptor"]),
        far=st.integers(0, 1),
    )
    def create(self, n, role, far):
        vpc, region = self.vpcs[n], REGIONS[far]
        spec = "Small.1" if role == "initiator" and region != vpc.region_id else None
        request = CreateRouterInterface(router_id=vpc.id, role=role, opposite_region_id=region, spec=spec)
        outcome = self.attempt(create_router_interface, self.owner(vpc), request)
        mine = [side for side in self.model.values() if side.vpc.owner_uid == vpc.owner_uid]
        if len(mine) >= PER_ACCOUNT or sum(side.vpc == vpc for side in mine) >= PER_ROUTER:
            assert isinstance(outcome, QuotaExceeded)
            return ""
        self.model[outcome.id] = Side(vpc, role, region, outcome.spec)
        return outcome.id

    @rule(id=interfaces, other=interfaces)
    def name_opposite(self, id, other):
        side, named = self.model.get(id), self.model.get(other)
        if side is None or named is None or other == id:
            return
        request = UpdateRouterInterface(
            id=id,
            opposite_interface_id=other,
            opposite_router_id=named.vpc.router_id,
            opposite_owner_uid=named.vpc.owner_uid,
        )
        outcome = self.attempt(update_router_interface, self.owner(side.vpc), request)
        if side.state == "idle":
            side.names = other
        elif side.state not in STABLE or side.names != other:
            assert isinstance(outcome, IllegalState)

    @rule(target=interfaces, one=st.integers(0, 3), other=st.integers(0, 3))
    def face(self, one, other):
        """Two new ones that name each other and are connected, so that pairs are common."""
        regions = REGIONS.index(self.vpcs[one].region_id), REGIONS.index(self.vpcs[other].region_id)
        initiator = self.create(one, "initiator", regions[1])
        acceptor = self.create(other, "acceptor", regions[0])
        self.name_opposite(initiator, acceptor)
        self.name_opposite(acceptor, initiator)
        self.call(initiator, "connect", "o")
        return multiple(initiator, acceptor)

    @rule(
        id=interfaces,
        verb=st.sampled_from(["connect", "activate", "deactivate", "modify", "delete"]),
        who=st.sampled_from("oox"),
    )
    def call(self, id, verb, who):
        side = self.model.get(id)
        owner = self.owner(side.vpc) if side else self.alice
        caller = owner if who == "o" else (self.bob if owner is self.alice else self.alice)
        spec = "Middle.1" if side is None or side.spec == "Small.1" else "Small.1"
        requests = {
            "connect": (connect_router_interface, ConnectRouterInterface(id=id)),
            "activate": (activate_router_interface, ActivateRouterInterface(id=id)),
            "deactivate": (deactivate_router_interface, DeactivateRouterInterface(id=id)),
            "modify": (update_router_interface, UpdateRouterInterface(id=id, spec=spec)),
            "delete": (delete_router_interface, DeleteRouterInterface(id=id)),
        }
        outcome = self.attempt(requests[verb][0], caller, requests[verb][1])
        if side is None or caller is not owner:
            assert isinstance(outcome, NotFound)
            return
        expected = self.refusal(id, verb)
        if expected:
            assert outcome.code == expected, (outcome, expected)
            return
        assert outcome.state == MOVES[verb, side.state]
        side.state = outcome.state.value
        if verb == "connect":
            self.model[side.names].state = "accepting_connecting"
        if verb == "modify":
            side.spec = spec

    @rule(id=interfaces)
    def end(self, id):
        """Switch one off and remove it, so that sides that are left are common."""
        self.data_plane_catches_up()
        self.call(id, "deactivate", "o")
        self.data_plane_catches_up()
        self.call(id, "delete", "o")
        self.data_plane_catches_up()

    def refusal(self, id, verb):
        """Code of the error that the owner's call leads to; None when it is carried out."""
        side = self.model[id]
        if verb == "connect":
            return self.connect_refusal(id)
        if verb == "modify" and side.state in STABLE:
            if side.role == "acceptor":
                return "spec_of_acceptor"
            if side.far == side.vpc.region_id:
                return "spec_inside_region"
            if side.left:
                return "opposite_deleted"
        return None if (verb, side.state) in MOVES else "illegal_state"

    def connect_refusal(self, id):
        side = self.model[id]
        other = self.model.get(side.names)
        checks = (
            (side.role != "initiator", "not_initiator"),
            (side.names is None, "opposite_not_set"),
            (other is None or other.names != id, "opposite_mismatch"),
            (other and other.role != "acceptor", "opposite_not_acceptor"),
            (
                other and (side.far, other.far) != (other.vpc.region_id, side.vpc.region_id),
                "opposite_mismatch",
            ),
            (side.state != "idle" or (other and other.state != "idle"), "illegal_state"),
            (other and side.vpc == other.vpc, "same_router"),
            (other and self.joined_pair(side.vpc, other.vpc), "routers_joined"),
        )
        return next((code for broken, code in checks if broken), None)

    def joined_pair(self, one, other):
        """Whether an interface of one of the two is joined with one of the other, which is still there."""
        return any(
            side.state in JOINED
            and not side.left
            and side.names in self.model
            and {side.vpc.id, self.model[side.names].vpc.id} == {one.id, other.id}
            for side in self.model.values()
        )

    @rule()
    def data_plane_catches_up(self):
        self.estate.settle()
        gone = [id for id, side in self.model.items() if side.state == "deleting"]
        for id in gone:
            side = self.model.pop(id)
            other = self.model.get(side.names)
            if other is not None and other.names == id and other.state in JOINED:
                other.left = True
        for side in self.model.values():
            side.state = SETTLED.get(side.state, side.state)

    @invariant()
    def store_and_model_agree(self):
        """EC-2 ... EC-5: every interface is in the state that the model says."""
        if hasattr(self, "model"):
            stored = {
                i.id: (i.state.value, i.spec, i.opposite_deleted) for i in self.estate.all(RouterInterface)
            }
            assert stored == {id: (s.state, s.spec, s.left) for id, s in self.model.items()}

    @invariant()
    def pairs_and_quotas_hold(self):
        """EC-7: one joined pair between two routers, never more interfaces than the quotas."""
        if hasattr(self, "model"):
            found = {i.id: i for i in self.estate.all(RouterInterface)}
            keys = [
                pair_key(i.router_id, i.opposite_router_id)
                for i in found.values()
                if i.role == "initiator" and i.state.value in JOINED and not i.opposite_deleted
            ]
            assert len(keys) == len(set(keys))
            assert all(one != other for one, other in (key.split("|") for key in keys))
            for vpc in self.vpcs:
                assert sum(i.vpc_id == vpc.id for i in found.values()) <= PER_ROUTER
                assert sum(i.owner_uid == vpc.owner_uid for i in found.values()) <= PER_ACCOUNT

    @invariant()
    def both_sides_tell_the_same(self):
        """EC-2, EC-4: of a pair both say whether packets pass and since when they are joined; an idle side passes nothing."""
        if hasattr(self, "model"):
            found = {i.id: i for i in self.estate.all(RouterInterface)}
            for interface in found.values():
                view = self.estate.store.read(lambda tx, i=interface: view_of(tx, self.estate.world, i))
                other = found.get(interface.opposite_interface_id)
                mutual = other is not None and other.opposite_interface_id == interface.id
                states = {interface.state.value, other.state.value} if mutual else {"idle"}
                assert view.carries is (states <= ON)
                if mutual and states <= JOINED:
                    assert interface.connected_at == other.connected_at
                    assert view.bandwidth_mbps is not None

    @invariant()
    def lists_hold_ones_own(self):
        """NET-1: an account lists exactly its own interfaces."""
        if hasattr(self, "model"):
            for caller in (self.alice, self.bob):
                listed = {i.id for i in self.estate.ask(list_router_interfaces, caller).items}
                assert listed == {id for id, s in self.model.items() if s.vpc.owner_uid == caller.uid}


TestRouterInterfaceMachine = RouterInterfaceMachine.TestCase
TestRouterInterfaceMachine.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
