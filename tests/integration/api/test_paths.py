"""Questions about paths over HTTP: kept, answered, and answered in the shape that the document promises (PATH-1)."""

import pytest
from pydantic import TypeAdapter

from peerway.api.native.schemas.paths import AnalysisAnswer, BatchAnswer
from peerway.app.reconcilers.analyses import AnalysisReconciler
from peerway.app.usecases.paths.reachability import MapView, PairView


@pytest.fixture
def worker(site):
    """What the worker does; it runs when a test says so."""
    reconciler = AnalysisReconciler(site.store, site.services.networks, site.agent, site.services.world)

    def work():
        while reconciler.step():
            pass

    return work


@pytest.fixture
def two(site):
    """An account with an instance in each of two VSwitches of one VPC."""
    account = site.account()
    vpc = account.vpc()
    made = [account.instance(account.vswitch(vpc, cidr)) for cidr in ("10.0.1.0/24", "10.0.2.0/24")]
    return account, *(one["id"] for one in made)


def test_question_is_answered_in_the_promised_shape(two, worker):
    """PATH-1: pending at first, then finished with a result; every field is of the type that the document names."""
    account, one, other = two
    body = {"source": one, "target": other, "protocol": "tcp", "port": 443}
    asked = account.ok("POST", "/analyses", body)
    assert (asked["state"], asked["result"], asked["failure"]) == ("pending", None, None)
    worker()
    found = account.ok("GET", f"/analyses/{asked['id']}")
    assert (found["state"], found["reachable"], found["result"]["verdict"]) == ("finished", True, "reachable")
    assert found["network_revision"] == found["result"]["revision"]
    (listed,) = account.ok("GET", "/analyses")["items"]
    assert listed == {**found, "result": None}
    for answer in (asked, found, listed):
        TypeAdapter(AnalysisAnswer).validate_python(answer)
        assert set(answer) == set(AnalysisAnswer.__dataclass_fields__)


def test_kept_path_is_analysed_with_its_token_once(two, worker):
    """PATH-1: a start that is repeated with its key is one analysis; deleting the path deletes it."""
    account, one, other = two
    path = account.ok("POST", "/paths", {"source": one, "target": other, "name": "there"})
    key = {"Idempotency-Key": "once"}
    asked = [account.ok("POST", f"/paths/{path['id']}/analyses", {}, headers=key) for _ in range(2)]
    assert asked[0] == asked[1]
    worker()
    assert account.ok("POST", f"/paths/{path['id']}/analyses", {}, headers=key)["state"] == "finished"
    assert account.ok("DELETE", f"/paths/{path['id']}")["id"] == path["id"]
    assert account.ok("GET", "/analyses")["items"] == []


def test_failure_is_told(two, worker):
    """PATH-1: an end that has gone meanwhile is a failed analysis with a code, not one that waits for ever."""
    account, one, other = two
    asked = account.ok("POST", "/analyses", {"source": one, "target": other})
    account.ok("DELETE", f"/instances/{other}")
    worker()
    found = account.ok("GET", f"/analyses/{asked['id']}")
    assert (found["state"], found["result"], found["failure"]["code"]) == ("failed", None, "not_found")
    TypeAdapter(AnalysisAnswer).validate_python(found)


def test_preview_of_a_question_asks_nothing(two):
    """PATH-1: a preview stores nothing, so that nothing is answered."""
    account, one, other = two
    account.ok("POST", "/analyses?preview=true", {"source": one, "target": other})
    assert account.ok("GET", "/analyses")["items"] == []


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("port", {"port": 80}),
        ("port", {"port": 70_000, "protocol": "tcp"}),
        ("protocol", {"protocol": "sctp"}),
        ("target", {"target": "i-"}),
        ("target", {"target": "10.0.0.0/8"}),
        ("source", {"source": "198.51.100.1", "target": "198.51.100.2"}),
    ],
)
def test_question_without_sense_is_refused(two, field, fields):
    """PATH-1: nonsense names its field and stores nothing."""
    account, one, other = two
    response = account.call("POST", "/analyses", {"source": one, "target": other, **fields})
    assert response.status_code in {404, 422}
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert account.ok("GET", "/analyses")["items"] == []


def test_answers_at_once_name_their_revision(two):
    """PATH-1, PATH-4: exact sets, maps and many questions are true for the revision that they name."""
    account, one, other = two
    instance = account.ok("GET", f"/instances/{one}")
    revision = account.ok("GET", "/status")["revision"]
    pair = account.ok("GET", f"/reachability?source={one}&target={other}")
    assert [found["answered"]["text"] for found in pair["reach"]] == ["everything"]
    whole = account.ok("GET", f"/vpcs/{instance['vpc_id']}/reachability")
    assert {end["id"] for group in whole["groups"] for end in group["sources"]} == {one, other}
    asks = [{"source": one, "target": other}] * 300
    many = account.ok("POST", "/reachability/batch", {"questions": asks})
    assert {answer["verdict"] for answer in many["answers"]} == {"reachable"}
    assert len(many["answers"]) == 300
    assert {found["revision"] for found in (pair, whole, many)} == {revision}
    for kind, found in ((PairView, pair), (MapView, whole), (BatchAnswer, many)):
        TypeAdapter(kind).validate_python(found)


def test_question_among_many_is_named(two):
    """PATH-4: the one question that can't be asked is named by its place; the document's bound holds."""
    account, one, other = two
    fine = {"source": one, "target": other}
    response = account.call("POST", "/reachability/batch", {"questions": [fine, {**fine, "port": 80}]})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["questions[1].port"]
    assert account.ok("POST", "/reachability/batch", {"questions": []})["answers"] == []
    few = {"source": "i-1", "target": "i-2"}
    assert account.call("POST", "/reachability/batch", {"questions": [few] * 10_001}).status_code == 422
