"""`If-Match`: a write is done only while the resource is as its caller last saw it."""

import inspect
import re
from typing import get_args

import pytest

from peerway.api.native.app import all_operations
from peerway.api.native.door import Paths

#: Writes that name something by their path and take no condition, and why.
UNCONDITIONAL = {
    # What it sets is named by the path and the body, and is the same however often it is done.
    ("PUT", "/quotas/{name}"),
}


@pytest.fixture
def alice(site):
    """An account."""
    return site.account()


@pytest.fixture
def bob(site):
    """Another."""
    return site.account()


def given(tag):
    """Headers with the condition."""
    return {"headers": {"If-Match": tag}}


def etag(account, path):
    """The resource's ETag as it is now."""
    response = account.call("GET", path)
    assert response.headers["ETag"] == f'"{response.json()["revision"]}"'
    return response.headers["ETag"]


def test_every_write_on_a_resource_has_something_that_shows_it():
    """Each write whose path names a resource can be made to depend on it: there is a `GET` that shows it, with its revision."""
    operations = all_operations()
    paths = Paths(operations)
    writes = [one for one in operations if one.writes and "{" in one.path]
    without = {(one.method, one.path) for one in writes if paths.shows(one.path) is None}
    assert without == UNCONDITIONAL
    shown = {paths.shows(one.path) for one in operations} - {None}
    assert [one.path for one in shown if "revision" not in one.answer.__dataclass_fields__] == []


def test_conditions_hold_for_every_operation(site):
    """What is not there has no ETag: each write on it with a condition is refused with 412, and nothing is stored."""
    revision = site.store.latest_revision()
    for operation in all_operations():
        if not operation.writes or "{" not in operation.path:
            continue
        path = re.sub(r"\{\w+\}", "nothing-here", operation.path)
        query = {"cidr": "10.0.0.0/16"} if (operation.method, path[-6:]) == ("DELETE", "/cidrs") else {}
        response = site.operator.call(
            operation.method, path, body_of(operation), params=query, **given('"1"')
        )
        expected = 422 if (operation.method, operation.path) in UNCONDITIONAL else 412
        assert response.status_code == expected, (operation.path, response.text)
        assert response.json()["errors"][0]["field"] == "If-Match"
    assert site.store.latest_revision() == revision


def body_of(operation):
    """A body that the operation reads, from its documentation; None when it takes none."""
    parameter = inspect.signature(operation.handler, eval_str=True).parameters.get("body")
    if parameter is None:
        return None
    body = parameter.annotation
    while get_args(body):  # a choice between shapes
        body = get_args(body)[0]
    return body.model_config["json_schema_extra"]["examples"][0]


def test_resource_that_changed_since_is_not_written(site, alice):
    """An update with the ETag from before another one is refused, says why, and changes nothing."""
    path = f"/vpcs/{alice.vpc()['id']}"
    before = etag(alice, path)
    changed = alice.call("PATCH", path, {"name": "one"}, **given(before))
    assert changed.status_code == 200
    assert changed.headers["ETag"] == etag(alice, path) != before
    revision = site.store.latest_revision()
    for method, body in (("PATCH", {"name": "two"}), ("DELETE", None)):
        refused = alice.call(method, path, body, **given(before))
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (412, "precondition_failed")
        assert refused.headers["content-type"] == "application/problem+json"
        rule = "must be the ETag of the resource as it is now"
        assert problem["errors"] == [{"field": "If-Match", "rule": rule, "value": before}]
        assert problem["data"]["revision"] == changed.json()["revision"]
        previewed = alice.call(method, path, body, params={"preview": "true"}, **given(before))
        assert previewed.status_code == 412
    assert site.store.latest_revision() == revision
    assert alice.call("DELETE", path, **given(changed.headers["ETag"])).status_code == 202


@pytest.mark.parametrize(
    ("make", "met"),
    [
        (lambda tag: "*", True),
        (lambda tag: f'"0", {tag}', True),
        (lambda tag: f'W/"0" ,"x",{tag}', True),
        (lambda tag: f"W/{tag}", False),  # compared strongly: a weak one equals none
        (lambda tag: '"0", "x"', False),
        (lambda tag: '""', False),
    ],
)
def test_header_is_read_as_the_standard_has_it(alice, make, met):
    """RFC 9110, 13.1.1: a list of ETags, or `*` for whatever is there."""
    path = f"/vpcs/{alice.vpc()['id']}"
    response = alice.call("PATCH", path, {"name": "a"}, **given(make(etag(alice, path))))
    assert response.status_code == (200 if met else 412)


@pytest.mark.parametrize("text", ["5", "", '"5', '"5" "6"', "W/5", '*, "5"', '"a b"', '"' + "5" * 1024 + '"'])
def test_wrong_header_is_told(alice, text):
    """A header that can't be understood is no condition that holds: 422 with field and rule."""
    response = alice.call("PATCH", f"/vpcs/{alice.vpc()['id']}", {"name": "a"}, **given(text))
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "If-Match")


def test_condition_is_refused_where_it_means_nothing(alice):
    """No resource to compare with, or nothing to write: the header is refused, not ignored."""
    id = alice.vpc()["id"]
    body = {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}
    for method, path, content in (
        ("POST", "/vpcs", body),
        ("GET", f"/vpcs/{id}", None),
        ("GET", "/vpcs", None),
        ("POST", "/changes", {"changes": [{"method": "PATCH", "path": f"/vpcs/{id}", "body": {}}]}),
    ):
        response = alice.call(method, path, content, **given("*"))
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "If-Match")


def test_actions_and_parts_look_at_what_they_are_under(alice):
    """An action and what is made under a resource depend on that resource."""
    vpc = alice.vpc()
    path = f"/vpcs/{vpc['id']}"
    before = etag(alice, path)
    assert alice.call("POST", f"{path}/cidrs", {"cidr": "10.1.0.0/16"}, **given(before)).status_code == 200
    assert alice.call("POST", f"{path}/cidrs", {"cidr": "10.2.0.0/16"}, **given(before)).status_code == 412
    table = f"/route-tables/{vpc['system_table_id']}"
    entry = {"destination": "10.9.0.0/16", "next_hop": "blackhole"}
    made = alice.call("POST", f"{table}/entries", entry, **given(etag(alice, table)))
    assert made.headers["ETag"] == etag(alice, f"/route-entries/{made.json()['id']}")


def test_parts_are_shown_one_by_one(alice):
    """A rule and a credential are shown by their ids, with their ETags; secrets are not."""
    group = alice.ok("POST", "/security-groups", {"vpc_id": alice.vpc()["id"], "name": "web"})
    body = {
        "direction": "ingress",
        "action": "accept",
        "protocol": "icmp",
        "priority": 1,
        "remote_cidr": "0.0.0.0/0",
    }
    made = alice.ok("POST", f"/security-groups/{group['id']}/rules", body)
    assert alice.ok("GET", f"/security-rules/{made['id']}") == made
    assert etag(alice, f"/security-rules/{made['id']}")
    shown = alice.ok("GET", f"/credentials/{alice.key_id}")
    assert shown["id"] == alice.key_id
    assert {"token", "token_hash", "sealed_secret", "access_key_secret"}.isdisjoint(shown)


def test_another_accounts_resource_tells_nothing(alice, bob):
    """A condition on another account's resource is refused like one on a missing one, with its ETag and without."""
    vpc = alice.vpc()
    for id in (vpc["id"], "vpc-00000000000000000000"):
        for tag in (etag(alice, f"/vpcs/{vpc['id']}"), '"1"', "*"):
            response = bob.call("PATCH", f"/vpcs/{id}", {"name": "mine"}, **given(tag))
            assert response.status_code == 412
            assert response.json()["detail"] == f"{id} is not there, or no longer"
            assert "revision" not in response.json()["data"]
        assert bob.call("GET", f"/credentials/{alice.key_id}").status_code == 404


def test_what_is_gone_fails_the_condition(alice, bob):
    """Gone after having been there: 412 with the condition, 404 without."""
    asked = alice.peering(alice.vpc(), bob.vpc("10.1.0.0/16"))
    path = f"/peerings/{asked['id']}"
    before = etag(bob, path)
    assert bob.call("POST", f"{path}/reject", **given(before)).status_code == 200
    assert bob.call("POST", f"{path}/accept", **given(before)).status_code == 412
    assert alice.call("DELETE", path, **given(etag(alice, path))).status_code == 202
    for account in (alice, bob):
        assert account.call("DELETE", path, **given(before)).status_code == 412
        assert account.call("DELETE", path).status_code == 404


def test_each_change_of_a_file_may_have_its_condition(site, alice):
    """A file with a change whose condition fails is refused as a whole, and the error names the change and the field."""
    path = f"/vpcs/{alice.vpc()['id']}"
    before = etag(alice, path)
    change = {"method": "PATCH", "path": path, "body": {"name": "one"}, "if_match": before}
    alice.ok("POST", "/changes", {"changes": [change]})
    revision = site.store.latest_revision()
    first = {"method": "PATCH", "path": path, "body": {"description": "two"}}
    refused = alice.call("POST", "/changes", {"changes": [first, change]})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert refused.json()["errors"][0]["field"] == "changes[1].if_match"
    assert site.store.latest_revision() == revision
