"""Metrics over the native API: the table, and the points of one's own links (MON-1)."""

from datetime import timedelta

import pytest
from tests.support.sampling import CountingAgent

from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.samples import SampleReconciler
from peerway.domain.metric import End

MINUTE = timedelta(minutes=1)


@pytest.fixture
def link(site):
    """A connection of an account's whose requester's end sent 600 and then 60 bytes, until now."""
    account = site.account()
    here, there = account.vpc("10.1.0.0/16"), account.vpc("10.2.0.0/16")
    made = account.ok("POST", "/peerings", {"vpc_id": here["id"], "peer_vpc_id": there["id"]})
    agent, clock = CountingAgent(), VirtualClock(site.services.clock.now() - 2 * MINUTE)
    worker = SampleReconciler(site.store, agent.link_counters, clock, timedelta(days=31))
    for sent in (600, 60):
        agent.carry(End(made["id"], here["id"]), sent)
        clock.advance(MINUTE)
        worker.step()
    return account, made, here


def points(account, **query):
    """An answer."""
    return account.ok("GET", "/metrics/points", params={"metric": "sent_bytes", **query})


def test_metrics_are_listed(site):
    """All that can be asked for, or a namespace's."""
    account = site.account()
    everything = account.ok("GET", "/metrics")["items"]
    assert {one["namespace"] for one in everything} >= {"acs_vpcpeer", "QCE/PCX", "peerway/link"}
    own = account.ok("GET", "/metrics", params={"namespace": "peerway/link", "limit": 2})
    assert [one["name"] for one in own["items"]] == ["sent_bytes", "received_bytes"]
    assert own["next"] == "2"
    assert account.call("GET", "/metrics", params={"namespace": "none"}).json()["code"] == "unknown_namespace"


def test_points_are_those_of_ones_own_links(site, link):
    """With all statistics, by minute and by longer periods; a stranger has none."""
    account, made, here = link
    answer = points(account, subject=made["id"])
    assert (answer["unit"], answer["period_s"], answer["next"]) == ("bytes", 60, None)
    assert [one["values"]["sum"] for one in answer["items"]] == [600, 60]
    assert answer["items"][0]["dimensions"]["routerId"] == here["id"]
    first = points(account, limit=1)
    rest = points(account, limit=1, after=first["next"], since=first["items"][0]["at"], until=_after(answer))
    assert rest["items"] == answer["items"][1:]
    assert points(account, metric="sent_rate", period_s=3600)["items"]
    assert points(site.account(), subject=made["id"])["items"] == []


def _after(answer):
    """A time after the last point."""
    return answer["items"][-1]["at"].replace(":00Z", ":30Z")


@pytest.mark.parametrize(
    "query",
    [
        {"metric": "none"},
        {"period_s": 61},
        {"since": "2026-01-01"},
        {"until": "0001-01-01T00:00:00Z"},
        {"until": "9999-12-31T23:59:59Z"},
        {"since": "2020-01-01T00:00:00Z", "until": "2020-03-01T00:00:00Z"},
        {"after": "x"},
        {"limit": 0},
    ],
)
def test_questions_that_break_a_rule_are_refused(site, query):
    """Each with the field."""
    account = site.account()
    response = account.call("GET", "/metrics/points", params={"metric": "sent_bytes", **query})
    assert (response.status_code, bool(response.json()["errors"])) == (422, True)
