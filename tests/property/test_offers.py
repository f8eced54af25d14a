"""Halves of connections under any order of calls, against a model of a set: connected are those that meet."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.builders.estate import Estate

from peerway.app.usecases.offers import CreateOffer, DeleteOffer, create_offer, delete_offer
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.settle import settle_peering
from peerway.domain.errors import AlreadyExists, IllegalState
from peerway.domain.offer import OfferState, PeeringOffer
from peerway.domain.peering import Peering, PeeringState

#: Two VPCs of one account and one of another, by their places.
PLACES = st.integers(0, 2)


class Halves(RuleBasedStateMachine):
    """Halves are made, taken away, and connections ended beside them; the data plane reaches them now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.estate = Estate()
        #: Ids of the halves that there must be, by their two places.
        self.halves: dict[tuple[int, int], str] = {}
        #: Pairs that were parted from outside: connected only once a half is made anew.
        self.parted: set[frozenset[int]] = set()

    def teardown(self) -> None:
        """Let go of the store."""
        self.estate.close()

    @initialize()
    def networks(self) -> None:
        """Three VPCs of two accounts."""
        alice, bob = self.estate.tenant("alice"), self.estate.tenant("bob")
        self.owners = (alice, alice, bob)
        self.vpcs = [self.estate.vpc(owner, f"10.{n}.0.0/16") for n, owner in enumerate(self.owners)]

    @rule(near=PLACES, far=PLACES)
    def make(self, near: int, far: int) -> None:
        """Make a half; refused when it is there, and while an earlier connection is being let go of."""
        if near == far:
            return
        name = f"half_{near}_{far}"
        request = CreateOffer(vpc_id=self.vpcs[near].id, remote_vpc_id=self.vpcs[far].id, name=name)
        if (near, far) in self.halves:
            self.estate.refused(AlreadyExists, create_offer, self.owners[near], request)
        elif (far, near) in self.halves and self._leaving(near, far):
            self.estate.refused(IllegalState, create_offer, self.owners[near], request)
        else:
            self.halves[near, far] = self.estate.do(create_offer, self.owners[near], request).id
            self.parted.discard(frozenset((near, far)))

    @rule(near=PLACES, far=PLACES)
    def take(self, near: int, far: int) -> None:
        """Take a half away, if it is there."""
        id = self.halves.pop((near, far), None)
        if id is not None:
            self.estate.do(delete_offer, self.owners[near], DeleteOffer(id=id))

    @rule(near=PLACES, far=PLACES)
    def end(self, near: int, far: int) -> None:
        """End the connection itself, if there is one."""
        half = self.estate.get(PeeringOffer, self.halves.get((near, far), ""))
        if half is not None and half.peering_id is not None:
            self.estate.do(delete_peering, self.owners[near], DeletePeering(id=half.peering_id))
            self.parted.add(frozenset((near, far)))

    @rule()
    def settle(self) -> None:
        """The data plane reaches everything."""
        for peering in self.estate.all(Peering):
            self._reach(peering)

    @invariant()
    def connected_are_those_that_meet(self) -> None:
        """A half is connected when the other one is there, and then both name one connection that carries packets."""
        stored = {half.id: half for half in self.estate.all(PeeringOffer)}
        assert stored.keys() == set(self.halves.values())
        for (near, far), id in self.halves.items():
            half, other = stored[id], stored.get(self.halves.get((far, near), ""))
            meets = other is not None and frozenset((near, far)) not in self.parted
            assert (half.state is OfferState.CONNECTED) == meets
            assert (half.peering_id is not None) == meets
            if meets and other is not None:
                assert half.peering_id == other.peering_id
                peering = self.estate.get(Peering, half.peering_id or "")
                assert peering is not None
                assert peering.state in {PeeringState.CREATING, PeeringState.UPDATING, PeeringState.ACTIVE}

    def _leaving(self, near: int, far: int) -> bool:
        ends = {self.vpcs[near].id, self.vpcs[far].id}
        return any(
            peering.state is PeeringState.DELETING and {side.vpc_id for side in peering.sides} == ends
            for peering in self.estate.all(Peering)
        )

    def _reach(self, peering: Peering) -> None:
        world = self.estate.world
        self.estate.store.write(lambda tx: settle_peering(tx, world, peering.id, peering.generation))


TestHalves = Halves.TestCase
TestHalves.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
