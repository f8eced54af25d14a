"""Peer connections under any order of calls, against a model of a few lines: who may do what, and what it leads to."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from tests.builders.estate import Estate

from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    EnablePeering,
    RejectPeering,
    UpdatePeering,
    accept_peering,
    create_peering,
    delete_peering,
    due_expiries,
    enable_peering,
    expire_peering,
    list_peerings,
    reject_peering,
    update_peering,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    NotFound,
    PeerwayError,
    QuotaExceeded,
)
from peerway.domain.peering import Peering, pair_key
from peerway.domain.route_table import RouteEntry

#: What a call leads to: (verb, state) -> state. Everything else is refused.
MOVES = {
    ("accept", "pending"): "updating",
    ("reject", "pending"): "rejected",
    ("enable", "expired"): "pending",
    ("modify", "active"): "updating",
    ("delete", "pending"): "deleting",
    ("delete", "updating"): "deleting",
    ("delete", "active"): "deleting",
    ("delete", "creating"): "deleting",
    ("delete", "rejected"): "deleted",
    ("delete", "expired"): "deleted",
}
#: Sides that may call.
MAY = {"accept": "A", "reject": "A", "enable": "R", "modify": "RA", "delete": "RA"}
LIVE = {"creating", "pending", "updating", "active", "deleting"}
CARRIES = {"creating", "updating", "active"}
WEEK = timedelta(days=7)
#: Connections a VPC may have, by the owner's name.
QUOTAS = {"alice": 1, "bob": 2}


class PeeringMachine(RuleBasedStateMachine):
    """Two accounts with two VPCs each, native profile, small quotas."""

    peerings = Bundle("peerings")

    @initialize()
    def begin(self):
        self.estate = Estate()
        self.alice, self.bob, self.carol = (self.estate.tenant(name) for name in ("alice", "bob", "carol"))
        owners = (self.alice, self.alice, self.bob, self.bob)
        regions = ("cn-hangzhou", "cn-beijing", "cn-hangzhou", "cn-beijing")
        self.vpcs = [
            self.estate.vpc(owner, f"10.{number}.0.0/16", region)
            for number, (owner, region) in enumerate(zip(owners, regions, strict=True))
        ]
        self.quota = {self.alice.uid: QUOTAS["alice"], self.bob.uid: QUOTAS["bob"]}
        for uid, limit in self.quota.items():
            request = GrantQuota(uid=uid, name="peerings_per_vpc", limit=limit)
            self.estate.do(grant_quota, self.estate.operator, request)
        #: id -> [state, requester's VPC, accepter's VPC, deadline]
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

    def caller_of(self, vpc):
        return self.alice if vpc.owner_uid == self.alice.uid else self.bob

    def overdue_between(self, one, other):
        """The pair's request that nobody answered in time and no reconciler has met yet: a new one expires it in place."""
        now, pair = self.estate.clock.now(), {one.id, other.id}
        return [
            m for m in self.model.values() if m[0] == "pending" and m[3] <= now and {m[1].id, m[2].id} == pair
        ]

    def live_of(self, vpc, besides=()):
        return [m for m in self.model.values() if m[0] in LIVE and vpc in (m[1], m[2]) and m not in besides]

    @rule(target=peerings, pair=st.permutations(range(4)), auto=st.booleans())
    def create(self, pair, auto):
        one, other = self.vpcs[pair[0]], self.vpcs[pair[1]]
        outcome = self.attempt(
            create_peering, self.caller_of(one), self.estate.request(one, other, auto_routes=auto)
        )
        overdue = self.overdue_between(one, other)
        if any(other in (m[1], m[2]) for m in self.live_of(one, overdue)):
            assert isinstance(outcome, AlreadyExists)
            return ""
        if any(len(self.live_of(vpc, overdue)) >= self.quota[vpc.owner_uid] for vpc in (one, other)):
            assert isinstance(outcome, QuotaExceeded)
            return ""
        self.expire(overdue)
        same = one.owner_uid == other.owner_uid
        assert outcome.state == ("creating" if same else "pending")
        deadline = None if same else self.estate.clock.now() + WEEK
        self.model[outcome.id] = [outcome.state.value, one, other, deadline]
        return outcome.id

    @rule(id=peerings, verb=st.sampled_from(sorted(MAY)), who=st.sampled_from("abc"), cap=st.integers(1, 99))
    def call(self, id, verb, who, cap):
        caller = {"a": self.alice, "b": self.bob, "c": self.carol}[who]
        requests = {
            "accept": (accept_peering, AcceptPeering(id=id)),
            "reject": (reject_peering, RejectPeering(id=id)),
            "enable": (enable_peering, EnablePeering(id=id)),
            "modify": (update_peering, UpdatePeering(id=id, bandwidth_mbps=cap)),
            "delete": (delete_peering, DeletePeering(id=id)),
        }
        found = self.estate.get(Peering, id)
        same_cap = found is not None and found.bandwidth_mbps == cap
        use_case, request = requests[verb]
        outcome = self.attempt(use_case, caller, request)
        if id not in self.model or self.model[id][0] == "deleted":
            assert isinstance(outcome, NotFound)
            return
        state, one, other, deadline = self.model[id]
        sides = ("R" if caller.uid == one.owner_uid else "") + ("A" if caller.uid == other.owner_uid else "")
        if not sides:
            assert isinstance(outcome, NotFound)
        elif not set(sides) & set(MAY[verb]):
            assert isinstance(outcome, Forbidden)
        elif verb == "modify" and one.region_id == other.region_id:
            assert isinstance(outcome, PeerwayError)
        elif verb == "modify" and same_cap:
            assert isinstance(outcome, IllegalState if state == "deleting" else Peering)
        else:
            self.expect(id, verb, outcome, late=deadline is not None and deadline <= self.estate.clock.now())

    def expect(self, id, verb, outcome, *, late):
        """What a side that may call gets."""
        state, one, other, _ = self.model[id]
        if verb in {"accept", "reject"} and (state == "expired" or late):
            assert isinstance(outcome, Conflict)
            assert outcome.code == "expired"
            return
        if verb == "enable" and late:
            state = "expired"
        after = MOVES.get((verb, state))
        if after is None:
            assert isinstance(outcome, IllegalState)
        elif verb == "enable" and self.is_blocked(id):
            assert isinstance(outcome, AlreadyExists | QuotaExceeded)
        else:
            assert outcome.state == after
            deadline = self.estate.clock.now() + WEEK if after == "pending" else None
            if verb == "enable":
                self.expire(self.overdue_between(one, other))
            self.model[id] = [after, one, other, deadline]

    def expire(self, entries):
        """Take requests out of the pair's way."""
        for entry in entries:
            entry[0], entry[3] = "expired", None

    def is_blocked(self, id):
        """Whether a new request of that pair would be refused, were this one not there."""
        _, one, other, _ = self.model[id]
        overdue = self.overdue_between(one, other)
        others = [m for key, m in self.model.items() if key != id and m[0] in LIVE and m not in overdue]
        taken = any({one.id, other.id} == {m[1].id, m[2].id} for m in others)
        return taken or any(
            sum(vpc in (m[1], m[2]) for m in others) >= self.quota[vpc.owner_uid] for vpc in (one, other)
        )

    @rule(id=consumes(peerings))
    def forget(self, id):
        """Let Hypothesis look at other connections more often."""

    @rule()
    def data_plane_catches_up(self):
        self.estate.settle()
        for entry in self.model.values():
            entry[0] = {"creating": "active", "updating": "active", "deleting": "deleted"}.get(
                entry[0], entry[0]
            )

    @rule(days=st.integers(1, 8))
    def time_passes(self, days):
        self.estate.clock.advance(timedelta(days=days))

    @rule()
    def deadlines_are_raised(self):
        now = self.estate.clock.now()
        for due in self.estate.store.read(lambda tx: due_expiries(tx, now, 100)):
            self.estate.store.write(lambda tx, id=due.id: expire_peering(tx, self.estate.world, id))
        for entry in self.model.values():
            if entry[0] == "pending" and entry[3] <= now:
                entry[0], entry[3] = "expired", None

    @invariant()
    def store_and_model_agree(self):
        """PEER-2: every connection is in the state that the model says."""
        if hasattr(self, "model"):
            stored = {p.id: p.state.value for p in self.estate.all(Peering)}
            assert stored == {id: entry[0] for id, entry in self.model.items()}

    @invariant()
    def pairs_and_quotas_hold(self):
        """PEER-12: one live connection a pair, never more than the quota a VPC."""
        if hasattr(self, "model"):
            live = [p for p in self.estate.all(Peering) if p.state.value in LIVE]
            keys = [pair_key(p.requester.vpc_id, p.accepter.vpc_id) for p in live]
            assert len(keys) == len(set(keys))
            assert all(
                sum(vpc.id in (p.requester.vpc_id, p.accepter.vpc_id) for p in live)
                <= self.quota[vpc.owner_uid]
                for vpc in self.vpcs
            )

    @invariant()
    def routes_lead_to_carrying_connections(self):
        """PEER-4, PEER-8: no route outlives its connection; a carrying one that asked for routes has them on both sides."""
        if hasattr(self, "model"):
            entries = self.estate.all(RouteEntry)
            for peering in self.estate.all(Peering):
                routed = {e.vpc_id for e in entries if e.next_hop_id == peering.id}
                wanted = peering.auto_routes and peering.state.value in CARRIES
                assert routed == ({side.vpc_id for side in peering.sides} if wanted else set())

    @invariant()
    def lists_hold_ones_own(self):
        """NET-1: an account lists exactly its connections that are not deleted."""
        if hasattr(self, "model"):
            for caller in (self.alice, self.bob, self.carol):
                listed = {p.id for p in self.estate.ask(list_peerings, caller).items}
                assert listed == {
                    id
                    for id, (state, one, other, _) in self.model.items()
                    if state != "deleted" and caller.uid in (one.owner_uid, other.owner_uid)
                }


TestPeeringMachine = PeeringMachine.TestCase
TestPeeringMachine.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
