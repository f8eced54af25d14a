"""Leased lines and border routers under any order of calls, against a small model: who may do what, and what it leads to."""

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from tests.builders.estate import Estate

from peerway.app.usecases.line_steps import (
    AllocateLine,
    ApproveLine,
    LineRequest,
    RejectLine,
    allocate_line,
    approve_line,
    cancel_line,
    confirm_line,
    delete_line,
    enable_line,
    reject_line,
    terminate_line,
)
from peerway.app.usecases.lines import ApplyForLine, apply_for_line, list_lines
from peerway.app.usecases.vbrs import (
    CreateVbr,
    UpdateVbr,
    VbrRequest,
    confirm_vbr,
    create_vbr,
    delete_vbr,
    list_vbrs,
    recover_vbr,
    terminate_vbr,
    update_vbr,
)
from peerway.domain.errors import (
    AlreadyExists,
    Forbidden,
    IllegalState,
    InUse,
    NotFound,
    PeerwayError,
    QuotaExceeded,
)
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.route_table import RouteTable

#: What the operator's and the customer's calls lead to: (verb, state) -> state, None for gone. Everything else is refused.
OPERATORS = {
    ("approve", "initial"): "approved",
    ("reject", "initial"): "rejected",
    ("allocate", "approved"): "allocated",
    ("enable", "confirmed"): "enabled",
}
CUSTOMERS = {
    ("confirm", "allocated"): "confirmed",
    ("terminate", "enabled"): "terminated",
    **{("cancel", state): "canceled" for state in ("initial", "approved", "allocated", "confirmed")},
    **{("delete", state): None for state in ("rejected", "canceled", "terminated")},
}
ENDED = {"rejected", "canceled", "terminated"}
#: The same for border routers.
ROUTERS = {
    ("confirm", "unconfirmed"): "creating",
    ("terminate", "active"): "terminating",
    ("recover", "terminated"): "recovering",
    **{
        ("delete", state): "deleting"
        for state in ("unconfirmed", "creating", "active", "terminated", "recovering")
    },
}
SETTLED = {"creating": "active", "recovering": "active", "terminating": "terminated", "deleting": None}

VERBS = {
    "approve": (approve_line, lambda id, _: ApproveLine(id=id, room="1", contact="Li")),
    "reject": (reject_line, lambda id, _: RejectLine(id=id)),
    "allocate": (allocate_line, lambda id, port: AllocateLine(id=id, port=port)),
    "enable": (enable_line, lambda id, _: LineRequest(id=id)),
    "confirm": (confirm_line, lambda id, _: LineRequest(id=id)),
    "cancel": (cancel_line, lambda id, _: LineRequest(id=id)),
    "terminate": (terminate_line, lambda id, _: LineRequest(id=id)),
    "delete": (delete_line, lambda id, _: LineRequest(id=id)),
}
ROUTER_VERBS = {
    "confirm": confirm_vbr,
    "terminate": terminate_vbr,
    "recover": recover_vbr,
    "delete": delete_vbr,
}
POINTS = ("ap-cn-hangzhou-yh-ts-A", "ap-cn-beijing-ft-A")
PORTS = ("interface:eth1", "interface:eth2", "netns:/run/netns/site")
PEOPLE = ("alice", "bob", "operator")
TENANTS = st.sampled_from(PEOPLE[:2])
LINES_A_POINT, IDLE = 2, 2


@dataclass
class Line:
    """What the model knows of a line."""

    owner: str
    point: str
    state: str = "initial"
    port: str = ""


@dataclass
class Router:
    """What the model knows of a border router."""

    owner: str
    line: str
    line_owner: str
    vlan: int
    state: str


class LineMachine(RuleBasedStateMachine):
    """Two tenants who may be each other's partner, and the operator."""

    lines, routers = Bundle("lines"), Bundle("routers")

    @initialize(target=lines)
    def begin(self):
        self.estate = Estate()
        self.people = {name: self.estate.tenant(name) for name in PEOPLE[:2]}
        self.people["operator"] = self.estate.operator
        self.model, self.made = {}, {}
        first = [self.apply(name, point) for name, point in zip(PEOPLE, POINTS, strict=False)]
        for id, port in zip(first, PORTS[1:], strict=True):
            self.advance(id, port, 4)
        return multiple(*first)

    def teardown(self):
        if hasattr(self, "estate"):
            self.estate.close()

    def attempt(self, use_case, person, request):
        """The result, or the kind of error, which must have changed nothing."""
        before = self.estate.revision
        try:
            return self.estate.do(use_case, self.people[person], request)
        except PeerwayError as error:
            assert self.estate.revision == before
            return type(error)

    @rule(target=lines, owner=TENANTS, point=st.sampled_from(POINTS))
    def apply(self, owner, point):
        outcome = self.attempt(apply_for_line, owner, ApplyForLine(access_point_id=point, line_operator="CT"))
        there = [
            one
            for one in self.model.values()
            if (one.owner, one.point) == (owner, point) and one.state not in ENDED
        ]
        if len(there) >= LINES_A_POINT:
            assert outcome is QuotaExceeded
            return multiple()
        self.model[outcome.id] = Line(owner, point)
        return outcome.id

    @rule(
        id=lines,
        verb=st.sampled_from(sorted(VERBS)),
        person=st.sampled_from(PEOPLE),
        port=st.sampled_from(PORTS),
    )
    def drive_line(self, id, verb, person, port):
        use_case, request = VERBS[verb]
        outcome = self.attempt(use_case, person, request(id, port))
        expected = self.fate_of_line(id, verb, person, port)
        if isinstance(expected, type):
            assert outcome is expected, (verb, person, self.model.get(id))
            return
        line = self.model[id]
        if expected is None:
            del self.model[id]
            return
        line.state = expected
        line.port = port if verb == "allocate" else "" if expected in ENDED else line.port

    @rule(id=lines, port=st.sampled_from(PORTS), steps=st.integers(1, 4))
    def advance(self, id, port, steps):
        """Take a line on towards its use, as random calls rarely would."""
        way = {"initial": "approve", "approved": "allocate", "allocated": "confirm", "confirmed": "enable"}
        for _ in range(steps):
            line = self.model.get(id)
            if line is not None and line.state in way:
                verb = way[line.state]
                self.drive_line(id, verb, line.owner if verb == "confirm" else "operator", port)

    def fate_of_line(self, id, verb, person, port):
        """The state that the call leads to, or the error."""
        line = self.model.get(id)
        operators = verb in {verb for verb, _ in OPERATORS}
        if operators and person != "operator":
            return Forbidden
        if line is None or (not operators and line.owner != person):
            return NotFound
        moves = OPERATORS if operators else CUSTOMERS
        if (verb, line.state) not in moves:
            return IllegalState
        taken = {other.port for other in self.model.values() if not other.port.startswith("netns:")}
        if verb == "allocate" and port in taken:
            return AlreadyExists
        if verb == "terminate" and any(router.line == id for router in self.made.values()):
            return InUse
        return moves[verb, line.state]

    @rule(target=routers, id=lines, person=TENANTS, owner=TENANTS, vlan=st.integers(0, 2))
    def make(self, id, person, owner, vlan):
        request = CreateVbr(
            line_id=id,
            vlan=vlan,
            local_gateway="10.255.0.1/30",
            peer_gateway="10.255.0.2",
            owner_uid=self.people[owner].uid,
        )
        outcome = self.attempt(create_vbr, person, request)
        line = self.model.get(id)
        if line is None or line.owner != person:
            assert outcome is NotFound
        elif line.state != "enabled":
            assert outcome is IllegalState
        elif self.idle(person) >= IDLE:
            assert outcome is QuotaExceeded
        elif any((router.line, router.vlan) == (id, vlan) for router in self.made.values()):
            assert outcome is AlreadyExists
        else:
            state = "creating" if owner == person else "unconfirmed"
            self.made[outcome.id] = Router(owner, id, person, vlan, state)
            return outcome.id
        return multiple()

    def idle(self, person):
        """Border routers that count for the account's limit."""
        return sum(
            (one.line_owner if one.state == "unconfirmed" else one.owner) == person
            for one in self.made.values()
        )

    @rule(id=routers, verb=st.sampled_from(sorted(ROUTER_VERBS)), person=st.sampled_from(PEOPLE))
    def drive_router(self, id, verb, person):
        outcome = self.attempt(ROUTER_VERBS[verb], person, VbrRequest(id=id))
        expected = self.fate_of_router(id, verb, person)
        if isinstance(expected, type):
            assert outcome is expected, (verb, person, self.made.get(id))
        else:
            self.made[id].state = expected

    def fate_of_router(self, id, verb, person):
        """The state that the call leads to, or the error."""
        router = self.made.get(id)
        if router is None or person not in {router.owner, router.line_owner}:
            return NotFound
        takes_back = verb == "delete" and router.state == "unconfirmed"
        if person != router.owner and not takes_back:
            return Forbidden
        if (verb, router.state) not in ROUTERS:
            return IllegalState
        if verb == "confirm" and self.idle(person) >= IDLE:
            return QuotaExceeded
        return ROUTERS[verb, router.state]

    @rule(id=routers, person=TENANTS, vlan=st.integers(0, 2))
    def retag(self, id, person, vlan):
        router = self.made.get(id)
        outcome = self.attempt(update_vbr, person, UpdateVbr(id=id, vlan=vlan))
        if router is None or person not in {router.owner, router.line_owner}:
            assert outcome is NotFound
        elif person != router.line_owner:
            assert outcome is Forbidden
        elif vlan == router.vlan:
            assert outcome.vlan == vlan
        elif any((one.line, one.vlan) == (router.line, vlan) for one in self.made.values()):
            assert outcome is AlreadyExists
        elif router.state in {"terminating", "deleting"}:
            assert outcome is IllegalState
        else:
            router.vlan = vlan

    @rule()
    def settle(self):
        self.estate.settle()
        for id, router in list(self.made.items()):
            router.state = SETTLED.get(router.state, router.state)
            if router.state is None:
                del self.made[id]

    @invariant()
    def the_store_is_as_the_model(self):
        if not hasattr(self, "estate"):
            return
        stored = {one.id: (one.state.value, one.port) for one in self.estate.all(PhysicalConnection)}
        assert stored == {id: (line.state, line.port) for id, line in self.model.items()}
        found = {one.id: one for one in self.estate.all(VirtualBorderRouter)}
        assert {id: (one.state.value, one.vlan) for id, one in found.items()} == {
            id: (router.state, router.vlan) for id, router in self.made.items()
        }
        assert {table.vpc_id for table in self.estate.all(RouteTable)} == set(found)
        for id, one in found.items():
            line = self.model[self.made[id].line]
            assert f"{one.port.kind}:{one.port.name}" == line.port
            assert one.port.vlan == one.vlan

    @invariant()
    def each_sees_its_own(self):
        for name in PEOPLE[:2] if hasattr(self, "estate") else ():
            caller = self.people[name]
            lines = {one.id for one in self.estate.ask(list_lines, caller).items}
            assert lines == {id for id, line in self.model.items() if line.owner == name}
            routers = {one.id for one in self.estate.ask(list_vbrs, caller).items}
            assert routers == {
                id for id, router in self.made.items() if name in {router.owner, router.line_owner}
            }


TestLineMachine = LineMachine.TestCase
TestLineMachine.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
