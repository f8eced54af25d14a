"""Watching changes: by revision, resumable, each account its own, ended in order."""

import json

import httpx
import pytest
from tests.support.api import make_site

from peerway.api.serving.services import Limits


def events(lines, count):
    """The next events of a stream, as (id, event, data)."""
    found, id, event = [], None, None
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            id = int(value)
        elif name == "event":
            event = value
        elif name == "data":
            found.append((id, event, json.loads(value)))
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {found}")


def watching(account, query="", **headers):
    """An open stream."""
    headers = {"Authorization": f"Bearer {account.token}", **headers}
    return account.client.stream("GET", f"/api/v1/watch{query}", headers=headers)


def test_change_arrives_with_its_revision(site):
    """A change reaches an open stream, with the revision as its id."""
    account = site.account()
    with watching(account) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(": watching after")
        vpc = account.vpc()
        (id, event, data), _ = events(lines, 2)
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert (id, event) == (data["revision"], "changed")
    assert (data["kind"], data["id"]) == ("vpc", vpc["id"])


@pytest.mark.parametrize("by_header", [False, True])
def test_stream_is_resumed_where_it_ended(site, by_header):
    """`after` or `Last-Event-ID`: each change once, none left out."""
    account = site.account()
    start = site.store.latest_revision()
    made = [account.vpc(f"10.{n}.0.0/16")["id"] for n in range(4)]
    with watching(account, f"?after={start}") as stream:
        first = events(stream.iter_lines(), 4)
    last = str(first[-1][0])
    resume = {"Last-Event-ID": last} if by_header else {}
    with watching(account, "" if by_header else f"?after={last}", **resume) as stream:
        rest = events(stream.iter_lines(), 4)
    seen = [data["id"] for _, _, data in (*first, *rest) if data["kind"] == "vpc"]
    assert seen == made


def test_stream_holds_own_changes_only(site):
    """Another tenant's changes are not told; both sides of a connection see it change; an operator may see all."""
    owner, partner, stranger = site.account(), site.account(), site.account()
    start = site.store.latest_revision()
    hidden = stranger.vpc()
    peering = owner.peering(owner.vpc(), partner.vpc("10.1.0.0/16"))
    with watching(partner, f"?after={start}") as stream:
        ids = [data["id"] for _, _, data in events(stream.iter_lines(), 3)]
    assert hidden["id"] not in ids
    assert peering["id"] in ids
    with watching(site.operator, f"?after={start}&all_accounts=true") as stream:
        assert events(stream.iter_lines(), 1)[0][2]["id"] == hidden["id"]


def test_removed_resource_is_told(site):
    """What is gone is told as removed."""
    account = site.account()
    group = account.ok("POST", "/security-groups", {"vpc_id": account.vpc()["id"]})
    start = site.store.latest_revision()
    account.ok("DELETE", f"/security-groups/{group['id']}")
    with watching(account, f"?after={start}") as stream:
        assert events(stream.iter_lines(), 1)[0][1:] == (
            "removed",
            {"revision": start + 1, "kind": "securitygroup", "id": group["id"]},
        )


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?after=99999999999999999999"])
def test_bad_revision_is_refused(site, query):
    """The place to begin is checked."""
    assert site.account().call("GET", f"/watch{query}").status_code == 422


def test_streams_have_heartbeats_limits_and_an_end():
    """A silent stream sends comments; an account has so many streams; stopping the server ends them in order."""
    running = make_site(Limits(heartbeat_s=0.01, watchers_per_account=1, poll_s=0.01))
    site = next(running)
    with httpx.Client(base_url=site.client.base_url, trust_env=False) as own:
        site.operator.client = own
        with watching(site.operator) as stream:
            lines = stream.iter_lines()
            assert [next(lines) for _ in range(3)][2] == ": still here"
            refused = site.client.get(
                "/api/v1/watch", headers={"Authorization": f"Bearer {site.operator.token}"}
            )
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert next(running, None) is None
            assert all(line.startswith(":") or not line for line in lines)
