"""Tenants don't see one another: another tenant's id answers exactly like a missing one (NET-1)."""

import re

import pytest
from tests.support.api import VBR, enabled_line

#: Method, path with the id's place, body.
REQUESTS = {
    "vpc": [
        ("GET", "/vpcs/{}", None),
        ("GET", "/vpcs/{}/reachability", None),
        ("PATCH", "/vpcs/{}", {"name": "x"}),
        ("DELETE", "/vpcs/{}", None),
        ("POST", "/vpcs/{}/cidrs", {"cidr": "10.77.0.0/16"}),
        ("DELETE", "/vpcs/{}/cidrs?cidr=10.77.0.0/16", None),
        ("POST", "/vswitches", {"vpc_id": "{}", "zone_id": "cn-hangzhou-h", "cidr": "10.0.2.0/24"}),
        ("POST", "/route-tables", {"vpc_id": "{}"}),
        ("POST", "/security-groups", {"vpc_id": "{}"}),
        ("POST", "/network-acls", {"vpc_id": "{}"}),
        ("POST", "/peerings", {"vpc_id": "{}", "peer_vpc_id": "vpc-whatever"}),
        ("POST", "/router-interfaces", {"router_id": "{}", "role": "acceptor"}),
    ],
    "vswitch": [
        ("GET", "/vswitches/{}", None),
        ("PATCH", "/vswitches/{}", {"name": "x"}),
        ("DELETE", "/vswitches/{}", None),
        ("POST", "/instances", {"vswitch_id": "{}"}),
        ("POST", "/load-balancers", {"vswitch_id": "{}"}),
        ("POST", "/databases", {"vswitch_id": "{}"}),
        ("POST", "/analyses", {"source": "{}@10.0.1.7", "target": "10.0.0.1"}),
    ],
    "table": [
        ("GET", "/route-tables/{}", None),
        ("PATCH", "/route-tables/{}", {"name": "x"}),
        ("DELETE", "/route-tables/{}", None),
        ("GET", "/route-tables/{}/entries", None),
        ("POST", "/route-tables/{}/entries", {"destination": "10.99.0.0/16", "next_hop": "blackhole"}),
    ],
    "entry": [("GET", "/route-entries/{}", None), ("DELETE", "/route-entries/{}", None)],
    "group": [
        ("GET", "/security-groups/{}", None),
        ("PATCH", "/security-groups/{}", {"name": "x"}),
        ("DELETE", "/security-groups/{}", None),
        ("GET", "/security-groups/{}/rules", None),
        ("POST", "/security-groups/{}/rules", {"direction": "ingress", "remote_cidr": "10.0.0.0/8"}),
    ],
    "rule": [("DELETE", "/security-rules/{}", None)],
    "acl": [
        ("GET", "/network-acls/{}", None),
        ("PATCH", "/network-acls/{}", {"name": "x"}),
        ("DELETE", "/network-acls/{}", None),
        ("PUT", "/network-acls/{}/entries", {"ingress": []}),
    ],
    "instance": [
        ("GET", "/instances/{}", None),
        ("PATCH", "/instances/{}", {"name": "x"}),
        ("DELETE", "/instances/{}", None),
        ("POST", "/instances/{}/probe", {"target": "10.0.0.1"}),
        ("GET", "/instances/{}/shell", None),
        ("POST", "/analyses", {"source": "{}", "target": "10.0.0.1"}),
        ("POST", "/paths", {"source": "{}", "target": "10.0.0.1"}),
        ("GET", "/reachability?source={}&target=10.0.0.1", None),
        ("GET", "/reachability?source=10.0.0.1&target={}", None),
    ],
    "peering": [
        ("GET", "/peerings/{}", None),
        ("PATCH", "/peerings/{}", {"name": "x"}),
        ("DELETE", "/peerings/{}", None),
        ("POST", "/peerings/{}/accept", None),
        ("POST", "/peerings/{}/reject", None),
        ("POST", "/peerings/{}/enable", None),
        ("POST", "/peerings/{}/lend", {"names": True}),
        ("GET", "/peerings/{}/routes", None),
    ],
    "interface": [
        ("GET", "/router-interfaces/{}", None),
        ("PATCH", "/router-interfaces/{}", {"name": "x"}),
        ("DELETE", "/router-interfaces/{}", None),
        ("POST", "/router-interfaces/{}/connect", None),
        ("POST", "/router-interfaces/{}/activate", None),
        ("POST", "/router-interfaces/{}/deactivate", None),
    ],
    "line": [
        ("GET", "/physical-connections/{}", None),
        ("PATCH", "/physical-connections/{}", {"name": "x"}),
        ("DELETE", "/physical-connections/{}", None),
        ("POST", "/physical-connections/{}/loa", {"loa": "Wang"}),
        ("POST", "/physical-connections/{}/confirm", None),
        ("POST", "/physical-connections/{}/cancel", None),
        ("POST", "/physical-connections/{}/terminate", None),
        (
            "POST",
            "/vbrs",
            {"line_id": "{}", "vlan": 1, "local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"},
        ),
    ],
    "vbr": [
        ("GET", "/vbrs/{}", None),
        ("PATCH", "/vbrs/{}", {"name": "x"}),
        ("DELETE", "/vbrs/{}", None),
        ("POST", "/vbrs/{}/confirm", None),
        ("POST", "/vbrs/{}/terminate", None),
        ("POST", "/vbrs/{}/recover", None),
        ("POST", "/analyses", {"source": "10.0.0.1", "target": "{}"}),
        ("POST", "/router-interfaces", {"router_id": "{}", "role": "initiator"}),
        ("POST", "/route-tables", {"vpc_id": "{}"}),
    ],
    "vbr_table": [
        ("GET", "/route-tables/{}", None),
        ("POST", "/route-tables/{}/entries", {"destination": "192.168.0.0/16", "next_hop": "line"}),
    ],
    "router": [("POST", "/router-interfaces", {"router_id": "{}", "role": "acceptor"})],
    "account": [
        ("GET", "/accounts/{}", None),
        ("GET", "/accounts/{}/credentials", None),
    ],
    "credential": [("DELETE", "/credentials/{}", None)],
    "nat": [
        ("GET", "/nat-gateways/{}", None),
        ("PATCH", "/nat-gateways/{}", {"name": "x"}),
        ("DELETE", "/nat-gateways/{}", None),
        ("GET", "/nat-gateways/{}/snat-entries", None),
        ("GET", "/nat-gateways/{}/dnat-entries", None),
        ("POST", "/nat-gateways/{}/snat-entries", {"source": "10.0.0.0/16", "public": ["203.0.113.1"]}),
        ("POST", "/nat-gateways/{}/dnat-entries", {"public": "203.0.113.1", "private": "10.0.1.1"}),
    ],
    "snat": [("DELETE", "/snat-entries/{}", None)],
    "dnat": [("DELETE", "/dnat-entries/{}", None)],
    "eip": [
        ("GET", "/eips/{}", None),
        ("POST", "/eips/{}/associate", {"target": "instance", "target_id": "i-whatever"}),
        ("POST", "/eips/{}/disassociate", None),
        ("DELETE", "/eips/{}", None),
    ],
    "ipv4gw": [
        ("GET", "/ipv4-gateways/{}", None),
        ("PATCH", "/ipv4-gateways/{}", {"enabled": True}),
        ("DELETE", "/ipv4-gateways/{}", None),
    ],
    "balancer": [
        ("GET", "/load-balancers/{}", None),
        ("PATCH", "/load-balancers/{}", {"name": "x"}),
        ("DELETE", "/load-balancers/{}", None),
        ("GET", "/load-balancers/{}/listeners", None),
        ("POST", "/analyses", {"source": "10.0.0.1", "target": "{}", "protocol": "tcp", "port": 80}),
        ("POST", "/load-balancers/{}/listeners", {"protocol": "tcp", "port": 80}),
    ],
    "listener": [
        ("GET", "/listeners/{}", None),
        ("PATCH", "/listeners/{}", {"check": False}),
        ("DELETE", "/listeners/{}", None),
        ("GET", "/listeners/{}/backends", None),
        ("POST", "/listeners/{}/backends", {"instance_id": "i-whatever"}),
    ],
    "backend": [("PATCH", "/backends/{}", {"weight": 1}), ("DELETE", "/backends/{}", None)],
    "database": [
        ("GET", "/databases/{}", None),
        ("PATCH", "/databases/{}", {"whitelist": ["0.0.0.0/0"]}),
        ("DELETE", "/databases/{}", None),
        ("POST", "/databases/{}/probe", {"target": "10.0.0.1"}),
        ("GET", "/databases/{}/shell", None),
        ("POST", "/analyses", {"source": "10.0.0.1", "target": "{}", "protocol": "udp", "port": 53}),
    ],
    "share": [("GET", "/shares/{}", None), ("DELETE", "/shares/{}", None)],
    "application": [("GET", "/quota-applications/{}", None), ("DELETE", "/quota-applications/{}", None)],
    "path": [
        ("GET", "/paths/{}", None),
        ("PATCH", "/paths/{}", {"name": "x"}),
        ("DELETE", "/paths/{}", None),
        ("POST", "/paths/{}/analyses", {}),
        ("GET", "/analyses?path_id={}", None),
    ],
    "analysis": [("GET", "/analyses/{}", None), ("DELETE", "/analyses/{}", None)],
}

LISTS = [
    "/vpcs",
    "/vswitches",
    "/route-tables",
    "/security-groups",
    "/network-acls",
    "/instances",
    "/peerings",
    "/physical-connections",
    "/vbrs",
    "/eips",
    "/nat-gateways",
    "/ipv4-gateways",
    "/load-balancers",
    "/databases",
    "/shares",
    "/quota-applications",
    "/paths",
    "/analyses",
    "/audit",
]


@pytest.fixture
def estate(site):
    """One tenant with one of everything, and what the ids are."""
    owner, partner = site.account(), site.account()
    vpc, peer = owner.vpc(), partner.vpc("10.1.0.0/16")
    vswitch = owner.vswitch(vpc)
    wish = {"name": "eips_per_account", "desired": 60}
    outside = {"region_id": vpc["region_id"], "port": "netns:/run/outside", "pools": ["203.0.113.0/24"]}
    if not site.operator.ok("GET", "/external-networks")["items"]:
        site.operator.ok("POST", "/external-networks", outside)
    eip = owner.ok("POST", "/eips", {"region_id": vpc["region_id"]})
    nat = owner.ok("POST", "/nat-gateways", {"vpc_id": vpc["id"]})["id"]
    owner.ok("POST", f"/eips/{eip['id']}/associate", {"target": "nat_gateway", "target_id": nat})
    out = {"source": "10.0.0.0/16", "public": [eip["address"]]}
    back = {"public": eip["address"], "private": "10.0.0.7"}
    group = owner.ok("POST", "/security-groups", {"vpc_id": vpc["id"]})
    rule = {"direction": "ingress", "remote_cidr": "10.0.0.0/8"}
    table = owner.ok("POST", "/route-tables", {"vpc_id": vpc["id"]})
    entry = {"destination": "10.98.0.0/16", "next_hop": "blackhole"}
    line = enabled_line(site, owner)
    vbr = owner.ok("POST", "/vbrs", {**VBR, "line_id": line["id"]})
    instance = owner.instance(vswitch)
    balancer = owner.ok("POST", "/load-balancers", {"vswitch_id": vswitch["id"]})["id"]
    listen = {"protocol": "tcp", "port": 443}
    listener = owner.ok("POST", f"/load-balancers/{balancer}/listeners", listen)["id"]
    answering = {"instance_id": instance["id"]}
    path = owner.ok("POST", "/paths", {"source": instance["id"], "target": "10.1.0.1"})["id"]
    ids = {
        "vpc": vpc["id"],
        "line": line["id"],
        "vbr": vbr["id"],
        "vbr_table": vbr["route_table_id"],
        "vswitch": vswitch["id"],
        "table": table["id"],
        "entry": owner.ok("POST", f"/route-tables/{table['id']}/entries", entry)["id"],
        "group": group["id"],
        "rule": owner.ok("POST", f"/security-groups/{group['id']}/rules", rule)["id"],
        "acl": owner.ok("POST", "/network-acls", {"vpc_id": vpc["id"]})["id"],
        "instance": instance["id"],
        "balancer": balancer,
        "listener": listener,
        "backend": owner.ok("POST", f"/listeners/{listener}/backends", answering)["id"],
        "database": owner.ok("POST", "/databases", {"vswitch_id": vswitch["id"]})["id"],
        "peering": owner.peering(vpc, peer)["id"],
        "interface": owner.interface(vpc, "acceptor")["id"],
        "router": vpc["router_id"],
        "eip": eip["id"],
        "nat": nat,
        "snat": owner.ok("POST", f"/nat-gateways/{nat}/snat-entries", out)["id"],
        "dnat": owner.ok("POST", f"/nat-gateways/{nat}/dnat-entries", back)["id"],
        "ipv4gw": owner.ok("POST", "/ipv4-gateways", {"vpc_id": vpc["id"]})["id"],
        "share": owner.ok("POST", "/shares", {"vswitch_id": vswitch["id"], "user_uid": partner.uid})["id"],
        "application": owner.ok("POST", "/quota-applications", wish)["id"],
        "path": path,
        "analysis": owner.ok("POST", f"/paths/{path}/analyses", {})["id"],
        "account": owner.uid,
        "credential": owner.ok("GET", "/whoami")["key_id"],
    }
    return owner, ids


def test_foreign_id_answers_like_missing_one(site, estate):
    """Every operation on another tenant's resource: the very answer of an id that does not exist, and nothing changes."""
    _, ids = estate
    stranger = site.account()
    before = site.store.latest_revision()
    for kind, requests in REQUESTS.items():
        for method, path, body in requests:
            foreign = _ask(stranger, method, path, body, ids[kind])
            missing = _ask(stranger, method, path, body, _unlike(ids[kind]))
            assert foreign[0] == 404, (kind, method, path, foreign)
            assert foreign == missing, (kind, method, path)
    assert site.store.latest_revision() == before


@pytest.mark.parametrize("path", LISTS)
def test_lists_hold_own_resources_only(site, estate, path):
    """A list of another tenant's resources is empty."""
    owner, _ = estate
    assert owner.ok("GET", path)["items"]
    assert site.account().ok("GET", path)["items"] == []


def test_operator_sees_all_and_changes_none(site, estate):
    """An operator reads every tenant's resources and may not change them."""
    _, ids = estate
    assert site.operator.ok("GET", f"/vpcs/{ids['vpc']}")["id"] == ids["vpc"]
    assert ids["vpc"] in {
        vpc["id"] for vpc in site.operator.ok("GET", "/vpcs?all_accounts=true&limit=1000")["items"]
    }
    assert site.operator.call("DELETE", f"/vpcs/{ids['vpc']}").status_code == 404


def _unlike(id):
    return id[:-4] + ("0000" if id[-4:] != "0000" else "1111")


def _ask(account, method, path, body, id):
    filled = (
        None
        if body is None
        else {k: v.replace("{}", id) if isinstance(v, str) else v for k, v in body.items()}
    )
    response = account.call(method, path.replace("{}", id), filled)
    problem = response.json()
    problem.pop("request_id")
    return response.status_code, re.sub(re.escape(id), "ID", str(problem))
