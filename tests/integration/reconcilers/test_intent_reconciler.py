"""Intents held against a real store as it changes, whoever changes it (issue 4, item 6)."""

import json
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.builders.estate import Estate

from peerway.app.following import NetworkFollower
from peerway.app.reconcilers.intents import IntentReconciler
from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.intents.intents import (
    CreateIntent,
    DeleteIntent,
    UpdateIntent,
    create_intent,
    delete_intent,
    get_intent,
    update_intent,
)
from peerway.app.usecases.listeners import AddBackend, CreateListener, add_backend, create_listener
from peerway.app.usecases.load_balancers import CreateLoadBalancer, create_load_balancer
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.route_entries import DeleteRouteEntry, delete_route_entry
from peerway.domain.errors import Unavailable
from peerway.domain.intent import Intent, IntentState


@pytest.fixture
def estate():
    """Accounts and networks on a fresh store in memory."""
    estate = Estate()
    yield estate
    estate.close()


@pytest.fixture
def reconciler(estate):
    """The reconciler under test."""
    return IntentReconciler(estate.store, NetworkFollower())


class Pair:
    """Two accounts' VPCs with an instance each, joined, with routes both ways; the first account wants to reach the other."""

    def __init__(self, estate):
        self.estate = estate
        self.alice, self.bob = estate.tenant("alice"), estate.tenant("bob")
        self.vpcs = estate.vpc(self.alice, "10.0.0.0/16"), estate.vpc(self.bob, "10.1.0.0/16")
        self.asking = estate.instance(self.alice, estate.vswitch(self.alice, self.vpcs[0], "10.0.1.0/24"))
        self.switch = estate.vswitch(self.bob, self.vpcs[1], "10.1.1.0/24")
        self.asked = estate.instance(self.bob, self.switch)
        self.peering = estate.peer(self.alice, self.bob, *self.vpcs)
        self.routes = (
            estate.route(self.alice, self.vpcs[0], "10.1.0.0/16", self.peering),
            estate.route(self.bob, self.vpcs[1], "10.0.0.0/16", self.peering),
        )
        estate.settle()
        self.intent = self.want(self.alice, f"range:{self.asked.ipv4}/32")

    def want(self, caller, target, **fields):
        """An intent to reach something by TCP."""
        fields = {"source": f"instance:{self.asking.id}", "protocol": "tcp", **fields}
        request = CreateIntent(target=target, expectation="reach", port_low=443, port_high=443, **fields)
        return self.estate.do(create_intent, caller, request)

    def stored(self):
        """The intent as it is stored."""
        found = self.estate.get(Intent, self.intent.id)
        assert found is not None
        return found


@pytest.fixture
def pair(estate):
    """The pair."""
    return Pair(estate)


def test_intent_is_examined_soon_and_only_written_when_it_stands_otherwise(estate, pair, reconciler):
    """Unchecked becomes holding at the network's revision; afterwards nothing is written while nothing changes."""
    assert pair.stored().state is IntentState.UNCHECKED
    revision = estate.revision
    assert reconciler.step()
    assert (pair.stored().state, pair.stored().reason) == (IntentState.HOLDING, "")
    assert pair.stored().network_revision == revision
    written = estate.revision
    assert not reconciler.step()
    assert not reconciler.step()
    assert estate.revision == written


def test_what_others_break_is_flagged_with_a_reason_that_tells_nothing_of_theirs(estate, pair, reconciler):
    """Another account deletes its route back: the owner sees since when and why, without the other's ids; it mends by itself."""
    reconciler.step()
    estate.clock.advance(timedelta(hours=1))
    estate.do(delete_route_entry, pair.bob, DeleteRouteEntry(id=pair.routes[1].id))
    with capture_logs() as logs:
        assert reconciler.step()
    assert [line["event"] for line in logs] == ["intent broken"]
    broken = estate.ask(get_intent, pair.alice, pair.intent.id)
    assert broken.state is IntentState.BROKEN
    reason = json.loads(broken.reason)
    assert reason["source"] == pair.asking.id
    assert [hop["foreign"] for hop in reason["reply"]] == [True]
    for hidden in (pair.asked.id, pair.vpcs[1].id, pair.vpcs[1].system_table_id, pair.bob.uid):
        assert hidden not in broken.reason
    estate.route(pair.bob, pair.vpcs[1], "10.0.0.0/16", pair.peering)
    assert reconciler.step()
    assert (pair.stored().state, pair.stored().reason) == (IntentState.HOLDING, "")


def test_what_nobody_did_is_flagged(estate, pair, reconciler):
    """The data plane's part, a health check's verdict: what breaks an intent without anyone's request is seen."""
    balancer = estate.do(create_load_balancer, pair.bob, CreateLoadBalancer(vswitch_id=pair.switch.id))
    listener = estate.do(
        create_listener, pair.bob, CreateListener(load_balancer_id=balancer.id, protocol="tcp", port=443)
    )
    made = [estate.instance(pair.bob, pair.switch) for _ in range(2)]
    for one in made:
        estate.do(add_backend, pair.bob, AddBackend(listener_id=listener.id, instance_id=one.id, port=443))
    kept = pair.want(estate.operator, f"load_balancer:{balancer.id}")
    reconciler.step()
    assert estate.get(Intent, kept.id).state is IntentState.HOLDING
    estate.do(delete_peering, pair.bob, DeletePeering(id=pair.peering.id, force=True))
    estate.settle()
    reconciler.step()
    assert estate.get(Intent, kept.id).state is IntentState.BROKEN
    assert pair.stored().state is IntentState.BROKEN


def test_fresh_reconciler_comes_to_the_same(estate, pair, reconciler):
    """What changed while none ran, and what one left unwritten, the next finds; those gone and reworded are let go of."""
    reconciler.step()
    other = pair.want(pair.alice, f"vpc:{pair.vpcs[0].id}", name="inside")
    estate.do(delete_instance, pair.bob, DeleteInstance(id=pair.asked.id))
    estate.settle()
    IntentReconciler(estate.store, NetworkFollower()).step()
    assert pair.stored().state is IntentState.EMPTY
    assert estate.get(Intent, other.id).state is IntentState.EMPTY
    estate.do(delete_intent, pair.alice, DeleteIntent(id=other.id))
    estate.do(update_intent, pair.alice, UpdateIntent(id=pair.intent.id, expectation="isolate"))
    assert pair.stored().state is IntentState.UNCHECKED
    reconciler.step()
    assert pair.stored().state is IntentState.HOLDING
    assert set(reconciler.watch.intents) == {pair.intent.id}


def test_what_could_not_be_written_is_written_later(estate, pair):
    """A store that fails while states are written has them written by the next step."""

    class Failing:
        """A store that fails to write once."""

        failures = 1

        def __getattr__(self, name):
            return getattr(estate.store, name)

        def write(self, work):
            if self.failures:
                self.failures -= 1
                raise Unavailable("the store failed", code="store_failed")
            return estate.store.write(work)

    reconciler = IntentReconciler(Failing(), NetworkFollower())
    with pytest.raises(Unavailable):
        reconciler.step()
    assert pair.stored().state is IntentState.UNCHECKED
    assert reconciler.step()
    assert pair.stored().state is IntentState.HOLDING
