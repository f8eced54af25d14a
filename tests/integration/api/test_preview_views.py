"""What a preview shows to whom: packets, quotas, prices, intents; and what it refuses."""

import pytest
from tests.support.api import make_site

from peerway.api.native.app import all_operations
from peerway.api.serving.services import Limits
from peerway.app.usecases.foresee import settle_changed


@pytest.fixture
def site():
    """A fresh store for each test."""
    yield from make_site(Limits())


def settle(site):
    """Let the data plane have done everything."""
    site.store.write(lambda tx: settle_changed(tx, site.services.world, 0))


def preview(account, method, path, body=None):
    """What a request would do."""
    return account.ok(method, f"{path}{'&' if '?' in path else '?'}preview=true", body)


def joined(site, asker, answerer, **vpc):
    """Two accounts' VPCs with an instance each, an active connection, and the way back from the second."""
    here, there = asker.vpc(), answerer.vpc("10.1.0.0/16", **vpc)
    guests = [
        account.instance(account.vswitch(vpc, cidr))
        for account, vpc, cidr in ((asker, here, "10.0.1.0/24"), (answerer, there, "10.1.1.0/24"))
    ]
    peering = asker.peering(here, there)
    answerer.ok("POST", f"/peerings/{peering['id']}/accept")
    answerer.ok("POST", f"/route-tables/{there['system_table_id']}/entries", way("10.0.0.0/16", peering))
    settle(site)
    return here, there, guests, peering


def way(destination, peering):
    """A route over a connection."""
    return {"destination": destination, "next_hop": "peering", "next_hop_id": peering["id"]}


def test_tenant_sees_its_own_end_and_a_range_for_the_others(site):
    """PATH-1: of a pair with another tenant's instance a tenant sees its own end, and the other VPC's range without any id."""
    asker, answerer = site.account(), site.account()
    here, there, (mine, theirs), peering = joined(site, asker, answerer)
    path = f"/route-tables/{here['system_table_id']}/entries"
    found = preview(asker, "POST", path, way("10.1.0.0/16", peering))["reachability"]
    beyond = {"id": None, "router_id": None, "addresses": "10.1.0.0/16"}
    own = {"id": mine["id"], "router_id": here["id"], "addresses": mine["ipv4"]}
    gained = [
        (each["sources"], each["targets"]) for each in found["changes"] if each["gained"] == "everything"
    ]
    assert sorted(gained, key=str) == sorted([([own], [beyond]), ([beyond], [own])], key=str)
    shown = str(found)
    assert theirs["id"] not in shown
    assert theirs["ipv4"] not in shown
    assert there["id"] not in shown


def test_what_gets_there_unanswered_is_told_apart(site):
    """PATH-1: a way back alone carries what nobody answers; with the way there, all that gets there is answered."""
    asker, answerer = site.account(), site.account()
    here, there, _, peering = joined(site, asker, answerer)
    path = f"/route-tables/{here['system_table_id']}/entries"
    parts = ("gained", "arriving", "arriving_unanswered")
    found = preview(asker, "POST", path, way("10.1.0.0/16", peering))["reachability"]
    told = sorted(tuple(change[part] for part in parts) for change in found["changes"])
    assert told == [("everything", "everything", "nothing"), ("everything", "nothing", "nothing")]
    entries = answerer.ok("GET", f"/route-tables/{there['system_table_id']}/entries")["items"]
    (entry,) = (each for each in entries if each["next_hop_id"] == peering["id"])
    (change,) = preview(answerer, "DELETE", f"/route-entries/{entry['id']}")["reachability"]["changes"]
    assert [change[part] for part in ("lost", "missing", "missing_unanswered")] == [
        "nothing",
        "everything",
        "everything",
    ]


def test_pairs_between_others_are_left_out(site):
    """A third tenant's preview that changes nothing for it shows nothing, whatever there is between the others."""
    asker, answerer, third = site.account(), site.account(), site.account()
    joined(site, asker, answerer)
    found = preview(third, "POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.5.0.0/16"})
    assert found["reachability"] == {"changes": [], "dark": [], "revived": [], "complete": True}


def test_deleting_a_connection_loses_pairs(site):
    """What is answered now would not be; the routes over the connection go with it."""
    asker, answerer = site.account(), site.account()
    here, _, (mine, _), peering = joined(site, asker, answerer)
    asker.ok("POST", f"/route-tables/{here['system_table_id']}/entries", way("10.1.0.0/16", peering))
    found = preview(asker, "DELETE", f"/peerings/{peering['id']}?force=true")
    lost = [each for each in found["reachability"]["changes"] if each["lost"] != "nothing"]
    assert {end["id"] for each in lost for end in (*each["sources"], *each["targets"])} == {mine["id"], None}
    assert [(quota["name"], quota["before"], quota["after"]) for quota in found["quotas"]] == [
        ("custom_entries_per_table", 1, 0),
        ("peerings_per_account_and_region", 1, 0),
        ("peerings_per_vpc", 1, 0),
    ]


def test_switching_an_interface_off_turns_routes_dark(site):
    """A route that stays and leads nowhere any more is told as such, and as revived when the interface is switched on again."""
    account = site.account()
    here, there = account.vpc(), account.vpc("10.1.0.0/16")
    one, other = account.interface(here, "initiator"), account.interface(there, "acceptor")
    for near, far in ((one, other), (other, one)):
        body = {
            "opposite_interface_id": far["id"],
            "opposite_router_id": far["router_id"],
            "opposite_owner_uid": account.uid,
        }
        account.ok("PATCH", f"/router-interfaces/{near['id']}", body)
    account.ok("POST", f"/router-interfaces/{one['id']}/connect")
    settle(site)
    hop = {"destination": "10.1.0.0/16", "next_hop": "router_interface", "next_hop_id": one["id"]}
    entry = account.ok("POST", f"/route-tables/{here['system_table_id']}/entries", hop)
    dark = preview(account, "POST", f"/router-interfaces/{one['id']}/deactivate")["reachability"]["dark"]
    assert dark == [
        {
            "router_id": here["id"],
            "route_table_id": here["system_table_id"],
            "id": entry["id"],
            "destination": "10.1.0.0/16",
            "next_hop_id": one["id"],
        }
    ]
    account.ok("POST", f"/router-interfaces/{one['id']}/deactivate")
    settle(site)
    revived = preview(account, "POST", f"/router-interfaces/{one['id']}/activate")["reachability"]["revived"]
    assert revived == dark


def test_initiator_from_beijing_to_shenzhen_costs_270_a_day(site):
    """BILL-1: joining with Small.2 says 270 a day; another spec, both amounts; the acceptor sees no price."""
    account, opposite = site.account(), site.account()
    here, there = account.vpc(region_id="cn-beijing"), opposite.vpc("10.1.0.0/16", "cn-shenzhen")
    one = account.interface(here, "initiator", opposite_region_id="cn-shenzhen", spec="Small.2")
    other = opposite.interface(there, "acceptor", opposite_region_id="cn-beijing")
    for caller, near, far in ((account, one, other), (opposite, other, one)):
        body = {
            "opposite_interface_id": far["id"],
            "opposite_router_id": far["router_id"],
            "opposite_owner_uid": far["owner_uid"],
        }
        assert preview(caller, "PATCH", f"/router-interfaces/{near['id']}", body)["prices"] == []
        caller.ok("PATCH", f"/router-interfaces/{near['id']}", body)
    effect = {
        "resource_id": one["id"],
        "uid": account.uid,
        "what": "initiator Small.2, cn-beijing to cn-shenzhen",
        "per": "day",
        "currency": "CNY",
        "before": "0",
        "after": "270",
    }
    assert preview(account, "POST", f"/router-interfaces/{one['id']}/connect")["prices"] == [effect]
    account.ok("POST", f"/router-interfaces/{one['id']}/connect")
    settle(site)
    bigger = preview(account, "PATCH", f"/router-interfaces/{one['id']}", {"spec": "Large.1"})["prices"]
    assert [(each["before"], each["after"]) for each in bigger] == [("270", "unpriced")]
    assert preview(opposite, "POST", f"/router-interfaces/{other['id']}/deactivate")["prices"] == []


def test_connection_across_regions_without_a_price_is_unpriced(site):
    """BILL-5: never a silent 0; inside one region it is free, and nothing is said."""
    account = site.account()
    here, near, far = account.vpc(), account.vpc("10.1.0.0/16"), account.vpc("10.2.0.0/16", "cn-beijing")
    body = {"vpc_id": here["id"], "peer_uid": account.uid}
    to_near = {**body, "peer_region_id": "cn-hangzhou", "peer_vpc_id": near["id"]}
    to_far = {**body, "peer_region_id": "cn-beijing", "peer_vpc_id": far["id"]}
    assert preview(account, "POST", "/peerings", to_near)["prices"] == []
    prices = preview(account, "POST", "/peerings", to_far)["prices"]
    assert [(each["before"], each["after"], each["currency"], each["per"]) for each in prices] == [
        ("0", "unpriced", None, "gb")
    ]


def test_intent_that_would_break_is_told(site):
    """The operation would be refused for it or not, as the intent says, and the reason is there; nothing is refused yet."""
    account = site.account()
    vswitch = account.vswitch(account.vpc())
    one, other = account.instance(vswitch), account.instance(vswitch)
    settle(site)
    sides = {"source": f"instance:{one['id']}", "target": f"instance:{other['id']}"}
    asked = {**sides, "expectation": "reach", "enforcement": "refuse", "name": "pair"}
    intent = account.ok("POST", "/intents", asked)
    acl = account.ok("POST", "/network-acls", {"vpc_id": vswitch["vpc_id"], "ingress": [], "egress": []})
    group = account.ok("POST", "/security-groups", {"vpc_id": vswitch["vpc_id"], "inner_access": False})
    found = preview(account, "PATCH", f"/instances/{other['id']}", {"security_group_ids": [group["id"]]})
    assert [(each["id"], each["before"], each["after"], each["refused"]) for each in found["intents"]] == [
        (intent["id"], "holding", "broken", True)
    ]
    assert found["intents"][0]["reason"]
    assert preview(account, "DELETE", f"/network-acls/{acl['id']}")["intents"] == []


@pytest.mark.parametrize("value", ["1", "yes", "", "True", "none"])
def test_unknown_value_is_refused(site, value):
    """It is `true` or `false`; the field and the rule are named, and nothing is done."""
    account = site.account()
    before = site.store.latest_revision()
    response = account.call(
        "POST", f"/vpcs?preview={value}", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}
    )
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": "preview", "rule": "must be true or false", "value": value}
    ]
    assert site.store.latest_revision() == before


def test_operation_that_only_asks_refuses_it(site):
    """No GET and nothing else that stores nothing can be previewed."""
    account = site.account()
    for operation in all_operations():
        if not operation.writes:
            path = operation.path.replace("{id}", "x").replace("{uid}", "x").replace("{name}", "x")
            response = account.call(operation.method, f"{path}?preview=true")
            assert response.status_code == 422, path
            assert response.json()["errors"][0]["field"] == "preview"


def test_preview_of_false_does_it(site):
    """`preview=false` is as good as nothing."""
    account = site.account()
    response = account.call(
        "POST", "/vpcs?preview=false", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}
    )
    assert response.status_code == 201


def test_preview_is_refused_as_the_request_would_be(site):
    """Role, field, state: the preview's problem is the request's own."""
    account = site.account()
    reader = site.credential(account, "reader")
    vpc = account.vpc()
    account.vswitch(vpc)
    for caller, method, path, body in (
        (reader, "POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"}),
        (account, "POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.1/16"}),
        (account, "DELETE", f"/vpcs/{vpc['id']}", None),
        (account, "DELETE", "/vpcs/vpc-other", None),
    ):
        foretold = caller.call(method, f"{path}?preview=true", body)
        real = caller.call(method, path, body)
        assert foretold.status_code == real.status_code >= 400
        assert {**foretold.json(), "request_id": ""} == {**real.json(), "request_id": ""}
