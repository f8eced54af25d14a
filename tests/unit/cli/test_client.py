"""The HTTP client: retries, idempotency keys, pages and the watch stream, against a transport in this process."""

import json

import httpx
import pytest

from peerway.cli.client import PAUSES_S, Client
from peerway.cli.errors import NoConnection, Refused
from peerway.cli.profile import Profile


class Answers(httpx.BaseTransport):
    """Answers from a list, in turn; an exception in it is raised. Keeps what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def handle_request(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses():
    """The pauses that a client took."""
    return []


@pytest.fixture
def client_of(pauses):
    """A client with given answers."""

    def make(transport):
        return Client(Profile("http://peerway.test", "secret"), transport=transport, sleep=pauses.append)

    return make


def refused_connection():
    """What httpx raises when nobody listens."""
    return httpx.ConnectError("Connection refused")


def test_client_sends_its_token(client_of):
    """Each request carries the bearer token and goes below /api/v1."""
    transport = Answers(httpx.Response(200, json={}))
    client_of(transport).get("/whoami")
    assert transport.requests[0].headers["Authorization"] == "Bearer secret"
    assert str(transport.requests[0].url) == "http://peerway.test/api/v1/whoami"


def test_client_tries_again_until_someone_listens(client_of, pauses):
    """A refused connection is tried again with growing pauses: `peerway up` may just be starting."""
    transport = Answers(refused_connection(), refused_connection(), httpx.Response(200, json={"id": "vpc-1"}))
    assert client_of(transport).get("/vpcs/vpc-1") == {"id": "vpc-1"}
    assert pauses == list(PAUSES_S[:2])


def test_client_gives_up_when_nobody_listens(client_of, pauses):
    """After the last pause the answer is `NoConnection`, which names the address and not the token."""
    client = client_of(Answers(*[refused_connection() for _ in range(len(PAUSES_S) + 1)]))
    with pytest.raises(NoConnection, match=r"http://peerway\.test") as caught:
        client.get("/vpcs")
    assert pauses == list(PAUSES_S)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 503])
def test_client_obeys_retry_after(client_of, pauses, status):
    """A server that says when to come again is asked again then."""
    transport = Answers(httpx.Response(status, headers={"Retry-After": "3"}), httpx.Response(200, json={}))
    client_of(transport).get("/vpcs")
    assert pauses == [3.0]


def test_client_bounds_retry_after(client_of, pauses):
    """No server can make a command sleep for a day."""
    client_of(
        Answers(httpx.Response(503, headers={"Retry-After": "86400"}), httpx.Response(200, json={}))
    ).get("/x")
    assert pauses == [30.0]


def test_client_repeats_a_create_with_the_same_key(client_of):
    """A create whose answer was lost is sent again with the same idempotency key, so that it can't happen twice."""
    transport = Answers(httpx.ReadError("reset"), httpx.Response(201, json={"id": "vpc-1"}))
    client_of(transport).create("/vpcs", {"cidr": "10.0.0.0/8", "name": None})
    keys = {request.headers["Idempotency-Key"] for request in transport.requests}
    assert len(transport.requests) == 2
    assert len(keys) == 1


@pytest.mark.parametrize("method", ["act", "delete", "change"])
def test_client_does_not_repeat_what_may_have_happened(client_of, method):
    """Without a key, a request whose answer was lost is not sent again."""
    transport = Answers(httpx.ReadError("reset"))
    client = client_of(transport)
    call = getattr(client, method)
    with pytest.raises(NoConnection):
        call("/peerings/pcc-1", {"name": "x"}) if method == "change" else call("/peerings/pcc-1")
    assert len(transport.requests) == 1


def test_client_leaves_out_what_was_not_given(client_of):
    """None in a create means "not given"; in a change it is null, which unbinds."""
    transport = Answers(httpx.Response(201, json={}), httpx.Response(200, json={}))
    client = client_of(transport)
    client.create("/vswitches", {"cidr": "10.0.0.0/24", "name": None})
    client.change("/vswitches/vsw-1", {"network_acl_id": None})
    assert [json.loads(request.content) for request in transport.requests] == [
        {"cidr": "10.0.0.0/24"},
        {"network_acl_id": None},
    ]


def test_client_follows_pages(client_of):
    """A list is all its pages, in order."""
    transport = Answers(
        httpx.Response(200, json={"items": [{"id": 1}, {"id": 2}], "next": "c2"}),
        httpx.Response(200, json={"items": [{"id": 3}], "next": None}),
    )
    assert [item["id"] for item in client_of(transport).pages("/vpcs", region_id="cn-hangzhou")] == [1, 2, 3]
    assert dict(transport.requests[1].url.params) == {"after": "c2", "region_id": "cn-hangzhou"}


def test_client_stops_at_the_limit(client_of):
    """A limit ends the list although there are more pages."""
    transport = Answers(httpx.Response(200, json={"items": [{"id": 1}, {"id": 2}], "next": "c2"}))
    assert [item["id"] for item in client_of(transport).pages("/vpcs", limit=2)] == [1, 2]


def test_client_raises_the_problem(client_of):
    """A refusal carries the problem document."""
    problem = {"detail": "no vpc vpc-1", "code": "not_found", "errors": []}
    with pytest.raises(Refused) as caught:
        client_of(Answers(httpx.Response(404, json=problem))).get("/vpcs/vpc-1")
    assert caught.value.status == 404
    assert caught.value.problem == problem


def test_client_survives_an_answer_that_is_no_problem_document(client_of):
    """A proxy's HTML page becomes a plain line."""
    with pytest.raises(Refused, match="502"):
        client_of(Answers(httpx.Response(502, text="<html>"))).get("/vpcs")


def test_watch_connects_again_where_it_was(client_of):
    """A stream that breaks is taken up after the last revision that was seen."""
    first = b'id: 7\nevent: changed\ndata: {"revision": 7, "kind": "vpc", "id": "vpc-1"}\n\n: heartbeat\n\n'
    second = b'id: 9\nevent: removed\ndata: {"revision": 9, "kind": "vpc", "id": "vpc-1"}\n\n'
    transport = Answers(httpx.Response(200, content=first), httpx.Response(200, content=second))
    events = client_of(transport).watch(5)
    assert next(events) == {"event": "changed", "revision": 7, "kind": "vpc", "id": "vpc-1"}
    assert next(events)["event"] == "removed"
    assert [request.url.params["after"] for request in transport.requests] == ["5", "7"]
    events.close()


def test_watch_without_a_revision_begins_now(client_of):
    """The beginning is fixed before the stream is opened, so that a break in between loses nothing."""
    event = b'id: 8\nevent: changed\ndata: {"revision": 8, "kind": "vpc", "id": "vpc-1"}\n\n'
    transport = Answers(httpx.Response(200, json={"revision": 7}), httpx.Response(200, content=event))
    events = client_of(transport).watch()
    assert next(events)["revision"] == 8
    assert transport.requests[1].url.params["after"] == "7"
    events.close()
