"""Fixes on their way into an answer: tried first, and told so that a tenant hears nothing of others' (PATH-3)."""

import io
import json
from ipaddress import ip_interface, ip_network

import pytest
from tests.builders.estate import Estate
from tests.support.api import MemoryAgent

from peerway.app.following import NetworkFollower
from peerway.app.reconcilers.analyses import AnalysisReconciler
from peerway.app.usecases.paths.analyses import AnalyseQuestion, analyse_question
from peerway.app.usecases.peerings import RejectPeering, reject_peering
from peerway.app.usecases.security_groups import CreateSecurityGroup, create_security_group
from peerway.cli.path_tree import print_analysis
from peerway.domain.guest import GuestInterface, GuestRoute, GuestView
from peerway.domain.path import PathAnalysis


@pytest.fixture
def estate():
    """Accounts and networks on a fresh store in memory."""
    estate = Estate()
    yield estate
    estate.close()


@pytest.fixture
def agent():
    """An agent that sees inside instances what a test puts there."""
    return MemoryAgent()


@pytest.fixture
def fix(estate, agent):
    """Asks whether one instance reaches the other at tcp/443, fixes wanted; what the answer says of them, and all of it."""

    def ask(caller, source, target):
        request = AnalyseQuestion(source=source.id, target=target.id, protocol="tcp", port=443, fixes=True)
        asked = estate.do(analyse_question, caller, request)
        before = estate.revision
        reconciler = AnalysisReconciler(estate.store, NetworkFollower(), agent, estate.world)
        while reconciler.step():
            pass
        assert estate.revision == before + 1  # the answer alone
        result = json.loads(estate.get(PathAnalysis, asked.id).result)
        return result["fix"], result

    return ask


def place(estate, caller, cidr):
    """A VPC with one instance, in a group of its own that lets nothing in."""
    vpc = estate.vpc(caller, cidr)
    switch = estate.vswitch(caller, vpc, cidr.replace(".0.0/16", ".1.0/24"))
    group = estate.do(create_security_group, caller, CreateSecurityGroup(vpc_id=vpc.id))
    instance = estate.instance(caller, switch, security_group_ids=(group.id,))
    estate.settle()
    return vpc, instance


def printed(result):
    """What the command line shows of it."""
    stream = io.StringIO()
    question = {
        "id": "nra-1",
        "source": {"id": "a", "address": None},
        "target": {"id": "b", "address": None},
        "protocol": "tcp",
        "port": 443,
        "network_revision": 1,
        "fixes": True,
        "state": "finished",
    }
    print_analysis({**question, "result": result}, stream)
    return stream.getvalue()


def test_tried_fix_is_proposed_with_its_calls(estate, fix):
    """PATH-3: own changes are proposed once they were tried, as commands and as calls; the answer is all that is stored."""
    alice = estate.tenant("alice")
    (_, source), (_, target) = place(estate, alice, "10.0.0.0/16"), place(estate, alice, "10.1.0.0/16")
    found, result = fix(alice, source, target)
    assert (found["proposed"], found["verdict"], found["opens"], found["refused"]) == (
        True,
        "reachable",
        [],
        [],
    )
    assert [one["change"] for one in found["remedies"]] == [
        "create_peering",
        "add_route",
        "add_route",
        "allow_in_group",
    ]
    assert [call["method"] for call in found["calls"]] == ["POST"] * 4
    text = printed(result)
    assert "open nothing else" in text
    assert all(line in text for one in found["remedies"] for line in one["commands"])


def test_fix_on_both_sides_is_the_operators(estate, fix):
    """PATH-3: a tenant may not ask about others' instances; the operator's fix has both sides' changes."""
    alice, bob = estate.tenant("alice"), estate.tenant("bob")
    (near, source), (far, target) = place(estate, alice, "10.0.0.0/16"), place(estate, bob, "10.1.0.0/16")
    estate.ask_for(alice, near, far)
    found, _ = fix(estate.operator, source, target)
    assert (found["proposed"], found["asks_others"]) == (True, False)
    assert [one["change"] for one in found["remedies"]] == [
        "accept_peering",
        "add_route",
        "add_route",
        "allow_in_group",
    ]


def test_no_command_needs_one_that_is_not_told(estate, agent):
    """PATH-3: where a tenant can't be told how to ask for a connection, it is not told the routes to it either."""
    alice, bob = estate.tenant("alice"), estate.tenant("bob")
    (near, source), (far, target) = place(estate, alice, "10.0.0.0/16"), place(estate, bob, "10.1.0.0/16")
    estate.do(reject_peering, bob, RejectPeering(id=estate.ask_for(alice, near, far).id))
    asked = AnalyseQuestion(source=source.id, target=str(target.ipv4), fixes=True)
    analysis = estate.do(analyse_question, alice, asked)
    reconciler = AnalysisReconciler(estate.store, NetworkFollower(), agent, estate.world)
    while reconciler.step():
        pass
    result = json.loads(estate.get(PathAnalysis, analysis.id).result)
    assert "PEERING" not in json.dumps(result)
    assert result["remedies"] == []
    assert (result["fix"] or {"calls": []})["calls"] == []
    assert far.id not in json.dumps(result)


def test_nothing_is_proposed_for_what_a_guest_captures(estate, agent, fix):
    """PATH-3: changes to the network don't help while the guest's own bridge has the addresses."""
    alice = estate.tenant("alice")
    (_, source), (_, target) = place(estate, alice, "10.0.0.0/16"), place(estate, alice, "10.1.0.0/16")
    bridge = GuestInterface("docker0", False, True, (ip_interface("10.1.0.1/16"),))
    agent.guests[source.id] = GuestView(
        (bridge,), (GuestRoute(ip_network("10.1.0.0/16"), interfaces=("docker0",)),)
    )
    found, result = fix(alice, source, target)
    assert (found["proposed"], found["verdict"]) == (False, "unreachable")
    assert "not proposed" in printed(result)


def test_no_fix_is_told_where_nothing_is_to_fix(estate, fix):
    """PATH-3: what works already needs no changes."""
    alice = estate.tenant("alice")
    _, source = place(estate, alice, "10.0.0.0/16")
    found, result = fix(alice, source, source)
    assert (found, result["remedies"]) == (None, [])
    assert "changes" not in printed(result)
