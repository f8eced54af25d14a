"""Network paths and their analyses, asked for, kept, answered and forgotten (PATH-1)."""

from dataclasses import replace

import pytest

from peerway.app.usecases.paths.analyses import (
    AnalysePath,
    AnalyseQuestion,
    Answer,
    DeletePathAnalysis,
    analyse_path,
    analyse_question,
    delete_path_analysis,
    fail_analysis,
    finish_analysis,
    get_path_analysis,
    list_path_analyses,
    pending_analyses,
)
from peerway.app.usecases.paths.paths import (
    CreateNetworkPath,
    DeleteNetworkPath,
    UpdateNetworkPath,
    create_network_path,
    delete_network_path,
    get_network_path,
    list_network_paths,
    update_network_path,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota, list_quotas
from peerway.app.usecases.shares import CreateShare, create_share
from peerway.domain.account import Role
from peerway.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.path import AnalysisState, NetworkPath, PathAnalysis, PointKind

#: An id like all others, of nothing.
NOBODY = "i-00000000000000000000"


@pytest.fixture
def instance(estate, alice, vswitch):
    """An instance of Alice's."""
    return estate.instance(alice, vswitch)


@pytest.fixture
def path(estate, alice, instance):
    """Alice's question about an address."""
    request = CreateNetworkPath(source=instance.id, target="10.1.1.4", protocol="tcp", port=443, name="web")
    return estate.do(create_network_path, alice, request)


def answer(estate, analysis, result="{}"):
    """What the worker does with an analysis."""
    found = Answer(network_revision=estate.revision, reachable=True, result=result)
    return estate.store.write(lambda tx: finish_analysis(tx, analysis.id, found))


def ask(estate, caller, **question):
    """A question that is not kept."""
    return estate.do(analyse_question, caller, AnalyseQuestion(**question))


def test_path_keeps_its_question(estate, alice, instance, path):
    """PATH-1: what is asked of whom is kept, under an id of its own."""
    assert path.id.startswith("np-")
    assert (path.source.kind, path.source.id) == (PointKind.INSTANCE, instance.id)
    assert (path.target.kind, str(path.target.address)) == (PointKind.ADDRESS, "10.1.1.4")
    assert estate.ask(get_network_path, alice, path.id) == path
    assert estate.ask(list_network_paths, alice, source_id=instance.id).items == (path,)
    assert estate.ask(list_network_paths, alice, target_id=instance.id).items == ()
    changed = estate.do(update_network_path, alice, UpdateNetworkPath(id=path.id, name="db"))
    assert (changed.name, changed.question) == ("db", path.question)


def test_point_may_name_one_of_several_addresses(estate, alice, vswitch):
    """PATH-1: `ID@ADDRESS` is an address of a VSwitch that nobody needs to have."""
    request = CreateNetworkPath(source=f"{vswitch.id}@10.0.1.9", target="10.1.1.4")
    source = estate.do(create_network_path, alice, request).source
    assert (source.kind, source.id, str(source.address)) == (PointKind.VSWITCH, vswitch.id, "10.0.1.9")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("port", {"protocol": "icmp", "port": 80}),
        ("source_port", {"protocol": "icmp", "source_port": 80}),
        ("port", {"protocol": "tcp"}),
        ("port", {"protocol": "tcp", "port": 70_000}),
        ("protocol", {"protocol": "gre"}),
        ("target", {"target": "nonsense"}),
        ("target", {"target": "10.0.0.0/8"}),
        ("target.address", {"target": "vsw-1@nonsense"}),
        ("source", {"source": "lb-00000000000000000000"}),
        ("source", {"source": "10.1.1.5"}),
        ("target", {"source": "SELF@10.0.1.4", "target": "2001:db8::1"}),
    ],
)
def test_question_without_sense_is_refused(estate, alice, instance, field, fields):
    """PATH-1: a port for icmp, none for tcp, no point at all: the field is named and nothing is stored."""
    asked = {"source": instance.id, "target": "10.1.1.4", **fields}
    asked = {
        name: value.replace("SELF", instance.id) if isinstance(value, str) else value
        for name, value in asked.items()
    }
    assert estate.refused(InvalidInput, create_network_path, alice, CreateNetworkPath(**asked)).field == field
    assert estate.refused(InvalidInput, analyse_question, alice, AnalyseQuestion(**asked)).field == field


@pytest.mark.parametrize("field", ["source", "target"])
def test_another_tenants_point_is_as_good_as_missing(estate, alice, bob, instance, field):
    """PATH-1: the answers about what isn't there and what isn't the caller's differ in nothing but the id."""
    own = estate.instance(bob, estate.vswitch(bob, estate.vpc(bob)))
    texts = [
        estate.refused(NotFound, analyse_question, bob, AnalyseQuestion(**{**ends, field: id})).text
        for ends in [{"source": own.id, "target": own.id}]
        for id in (instance.id, NOBODY)
    ]
    assert texts == [f"no instance {instance.id}", f"no instance {NOBODY}"]
    error = estate.refused(
        NotFound, analyse_question, bob, AnalyseQuestion(source=own.id, target=instance.id)
    )
    assert error.data["field"] == "target"


def test_operator_asks_about_everybodys(estate, alice, bob, instance):
    """PATH-1: operators ask about all points, between two addresses, too; a tenant may not."""
    other = estate.instance(bob, estate.vswitch(bob, estate.vpc(bob)))
    asked = ask(estate, estate.operator, source=instance.id, target=other.id)
    assert asked.all_accounts
    assert ask(estate, estate.operator, source="198.51.100.1", target="203.0.113.1").all_accounts
    assert not ask(estate, alice, source=instance.id, target="10.1.1.4").all_accounts
    reader = replace(estate.operator, role=Role.READER)
    with pytest.raises(Forbidden):
        estate.ask(get_path_analysis, reader, asked.id)


def test_shared_vswitch_may_be_asked_about(estate, alice, bob, vswitch):
    """NET-9, PATH-1: who may put instances into a VSwitch may ask what they would reach."""
    question = {"source": vswitch.id, "target": "10.1.1.4"}
    estate.refused(NotFound, analyse_question, bob, AnalyseQuestion(**question))
    estate.do(create_share, alice, CreateShare(vswitch_id=vswitch.id, user_uid=bob.uid))
    assert ask(estate, bob, **question).state is AnalysisState.PENDING


def test_analysis_waits_for_the_worker_and_keeps_its_answer(estate, alice, path):
    """PATH-1: asked for, an analysis is pending; answered, it has the revision that the answer is true for."""
    asked = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    assert asked.id.startswith("nra-")
    assert (asked.path_id, asked.question, asked.state) == (path.id, path.question, AnalysisState.PENDING)
    assert estate.store.read(lambda tx: pending_analyses(tx, 10)) == [asked]
    done = answer(estate, asked, '{"verdict":"reachable"}')
    assert (done.state, done.reachable, done.finished_at) == (
        AnalysisState.FINISHED,
        True,
        estate.clock.now(),
    )
    assert done.network_revision == asked.revision
    assert estate.ask(get_path_analysis, alice, asked.id) == done
    assert estate.ask(list_path_analyses, alice, path_id=path.id).items == (replace(done, result=""),)
    assert estate.store.read(lambda tx: pending_analyses(tx, 10)) == []


def test_second_worker_changes_nothing(estate, alice, path):
    """PATH-1: of two answers to one analysis the first stays, and an analysis that is gone stays gone."""
    asked = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    done = answer(estate, asked, "first")
    assert answer(estate, asked, "second") is None
    failure = Answer(network_revision=None, reachable=None, result="third")
    assert estate.store.write(lambda tx: fail_analysis(tx, asked.id, failure)) is None
    assert estate.get(PathAnalysis, asked.id) == done
    estate.do(delete_path_analysis, alice, DeletePathAnalysis(id=asked.id))
    assert answer(estate, asked) is None


def test_client_token_asks_once(estate, alice, instance, path):
    """A repeat with the same token is the same analysis; another request with it is refused."""
    request = AnalysePath(path_id=path.id, client_token="once")
    asked = estate.do(analyse_path, alice, request)
    assert estate.do(analyse_path, alice, request) == asked
    other = AnalysePath(path_id=path.id, fixes=True, client_token="once")
    assert estate.refused(Conflict, analyse_path, alice, other).code == "token_reused"


def test_deleted_path_takes_its_analyses_with_it(estate, alice, path):
    """PATH-1: nothing is kept of a path that was deleted; the audit log keeps no result."""
    asked = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    answer(estate, asked, '{"secret":"of the network"}')
    other = ask(estate, alice, source=path.source.id, target="10.1.1.4")
    estate.do(delete_network_path, alice, DeleteNetworkPath(id=path.id))
    assert estate.all(NetworkPath) == []
    assert estate.all(PathAnalysis) == [other]
    entries = [entry for entry in estate.store.audit_log(None) if entry.resource_id == asked.id]
    assert [entry.action for entry in entries] == ["path_analysis.create", "path_analysis.delete"]
    assert "secret" not in str(entries)


def test_path_of_another_tenant_is_as_good_as_missing(estate, alice, bob, path):
    """A tenant can neither see, ask again, nor delete another's paths and analyses."""
    asked = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    for use_case, request in (
        (analyse_path, AnalysePath(path_id=path.id)),
        (delete_network_path, DeleteNetworkPath(id=path.id)),
        (update_network_path, UpdateNetworkPath(id=path.id, name="mine")),
        (delete_path_analysis, DeletePathAnalysis(id=asked.id)),
    ):
        estate.refused(NotFound, use_case, bob, request)
    for use_case, id in ((get_network_path, path.id), (get_path_analysis, asked.id)):
        with pytest.raises(NotFound):
            estate.ask(use_case, bob, id)
    assert estate.ask(list_path_analyses, bob).items == ()


def test_reader_asks_for_nothing(estate, alice, path):
    """A reader sees paths and analyses, and starts none."""
    reader = replace(alice, role=Role.READER)
    estate.refused(Forbidden, analyse_path, reader, AnalysePath(path_id=path.id))
    assert estate.ask(get_network_path, reader, path.id) == path


def test_limits_bound_paths_and_what_waits(estate, alice, path):
    """Paths and waiting analyses are limited per account, and an operator may grant others."""
    for name, limit in (("network_paths_per_account", 1), ("pending_analyses_per_account", 1)):
        estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=limit))
    again = CreateNetworkPath(source=path.source.id, target="10.1.1.4")
    assert estate.refused(QuotaExceeded, create_network_path, alice, again).data["limit"] == 1
    asked = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    estate.refused(QuotaExceeded, analyse_path, alice, AnalysePath(path_id=path.id))
    used = {quota.name: quota.used for quota in estate.ask(list_quotas, alice)}
    assert (used["network_paths_per_account"], used["pending_analyses_per_account"]) == (1, 1)
    answer(estate, asked)
    assert estate.do(analyse_path, alice, AnalysePath(path_id=path.id)).state is AnalysisState.PENDING


def test_oldest_answers_make_room(estate, alice, path):
    """Beyond the bound on what is kept the oldest answers go; what waits is never among them."""
    grant = GrantQuota(uid=alice.uid, name="kept_analyses_per_account", limit=2)
    estate.do(grant_quota, estate.operator, grant)
    waiting = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    for number in range(4):
        answer(estate, estate.do(analyse_path, alice, AnalysePath(path_id=path.id)), str(number))
    last = estate.do(analyse_path, alice, AnalysePath(path_id=path.id))
    kept = estate.all(PathAnalysis)
    assert [one.result for one in kept] == ["", "2", "3", ""]
    assert {waiting.id, last.id} <= {one.id for one in kept}


def test_ends_without_a_common_ip_version_are_refused_at_once(estate, alice, instance, vswitch):
    """PATH-1: what can never be asked is refused where it is put, and names the target."""
    for target in ("2001:db8::1", f"{vswitch.id}@2001:db8::1"):
        for request in (AnalyseQuestion, CreateNetworkPath):
            use_case = analyse_question if request is AnalyseQuestion else create_network_path
            with pytest.raises(InvalidInput) as caught:
                estate.do(use_case, alice, request(source=instance.id, target=target))
            assert caught.value.field == "target"
