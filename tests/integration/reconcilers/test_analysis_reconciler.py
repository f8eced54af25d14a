"""Questions about paths on their way to an answer, on a real store (PATH-1, PATH-2)."""

import json
from ipaddress import IPv4Interface, ip_network

import pytest
from tests.builders.estate import Estate
from tests.support.api import MemoryAgent

from peerway.app.following import NetworkFollower
from peerway.app.reconcilers.analyses import AnalysisReconciler
from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.paths.analyses import AnalyseQuestion, analyse_question
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.security_groups import CreateSecurityGroup, create_security_group
from peerway.app.usecases.security_rules import CreateSecurityRule, create_security_rule
from peerway.domain.errors import Unavailable
from peerway.domain.guest import GuestInterface, GuestRoute, GuestView
from peerway.domain.path import AnalysisState, PathAnalysis


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
def reconciler(estate, agent):
    """The reconciler under test."""
    return AnalysisReconciler(estate.store, NetworkFollower(), agent, estate.world)


class Pair:
    """Two tenants' VPCs with an instance each, joined, with routes both ways unless told otherwise."""

    def __init__(self, estate, *, group=False, accepted=True):
        self.estate = estate
        self.alice, self.bob = estate.tenant("alice"), estate.tenant("bob")
        self.vpcs = (
            estate.vpc(self.alice, "10.0.0.0/16"),
            estate.vpc(self.bob, "10.1.0.0/16", name="bobs-own"),
        )
        self.group = (
            estate.do(
                create_security_group,
                self.bob,
                CreateSecurityGroup(vpc_id=self.vpcs[1].id, name="bobs-group"),
            )
            if group
            else None
        )
        self.vswitches = (
            estate.vswitch(self.alice, self.vpcs[0], "10.0.1.0/24"),
            estate.vswitch(self.bob, self.vpcs[1], "10.1.1.0/24", name="bobs-switch"),
        )
        groups = {"security_group_ids": (self.group.id,)} if self.group else {}
        self.one = estate.instance(self.alice, self.vswitches[0])
        self.other = estate.instance(self.bob, self.vswitches[1], name="bobs-server", **groups)
        if not accepted:
            estate.settle()
            self.peering = estate.ask_for(self.alice, *self.vpcs)
            return
        self.peering = estate.peer(self.alice, self.bob, *self.vpcs)
        self.there = estate.route(self.alice, self.vpcs[0], "10.1.0.0/16", self.peering)
        self.back = estate.route(self.bob, self.vpcs[1], "10.0.0.0/16", self.peering)

    def ask(self, caller, target=None, **fields):
        """Have it asked whether the one reaches the other."""
        request = {"source": self.one.id, "target": target or str(self.other.ipv4), **fields}
        return self.estate.do(analyse_question, caller, AnalyseQuestion(**request))

    def foreign(self):
        """Everything that only Bob may know, but the address that Alice asks about."""
        yield from (self.bob.uid, self.vpcs[1].id, self.vswitches[1].id, self.other.id, self.back.id)
        yield from (self.vpcs[1].system_table_id, "bobs-", "10.1.1.0/24")
        if self.group:
            yield self.group.id


def answered(estate, reconciler, analysis):
    """The analysis after the worker has done all it finds to do."""
    while reconciler.step():
        pass
    found = estate.get(PathAnalysis, analysis.id)
    assert found is not None
    return found, json.loads(found.result)


def test_answer_names_the_revision_that_it_is_true_for(estate, reconciler):
    """PATH-1: a question is answered from the network as it is, and the answer says at which revision that was."""
    pair = Pair(estate)
    asked = pair.ask(estate.operator, pair.other.id)
    found, result = answered(estate, reconciler, asked)
    assert (found.state, found.reachable, result["verdict"]) == (AnalysisState.FINISHED, True, "reachable")
    assert found.network_revision == result["revision"] == asked.revision
    assert [hop["router_id"] for hop in result["request"]][-1] == pair.vpcs[1].id
    assert result["reply"][-1]["subject"] == pair.one.id
    assert result["whole"]


def test_network_that_changes_meanwhile_shows_in_the_revision(estate, reconciler):
    """PATH-1: a question that was asked before a change and is answered after it is answered for the later network."""
    pair = Pair(estate)
    asked = pair.ask(estate.operator, pair.other.id)
    estate.do(delete_instance, pair.bob, DeleteInstance(id=pair.other.id))
    found, result = answered(estate, reconciler, asked)
    assert found.network_revision == estate.revision - 1
    assert found.network_revision > asked.revision
    assert (found.state, result["code"]) == (AnalysisState.FAILED, "not_found")
    assert pair.other.id in result["detail"]


def test_pending_question_survives_the_worker(estate, agent):
    """PATH-1: a question that a worker did not get to answer is taken up by the next one, and each is answered once."""
    pair = Pair(estate)
    asked = [pair.ask(pair.alice) for _ in range(3)]
    first, second = (
        AnalysisReconciler(estate.store, NetworkFollower(), agent, estate.world) for _ in range(2)
    )
    assert first.step()
    assert second.step() is False
    revisions = {estate.get(PathAnalysis, one.id).revision for one in asked}
    assert len(revisions) == 3
    assert {estate.get(PathAnalysis, one.id).state for one in asked} == {AnalysisState.FINISHED}


def test_nothing_is_read_while_nothing_waits(estate, reconciler):
    """A worker that is woken without need costs one look at the revision."""
    assert reconciler.step() is False
    estate.tenant("carol")
    assert reconciler.step() is False
    assert reconciler.quiet_at == estate.revision
    assert reconciler.networks._recent == ()  # nobody asked: the network was not even read


def test_guest_that_keeps_the_packet_is_found(estate, reconciler, agent):
    """PATH-3: addresses inside the instance that clash with the target are read, and block."""
    pair = Pair(estate)
    clash = GuestInterface("docker0", to_network=False, up=True, addresses=(IPv4Interface("10.1.1.1/24"),))
    route = GuestRoute(ip_network("10.1.1.0/24"), interfaces=("docker0",))
    agent.guests[pair.one.id] = GuestView((clash,), (route,))
    found, result = answered(estate, reconciler, pair.ask(pair.alice))
    assert found.reachable is False
    assert "guest_clash" in {finding["code"] for finding in result["findings"]}
    assert any("docker0" in blocker["text"] for blocker in result["blockers"])


def test_answer_does_without_an_agent(estate, reconciler):
    """PATH-3: with nobody to look into guests the answer is there, and says what is not known."""

    class Away(MemoryAgent):
        def guest_addresses(self, endpoint_id):
            raise Unavailable("nobody there")

    reconciler.agent = Away()
    found, result = answered(estate, reconciler, Pair(estate).ask(estate.operator))
    assert found.reachable is True
    assert "guest_unknown" in {finding["code"] for finding in result["findings"]}


def test_fault_of_ours_is_stored_and_holds_nobody_up(estate, reconciler):
    """A question that makes the worker fail is stored as failed; the ones after it are answered."""
    pair = Pair(estate)

    class Broken(MemoryAgent):
        def guest_addresses(self, endpoint_id):
            if endpoint_id == pair.other.id:
                raise ZeroDivisionError

    reconciler.agent = Broken()
    broken, fine = pair.ask(estate.operator, pair.other.id), pair.ask(estate.operator)
    with pytest.raises(ZeroDivisionError):
        reconciler.step()
    found, result = answered(estate, reconciler, broken)
    assert (found.state, result["code"]) == (AnalysisState.FAILED, "internal")
    assert answered(estate, reconciler, fine)[0].state is AnalysisState.FINISHED


def assert_nothing_foreign(pair, found):
    """Nothing that only Bob may know stands in the stored result."""
    text = found.result
    assert [secret for secret in pair.foreign() if secret in text] == []


def test_tenant_learns_nothing_of_the_other_side(estate, reconciler):
    """PATH-1, EC-6: of the other account's routers a tenant sees that they are there: no id, no name, no range."""
    pair = Pair(estate)
    found, result = answered(estate, reconciler, pair.ask(pair.alice, protocol="tcp", port=443))
    assert result["verdict"] == "reachable"
    assert [hop["foreign"] for hop in result["request"]][-1] is True
    assert not result["whole"]
    assert "one_way" not in {finding["code"] for finding in result["findings"]}  # from where is not known
    assert_nothing_foreign(pair, found)


@pytest.mark.parametrize("without", ["route", "group"])
def test_blocker_of_the_other_side_is_no_more_than_that(estate, reconciler, without):
    """PATH-1: whatever stops it over there, a tenant is told to ask its owner, and gets no remedy for it."""
    pair = Pair(estate, group=without == "group")
    if without == "route":
        estate.store.write(lambda tx: tx.delete(pair.back))
    analysis = pair.ask(pair.alice, protocol="tcp", port=443, fixes=True)
    found, result = answered(estate, reconciler, analysis)
    assert found.reachable is False
    assert {blocker["text"] for blocker in result["blockers"]} == {
        "something on the other account's side stops it: ask its owner"
    }
    assert [blocker["remedy"] for blocker in result["blockers"]] == [None]
    assert result["remedies"] == []
    assert_nothing_foreign(pair, found)


def test_blockers_of_both_sides_look_alike_from_outside(estate, reconciler):
    """PATH-1: a group that drops and one that accepts over there differ for a tenant in the verdict alone."""
    pair = Pair(estate, group=True)
    rule = CreateSecurityRule(
        security_group_id=pair.group.id,
        direction="ingress",
        protocol="tcp",
        port_range="443",
        remote_cidr="10.0.0.0/16",
    )
    estate.do(create_security_rule, pair.bob, rule)
    results = [
        answered(estate, reconciler, pair.ask(pair.alice, protocol="tcp", port=port))[1]
        for port in (443, 444)
    ]
    assert [result["verdict"] for result in results] == ["reachable", "unreachable"]
    assert results[0]["request"] == results[1]["request"]
    assert results[1]["request_outcome"] is None


@pytest.mark.parametrize("own", [False, True])
def test_trial_of_a_fix_does_not_tell_who_is_there(estate, reconciler, own):
    """PATH-1: what is stopped over there looks the same whether anybody has the address, also when fixes are tried."""
    pair = Pair(estate, group=True)
    if own:
        estate.store.write(lambda tx: tx.delete(pair.there))
    taken, free = (
        answered(
            estate, reconciler, pair.ask(pair.alice, target=target, protocol="tcp", port=443, fixes=True)
        )[0].result.replace(target, "...")
        for target in (str(pair.other.ipv4), "10.1.1.200")
    )
    keep = {**json.loads(taken), "revision": 0}
    assert keep == {**json.loads(free), "revision": 0}
    fix = keep["fix"]
    assert (fix is not None) is own
    if own:
        assert (fix["proposed"], fix["asks_others"], fix["opens"]) == (False, True, [])


def test_request_that_nobody_accepted_opens_no_view(estate, reconciler):
    """PATH-1: before the other account accepts, an analysis says the same whatever its groups let in."""
    results = []
    pair = Pair(estate, group=True, accepted=False)
    for port in (443, 444):
        _, result = answered(estate, reconciler, pair.ask(pair.alice, protocol="tcp", port=port, fixes=True))
        told = ("verdict", "request_outcome", "reply", "remedies", "fix")
        results.append({name: result[name] for name in told})
        results[-1]["blockers"] = [
            (blocker["way"], blocker["owner_uid"], blocker["text"].replace(str(port), ""))
            for blocker in result["blockers"]
        ]
        if port == 443:
            rule = CreateSecurityRule(
                security_group_id=pair.group.id,
                direction="ingress",
                protocol="tcp",
                port_range="444",
                remote_cidr="0.0.0.0/0",
            )
            estate.do(create_security_rule, pair.bob, rule)
    assert results[0] == results[1]
    assert results[0]["verdict"] == "unreachable"
    assert [owner for _, owner, _ in results[0]["blockers"]] == [None, pair.alice.uid]
    assert pair.peering.id in results[0]["blockers"][0][2]


def test_connection_that_is_gone_is_told_without_the_other_sides_ids(estate, reconciler):
    """PATH-3: a missing connection is told, and that the command for it would name ids of the other account's."""
    pair = Pair(estate)
    estate.do(delete_peering, pair.bob, DeletePeering(id=pair.peering.id, force=True))
    estate.settle()
    _, result = answered(estate, reconciler, pair.ask(pair.alice))
    missing, pending, _ = result["blockers"]
    assert (missing["remedy"], "ask its owner for the ids" in missing["why_none"]) == (None, True)
    assert pending["text"] == "the new peer connection waits for another account to accept it"
    assert pending["why_none"] == "the change is the other account's to make"
    assert not [one for one in pair.foreign() if one in json.dumps(result)]


def test_own_side_is_told_with_its_remedy(estate, reconciler):
    """PATH-1: what stops it on the asker's own side has its ids, words and the command that lifts it."""
    pair = Pair(estate)
    estate.store.write(lambda tx: tx.delete(pair.there))
    _, result = answered(estate, reconciler, pair.ask(pair.alice))
    blocker = result["blockers"][0]
    assert blocker["hop"]["router_id"] == pair.vpcs[0].id
    assert blocker["remedy"]["change"] == "add_route"
    (command,) = blocker["remedy"]["commands"]
    assert command.startswith(f"peerway route add {pair.vpcs[0].system_table_id} 10.1.")
    assert command.endswith(f"--peering {pair.peering.id}")


def test_operator_is_told_of_both_sides(estate, reconciler):
    """PATH-1: to an operator the other side's blocker has its ids and the command for its owner."""
    pair = Pair(estate, group=True)
    _, result = answered(estate, reconciler, pair.ask(estate.operator, protocol="tcp", port=443))
    (blocker,) = result["blockers"]
    assert blocker["owner_uid"] == pair.bob.uid
    assert pair.group.id in blocker["remedy"]["commands"][0]
