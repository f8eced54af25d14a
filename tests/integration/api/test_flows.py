"""What a well-behaved caller may count on: answers, idempotency, pages, conflicts."""

import threading
from collections import Counter

import pytest
from tests.support.live import eventually

from peerway.domain.errors import NotFound


def test_peering_is_shown_to_each_side(site):
    """Both sides see the connection, each with its role and what it may do now (PEER-5, PEER-13)."""
    asker, answerer = site.account(), site.account()
    vpc, peer = asker.vpc(), answerer.vpc("10.0.128.0/17", "cn-beijing")
    asked = asker.peering(vpc, peer, profile="alibaba")
    seen = answerer.ok("GET", f"/peerings/{asked['id']}")
    assert (asked["role"], asked["actions"]) == ("requester", ["delete"])
    assert (seen["role"], seen["actions"]) == ("accepter", ["accept", "reject", "delete"])
    assert (seen["state"], seen["state_name"]) == ("pending", "Accepting")
    assert seen["requester"] == {
        "uid": asker.uid,
        "region_id": "cn-hangzhou",
        "vpc_id": vpc["id"],
        "names": False,
        "groups": False,
        "cidrs": ["10.0.0.0/16"],
    }
    assert [warning["code"] for warning in seen["warnings"]] == ["overlap"]
    assert (seen["same_account"], seen["same_region"]) == (False, False)
    assert seen["expires_at"].endswith("Z")


def test_reader_is_offered_no_actions(site):
    """Who may change nothing is shown no buttons."""
    account = site.account()
    peering = account.peering(account.vpc(), account.vpc("10.1.0.0/16"))
    assert peering["actions"]
    assert site.credential(account, "reader").ok("GET", f"/peerings/{peering['id']}")["actions"] == []


def test_accept_and_delete_answer_with_the_new_state(site):
    """Accepting answers 200 and updating, deleting 202 and deleting; the agent is woken each time."""
    asker, answerer = site.account(), site.account()
    peering = asker.peering(asker.vpc(), answerer.vpc("10.1.0.0/16"))
    nudges = site.agent.nudges
    accepted = answerer.call("POST", f"/peerings/{peering['id']}/accept")
    deleted = answerer.call("DELETE", f"/peerings/{peering['id']}?force=true")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "updating")
    assert (deleted.status_code, deleted.json()["state"]) == (202, "deleting")
    eventually("the agent was woken for both", lambda: site.agent.nudges == nudges + 2)


def test_failed_write_wakes_nobody(site):
    """Nothing committed, nothing to look at."""
    account = site.account()
    nudges = site.agent.nudges
    account.call("POST", "/vpcs", {"region_id": "nowhere", "cidr": "10.0.0.0/16"})
    assert site.agent.nudges == nudges


def test_patch_tells_null_from_missing(site):
    """A field that is left out stays; null unbinds."""
    account = site.account()
    vpc = account.vpc()
    vswitch = account.vswitch(vpc)
    acl = account.ok("POST", "/network-acls", {"vpc_id": vpc["id"]})
    path = f"/vswitches/{vswitch['id']}"
    assert account.ok("PATCH", path, {"network_acl_id": acl["id"]})["network_acl_id"] == acl["id"]
    assert account.ok("PATCH", path, {"name": "b"})["network_acl_id"] == acl["id"]
    assert account.ok("PATCH", path, {"network_acl_id": None})["network_acl_id"] is None


def test_repeat_with_key_returns_the_same_resource(site):
    """The same key and body again: the same resource; another body: a conflict; another account's key is its own."""
    first, second = site.account(), site.account()
    body, key = {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}, {"Idempotency-Key": "same-key"}
    made = [account.ok("POST", "/vpcs", body, headers=key)["id"] for account in (first, first, second)]
    assert made[0] == made[1] != made[2]
    again = first.call("POST", "/vpcs", {**body, "name": "other"}, headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "token_reused")
    assert again.json()["errors"][0]["field"] == "Idempotency-Key"


def test_concurrent_repeats_make_one(site):
    """Retries that overtake one another make one resource."""
    account = site.account()
    body, key = {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}, {"Idempotency-Key": "k"}
    answers = at_once([lambda: account.ok("POST", "/vpcs", body, headers=key)["id"]] * 8)
    assert len(set(answers)) == 1


def test_pages_hold_everything_once(site):
    """Following `next` gives each item once, in order of creation, although some vanish meanwhile."""
    account = site.account()
    made = [account.vpc(f"10.{n}.0.0/16")["id"] for n in range(7)]
    seen, after = [], ""
    while after is not None:
        page = account.ok("GET", f"/vpcs?limit=3{after and '&after=' + after}")
        seen += [vpc["id"] for vpc in page["items"]]
        after = page["next"]
    assert seen == made


@pytest.mark.parametrize("path", ["/regions", "/profiles", "/quotas"])
def test_short_lists_have_pages_too(site, path):
    """Catalogues take the same parameters as other lists."""
    account = site.account()
    whole = account.ok("GET", path)["items"]
    first = account.ok("GET", f"{path}?limit=2")
    rest = account.ok("GET", f"{path}?limit=1000&after={first['next']}")
    assert first["items"] + rest["items"] == whole
    assert rest["next"] is None


def test_audit_tells_who_did_what(site):
    """Each mutation is on record with who, what, before and after, and the request's id."""
    account = site.account()
    vpc = account.vpc()
    renamed = account.call(
        "PATCH", f"/vpcs/{vpc['id']}", {"name": "n"}, headers={"X-Request-Id": "my-request"}
    )
    entry = account.ok("GET", "/audit?limit=1000")["items"][-1]
    assert renamed.headers["x-request-id"] == "my-request"
    assert (entry["action"], entry["resource_id"], entry["request_id"]) == (
        "vpc.update",
        vpc["id"],
        "my-request",
    )
    assert (entry["before"]["name"], entry["after"]["name"]) == ("", "n")


@pytest.mark.parametrize("verbs", [("accept",) * 6, ("accept", "reject", "delete") * 2, ("reject",) * 6])
def test_one_answer_wins(site, verbs):
    """Of concurrent answers to one request at most one accept or reject succeeds; the others get a clear conflict."""
    asker, answerer = site.account(), site.account()
    peering = asker.peering(asker.vpc(), answerer.vpc("10.1.0.0/16"))
    path = f"/peerings/{peering['id']}"

    def ask(verb):
        method, target = ("DELETE", path) if verb == "delete" else ("POST", f"{path}/{verb}")
        return lambda: (verb, answerer.call(method, target).status_code)

    answers = Counter(at_once([ask(verb) for verb in verbs]))
    won = {verb: count for (verb, status), count in answers.items() if status in {200, 202}}
    assert all(count == 1 for count in won.values()), answers
    assert not {"accept", "reject"} <= set(won), answers
    assert won
    assert {status for (_, status), _ in answers.items()} <= {200, 202, 404, 409}, answers


def test_probe_goes_to_address_or_own_instance(site):
    """The target is an address or the id of an own instance; another tenant's is missing."""
    account, stranger = site.account(), site.account()
    vswitch = account.vswitch(account.vpc())
    one, other = account.instance(vswitch), account.instance(vswitch)
    foreign = stranger.instance(stranger.vswitch(stranger.vpc()))
    path = f"/instances/{one['id']}/probe"
    answer = account.ok("POST", path, {"target": other["id"], "protocol": "tcp", "port": 80, "count": 2})
    assert (answer["target"], answer["sent"], answer["answered"]) == (other["ipv4"], 2, 2)
    sent = site.agent.probes[-1]
    assert (sent.source_id, str(sent.target), sent.protocol, sent.port) == (one["id"], other["ipv4"], 6, 80)
    assert account.ok("POST", path, {"target": "fd00::1"})["target"] == "fd00::1"
    assert account.call("POST", path, {"target": foreign["id"]}).status_code == 404
    assert account.call("POST", path, {"target": "not-an-address"}).status_code == 422
    assert account.call("POST", path, {"target": "10.0.0.1", "protocol": "tcp"}).status_code == 422


def test_probe_waits_for_the_data_plane_to_have_the_guest(site, monkeypatch):
    """An instance that an agent does not know yet is not missing: the same request is to be sent again."""
    account = site.account()
    path = f"/instances/{account.instance(account.vswitch(account.vpc()))['id']}/probe"

    def unknown(probe):
        raise NotFound("instance", probe.source_id)

    monkeypatch.setattr(site.agent, "probe", unknown)
    answer = account.call("POST", path, {"target": "10.0.0.1"})
    assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (503, "unavailable", True)


def test_shell_needs_member_and_guests(site):
    """The socket is told to members only, and not at all when the data plane has no guests."""
    account = site.account()
    path = f"/instances/{account.instance(account.vswitch(account.vpc()))['id']}/shell"
    assert account.call("GET", path).json()["code"] == "no_guests"
    site.agent.socket = "/run/agent.sock"
    assert account.ok("GET", path) == {"socket": "/run/agent.sock"}
    assert site.credential(account, "reader").call("GET", path).status_code == 403
    site.agent.socket = None


def at_once(calls):
    """Run all calls at the same time; what they returned."""
    answers, gate = [], threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(calls)
    return answers
