"""Bad input: a clear problem with field and rule, never a 5xx, and nothing changed."""

import json
from datetime import timedelta

import pytest

from peerway.api.native.errors import CODES, KINDS, status_of
from peerway.domain import errors
from peerway.domain.errors import Kind, PeerwayError

HUGE = "x" * (1 << 20)

#: Name, path, body, and the field that must be named.
CREATES = [
    ("cidr that is none", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0.0/8"}, "cidr"),
    ("host bits", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.1/16"}, "cidr"),
    ("no length", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0"}, "cidr"),
    ("ipv6 as ipv4", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "fd00::/56"}, "cidr"),
    ("forbidden range", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "127.0.0.0/16"}, "cidr"),
    ("unknown region", "/vpcs", {"region_id": "cn-atlantis", "cidr": "10.0.0.0/16"}, "region_id"),
    ("missing field", "/vpcs", {"region_id": "cn-hangzhou"}, "cidr"),
    (
        "unknown field",
        "/vpcs",
        {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "colour": "red"},
        "colour",
    ),
    ("wrong type", "/vpcs", {"region_id": "cn-hangzhou", "cidr": 10}, "cidr"),
    ("null", "/vpcs", {"region_id": None, "cidr": "10.0.0.0/16"}, "region_id"),
    ("control character", "/vpcs", {"region_id": "cn\u0000", "cidr": "10.0.0.0/16"}, "region_id"),
    (
        "control character in name",
        "/vpcs",
        {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "name": "a\u0007"},
        "name",
    ),
    ("long name", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "name": "n" * 500}, "name"),
    ("unknown kind", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "kind": "zoo"}, "kind"),
    (
        "list of numbers",
        "/vpcs",
        {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "secondary_cidrs": [1]},
        "secondary_cidrs[0]",
    ),
    ("body is a list", "/vpcs", [], "body"),
    ("body is text", "/vpcs", "vpc", "body"),
]


@pytest.mark.parametrize(("path", "body", "field"), [c[1:] for c in CREATES], ids=[c[0] for c in CREATES])
def test_bad_field_is_named(site, path, body, field):
    """The problem names the field and its rule, and nothing is written."""
    account = site.account()
    before = site.store.latest_revision()
    response = account.call("POST", path, body)
    problem = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert field in {error["field"] for error in problem["errors"]}
    assert all(error["rule"] for error in problem["errors"])
    assert site.store.latest_revision() == before


@pytest.mark.parametrize("id", ["{}", "{id}", "%7B%7D", "%2F", "..", "%00", "*"])
def test_id_that_is_a_sign_is_missing(site, id):
    """An id that reads like part of a path's pattern is no more than an id that does not exist."""
    account = site.account()
    for method, path in (("GET", "/vpcs"), ("PATCH", "/router-interfaces"), ("DELETE", "/eips")):
        body = {} if method == "PATCH" else None
        assert account.call(method, f"{path}/{id}", body).status_code in (404, 405, 422)


@pytest.mark.parametrize("text", ["{", "", "nul", '{"a":NaN}', '{"cidr":"\\ud800"}', "[" * 5000, "\xff"])
def test_malformed_json_is_refused(site, text):
    """What is no JSON gets 400 with the place of the fault."""
    response = site.account().call(
        "POST", "/vpcs", content=text.encode("latin-1"), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["code"] == "malformed_json"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"region_id":"cn-hangzhou","cidr":"10.0.0.0/16","cidr":"10.1.0.0/16"}', "cidr"),
        ('{"region_id":"cn-hangzhou","cidr":"10.0.0.0/16","name":' + "[" * 1000 + "]" * 1000 + "}", None),
    ],
)
def test_json_that_reads_two_ways_is_refused(site, text, field):
    """A name given twice, and nesting that not every reader follows, never reach the use cases."""
    account = site.account()
    before = site.store.latest_revision()
    response = account.call(
        "POST", "/vpcs", content=text.encode(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code in {400, 422}
    assert response.json()["errors"][0]["field"] == field or field is None
    assert site.store.latest_revision() == before


def test_other_media_type_is_refused(site):
    """Only JSON is read."""
    response = site.account().call("POST", "/vpcs", content=b"a=1", headers={"Content-Type": "text/plain"})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("chunked", [False, True])
def test_oversized_body_is_refused(site, chunked):
    """More than 1 MiB: 413, announced or in chunks without a length."""
    body = json.dumps({"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "name": HUGE}).encode()
    content = iter([body[: 1 << 19], body[1 << 19 :]]) if chunked else body
    response = site.account().call(
        "POST", "/vpcs", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413
    assert response.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "query"),
        ("after=nonsense", "after"),
        ("after=%00", "after"),
        ("colour=red", "colour"),
        ("region_id=cn-atlantis", "region_id"),
        ("all_accounts=perhaps", "all_accounts"),
        ("&".join(f"p{n}=1" for n in range(60)), "query"),
    ],
)
def test_bad_query_is_refused(site, query, field):
    """Query parameters are bounded, and unknown ones are named."""
    response = site.account().call("GET", f"/vpcs?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("id", ["%00", "a" * 65, "a%20b", "%F0%9F%90%8D", "%ff"])
def test_bad_id_is_refused(site, id):
    """An id that can't be one is a client's error."""
    assert site.account().call("GET", f"/vpcs/{id}").status_code == 422


def test_wrong_method_is_told_the_right_ones(site):
    """405 with `Allow`."""
    response = site.account().call("PUT", "/vpcs", {})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "\xe9"])
def test_bad_idempotency_key_is_refused(site, key):
    """The key is bounded like every input."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    response = site.account().call(
        "POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}, headers=headers
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


def assert_named(response, field):
    """The problem says which field it is about, and what the rule is."""
    (error,) = response.json()["errors"]
    assert (error["field"], bool(error["rule"])) == (field, True), response.text


@pytest.fixture
def pair(site):
    """Two accounts with a VPC each."""
    asker, answerer = site.account(), site.account()
    return asker, asker.vpc(), answerer, answerer.vpc("10.1.0.0/16", "cn-beijing")


def test_peering_requests_that_break_rules(site, pair):
    """Foreign, missing and equal VPCs, wrong regions and settings: refused by field (PEER-1, PEER-9)."""
    asker, vpc, answerer, peer = pair
    whole = {
        "vpc_id": vpc["id"],
        "peer_vpc_id": peer["id"],
        "peer_uid": answerer.uid,
        "peer_region_id": "cn-beijing",
    }
    near = asker.vpc("10.2.0.0/16")
    cases = [
        ({**whole, "vpc_id": peer["id"]}, 404, "vpc_id"),
        ({**whole, "vpc_id": "vpc-missing"}, 404, "vpc_id"),
        ({**whole, "peer_vpc_id": "vpc-missing"}, 404, "peer_vpc_id"),
        ({**whole, "peer_uid": asker.uid}, 404, "peer_vpc_id"),
        ({**whole, "peer_region_id": "cn-shanghai"}, 404, "peer_vpc_id"),
        ({**whole, "peer_region_id": "cn-atlantis"}, 422, "peer_region_id"),
        ({"vpc_id": vpc["id"], "peer_vpc_id": vpc["id"]}, 422, "peer_vpc_id"),
        ({**whole, "bandwidth_mbps": 0}, 422, "bandwidth_mbps"),
        ({**whole, "bandwidth_mbps": "1"}, 422, "bandwidth_mbps"),
        ({**whole, "link_type": "copper"}, 422, "link_type"),
        ({**whole, "profile": "aws"}, 422, "profile"),
        ({"vpc_id": vpc["id"], "peer_vpc_id": near["id"], "bandwidth_mbps": 10}, 422, "bandwidth_mbps"),
    ]
    before = site.store.latest_revision()
    for body, status, field in cases:
        response = asker.call("POST", "/peerings", body)
        assert response.status_code == status, (body, response.text)
        assert response.json()["errors"][0]["field"] == field, (body, response.text)
    assert site.store.latest_revision() == before


def test_second_connection_for_one_pair_is_refused(site, pair):
    """Either way round, a live pair has one connection (PEER-1)."""
    asker, vpc, answerer, peer = pair
    asker.peering(vpc, peer)
    for account, one, other in ((asker, vpc, peer), (answerer, peer, vpc)):
        body = {
            "vpc_id": one["id"],
            "peer_vpc_id": other["id"],
            "peer_uid": other["owner_uid"],
            "peer_region_id": other["region_id"],
        }
        response = account.call("POST", "/peerings", body)
        assert (response.status_code, response.json()["code"]) == (409, "peering_exists")
        assert_named(response, "peer_vpc_id")


def test_wrong_side_may_not_answer(site, pair):
    """The requester can't accept its own request, and nothing changes (PEER-13)."""
    asker, vpc, _, peer = pair
    peering = asker.peering(vpc, peer)
    for verb in ("accept", "reject"):
        response = asker.call("POST", f"/peerings/{peering['id']}/{verb}")
        assert (response.status_code, response.json()["code"]) == (403, "not_accepter")
        assert_named(response, "id")
    assert asker.ok("GET", f"/peerings/{peering['id']}") == peering


def test_accept_after_expiry_is_refused(site, pair):
    """After the deadline there is nothing to accept (PEER-3)."""
    asker, vpc, answerer, peer = pair
    peering = asker.peering(vpc, peer)
    site.clock.advance(timedelta(days=8))
    response = answerer.call("POST", f"/peerings/{peering['id']}/accept")
    assert (response.status_code, response.json()["code"]) == (409, "expired")
    assert_named(response, "id")


def test_route_to_connection_that_is_not_active_is_refused(site, pair):
    """A route can't lead to a request that nobody accepted (PEER-7)."""
    asker, vpc, _, peer = pair
    peering = asker.peering(vpc, peer)
    body = {"destination": "10.1.0.0/16", "next_hop": "peering", "next_hop_id": peering["id"]}
    response = asker.call("POST", f"/route-tables/{vpc['system_table_id']}/entries", body)
    assert (response.status_code, response.json()["code"]) == (409, "next_hop_not_active")
    assert_named(response, "next_hop_id")


def test_quota_is_told_with_limit_and_use(site, pair):
    """A quota that is hit names itself, its limit and its use (PEER-12)."""
    asker, vpc, _, peer = pair
    site.operator.ok("PUT", "/quotas/peerings_per_vpc", {"uid": asker.uid, "limit": 0})
    body = {
        "vpc_id": vpc["id"],
        "peer_vpc_id": peer["id"],
        "peer_uid": peer["owner_uid"],
        "peer_region_id": peer["region_id"],
    }
    response = asker.call("POST", "/peerings", body)
    problem = response.json()
    assert (problem["status"], problem["code"]) == (409, "quota_exceeded")
    assert (problem["data"]["quota"], problem["data"]["limit"]) == ("peerings_per_vpc", 0)
    assert_named(response, "vpc_id")


def test_what_the_path_names_is_a_field_too(site):
    """A resource that is not there, or whose state forbids it, is told like a field of the body."""
    account = site.account()
    assert_named(account.call("GET", "/vpcs/vpc-missing"), "id")
    vpc = account.vpc()
    account.ok("POST", "/vswitches", {"vpc_id": vpc["id"], "zone_id": "cn-hangzhou-h", "cidr": "10.0.1.0/24"})
    assert_named(account.call("DELETE", f"/vpcs/{vpc['id']}"), "id")


def test_batch_of_rules_names_place_in_list(site):
    """A bad rule in a list is found by its place, and none of the list is made."""
    account = site.account()
    group = account.ok("POST", "/security-groups", {"vpc_id": account.vpc()["id"]})
    good = {"direction": "ingress", "remote_cidr": "10.0.0.0/8"}
    response = account.call(
        "POST", f"/security-groups/{group['id']}/rules", {"rules": [good, {**good, "priority": 0}]}
    )
    assert response.json()["errors"][0]["field"] == "rules[1].priority"
    assert account.ok("GET", f"/security-groups/{group['id']}/rules")["items"] == []


def test_every_kind_has_a_status():
    """The table of statuses is total, and no intended error is a 500."""
    assert set(KINDS) == set(Kind)
    assert all(400 <= status <= 503 and status != 500 for status, _ in [*KINDS.values(), *CODES.values()])
    for error in _leaves(PeerwayError):
        assert error.kind in KINDS, error


def test_status_of_code_goes_before_its_kind():
    """Codes with a status of their own keep it."""
    assert status_of(errors.InvalidInput("body", "x", code="malformed_json"))[0] == 400
    assert status_of(errors.InvalidInput("body", "x"))[0] == 422


def _leaves(error):
    return [error, *(leaf for child in error.__subclasses__() for leaf in _leaves(child))]
