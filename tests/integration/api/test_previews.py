"""`?preview=true`: what is foretold comes true, and nothing of it is stored before."""

from datetime import timedelta

import pytest
from tests.support.api import VBR, make_site
from tests.support.rehearsing import Rehearsing

from peerway.api.native.app import all_operations
from peerway.api.serving.services import Limits
from peerway.app.usecases.peerings import expire_peering
from peerway.domain.peering import Peering


@pytest.fixture(scope="module")
def site():
    """A store of this module's own."""
    yield from make_site(Limits())


@pytest.fixture(scope="module")
def rehearsing(site):
    """Asks first."""
    return Rehearsing(site)


class Tenant:
    """An account that asks first."""

    def __init__(self, rehearsing, account):
        self.account, self.uid = account, account.uid
        self._rehearsing = rehearsing

    def __call__(self, method, path, body=None):
        return self._rehearsing.do(self.account, method, path, body)

    def vpc(self, cidr, region="cn-hangzhou"):
        return self("POST", "/vpcs", {"region_id": region, "cidr": cidr})

    def vswitch(self, vpc, cidr):
        body = {"vpc_id": vpc["id"], "zone_id": f"{vpc['region_id']}-h", "cidr": cidr}
        return self("POST", "/vswitches", body)

    def instance(self, vswitch, **fields):
        return self("POST", "/instances", {"vswitch_id": vswitch["id"], **fields})

    def peer(self, vpc, peer, **fields):
        body = {
            "vpc_id": vpc["id"],
            "peer_uid": peer["owner_uid"],
            "peer_region_id": peer["region_id"],
            "peer_vpc_id": peer["id"],
        }
        return self("POST", "/peerings", {**body, **fields})

    def interface(self, router, role, **fields):
        return self("POST", "/router-interfaces", {"router_id": router, "role": role, **fields})

    def route(self, table, destination, hop, id):
        body = {"destination": destination, "next_hop": hop, "next_hop_id": id}
        return self("POST", f"/route-tables/{table}/entries", body)


@pytest.fixture(scope="module")
def alice(rehearsing, site):
    """The account that does most."""
    return Tenant(rehearsing, site.account(real_name=True))


@pytest.fixture(scope="module")
def bob(rehearsing, site):
    """The account that it deals with."""
    return Tenant(rehearsing, site.account(real_name=True))


@pytest.fixture(scope="module")
def operator(rehearsing, site):
    """Who runs the installation."""
    return Tenant(rehearsing, site.operator)


def filters(alice):
    """Two instances in one VPC, groups, ACLs and tables around them."""
    vpc = alice.vpc("10.0.0.0/16")
    alice("PATCH", f"/vpcs/{vpc['id']}", {"name": "a"})
    alice("POST", f"/vpcs/{vpc['id']}/cidrs", {"cidr": "10.10.0.0/16"})
    alice("DELETE", f"/vpcs/{vpc['id']}/cidrs?cidr=10.10.0.0/16")
    vswitch = alice.vswitch(vpc, "10.0.1.0/24")
    one, other = alice.instance(vswitch), alice.instance(vswitch)
    group = alice("POST", "/security-groups", {"vpc_id": vpc["id"], "name": "web"})
    alice("PATCH", f"/security-groups/{group['id']}", {"inner_access": False})
    rules = [{"direction": "ingress", "protocol": "tcp", "port_range": "443/443", "remote_cidr": "0.0.0.0/0"}]
    made = alice("POST", f"/security-groups/{group['id']}/rules", {"rules": rules})
    alice("PATCH", f"/instances/{one['id']}", {"security_group_ids": [group["id"]]})
    rule = alice.account.ok("GET", f"/security-groups/{group['id']}/rules")["items"][0] if made else None
    alice("PATCH", f"/security-rules/{rule['id']}", {"priority": 2})
    alice("DELETE", f"/security-rules/{rule['id']}")
    alice("PATCH", f"/instances/{one['id']}", {"security_group_ids": []})
    alice("POST", f"/instances/{other['id']}/stop")
    alice("POST", f"/instances/{other['id']}/start")
    alice("DELETE", f"/security-groups/{group['id']}")
    acl = alice("POST", "/network-acls", {"vpc_id": vpc["id"], "name": "strict"})
    alice("PATCH", f"/network-acls/{acl['id']}", {"name": "stricter"})
    alice("PATCH", f"/vswitches/{vswitch['id']}", {"network_acl_id": acl["id"]})
    entries = {"ingress": [{"action": "accept", "protocol": "icmp", "cidr": "0.0.0.0/0"}], "egress": []}
    alice("PUT", f"/network-acls/{acl['id']}/entries", entries)
    alice("PATCH", f"/vswitches/{vswitch['id']}", {"network_acl_id": None})
    alice("DELETE", f"/network-acls/{acl['id']}")
    table = alice("POST", "/route-tables", {"vpc_id": vpc["id"], "name": "extra"})
    alice("PATCH", f"/route-tables/{table['id']}", {"name": "more"})
    entry = alice.route(table["id"], "10.99.0.0/16", "instance", other["id"])
    alice("PATCH", f"/vswitches/{vswitch['id']}", {"route_table_id": table["id"]})
    alice("PATCH", f"/route-entries/{entry['id']}", {"enabled": False})
    alice("DELETE", f"/route-entries/{entry['id']}")
    alice("PATCH", f"/vswitches/{vswitch['id']}", {"route_table_id": vpc["system_table_id"]})
    alice("DELETE", f"/route-tables/{table['id']}")
    alice("DELETE", f"/instances/{other['id']}")
    return vpc, vswitch, one


def peer_connections(site, alice, bob, here):
    """Two accounts' connections, through all their states."""
    vpc, _, _ = here
    there = bob.vpc("10.1.0.0/16", "cn-beijing")
    guest = bob.instance(bob.vswitch(there, "10.1.1.0/24"))
    refused = alice.peer(vpc, there)
    bob("POST", f"/peerings/{refused['id']}/reject")
    old = alice.peer(vpc, there, profile="tencent")
    site.clock.advance(timedelta(days=30))
    site.store.write(lambda tx: expire_peering(tx, site.services.world, old["id"]))
    assert site.store.read(lambda tx: tx.get(Peering, old["id"])).state == "expired"
    alice("POST", f"/peerings/{old['id']}/enable")
    alice("DELETE", f"/peerings/{old['id']}")
    peering = alice.peer(vpc, there)
    bob("POST", f"/peerings/{peering['id']}/accept")
    alice("PATCH", f"/peerings/{peering['id']}", {"bandwidth_mbps": 100})
    alice("POST", f"/peerings/{peering['id']}/lend", {"names": True})
    route = alice.route(vpc["system_table_id"], "10.1.0.0/16", "peering", peering["id"])
    bob.route(there["system_table_id"], "10.0.0.0/16", "peering", peering["id"])
    alice("DELETE", f"/route-entries/{route['id']}")
    alice.route(vpc["system_table_id"], "10.1.0.0/16", "peering", peering["id"])
    alice("DELETE", f"/peerings/{peering['id']}?force=true")
    return there, guest


def interfaces(alice, bob, here, there):
    """Router interfaces, joined and parted."""
    vpc, (peer, _) = here[0], there
    initiator = alice.interface(vpc["id"], "initiator", opposite_region_id="cn-beijing", spec="Small.2")
    acceptor = bob.interface(peer["id"], "acceptor", opposite_region_id="cn-hangzhou")
    for caller, one, other in ((alice, initiator, acceptor), (bob, acceptor, initiator)):
        body = {
            "opposite_interface_id": other["id"],
            "opposite_router_id": other["router_id"],
            "opposite_owner_uid": other["owner_uid"],
        }
        caller("PATCH", f"/router-interfaces/{one['id']}", body)
    alice("POST", f"/router-interfaces/{initiator['id']}/connect")
    route = alice.route(vpc["system_table_id"], "10.1.0.0/16", "router_interface", initiator["id"])
    bob.route(peer["system_table_id"], "10.0.0.0/16", "router_interface", acceptor["id"])
    alice("POST", f"/router-interfaces/{initiator['id']}/deactivate")
    alice("POST", f"/router-interfaces/{initiator['id']}/activate")
    alice("POST", f"/router-interfaces/{initiator['id']}/deactivate")
    alice("DELETE", f"/route-entries/{route['id']}")
    alice("DELETE", f"/router-interfaces/{initiator['id']}")


def lines(alice, bob, operator):
    """Leased lines and border routers."""
    path, body = "/physical-connections", {"access_point_id": "ap-cn-hangzhou-yh-ts-A", "line_operator": "CT"}
    refused = alice("POST", path, body)
    operator("POST", f"{path}/{refused['id']}/reject", {"reason": "full"})
    alice("DELETE", f"{path}/{refused['id']}")
    dropped = alice("POST", path, body)
    alice("POST", f"{path}/{dropped['id']}/cancel")
    line = f"{path}/{(made := alice('POST', path, body))['id']}"
    alice("PATCH", line, {"name": "line"})
    operator("POST", f"{line}/approve", {"room": "room 7", "contact": "Li"})
    operator("POST", f"{line}/allocate", {"port": "interface:eth9"})
    alice("POST", f"{line}/loa", {"loa": "Wang, Monday"})
    alice("POST", f"{line}/confirm")
    operator("POST", f"{line}/enable")
    vbr = alice("POST", "/vbrs", {"line_id": made["id"], **VBR})
    alice("PATCH", f"/vbrs/{vbr['id']}", {"name": "edge"})
    operator("PUT", f"/vbrs/{vbr['id']}/port", {"port": "interface:eth8"})
    alice("POST", f"/vbrs/{vbr['id']}/terminate")
    alice("POST", f"/vbrs/{vbr['id']}/recover")
    offered = alice("POST", "/vbrs", {"line_id": made["id"], "owner_uid": bob.uid, **VBR, "vlan": 101})
    bob("POST", f"/vbrs/{offered['id']}/confirm")
    bob("DELETE", f"/vbrs/{offered['id']}")
    alice("DELETE", f"/vbrs/{vbr['id']}")
    alice("POST", f"{line}/terminate")


def gateways(alice, operator, here):
    """Ways to the outside."""
    vpc, vswitch, instance = here
    network = operator(
        "POST",
        "/external-networks",
        {"region_id": "cn-hangzhou", "port": "netns:/run/netns/outside", "pools": ["203.0.113.0/24"]},
    )
    eip = alice("POST", "/eips", {"region_id": "cn-hangzhou"})
    alice("POST", f"/eips/{eip['id']}/associate", {"target": "instance", "target_id": instance["id"]})
    alice("POST", f"/eips/{eip['id']}/disassociate")
    door = alice("POST", "/ipv4-gateways", {"vpc_id": vpc["id"]})
    alice("PATCH", f"/ipv4-gateways/{door['id']}", {"enabled": True})
    alice("DELETE", f"/ipv4-gateways/{door['id']}")
    nat = alice("POST", "/nat-gateways", {"vpc_id": vpc["id"]})
    alice("PATCH", f"/nat-gateways/{nat['id']}", {"name": "nat"})
    alice("POST", f"/eips/{eip['id']}/associate", {"target": "nat_gateway", "target_id": nat["id"]})
    route = alice.route(vpc["system_table_id"], "0.0.0.0/0", "nat_gateway", nat["id"])
    public = eip["address"]
    snat = alice(
        "POST", f"/nat-gateways/{nat['id']}/snat-entries", {"vswitch_id": vswitch["id"], "public": [public]}
    )
    alice("DELETE", f"/snat-entries/{snat['id']}")
    ports = {"protocol": "tcp", "public_port": 80, "private_port": 8080}
    body = {"public": public, "private": instance["ipv4"], **ports}
    dnat = alice("POST", f"/nat-gateways/{nat['id']}/dnat-entries", body)
    alice("DELETE", f"/dnat-entries/{dnat['id']}")
    alice("POST", f"/eips/{eip['id']}/disassociate")
    alice("DELETE", f"/route-entries/{route['id']}")
    alice("DELETE", f"/nat-gateways/{nat['id']}")
    alice("DELETE", f"/eips/{eip['id']}")
    operator("DELETE", f"/external-networks/{network['id']}")


def services(alice, bob, here):
    """Load balancers, databases and shares."""
    _, vswitch, instance = here
    balancer = alice("POST", "/load-balancers", {"vswitch_id": vswitch["id"]})
    alice("PATCH", f"/load-balancers/{balancer['id']}", {"name": "lb"})
    listener = alice("POST", f"/load-balancers/{balancer['id']}/listeners", {"protocol": "tcp", "port": 443})
    alice("PATCH", f"/listeners/{listener['id']}", {"check_interval_ms": 500})
    backend = alice("POST", f"/listeners/{listener['id']}/backends", {"instance_id": instance["id"]})
    alice("PATCH", f"/backends/{backend['id']}", {"weight": 0})
    alice("DELETE", f"/backends/{backend['id']}")
    alice("DELETE", f"/listeners/{listener['id']}")
    alice("DELETE", f"/load-balancers/{balancer['id']}")
    database = alice("POST", "/databases", {"vswitch_id": vswitch["id"], "whitelist": ["10.0.0.0/16"]})
    alice("PATCH", f"/databases/{database['id']}", {"whitelist": []})
    alice("DELETE", f"/databases/{database['id']}")
    share = alice("POST", "/shares", {"vswitch_id": vswitch["id"], "user_uid": bob.uid})
    alice("DELETE", f"/shares/{share['id']}")


def questions(alice, here):
    """Paths, their analyses, and what is to hold."""
    _, _, instance = here
    question = {"source": instance["id"], "target": "10.0.1.9", "protocol": "icmp"}
    path = alice("POST", "/paths", {"name": "p", **question})
    alice("PATCH", f"/paths/{path['id']}", {"name": "q"})
    alice("POST", f"/paths/{path['id']}/analyses", {})
    alice("DELETE", f"/paths/{path['id']}")
    analysis = alice("POST", "/analyses", question)
    alice("DELETE", f"/analyses/{analysis['id']}")
    asked = {"source": f"instance:{instance['id']}", "target": "range:10.0.1.0/24", "expectation": "isolate"}
    intent = alice("POST", "/intents", asked)
    alice("PATCH", f"/intents/{intent['id']}", {"name": "apart"})
    alice("DELETE", f"/intents/{intent['id']}")


def accounts(alice, operator):
    """Accounts, credentials, limits."""
    made = operator("POST", "/accounts", {"name": "foretold"})
    operator("PATCH", f"/accounts/{made['uid']}", {"name": "told"})
    key = alice("POST", f"/accounts/{alice.uid}/credentials", {"role": "reader"})
    alice("DELETE", f"/credentials/{key['id']}")
    operator("PUT", "/quotas/vswitches_per_vpc", {"uid": alice.uid, "limit": 500})
    asked = {"name": "eips_per_account", "desired": 50, "reason": "growth"}
    first = alice("POST", "/quota-applications", asked)
    operator("POST", f"/quota-applications/{first['id']}/approve", {})
    second = alice("POST", "/quota-applications", {**asked, "desired": 60})
    operator("POST", f"/quota-applications/{second['id']}/reject", {})
    alice("DELETE", f"/quota-applications/{second['id']}")


def test_every_operation_can_be_previewed_and_does_what_it_says(site, rehearsing, alice, bob, operator):
    """Each operation that changes something is asked first: nothing is stored; then status, reachability and quotas are as told.

    A new operation fails this test until it is part of the story.
    """
    here = filters(alice)
    there = peer_connections(site, alice, bob, here)
    interfaces(alice, bob, here, there)
    lines(alice, bob, operator)
    gateways(alice, operator, here)
    services(alice, bob, here)
    questions(alice, here)
    accounts(alice, operator)
    empty = alice.vpc("10.7.0.0/16")
    spare = alice.vswitch(empty, "10.7.1.0/24")
    alice("DELETE", f"/vswitches/{spare['id']}")
    alice("DELETE", f"/vpcs/{empty['id']}")
    file = [
        {
            "name": "a",
            "method": "POST",
            "path": "/vpcs",
            "body": {"region_id": "cn-hangzhou", "cidr": "10.8.0.0/16"},
        },
        {"method": "PATCH", "path": "/vpcs/${a.id}", "body": {"name": "eight"}},
    ]
    rehearsing.ask(alice.account, "POST", "/changes", {"changes": file})
    writing = {(operation.method, operation.path) for operation in all_operations() if operation.writes}
    assert sorted(writing - rehearsing.seen) == []
