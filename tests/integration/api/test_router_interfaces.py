"""Router interfaces over the API: what each side is shown, and what a mistake is answered with (EC-1 ... EC-7)."""

import pytest


@pytest.fixture
def pair(site):
    """Two accounts with an interface each, in two regions, that name each other."""
    one, other = site.account(), site.account()
    here, there = one.vpc(), other.vpc("10.1.0.0/16", "cn-beijing")
    initiator = one.interface(here, "initiator", opposite_region_id="cn-beijing", spec="Middle.1", name="out")
    acceptor = other.interface(there, "acceptor", opposite_region_id="cn-hangzhou")
    return (one, name(one, initiator, acceptor)), (other, name(other, acceptor, initiator))


def name(account, interface, opposite):
    """Tell an interface whom it is to be joined to."""
    body = {
        "opposite_interface_id": opposite["id"],
        "opposite_router_id": opposite["router_id"],
        "opposite_owner_uid": opposite["owner_uid"],
    }
    return account.ok("PATCH", f"/router-interfaces/{interface['id']}", body)


def refused(account, method, path, body=None):
    """Status and code of a refusal."""
    response = account.call(method, path, body)
    return response.status_code, response.json()["code"]


def test_interface_is_shown_with_its_other_side(pair):
    """EC-1: own fields, the link's cap, and the other side's state, spec and VPC once both name each other."""
    (one, initiator), (_, acceptor) = pair
    initiator = one.ok("GET", f"/router-interfaces/{initiator['id']}")
    assert (initiator["name"], initiator["role"], initiator["router_type"]) == ("out", "initiator", "vrouter")
    assert (initiator["state"], initiator["spec"], initiator["bandwidth_mbps"]) == ("idle", "Middle.1", 100)
    assert initiator["opposite"] == {
        "state": "idle",
        "spec": "Negative",
        "bandwidth_mbps": None,
        "vpc_id": acceptor["vpc_id"],
    }
    assert (acceptor["spec"], acceptor["bandwidth_mbps"]) == ("Negative", 100)
    assert acceptor["opposite"]["spec"] == "Middle.1"
    assert (acceptor["same_region"], acceptor["cross_border"], acceptor["carries"]) == (False, False, False)
    assert (initiator["connected_at"], initiator["health"]) == (None, "unknown")


def test_actions_follow_state_role_and_credential(site, pair):
    """EC-3: buttons for what would not be refused for the state, the role or who asks."""
    (one, initiator), (other, acceptor) = pair
    shown = one.ok("GET", f"/router-interfaces/{initiator['id']}")
    assert shown["actions"] == ["update", "name_opposite", "connect", "modify", "delete"]
    assert other.ok("GET", f"/router-interfaces/{acceptor['id']}")["actions"] == [
        "update",
        "name_opposite",
        "delete",
    ]
    reader = site.credential(one, "reader")
    assert reader.ok("GET", f"/router-interfaces/{initiator['id']}")["actions"] == []
    assert site.operator.ok("GET", f"/router-interfaces/{initiator['id']}")["actions"] == []


def test_connect_moves_both_sides(pair):
    """EC-2: the initiator's answer says connecting, and so does the other side; both wait for the data plane."""
    (one, initiator), (other, acceptor) = pair
    answer = one.ok("POST", f"/router-interfaces/{initiator['id']}/connect")
    assert (answer["state"], answer["opposite"]["state"]) == ("connecting", "accepting_connecting")
    assert answer["actions"] == []
    seen = other.ok("GET", f"/router-interfaces/{acceptor['id']}")
    assert (seen["state"], seen["opposite"]["state"]) == ("accepting_connecting", "connecting")
    for account, interface in pair:
        path = f"/router-interfaces/{interface['id']}"
        for method, suffix, body in (
            ("PATCH", "", {"name": "x"}),
            ("PATCH", "", {"opposite_interface_id": None}),
            ("POST", "/activate", None),
            ("POST", "/deactivate", None),
            ("DELETE", "", None),
        ):
            assert refused(account, method, path + suffix, body) == (409, "illegal_state")


def test_mistakes_are_told_apart(pair):
    """EC-3: connect by the acceptor, other side not set, other side not pointing back, wrong state."""
    (one, initiator), (other, acceptor) = pair
    path = f"/router-interfaces/{initiator['id']}"
    assert refused(other, "POST", f"/router-interfaces/{acceptor['id']}/connect") == (409, "not_initiator")
    other.ok("PATCH", f"/router-interfaces/{acceptor['id']}", {"opposite_interface_id": None})
    assert refused(one, "POST", f"{path}/connect") == (409, "opposite_mismatch")
    one.ok("PATCH", path, {"opposite_interface_id": None})
    assert refused(one, "POST", f"{path}/connect") == (409, "opposite_not_set")
    assert refused(one, "POST", f"{path}/activate") == (409, "illegal_state")
    assert refused(one, "POST", f"{path}/deactivate") == (409, "illegal_state")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "initiator", "spec": "Small.1"}, "spec"),
        ({"role": "initiator", "opposite_region_id": "cn-beijing"}, "spec"),
        ({"role": "acceptor", "spec": "Small.1"}, "spec"),
        ({"role": "boss"}, "role"),
        ({"role": "acceptor", "opposite_region_id": "mars"}, "opposite_region_id"),
        ({"role": "acceptor", "check_target": "fd00::1"}, "check_target"),
        ({"role": "acceptor", "check_threshold": 0}, "check_threshold"),
        ({"role": "acceptor", "state": "active"}, "state"),
    ],
)
def test_new_interface_names_the_wrong_field(site, body, field):
    """EC-1: 422 with the field and the rule."""
    account = site.account()
    response = account.call("POST", "/router-interfaces", {"router_id": account.vpc()["id"], **body})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_role_never_changes(pair):
    """EC-1: the role is fixed at creation."""
    (one, initiator), _ = pair
    response = one.call("PATCH", f"/router-interfaces/{initiator['id']}", {"role": "acceptor"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "role")


def test_idle_interface_is_deleted(pair):
    """EC-5: 202 and deleting; the audit names it."""
    (one, initiator), _ = pair
    response = one.call("DELETE", f"/router-interfaces/{initiator['id']}")
    assert (response.status_code, response.json()["state"]) == (202, "deleting")
    assert [entry["action"] for entry in one.ok("GET", "/audit")["items"]][-1] == "router_interface.delete"


def test_sixth_interface_is_a_quota_refusal(site):
    """EC-7: five an account."""
    account = site.account()
    vpc = account.vpc()
    for _ in range(5):
        account.interface(vpc, "acceptor")
    assert refused(account, "POST", "/router-interfaces", {"router_id": vpc["id"], "role": "acceptor"}) == (
        409,
        "quota_exceeded",
    )
