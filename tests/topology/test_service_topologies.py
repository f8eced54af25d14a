"""Load balancers and databases with real packets: reached over both kinds of link, spread, checked, and closed to others."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from tests.support.guests import running_in
from tests.support.kernel import foreign_namespace, outside
from tests.support.live import Cloud, Tenant, eventually
from tests.support.outsides import telling
from tests.support.services import (
    ECHO,
    UDP_ASKER,
    UDP_NAMER,
    allow,
    answers,
    database,
    health,
    listen,
    load_balancer,
    naming,
    postgres_in,
    put_behind,
    query,
    spread,
)
from tests.support.sites import Oracles, Site, connect, join, make_site
from tests.support.streams import running

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
#: Keeps one connection and has a byte echoed every 20 ms; says how many came back, and "cut" when no more do.
HOLDER = """
import socket, sys, time
count = 0
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as far:
        while True:
            far.sendall(b"x")
            if not far.recv(1):
                break
            count += 1
            print(count, flush=True)
            time.sleep(0.02)
except OSError:
    pass
while True:
    print("cut", flush=True)
    time.sleep(0.1)
"""


def by_peering(one: Site, other: Site) -> None:
    """Joined by a peer connection, with routes."""
    peering = connect(one, other)
    one.route(other.vpc["cidr"], peering)
    other.route(one.vpc["cidr"], peering)


def by_interfaces(one: Site, other: Site) -> None:
    """Joined by two router interfaces, with routes."""
    ours, theirs = join(one, other)
    one.route(other.vpc["cidr"], ours)
    other.route(one.vpc["cidr"], theirs)


Joins = Callable[[Site, Site], None]
BOTH_LINKS = pytest.mark.parametrize("joined", [by_peering, by_interfaces], ids=["peering", "interfaces"])


@pytest.fixture
def apart(tenant: Tenants) -> tuple[Site, Site]:
    """Two accounts' sites in two regions, with nothing between them."""
    return (
        make_site(tenant(), "cn-hangzhou", "10.1.0.0/16", "10.1.1.0/24"),
        make_site(tenant(), "cn-beijing", "10.2.0.0/16", "10.2.1.0/24"),
    )


@pytest.fixture
def sites(apart: tuple[Site, Site]) -> tuple[Site, Site]:
    """The same with a peer connection between them."""
    by_peering(*apart)
    return apart


def held(lines, word: str) -> None:
    """Wait until a holder says "cut", or for `held` that it still counts."""
    if word == "cut":
        eventually("the connection is cut", lambda: next(lines) == "cut")
    else:
        first = next(lines)
        assert first != "cut"
        eventually("the connection goes on", lambda: int(next(lines)) > int(first))


@BOTH_LINKS
def test_load_balancer_is_reached_over_a_link(
    apart: tuple[Site, Site], oracles: Oracles, joined: Joins
) -> None:
    """NET-6: its listeners answer as soon as routes lead there, and nothing else at its address does; backends see who asks."""
    one, other = apart
    balancer = load_balancer(other)
    address = balancer["address"]
    put_behind(listen(other, balancer, check=False), other)
    udp = listen(other, balancer, 53, protocol="udp", check=False)
    put_behind(udp, other, 5353)
    assert not oracles.reach(one, address, "tcp", 80), "there is no link yet"
    joined(one, other)
    assert oracles.reach(one, address, "tcp", 80)
    assert not oracles.reach(one, address, "tcp", 81)
    assert not oracles.reach(one, address)
    seen = f"{other.instance['id']} {one.address}"
    with naming(other), naming(other, UDP_NAMER, 5353):
        assert answers(one, address) == {seen: 1}
        assert answers(one, address, 53, program=UDP_ASKER) == {seen: 1}
        other.tenant.delete(f"/listeners/{udp['id']}")
        oracles.cloud.synced()
        assert answers(one, address, 53, program=UDP_ASKER, patience_s=0.3) == {"": 1}
        assert answers(one, address) == {seen: 1}


@BOTH_LINKS
def test_database_is_reached_over_a_link_by_whom_it_lists(
    apart: tuple[Site, Site], oracles: Oracles, joined: Joins
) -> None:
    """NET-6: the ranges on its whitelist, at its port; nobody else, and nothing else of it."""
    one, other = apart
    joined(one, other)
    stranger = one.another("10.1.2.0/24")
    orders = database(other, "10.1.1.0/24")
    address = orders.address
    assert oracles.reach(one, address, "tcp", 5432)
    assert not oracles.reach(stranger, address, "tcp", 5432)
    assert not oracles.reach(other, address, "tcp", 5432), "not even its neighbours"
    assert not oracles.reach(one, address, "tcp", 5433)
    assert not oracles.reach(one, address)
    assert oracles.reach(orders, one.address), "its guest may ask others"
    allow(orders, "10.1.2.0/24", "10.2.1.0/24")
    assert not oracles.reach(one, address, "tcp", 5432)
    assert oracles.reach(stranger, address, "tcp", 5432)
    assert oracles.reach(other, address, "tcp", 5432)


def test_filters_see_client_and_backend(sites: tuple[Site, Site], oracles: Oracles) -> None:
    """NET-6, NET-7: security groups of the backend decide, over the client's own address and the backend's port."""
    one, other = sites
    stranger = one.another("10.1.2.0/24")
    balancer = load_balancer(other)
    put_behind(listen(other, balancer, check=False), other)
    group = other.tenant.post("/security-groups", vpc_id=other.vpc_id)
    rule = {"direction": "ingress", "protocol": "tcp", "remote_cidr": "10.1.1.0/24"}
    other.tenant.post(f"/security-groups/{group['id']}/rules", **rule, port_range="8080/8080")
    other.tenant.call("PATCH", f"/instances/{other.instance['id']}", security_group_ids=[group["id"]])
    assert oracles.reach(one, balancer["address"], "tcp", 80)
    assert not oracles.reach(stranger, balancer["address"], "tcp", 80)
    assert not oracles.reach(one, other.address, "tcp", 80)


def test_connections_are_spread_by_weight(sites: tuple[Site, Site], oracles: Oracles) -> None:
    """NET-6: over a link, each backend gets about its share, and 0 means none; a new weight holds for new connections."""
    one, other = sites
    backends = [other, other.another("10.2.2.0/24"), other.another("10.2.3.0/24")]
    balancer = load_balancer(other)
    listener = listen(other, balancer, check=False)
    light, heavy, none = [
        put_behind(listener, backend, weight=weight)
        for backend, weight in zip(backends, (25, 75, 0), strict=True)
    ]
    with ExitStack() as stack:
        for backend in backends:
            stack.enter_context(naming(backend))
        seen = spread(oracles, one, listener, balancer["address"], 200)
        assert 25 <= seen[light["instance_id"]] <= 80
        for backend, weight in ((light, 0), (none, 100)):
            other.tenant.call("PATCH", f"/backends/{backend['id']}", weight=weight)
        seen = spread(oracles, one, listener, balancer["address"], 200)
        assert 60 <= seen[heavy["instance_id"]] <= 120
        other.tenant.delete(f"/backends/{heavy['id']}")
        assert spread(oracles, one, listener, balancer["address"], 20) == {none["instance_id"]: 20}


def test_dead_backend_is_left_out_and_comes_back(sites: tuple[Site, Site], oracles: Oracles) -> None:
    """NET-6: a check that fails takes a backend out, one that succeeds takes it in again; each time without a lost connection."""
    one, other = sites
    second = other.another("10.2.2.0/24")
    balancer = load_balancer(other)
    listener = listen(other, balancer, check_interval_ms=100, check_threshold=2)
    for backend in (other, second):
        put_behind(listener, backend)
    with naming(other):
        with naming(second):
            for backend in (other, second):
                health(listener, backend, "normal")
            assert len(spread(oracles, one, listener, balancer["address"], 40)) == 2
        health(listener, second, "abnormal")
        assert spread(oracles, one, listener, balancer["address"], 40) == {other.instance["id"]: 40}
        with naming(second):
            health(listener, second, "normal")
            assert len(spread(oracles, one, listener, balancer["address"], 40)) == 2
    for backend in (other, second):
        health(listener, backend, "abnormal")
    oracles.cloud.synced()
    with naming(other), naming(second):
        health(listener, other, "normal")


def test_deleted_backend_is_left_out(sites: tuple[Site, Site], oracles: Oracles) -> None:
    """An instance that is deleted takes its share with it; without any backend nobody answers."""
    one, other = sites
    second = other.another("10.2.2.0/24")
    balancer = load_balancer(other)
    listener = listen(other, balancer, check=False)
    for backend in (other, second):
        put_behind(listener, backend)
    with naming(other):
        other.tenant.delete(f"/instances/{second.instance['id']}")
        assert spread(oracles, one, listener, balancer["address"], 20) == {other.instance["id"]: 20}
    other.tenant.delete(f"/instances/{other.instance['id']}")
    assert not oracles.reach(one, balancer["address"], "tcp", 80)


def test_range_taken_off_the_whitelist_ends_its_connections(
    sites: tuple[Site, Site], cloud: Cloud, oracles: Oracles
) -> None:
    """NET-6: connections of a range that is taken off end at once; those of the others go on."""
    one, other = sites
    stays = one.another("10.1.2.0/24")
    orders = database(other, "10.1.1.0/24", "10.1.2.0/24")
    cloud.synced()
    with ExitStack() as stack:
        stack.enter_context(running_in(other.tenant, orders.instance["id"], ECHO, "5432"))
        leaving, staying = (
            stack.enter_context(running(client, HOLDER, orders.address, "5432")) for client in (one, stays)
        )
        held(leaving, "goes on")
        held(staying, "goes on")
        allow(orders, "10.1.2.0/24")
        held(leaving, "cut")
        held(staying, "goes on")
        assert not oracles.reach(one, orders.address, "tcp", 5432)
        assert oracles.reach(stays, orders.address, "tcp", 5432)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: PostgreSQL runs as another user in the guest")
@BOTH_LINKS
def test_postgresql_answers_over_a_link(apart: tuple[Site, Site], cloud: Cloud, joined: Joins) -> None:
    """NET-6: a real PostgreSQL in the database's namespace answers an instance of another account, by its own address."""
    one, other = apart
    joined(one, other)
    stranger = one.another("10.1.2.0/24")
    orders = database(other, "10.1.1.0/24")
    cloud.synced()
    with postgres_in(orders):
        assert query(one, orders.address, "SELECT host(inet_client_addr())") == one.address
        assert query(one, orders.address, "SELECT host(inet_server_addr())") == orders.address
        assert ip_network(other.vswitch["cidr"]).supernet_of(ip_network(orders.address))
        assert query(stranger, orders.address, "SELECT 1") == ""
        allow(orders)
        cloud.synced()
        assert query(one, orders.address, "SELECT 1") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the test makes a namespace on the host")
def test_database_of_the_hosts_is_taken_in(tenant: Tenants, cloud: Cloud, oracles: Oracles) -> None:
    """NET-6: what answers in a namespace that is there already, as a container's, becomes a database with a whitelist."""
    one = make_site(tenant(), "cn-hangzhou", "10.1.0.0/16", "10.1.1.0/24")
    stranger = one.another("10.1.2.0/24")
    other = make_site(cloud.operator, "cn-beijing", "10.2.0.0/16", "10.2.1.0/24")
    by_peering(one, other)
    with foreign_namespace() as path, telling(["nsenter", f"--net={path}"], 5432):
        orders = database(other, "10.1.1.0/24", netns=path)
        assert oracles.reach(one, orders.address, "tcp", 5432)
        assert not oracles.reach(stranger, orders.address, "tcp", 5432)
        assert answers(one, orders.address, 5432) == {one.address: 1}
        other.tenant.delete(f"/databases/{orders.instance['id']}")
        other.tenant.gone(f"/databases/{orders.instance['id']}")
        assert {one["ifname"] for one in json.loads(outside(path, "ip -j link"))} <= {"lo"}


def test_nothing_is_left_of_services(sites: tuple[Site, Site], cloud: Cloud, oracles: Oracles) -> None:
    """A deleted load balancer and a deleted database are gone from the network, and their addresses are free."""
    one, other = sites
    balancer = load_balancer(other)
    listener = listen(other, balancer, check=False)
    put_behind(listener, other)
    orders = database(other, "10.0.0.0/8")
    assert oracles.reach(one, balancer["address"], "tcp", 80)
    other.tenant.delete(f"/listeners/{listener['id']}")
    for path in (f"/load-balancers/{balancer['id']}", f"/databases/{orders.instance['id']}"):
        other.tenant.delete(path)
        other.tenant.gone(path)
    for address in (balancer["address"], orders.address):
        assert not oracles.reach(one, address, "tcp", 80)
        assert not oracles.reach(one, address, "tcp", 5432)
    again = other.tenant.post("/instances", vswitch_id=other.vswitch["id"], ipv4=orders.address)
    other.tenant.settled(f"/instances/{again['id']}", "available")
    assert oracles.reach(one, orders.address)
    assert other.tenant.get("/failures")["items"] == []
