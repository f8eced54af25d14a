"""Leased lines, border routers and their routes over HTTP: whose turn it is, what each side is shown, and what is refused."""

import pytest
from tests.support.api import VBR, enabled_line

from peerway.app.usecases.settling import SETTLINGS, settle_with
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.router_interface import RouterInterface

HANGZHOU = "ap-cn-hangzhou-yh-ts-A"
APPLICATION = {"access_point_id": HANGZHOU, "line_operator": "CT"}


def settle(site):
    """Do what the reconciler does once the data plane has reached everything."""
    for kind in (VirtualBorderRouter, RouterInterface):
        for found in site.store.read(lambda tx, k=kind: tx.select(k)):
            if SETTLINGS[kind].waits(found):
                site.store.write(settle_with(site.services.world, found))


def test_access_points_are_listed_by_region(site):
    """EC-8: what the installation offers, in both languages, with carriers and room."""
    account = site.account()
    here = account.ok("GET", "/access-points?region_id=cn-hangzhou")["items"]
    assert {point["region_id"] for point in here} == {"cn-hangzhou"}
    assert here[0]["id"] == HANGZHOU
    assert {"name_zh", "name_en", "location", "operators", "status"} <= set(here[0])
    everywhere = account.ok("GET", "/access-points?limit=1")
    assert len(everywhere["items"]) == 1
    assert everywhere["next"]
    assert account.call("GET", "/access-points?region_id=cn-atlantis").status_code == 422


def test_customer_and_operator_take_turns(site):
    """EC-8: from the application to the end, each offered what it may do next; the port is the operator's knowledge."""
    customer = site.account()
    made = customer.call("POST", "/physical-connections", APPLICATION)
    assert made.status_code == 201
    path = f"/physical-connections/{made.json()['id']}"
    steps = [
        (site.operator, "approve", {"room": "room 7", "contact": "Li"}, "approved"),
        (site.operator, "allocate", {"port": "interface:eth9"}, "allocated"),
        (customer, "loa", {"loa": "Wang, Monday"}, "allocated"),
        (customer, "confirm", None, "confirmed"),
        (site.operator, "enable", None, "enabled"),
        (customer, "terminate", None, "terminated"),
    ]
    for actor, verb, body, state in steps:
        offered = actor.ok("GET", path)["actions"]
        assert ("apply_loa" if verb == "loa" else verb) in offered
        assert actor.ok("POST", f"{path}/{verb}", body)["state"] == state
        if state in {"allocated", "confirmed", "enabled"}:
            assert (customer.ok("GET", path)["port"], site.operator.ok("GET", path)["port"]) == (
                "",
                "interface:eth9",
            )
    seen = customer.ok("GET", path)
    assert (seen["room"], seen["contact"], seen["loa"], seen["actions"]) == (
        "room 7",
        "Li",
        "Wang, Monday",
        ["delete"],
    )
    assert customer.call("DELETE", path).status_code == 200
    assert customer.call("GET", path).status_code == 404


def test_wrong_turn_is_a_problem(site):
    """EC-8: the wrong role is 403, the wrong state 409, and nothing changes."""
    customer = site.account()
    path = f"/physical-connections/{customer.ok('POST', '/physical-connections', APPLICATION)['id']}"
    before = site.store.latest_revision()
    refused = [
        (customer, "approve", {"room": "r", "contact": "c"}, 403, "not_operator"),
        (customer, "enable", None, 403, "not_operator"),
        (customer, "confirm", None, 409, "illegal_state"),
        (customer, "terminate", None, 409, "illegal_state"),
        (site.operator, "enable", None, 409, "illegal_state"),
        (site.operator, "allocate", {"port": "interface:eth1"}, 409, "illegal_state"),
        (site.operator, "approve", {"room": "", "contact": "c"}, 422, "invalid"),
        (site.operator, "confirm", None, 404, "not_found"),
    ]
    for actor, verb, body, status, code in refused:
        answer = actor.call("POST", f"{path}/{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), verb
    assert site.store.latest_revision() == before


def test_third_line_is_refused(site):
    """EC-8: two an account and access point."""
    customer = site.account()
    for _ in range(2):
        customer.ok("POST", "/physical-connections", APPLICATION)
    answer = customer.call("POST", "/physical-connections", APPLICATION)
    assert (answer.status_code, answer.json()["data"]["quota"]) == (409, "lines_per_account_and_access_point")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"vlan": 3000}, 422, "vlan"),
        ({"vlan": "7"}, 422, "vlan"),
        ({"vlan": 100}, 409, "vlan"),
        ({"peer_gateway": "10.255.0.1"}, 422, "peer_gateway"),
        ({"local_gateway": "10.255.0.0/30"}, 422, "local_gateway"),
        ({"local_gateway6": "fd00::1/64"}, 422, "peer_gateway6"),
        ({"owner_uid": "1999999999999999"}, 404, "owner_uid"),
        ({"port": "interface:eth0"}, 422, "port"),
    ],
)
def test_bad_border_router_names_the_field(site, change, status, field):
    """EC-9: VLAN taken or out of range, gateways, unknown account and unknown field."""
    customer = site.account()
    line = enabled_line(site, customer)
    customer.ok("POST", "/vbrs", {**VBR, "line_id": line["id"]})
    before = site.store.latest_revision()
    answer = customer.call("POST", "/vbrs", {**VBR, "line_id": line["id"], "vlan": 7, **change})
    assert answer.status_code == status
    problem = answer.json()
    assert field in {*(error["field"] for error in problem["errors"]), problem["data"].get("field")}
    assert site.store.latest_revision() == before


def test_partner_makes_a_border_router_for_a_customer(site):
    """EC-10: both accounts see it with their roles; the customer confirms and uses it; the port is shown to neither."""
    partner, customer, stranger = site.account(), site.account(), site.account()
    line = enabled_line(site, partner)
    made = partner.ok("POST", "/vbrs", {**VBR, "line_id": line["id"], "owner_uid": customer.uid})
    path = f"/vbrs/{made['id']}"
    assert (made["state"], made["role"], made["actions"]) == (
        "unconfirmed",
        "line_owner",
        ["modify", "delete"],
    )
    seen = customer.ok("GET", path)
    assert (seen["role"], seen["actions"], seen["port"]) == ("owner", ["confirm", "modify", "delete"], None)
    assert site.operator.ok("GET", path)["port"] == {
        "kind": "interface",
        "name": line["port"][10:],
        "vlan": 100,
    }
    assert [one["id"] for one in customer.ok("GET", "/vbrs")["items"]] == [made["id"]]
    assert stranger.ok("GET", "/vbrs")["items"] == []
    refused = partner.call("POST", f"{path}/confirm")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_vbr_owner")
    assert customer.ok("POST", f"{path}/confirm")["state"] == "creating"
    settle(site)
    assert customer.ok("GET", path)["state"] == "active"
    assert partner.call("DELETE", path).status_code == 403
    terminate = partner.call("POST", f"/physical-connections/{line['id']}/terminate")
    assert (terminate.status_code, terminate.json()["code"]) == (409, "in_use")
    assert customer.call("PATCH", path, {"vlan": 5}).json()["code"] == "not_line_owner"
    assert partner.ok("PATCH", path, {"vlan": 5})["vlan"] == 5


def test_border_router_is_switched_and_removed(site):
    """EC-9: terminate, recover, a port of its own, delete; each answers with the state that the data plane brings about."""
    customer = site.account()
    line = enabled_line(site, customer)
    path = f"/vbrs/{customer.ok('POST', '/vbrs', {**VBR, 'line_id': line['id']})['id']}"
    settle(site)
    assert customer.call("PUT", f"{path}/port", {"port": "netns:/run/netns/x"}).status_code == 403
    moved = site.operator.ok("PUT", f"{path}/port", {"port": "netns:/run/netns/x"})
    assert moved["port"] == {"kind": "netns", "name": "/run/netns/x", "vlan": 0}
    assert customer.ok("POST", f"{path}/terminate")["state"] == "terminating"
    settle(site)
    assert customer.ok("POST", f"{path}/recover")["state"] == "recovering"
    settle(site)
    interface = customer.ok("POST", "/router-interfaces", {"router_id": path[6:], "role": "initiator"})
    refused = customer.call("DELETE", path)
    assert (refused.status_code, refused.json()["data"]["by_id"]) == (409, interface["id"])
    customer.ok("DELETE", f"/router-interfaces/{interface['id']}")
    settle(site)
    deleted = customer.call("DELETE", path)
    assert (deleted.status_code, deleted.json()["state"]) == (202, "deleting")
    settle(site)
    assert customer.call("GET", path).status_code == 404


def test_routes_over_lines_and_several_interfaces(site):
    """EC-11: a VPC's entry with two paths, a border router's entry to its line, as lists show them."""
    customer = site.account()
    vpc = customer.vpc()
    sides = []
    for point in (HANGZHOU, "ap-cn-hangzhou-xs-B"):
        vbr = customer.ok("POST", "/vbrs", {**VBR, "line_id": enabled_line(site, customer, point)["id"]})
        sides.append((vbr, _joined(site, customer, vbr, vpc)))
    paths = [
        {"interface_id": side["id"], "weight": weight}
        for (_, side), weight in zip(sides, (100, 0), strict=True)
    ]
    body = {"destination": "192.168.0.0/16", "next_hop": "router_interface"}
    table = f"/route-tables/{vpc['system_table_id']}/entries"
    entry = customer.ok("POST", table, {**body, "paths": paths})
    assert (entry["paths"], entry["next_hop_id"]) == (paths, None)
    listed = customer.ok("GET", table)["items"][-1]
    assert (listed["paths"], listed["available"]) == (paths, True)
    bad = customer.call("POST", table, {**body, "paths": [{**paths[0], "weight": 256}, paths[1]]})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "paths[0].weight")
    twice = customer.call(
        "POST", table, {**body, "destination": "192.168.0.0/17", "paths": [paths[0], paths[0]]}
    )
    assert twice.json()["errors"][0]["field"] == "paths[1].interface_id"
    vbr = sides[0][0]
    line = f"/route-tables/{vbr['route_table_id']}/entries"
    customer.ok("POST", line, {"destination": "192.168.0.0/16", "next_hop": "line"})
    assert [(one["next_hop"], one["next_hop_id"]) for one in customer.ok("GET", line)["items"]] == [
        ("local", vbr["id"]),
        ("line", vbr["id"]),
    ]


def _joined(site, account, vbr, vpc):
    """The VPC's interface of an active pair with the border router's."""
    settle(site)
    near = account.ok("POST", "/router-interfaces", {"router_id": vbr["id"], "role": "initiator"})
    far = account.ok("POST", "/router-interfaces", {"router_id": vpc["id"], "role": "acceptor"})
    for one, other in ((near, far), (far, near)):
        names = {
            "opposite_interface_id": other["id"],
            "opposite_router_id": other["router_id"],
            "opposite_owner_uid": account.uid,
        }
        account.ok("PATCH", f"/router-interfaces/{one['id']}", names)
    account.ok("POST", f"/router-interfaces/{near['id']}/connect")
    settle(site)
    return account.ok("GET", f"/router-interfaces/{far['id']}")
