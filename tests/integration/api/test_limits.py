"""A limit that is hit says which one, how far it is used, and what in the request names what is full."""

import pytest
from tests.support.api import VBR
from tests.support.belongings import own_everything

from peerway.profiles.model import load_limits

#: Limits that refuse nothing: what is too old goes.
FORGETTING = {"kept_analyses_per_account"}

#: Limits that only the clouds' doors reach; `tests/unit/usecases/test_alarms.py` has them.
CLOUDS_ONLY = {"alarm_rules_per_account", "contacts_per_account", "contact_groups_per_account"}

ME = "Authorization"

#: What hits each of the others, by name: method, path, body, the field that is named.
ATTEMPTS = {
    "router_interfaces_per_account": (
        *("POST", "/router-interfaces"),
        {"router_id": "{vpc}", "role": "acceptor"},
        ME,
    ),
    "router_interfaces_per_router": (
        *("POST", "/router-interfaces"),
        {"router_id": "{vpc}", "role": "acceptor"},
        "router_id",
    ),
    "lines_per_account_and_access_point": (
        *("POST", "/physical-connections"),
        {"access_point_id": "ap-cn-hangzhou-xs-B", "line_operator": "CT"},
        "access_point_id",
    ),
    "vbrs_per_line": ("POST", "/vbrs", {**VBR, "vlan": 200, "line_id": "{line}"}, "line_id"),
    "idle_vbrs_per_account": ("POST", "/vbrs", {**VBR, "vlan": 200, "line_id": "{line}"}, ME),
    "nat_gateways_per_vpc": ("POST", "/nat-gateways", {"vpc_id": "{vpc}"}, "vpc_id"),
    "nat_entries_per_gateway": (
        *("POST", "/nat-gateways/{nat}/snat-entries"),
        {"source": "10.0.9.0/24", "public": ["{address}"]},
        "id",
    ),
    "eips_per_account": ("POST", "/eips", {"region_id": "cn-hangzhou"}, ME),
    "load_balancers_per_account": ("POST", "/load-balancers", {"vswitch_id": "{vswitch}"}, ME),
    "listeners_per_load_balancer": (
        *("POST", "/load-balancers/{balancer}/listeners"),
        {"protocol": "tcp", "port": 81},
        "id",
    ),
    "backends_per_listener": (
        *("POST", "/listeners/{listener}/backends"),
        {"instance_id": "{instance}"},
        "id",
    ),
    "databases_per_account": ("POST", "/databases", {"vswitch_id": "{vswitch}", "engine": "mysql"}, ME),
    "whitelist_ranges_per_database": (
        *("POST", "/databases"),
        {"vswitch_id": "{vswitch}", "engine": "mysql", "whitelist": ["10.0.0.0/8"]},
        "whitelist",
    ),
    "shares_per_vswitch": (
        *("POST", "/shares"),
        {"vswitch_id": "{vswitch}", "user_uid": "{partner}"},
        "vswitch_id",
    ),
    "custom_entries_per_table": (
        *("POST", "/route-tables/{table}/entries"),
        {"destination": "10.99.0.0/16", "next_hop": "blackhole"},
        "id",
    ),
    "custom_tables_per_vpc": ("POST", "/route-tables", {"vpc_id": "{vpc}", "name": "t"}, "vpc_id"),
    "secondary_cidrs_per_vpc": ("POST", "/vpcs/{vpc}/cidrs", {"cidr": "10.65.0.0/16"}, "id"),
    "vswitches_per_vpc": (
        *("POST", "/vswitches"),
        {"vpc_id": "{vpc}", "zone_id": "cn-hangzhou-h", "cidr": "10.0.40.0/24"},
        "vpc_id",
    ),
    "rules_per_group": (
        *("POST", "/security-groups/{group}/rules"),
        {"direction": "ingress", "remote_cidr": "10.95.0.0/16"},
        "id",
    ),
    "network_paths_per_account": ("POST", "/paths", {"source": "{instance}", "target": "10.1.0.1"}, ME),
    "pending_analyses_per_account": ("POST", "/paths/{path}/analyses", {}, ME),
    "intents_per_account": (
        *("POST", "/intents"),
        {"source": "{instance}", "target": "10.1.0.1", "expectation": "reachable"},
        ME,
    ),
}


@pytest.fixture(scope="module")
def scene(site):
    """An account with one of everything, and what a request may name of it."""
    belongings = own_everything(site)
    owner, ids = belongings.owner, belongings.ids
    balancer = owner.ok("POST", "/load-balancers", {"vswitch_id": ids["vswitch"]})["id"]
    listener = owner.ok("POST", f"/load-balancers/{balancer}/listeners", {"protocol": "tcp", "port": 80})
    return owner, {
        **ids,
        "balancer": balancer,
        "listener": listener["id"],
        "partner": belongings.partner.uid,
    }


def filled(value, ids):
    """The value with ids for their names."""
    if isinstance(value, dict):
        return {key: filled(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return value.format_map(ids) if isinstance(value, str) else value


def test_every_limit_is_hit_here():
    """A new limit fails this test until something here hits it."""
    assert set(ATTEMPTS) | FORGETTING | CLOUDS_ONLY == set(load_limits())


@pytest.mark.parametrize("name", ATTEMPTS)
def test_limit_names_itself_and_the_field(site, scene, name):
    """With no room left: 409 with the quota, its limit and use, the field with the rule; and nothing is changed."""
    owner, ids = scene
    method, path, body, field = ATTEMPTS[name]
    site.operator.ok("PUT", f"/quotas/{name}", {"uid": owner.uid, "limit": 0})
    revision = site.store.latest_revision()
    response = owner.call(method, filled(path, ids), filled(body, ids))
    problem = response.json()
    assert (problem["status"], problem["code"]) == (409, "quota_exceeded"), problem
    assert (problem["data"]["quota"], problem["data"]["limit"]) == (name, 0)
    assert [one["field"] for one in problem["errors"]] == [field]
    assert f"quota {name} of" in problem["errors"][0]["rule"]
    assert site.store.latest_revision() == revision
    site.operator.ok("PUT", f"/quotas/{name}", {"uid": owner.uid, "limit": 1000})


def test_what_a_product_lacks_names_the_connection(site):
    """An event that the product does not have is told with the field that named the connection."""
    one, other = site.account(), site.account()
    asked = one.peering(one.vpc(), other.vpc("10.1.0.0/16"), profile="alibaba")
    response = one.call("POST", f"/peerings/{asked['id']}/enable")
    assert (response.status_code, response.json()["code"]) == (403, "not_in_product")
    rule = "Alibaba Cloud VPC peering has no enable"
    assert response.json()["errors"] == [{"field": "id", "rule": rule, "value": asked["id"]}]
