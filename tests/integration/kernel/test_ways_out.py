"""Connections out of the network and into it: by gateways and public addresses, one after the other, and when they change."""

import socket
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest
from tests.builders import fabrics
from tests.support.doors import (
    QUIET_S,
    WORLD,
    carries,
    coming,
    door,
    ends,
    flows,
    leaked,
    leaving,
    name,
    network,
    private,
    public,
    put,
    with_exit,
)
from tests.support.kernel import in_namespace, socket_at

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, router_namespace
from peerway.fabric.model import (
    Endpoint,
    Fabric,
    FibEntry,
    Subnet,
    ToEndpoint,
    ToLink,
    ToSubnet,
    Translation,
)

pytestmark = pytest.mark.kernel


def test_public_addresses_of_one_vpc_meet_outside(plane: KernelDataPlane, world: str) -> None:
    """NET-10: an instance that calls another's public address goes by the exit, and is seen with its own public address."""
    here, there = (fabrics.endpoint(1, host, str(public(host))) for host in (10, 11))
    fabric = network(with_exit(world, here, there), here, there, exit_id="vpc-1")
    put(plane, fabric)
    with ends(plane, world) as both:
        near, far, seen = both.join(both.inside(10), public(11), both.inside(11), private(11))
        assert seen == str(public(10))
        assert flows(near, far)
        assert flows(far, near)
    assert leaked(world) == 0


def test_shared_way_out_by_a_self_built_gateway(plane: KernelDataPlane, world: str) -> None:
    """EC-12: from another VPC over a link to an instance that masquerades, out by its public address, and back."""
    gateway = replace(fabrics.endpoint(1, 10, str(public(1))), forwards=True)
    first = network(with_exit(world, gateway), gateway, fabrics.endpoint(1, 11), exit_id="vpc-1").routers[
        "vpc-1"
    ]
    routes = {"0.0.0.0/0": ToEndpoint(gateway.id), "10.2.0.0/16": ToLink("pcc-1")}
    made = fabrics.vpc(1, routes, {"0.0.0.0/0": ToEndpoint(gateway.id)})
    first = replace(first, fibs=made.fibs, inbound=made.inbound)
    second = fabrics.vpc(2, {"0.0.0.0/0": ToLink("pcc-1")})
    links = {"pcc-1": fabrics.link("pcc-1", "vpc-1", "vpc-2")}
    put(plane, Fabric(1, {"vpc-1": first, "vpc-2": second}, links))
    in_namespace(plane, name(10), "sysctl", "-qw", "net.ipv4.ip_forward=1")
    # until it translates, the gateway sends private addresses on, which end at the exit
    assert _asks(plane, endpoint_namespace("i-2")) is False
    rules = (
        "table ip guest { chain post { type nat hook postrouting priority 100; oifname eth0 masquerade; }; }"
    )
    in_namespace(plane, name(10), "nft", rules)
    for asking in (endpoint_namespace("i-2"), name(11), name(10)):
        with ends(plane, world) as both:
            near = both.keep(socket_at(plane, asking, socket.AF_INET, socket.SOCK_STREAM))
            near, far, seen = both.join(near, WORLD, both.outside(), WORLD)
            assert seen == str(public(1))
            assert flows(near, far)
            assert flows(far, near)
    with ends(plane, world) as both:  # what comes in for the gateway itself is answered, too
        near, far, _ = both.join(both.outside(), public(1), both.inside(10), private(10))
        assert flows(near, far)
        assert flows(far, near)
    assert leaked(world) == 0


def _asks(plane: KernelDataPlane, namespace: str) -> bool:
    """Whether a connection to the world comes about."""
    with socket_at(plane, namespace, socket.AF_INET, socket.SOCK_STREAM) as near:
        near.settimeout(QUIET_S)
        try:
            near.connect((WORLD, 9))
        except TimeoutError:
            return False
        except ConnectionRefusedError:
            return True
        return True


def test_gateway_that_does_not_translate_stands_before_the_way_out(
    plane: KernelDataPlane, world: str
) -> None:
    """NET-5: an instance that only forwards, between others and a NAT gateway; the NAT gateway translates what it sends on."""
    uplink = door(world, leaving("10.1.0.0/16", 1))
    plain = network(uplink, revision=1)
    made = fabrics.vpc(1, {"0.0.0.0/0": ToEndpoint("i-fw")})
    fibs = {"vtb": made.fibs["vtb"], "vtb-2": replace(plain.routers["vpc-1"].fibs["vtb"], id="vtb-2")}
    own = FibEntry(ip_network("10.1.2.0/24"), ToSubnet("vsw-2"), "vsw-2")
    fibs = {
        id: replace(fib, entries=tuple(sorted([*fib.entries, own], key=_order))) for id, fib in fibs.items()
    }
    wall = Endpoint("i-fw", "vsw-2", (IPv4Address("10.1.2.5"),), "02:00:00:01:02:05", forwards=True)
    router = replace(
        plain.routers["vpc-1"],
        subnets={**made.subnets, "vsw-2": Subnet("vsw-2", (own.prefix,), "vtb-2")},
        endpoints={"i-1": fabrics.endpoint(1, 10), wall.id: wall},
        fibs=fibs,
    )
    put(plane, Fabric(2, {"vpc-1": router}))
    inside = endpoint_namespace(wall.id)
    in_namespace(plane, inside, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    in_namespace(
        plane, inside, "nft", "table ip t { chain c { type filter hook forward priority 0; counter; }; }"
    )
    with ends(plane, world) as both:
        near, far, seen = both.join(both.inside(10), WORLD, both.outside(), WORLD)
        assert seen == str(public(1))
        assert flows(near, far)
        assert flows(far, near)
        more = replace(
            uplink, translation=Translation((leaving("10.1.0.0/16", 1), leaving("10.9.0.0/16", 3)))
        )
        put(plane, Fabric(3, {"vpc-1": replace(router, uplinks={uplink.id: more})}))
        assert flows(near, far)
        elsewhere = replace(uplink, translation=Translation((leaving("10.1.0.0/16", 2),)))
        put(plane, Fabric(4, {"vpc-1": replace(router, uplinks={uplink.id: elsewhere})}))
        assert not carries(far, near)
    assert "packets 0 " not in in_namespace(plane, inside, "nft", "list", "ruleset")
    in_namespace(plane, name(10), "ping", "-c1", "-W2", WORLD)
    assert leaked(world) == 0


def _order(entry: FibEntry) -> tuple[int, int, int]:
    return entry.prefix.version, int(entry.prefix.network_address), entry.prefix.prefixlen


def test_removed_entries_cut_their_connections_and_no_others(plane: KernelDataPlane, world: str) -> None:
    """What an entry let through ends with it, in both directions and at once; connections of other entries go on."""
    entries = leaving("10.1.1.10/32", 1), leaving("10.1.1.11/32", 2), coming(5, 40), coming(6, 41)
    put(plane, network(door(world, *entries)))
    with ends(plane, world) as both:
        joined = [
            both.join(both.inside(10), WORLD, both.outside(), WORLD, (1010, 1010)),
            both.join(both.inside(11), WORLD, both.outside(), WORLD, (1011, 1011)),
            both.join(both.outside(), public(5), both.inside(40), private(40)),
            both.join(both.outside(), public(6), both.inside(41), private(41)),
        ]
        put(plane, network(door(world, entries[1], entries[3]), revision=2))
        for (near, far, _), goes_on in zip(joined, (False, True, False, True), strict=True):
            assert (flows if goes_on else carries)(far, near) is goes_on
            assert (flows if goes_on else carries)(near, far) is goes_on
    assert leaked(world) == 0


def test_flow_with_a_fixed_port_gets_the_new_address(plane: KernelDataPlane, world: str) -> None:
    """A datagram from the same socket after the change carries the new public address, not the old one or none."""
    put(plane, network(door(world, leaving("10.1.1.0/24", 1))))
    with ends(plane, world) as both:
        near, far = both.inside(10, socket.SOCK_DGRAM), both.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        for revision, number in ((2, 1), (3, 2)):
            put(plane, network(door(world, leaving("10.1.1.0/24", number)), revision=revision))
            near.sendto(b"ask", (WORLD, 53))
            assert far.recvfrom(10)[1][0] == str(public(number))


def test_flow_follows_a_new_way_out(plane: KernelDataPlane, world: str) -> None:
    """Datagrams from one socket: out by a gateway, by a public address bound meanwhile, and by the gateway again."""
    both = leaving("10.1.1.0/24", 1)
    endpoint = fabrics.endpoint(1, 10, str(public(2)))
    gateway, leaves = door(world, both), with_exit(world, endpoint)
    leaves = replace(leaves, transfers=(fabrics.transfer("198.18.0.5/30", "198.18.0.6"),))
    plain = network(gateway)
    bound = network(gateway, endpoint, revision=2, exit_id="vpc-1")
    router = bound.routers["vpc-1"]
    router = replace(router, uplinks={**router.uplinks, leaves.id: leaves})
    with ends(plane, world) as sockets:
        put(plane, plain)
        near, far = sockets.inside(10, socket.SOCK_DGRAM), sockets.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        for fabric, number in (
            (plain, 1),
            (replace(bound, routers={"vpc-1": router}), 2),
            (replace(plain, revision=3), 1),
        ):
            put(plane, fabric)
            near.sendto(b"ask", (WORLD, 53))
            assert far.recvfrom(10)[1][0] == str(public(number))
    assert leaked(world) == 0


def test_flow_that_was_not_translated_is_from_then_on(plane: KernelDataPlane, world: str) -> None:
    """Datagrams from one socket that went to a gateway instance, then to the NAT gateway; and after rules were lost."""
    uplink = door(world, leaving("10.1.1.0/24", 1))
    hop = replace(fabrics.endpoint(1, 11), forwards=True)
    here = fabrics.endpoint(1, 10)
    # packets are tracked, as they are wherever something is translated
    by_hop = network(uplink, here, hop)
    fibs = fabrics.vpc(1, {"0.0.0.0/0": ToEndpoint(hop.id)}).fibs
    by_hop = replace(by_hop, routers={"vpc-1": replace(by_hop.routers["vpc-1"], fibs=fibs)})
    with ends(plane, world) as sockets:
        put(plane, by_hop)
        near, far = sockets.inside(10, socket.SOCK_DGRAM), sockets.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        near.sendto(b"lost", (WORLD, 53))
        put(plane, network(uplink, here, hop, revision=2))
        near.sendto(b"ask", (WORLD, 53))
        assert far.recvfrom(10)[1][0] == str(public(1))
        in_namespace(plane, router_namespace("vpc-1"), "nft", "flush", "ruleset")
        near.sendto(b"ask", (WORLD, 53))
        assert far.recvfrom(10)[0] == b"ask"
        assert plane.repair().failures == {}
        near.sendto(b"ask", (WORLD, 53))
        assert far.recvfrom(10)[1][0] == str(public(1))


def test_next_agent_keeps_connections_that_may_go_on(
    plane: KernelDataPlane, world: str, state_dir: Path
) -> None:
    """An agent that takes over knows nothing of what was loaded; it cuts what the network says, and nothing else."""
    entries = leaving("10.1.1.10/32", 1), leaving("10.1.1.11/32", 2)
    put(plane, network(door(world, *entries)))
    with ends(plane, world) as both:
        joined = [
            both.join(both.inside(host), WORLD, both.outside(), WORLD, (1000 + host, 1000 + host))
            for host in (10, 11)
        ]
        following = KernelDataPlane(state_dir)
        try:
            put(following, network(door(world, entries[0]), revision=2))
            for (near, far, _), goes_on in zip(joined, (True, False), strict=True):
                assert (flows if goes_on else carries)(far, near) is goes_on
                assert (flows if goes_on else carries)(near, far) is goes_on
        finally:
            following.close(destroy=False)
