"""What the API tells about itself, and that it tells no more."""

import json

import pytest
import structlog
from tests.support.api import make_site

from peerway.api.serving.services import Limits
from peerway.domain.errors import Unavailable


class BrokenStore:
    """A store in front of another that fails as it is told."""

    def __init__(self, store):
        self._store = store
        self.failure = None

    def __getattr__(self, name):
        if self.failure is not None and name in {"read", "ping"}:
            return self._fail
        return getattr(self._store, name)

    def _fail(self, *_):
        raise self.failure


def test_ready_tells_of_store_and_agent(site):
    """Ready while the store answers and the agent is there; 503 names what is missing."""
    assert site.anonymous("GET", "/healthz").json() == {"status": "alive"}
    assert site.anonymous("GET", "/readyz").status_code == 200
    site.agent.revision = -1
    absent = site.anonymous("GET", "/readyz")
    site.agent.revision = 0
    assert (absent.status_code, absent.json()["agent"]) == (503, "absent")


def test_metrics_count_requests_by_route(site):
    """Requests count under their route's template, never under a path with ids, and peerings by state."""
    account = site.account()
    vpc = account.vpc()
    account.ok("GET", f"/vpcs/{vpc['id']}")
    text = site.anonymous("GET", "/metrics").text
    assert 'peerway_http_requests_total{method="GET",route="/api/v1/vpcs/{id}",status="200"}' in text
    assert 'peerway_peerings{state="active"}' in text
    assert "peerway_store_revision" in text
    assert "peerway_build_info" in text
    assert vpc["id"] not in text
    assert account.token not in text


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (RuntimeError("secret internals"), 500, "internal"),
        (Unavailable("the store can't be reached"), 503, "unavailable"),
    ],
)
def test_failures_are_told_without_internals(failure, status, code):
    """A failure of ours is a 500 with the request's id and nothing else; a store that is away is a 503 to be tried again."""
    broken = []

    def wrap(store):
        broken.append(BrokenStore(store))
        return broken[0]

    for site in make_site(Limits(), wrap):
        broken[0].failure = failure
        response = site.operator.call("GET", "/vpcs")
        broken[0].failure = None
        problem = response.json()
        assert (response.status_code, problem["code"]) == (status, code)
        assert problem["request_id"] == response.headers["x-request-id"]
        assert "secret internals" not in response.text
        assert site.operator.call("GET", "/vpcs").status_code == 200


def test_log_has_one_line_a_request_and_no_secret(site):
    """Each request leaves one line with id, account, route, status and time; tokens and bodies leave nothing."""
    account = site.account()
    with structlog.testing.capture_logs() as lines:
        response = account.call(
            "POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "name": "hush"}
        )
    mine = [line for line in lines if line["request_id"] == response.headers["x-request-id"]]
    assert len(mine) == 1
    assert mine[0]["account"] == account.uid
    assert (mine[0]["route"], mine[0]["status"], mine[0]["method"]) == ("/api/v1/vpcs", 201, "POST")
    assert mine[0]["duration_ms"] > 0
    assert account.token not in json.dumps(mine)
    assert "hush" not in json.dumps(mine)
