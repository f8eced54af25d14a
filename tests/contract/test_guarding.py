"""On every engine: an account can't break what it wants to hold, in one change or in several at once; others' things are theirs."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from tests.builders.estate import Estate

from peerway.analysis.intents import examine
from peerway.app.following import NetworkFollower
from peerway.app.guarding import guarded
from peerway.app.usecases.instances import CreateInstance, create_instance
from peerway.app.usecases.intents.intents import (
    CreateIntent,
    DeleteIntent,
    UpdateIntent,
    create_intent,
    delete_intent,
    update_intent,
)
from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    accept_peering,
    create_peering,
    delete_peering,
)
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    DeleteRouteEntry,
    create_route_entry,
    delete_route_entry,
)
from peerway.app.usecases.security_groups import CreateSecurityGroup, create_security_group
from peerway.app.usecases.security_rules import (
    CreateSecurityRule,
    DeleteSecurityRule,
    create_security_rule,
    delete_security_rule,
)
from peerway.domain.errors import Conflict
from peerway.domain.intent import Intent, IntentState
from peerway.domain.security import SecurityRule


class Offices:
    """Two connected VPCs of two accounts, with an instance each; what is done by the guarded door, and by itself."""

    def __init__(self, store):
        self.estate = estate = Estate(store)
        self.door = guarded(estate.store, estate.world, NetworkFollower())
        self.alice, self.bob = estate.tenant("alice"), estate.tenant("bob")
        self.vpcs = estate.vpc(self.alice, "10.0.0.0/16"), estate.vpc(self.bob, "10.1.0.0/16")
        self.group = estate.do(
            create_security_group, self.bob, CreateSecurityGroup(vpc_id=self.vpcs[1].id, name="web")
        )
        here = estate.vswitch(self.alice, self.vpcs[0], "10.0.1.0/24")
        there = estate.vswitch(self.bob, self.vpcs[1], "10.1.1.0/24")
        self.asking = estate.instance(self.alice, here)
        self.asked = estate.instance(self.bob, there, security_group_ids=(self.group.id,))
        self.peering = estate.peer(self.alice, self.bob, *self.vpcs)
        self.routes = (
            estate.route(self.alice, self.vpcs[0], "10.1.0.0/16", self.peering),
            estate.route(self.bob, self.vpcs[1], "10.0.0.0/16", self.peering),
        )
        estate.settle()

    def do(self, use_case, caller, request):
        """A change by the door."""
        return self.door.write(lambda tx: use_case(tx, self.estate.world, caller, request))

    def refused(self, use_case, caller, request):
        """A change that the door refuses for an intent; it leaves nothing behind."""
        before = self.estate.revision
        with pytest.raises(Conflict) as caught:
            self.do(use_case, caller, request)
        assert caught.value.code == "intent_broken"
        assert self.estate.revision == before
        return caught.value

    def rule(self, cidr, caller=None):
        """A rule that lets a range ask."""
        request = CreateSecurityRule(
            security_group_id=self.group.id,
            direction="ingress",
            protocol="tcp",
            port_range="443",
            remote_cidr=cidr,
        )
        return self.do(create_security_rule, caller or self.bob, request)

    def intent(self, caller, source, target, expectation, **fields):
        """An intent that refuses."""
        request = CreateIntent(
            **{"enforcement": "refuse", **fields}, source=source, target=target, expectation=expectation
        )
        return self.do(create_intent, caller, request)


@pytest.fixture
def offices(store):
    """The two offices."""
    return Offices(store)


@pytest.fixture
def apart(offices):
    """A lonely VPC of bob's that is to be kept from his other one."""
    offices.lone = offices.estate.vpc(offices.bob, "10.2.0.0/16")
    offices.estate.instance(offices.bob, offices.estate.vswitch(offices.bob, offices.lone, "10.2.1.0/24"))
    offices.kept = offices.intent(
        offices.bob, f"vpc:{offices.lone.id}", f"vpc:{offices.vpcs[1].id}", "isolate", protocol="tcp"
    )
    return offices


def test_change_that_breaks_an_intent_is_refused_with_the_trace(apart):
    """What its owner asked for is named, with the way that the packets would take, and nothing is stored (issue 4, item 6)."""
    apart.rule("10.0.0.0/8")
    peering = apart.estate.ask_for(apart.bob, apart.lone, apart.vpcs[1])
    apart.estate.settle()
    error = apart.refused(
        create_route_entry,
        apart.bob,
        CreateRouteEntry(
            route_table_id=apart.lone.system_table_id,
            destination="10.1.0.0/16",
            next_hop="peering",
            next_hop_id=peering.id,
        ),
    )
    reason = orjson.loads(error.data["reason"])
    assert error.data["id"] == apart.kept.id
    assert (reason["port"], reason["last_port"]) == (443, 443)
    assert reason["request"][-1]["subject"] == apart.asked.id
    assert apart.kept.id in error.text


def test_accepting_a_connection_counts_as_the_connection(offices):
    """The request passes; the yes by which routes would be written and packets pass is refused (issue 4, item 6)."""
    far = offices.estate.vpc(offices.alice, "10.9.0.0/16")
    offices.estate.instance(offices.alice, offices.estate.vswitch(offices.alice, far, "10.9.1.0/24"))
    kept = offices.intent(offices.bob, f"vpc:{offices.vpcs[1].id}", "range:10.9.0.0/16", "isolate")
    asked = offices.estate.request(far, offices.vpcs[1], auto_routes=True)
    peering = offices.do(create_peering, offices.alice, asked)
    offices.estate.settle()
    error = offices.refused(accept_peering, offices.bob, AcceptPeering(id=peering.id))
    assert error.data["id"] == kept.id
    offices.do(update_intent, offices.bob, UpdateIntent(id=kept.id, enforcement="flag"))
    offices.do(accept_peering, offices.bob, AcceptPeering(id=peering.id))


def test_intent_guards_its_own_account_only(offices):
    """Others may change their own things, also where that breaks one's intent; an operator's guards everybody (issue 4, item 6)."""
    offices.rule("10.0.0.0/8")
    source, target = f"instance:{offices.asking.id}", f"instance:{offices.asked.id}"
    operators = offices.estate.operator
    kept = offices.intent(operators, source, target, "reach", protocol="tcp", port_low=443, port_high=443)
    error = offices.refused(delete_route_entry, offices.bob, DeleteRouteEntry(id=offices.routes[1].id))
    assert "id" not in error.data
    assert "reason" not in error.data
    assert kept.id not in error.text
    offices.do(delete_intent, operators, DeleteIntent(id=kept.id))
    own = offices.intent(
        offices.alice,
        source,
        f"range:{offices.asked.ipv4}/32",
        "reach",
        protocol="tcp",
        port_low=443,
        port_high=443,
    )
    offices.refused(delete_route_entry, offices.alice, DeleteRouteEntry(id=offices.routes[0].id))
    offices.do(delete_route_entry, offices.bob, DeleteRouteEntry(id=offices.routes[1].id))
    # It is broken by now, and what has nothing to do with it passes, as does what mends it.
    offices.rule("10.3.0.0/16")
    offices.do(delete_route_entry, offices.alice, DeleteRouteEntry(id=offices.routes[0].id))
    offices.do(update_intent, offices.alice, UpdateIntent(id=own.id, enforcement="flag"))


def test_flagging_intents_refuse_nothing(offices):
    """With `flag` the change is made (issue 4, item 6)."""
    offices.rule("10.0.0.0/8")
    offices.intent(
        offices.alice,
        f"instance:{offices.asking.id}",
        f"range:{offices.asked.ipv4}/32",
        "reach",
        protocol="tcp",
        port_low=443,
        port_high=443,
        enforcement="flag",
    )
    offices.do(delete_peering, offices.alice, DeletePeering(id=offices.peering.id, force=True))


@pytest.mark.parametrize("way", ["threads", "loop"])
def test_changes_that_break_an_intent_together_are_never_both_made(offices, way):
    """Of several rules that each keep an intent, writers who delete one each at the same time leave one (issue 4, item 6)."""
    everywhere = f"range:{offices.asked.ipv4}/32"
    offices.rule("10.0.0.0/8")
    other = offices.estate.instance(
        offices.bob, offices.estate.vswitch(offices.bob, offices.vpcs[1], "10.1.2.0/24")
    )
    kept = offices.intent(
        offices.bob, f"instance:{other.id}", everywhere, "reach", protocol="tcp", port_low=443, port_high=443
    )
    ranges = [
        "10.0.0.0/9",
        "10.1.0.0/16",
        "10.0.0.0/12",
        "10.0.0.0/11",
        "10.1.2.0/24",
        "10.0.0.0/10",
        "0.0.0.0/0",
    ]
    for cidr in ranges:
        offices.rule(cidr)
    rules = offices.estate.all(SecurityRule)
    requests = [DeleteSecurityRule(id=rule.id) for rule in rules]
    made = _at_once(offices, requests) if way == "threads" else asyncio.run(_in_loop(offices, requests))
    assert sorted(made) == [False] + [True] * (len(rules) - 1)
    assert len(offices.estate.all(SecurityRule)) == 1
    offices.do(delete_intent, offices.bob, DeleteIntent(id=kept.id))
    offices.do(
        delete_security_rule, offices.bob, DeleteSecurityRule(id=offices.estate.all(SecurityRule)[0].id)
    )


def test_what_accounts_have_is_followed_from_change_to_change(offices):
    """An account is all that it has when a change is made: what came by then counts, and what breaks that is refused."""
    offices.rule("10.0.0.0/8")
    operators = offices.estate.operator
    offices.intent(
        operators, f"account:{offices.alice.uid}", f"vpc:{offices.vpcs[1].id}", "isolate", protocol="udp"
    )
    third = offices.estate.vpc(offices.alice, "10.5.0.0/16")
    kept = offices.intent(
        operators,
        f"account:{offices.alice.uid}",
        f"vpc:{offices.vpcs[1].id}",
        "reach",
        protocol="tcp",
        port_low=443,
        port_high=443,
    )
    vswitch = offices.estate.vswitch(offices.alice, third, "10.5.1.0/24")
    offices.rule("10.4.0.0/16")
    offices.refused(create_instance, offices.alice, CreateInstance(vswitch_id=vswitch.id))
    offices.do(delete_intent, operators, DeleteIntent(id=kept.id))
    offices.do(create_instance, offices.alice, CreateInstance(vswitch_id=vswitch.id))


def test_what_takes_too_long_to_judge_is_left_to_the_worker(offices):
    """A change is not refused for what more packets would have to be followed to see; the intent is flagged later."""
    offices.rule("10.0.0.0/8")
    for number in range(3):
        offices.estate.instance(
            offices.alice, offices.estate.vswitch(offices.alice, offices.vpcs[0], f"10.0.{number + 2}.0/24")
        )
    source, target = f"vpc:{offices.vpcs[0].id}", f"instance:{offices.asked.id}"
    offices.intent(
        offices.estate.operator, source, target, "reach", protocol="tcp", port_low=443, port_high=443
    )
    close = DeleteRouteEntry(id=offices.routes[1].id)
    offices.refused(delete_route_entry, offices.bob, close)
    hasty = guarded(offices.estate.store, offices.estate.world, NetworkFollower(), most_followed=2)
    hasty.write(lambda tx: delete_route_entry(tx, offices.estate.world, offices.bob, close))
    (intent,) = offices.estate.all(Intent)
    network = offices.estate.store.read(NetworkFollower().at)
    assert examine(network, intent).state is IntentState.BROKEN


def test_what_has_to_be_judged_is_judged_beside_the_loop(offices):
    """Whoever has intents waits for a thread; the writes of others are done where they were before (issue 4, item 6)."""
    offices.rule("10.0.0.0/8")
    offices.intent(offices.bob, f"vpc:{offices.vpcs[1].id}", "range:10.9.0.0/16", "isolate")
    here, places = threading.current_thread(), []

    def enter(tx, caller, vpc, name):
        places.append(threading.current_thread())
        return create_security_group(
            tx, offices.estate.world, caller, CreateSecurityGroup(vpc_id=vpc.id, name=name)
        )

    async def ask():
        writes = offices.door.loop_writes()
        await writes.write(lambda tx: enter(tx, offices.alice, offices.vpcs[0], "hers"))
        alone = len(places), places[-1] is here
        await writes.write(lambda tx: enter(tx, offices.bob, offices.vpcs[1], "his"))
        return alone, writes.inline

    alone, inline = asyncio.run(ask())
    assert alone == (1, inline)
    assert places[-1] is not here


def _at_once(offices, requests):
    def delete(request):
        try:
            return bool(offices.do(delete_security_rule, offices.bob, request))
        except Conflict:
            return False

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(delete, requests))


async def _in_loop(offices, requests):
    writes = offices.door.loop_writes()

    async def delete(request):
        try:
            await writes.write(
                lambda tx: delete_security_rule(tx, offices.estate.world, offices.bob, request)
            )
        except Conflict:
            return False
        return True

    return await asyncio.gather(*map(delete, requests))
