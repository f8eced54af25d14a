"""NAT gateways and public addresses with packets: who is known by what outside, and nothing untranslated in between."""

import socket
import struct
from dataclasses import replace
from ipaddress import IPv4Address, ip_network

import pytest
from tests.builders import fabrics
from tests.support.doors import (
    GATEWAY,
    IP_MTU,
    OTHER,
    QUIET_MS,
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
    socket_outside,
    source_of,
)
from tests.support.kernel import ask_from, in_namespace, outside, socket_at, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import outside_interface, router_namespace
from peerway.app.dataplane import Verdict
from peerway.fabric.model import (
    Action,
    Backend,
    Fabric,
    Filter,
    Match,
    Policy,
    Rule,
    Service,
)

pytestmark = pytest.mark.kernel


def test_longest_prefix_gives_the_source(plane: KernelDataPlane, world: str) -> None:
    """NET-8: one address's own entry before its network's, a pool spread by source, and nothing from whom no entry is for."""
    entries = leaving("10.1.1.10/32", 1), leaving("10.1.1.0/27", 2), leaving("10.1.1.32/27", 3, 4)
    put(plane, network(door(world, *entries)))
    assert source_of(plane, world, 10) == str(public(1))
    assert source_of(plane, world, 11) == str(public(2))
    for host in (40, 41):
        (found,) = {source_of(plane, world, host) for _ in range(4)}
        assert found in {str(public(3)), str(public(4))}
    assert source_of(plane, world, 100) is None
    assert leaked(world) == 0


def test_tcp_and_echo_come_back_translated(plane: KernelDataPlane, world: str) -> None:
    """A connection and an echo request from inside are answered; the world sees the public address only."""
    put(plane, network(door(world, leaving("10.1.1.0/24", 1))))
    with ends(plane, world) as both:
        near, far, seen = both.join(both.inside(10), WORLD, both.outside(), WORLD)
        assert seen == str(public(1))
        assert flows(near, far)
        assert flows(far, near)
    in_namespace(plane, name(10), "ping", "-c1", "-W2", WORLD)
    assert leaked(world) == 0


def test_first_entry_decides_over_what_comes_in(plane: KernelDataPlane, world: str) -> None:
    """NET-8: ports to several instances, whole protocols and whole addresses; what is shadowed never gets anything."""
    entries = (
        coming(5, 10, 6, 8080, 80),
        coming(5, 11, 6, 8081, 80),
        coming(6, 10, 6, 22, 22),
        coming(6, 11),
        coming(6, 40, 6, 23, 23),
        coming(7, 40, 6),
        coming(7, 41),
    )
    put(plane, network(door(world, leaving("10.1.1.0/24", 1), *entries)))
    for number, port, host, private_port in (
        (5, 8080, 10, 80),
        (5, 8081, 11, 80),
        (6, 22, 10, 22),
        (6, 23, 11, 23),
        (6, 99, 11, 99),
        (7, 99, 40, 99),
    ):
        with ends(plane, world) as both:
            client, server = both.outside(), both.inside(host)
            client.bind((WORLD, 0))
            ports = port, private_port
            near, far, seen = both.join(client, public(number), server, private(host), ports)
            assert seen == WORLD
            assert flows(near, far)
            assert flows(far, near)
    for number, answers in ((5, False), (6, True), (7, True), (1, False), (99, False)):
        verdict = ask_from(plane, world, WORLD, str(public(number)), timeout_ms=900 if answers else QUIET_MS)
        assert verdict is (Verdict.ANSWERED if answers else Verdict.SILENT), number
    assert leaked(world) == 0


def test_nothing_comes_in_untranslated(plane: KernelDataPlane, world: str) -> None:
    """Packets for private addresses, for the router and for ports that no entry is for die at the door."""
    put(plane, network(door(world, leaving("10.1.1.0/24", 1), coming(5, 10, 6, 80, 80))))
    outside(world, f"ip route add 10.1.0.0/16 via 198.18.0.1 dev {outside_interface(GATEWAY)}")
    for target, protocol, port in (
        ("10.1.1.10", 1, 0),
        ("10.1.1.10", 6, 80),
        ("198.18.0.1", 1, 0),
        ("203.0.113.5", 6, 81),
        ("203.0.113.5", 17, 80),
        ("203.0.113.1", 6, 80),
    ):
        asked = ask_from(plane, world, WORLD, target, protocol, port, timeout_ms=QUIET_MS)
        assert asked is Verdict.SILENT, target
    assert ask_from(plane, world, WORLD, "203.0.113.5", 6, 80) is Verdict.ANSWERED


def test_packets_of_no_connection_do_not_leave(plane: KernelDataPlane, world: str) -> None:
    """The kernel translates connections; what it counts to none must not show a private address outside."""
    put(plane, network(door(world, leaving("10.1.1.0/24", 1))))
    quoted = struct.pack("!BBHHHBBH4s4s", 69, 0, 28, 1, 0, 64, 17, 0, bytes([9, 9, 9, 9]), private(10).packed)
    body = struct.pack("!BBHI", 3, 3, 0, 0) + quoted + struct.pack("!HHHH", 53, 7777, 8, 0)
    with socket_at(plane, name(10), socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(body, (WORLD, 0))
    assert source_of(plane, world, 10) == str(public(1))  # sent later, and arrived
    assert leaked(world) == 0


def test_packet_too_big_reaches_the_sender_behind_a_public_address(
    plane: KernelDataPlane, world: str
) -> None:
    """Errors about a translated connection are translated, too: without them path MTU discovery would break."""
    put(plane, network(door(world, leaving("10.1.1.0/24", 1))))
    with ends(plane, world) as both:
        near, far = both.inside(10, socket.SOCK_DGRAM), both.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        near.connect((WORLD, 53))
        near.send(b"x")
        _, sender = far.recvfrom(1)
        quoted = struct.pack("!BBHHHBBH", 69, 0, 29, 1, 0, 64, 17, 0) + public(1).packed
        quoted += IPv4Address(WORLD).packed + struct.pack("!HHHH", sender[1], 53, 9, 0)
        body = struct.pack("!BBHHH", 3, 4, 0, 0, 900) + quoted
        with socket_outside(plane, world, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.sendto(body[:2] + struct.pack("!H", checksum(body)) + body[4:], (str(public(1)), 0))
        until(lambda: near.getsockopt(socket.IPPROTO_IP, IP_MTU) == 900, "the sender learned the smaller MTU")


def checksum(data: bytes) -> int:
    """The internet checksum."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def test_filters_see_private_addresses(plane: KernelDataPlane, world: str) -> None:
    """NET-7: groups of an instance with a public address name the client and its own port; revoked ones cut at once."""

    def guarded(ingress: Filter, egress: Filter, revision: int) -> Fabric:
        policy = Policy("sg", ingress, egress)
        endpoint = replace(fabrics.endpoint(1, 10), policy_id="sg")
        entries = leaving("10.1.1.10/32", 1), coming(1, 10, 6, 8080, 80)
        fabric = network(door(world, *entries), endpoint, revision=revision)
        router = replace(fabric.routers["vpc-1"], policies={"sg": policy})
        return replace(fabric, routers={"vpc-1": router})

    def tcp(port: int) -> Filter:
        rule = Rule(Match(ip_network(f"{WORLD}/32"), 6, port, port), Action.ACCEPT, "sgr")
        return Filter((rule,), Action.DROP)

    put(plane, guarded(tcp(80), tcp(443), 1))
    with ends(plane, world) as both:
        client = both.outside()
        client.bind((WORLD, 0))
        coming_in = both.join(client, public(1), both.inside(10), private(10), (8080, 80))
        going_out = both.join(both.inside(10), WORLD, both.outside(), WORLD, (443, 443))
        stranger = ask_from(plane, world, OTHER, str(public(1)), 6, 8080, timeout_ms=QUIET_MS)
        assert stranger is Verdict.SILENT
        assert source_of(plane, world, 10) is None
        put(plane, guarded(tcp(8080), tcp(443), 2))
        for (near, far, _), goes_on in ((coming_in, False), (going_out, True)):
            assert (flows if goes_on else carries)(far, near) is goes_on
            assert (flows if goes_on else carries)(near, far) is goes_on
        put(plane, guarded(tcp(80), tcp(80), 3))
        for (near, far, _), goes_on in ((coming_in, True), (going_out, False)):
            assert (flows if goes_on else carries)(far, near) is goes_on
            assert (flows if goes_on else carries)(near, far) is goes_on


def test_public_address_of_a_load_balancer(plane: KernelDataPlane, world: str) -> None:
    """A load balancer with a public address serves the world at its listeners' ports, and nothing else of it answers."""
    backend = Backend("i-1-11", private(11), 8080, 1)
    service = Service("lsn-1", private(200), 6, 80, (backend,))
    uplink = door(world, leaving("10.1.1.0/24", 1), coming(5, 200), coming(6, 200, 6, 8000, 80))
    put(plane, network(uplink, services={"lsn-1": service}))
    for number, port in ((5, 80), (6, 8000)):
        with ends(plane, world) as both:
            client = both.outside()
            client.bind((WORLD, 0))
            ports = port, 8080
            near, far, seen = both.join(client, public(number), both.inside(11), private(11), ports)
            assert seen == WORLD
            assert flows(far, near)
            if number == 5:
                moved = replace(service, backends=(replace(backend, endpoint_id="i-1", address=private(10)),))
                put(plane, network(uplink, services={"lsn-1": moved}, revision=2))
                assert not carries(far, near)
                put(plane, network(uplink, services={"lsn-1": service}, revision=3))
    for number, port in ((5, 81), (5, 8080), (6, 80)):
        assert (
            ask_from(plane, world, WORLD, str(public(number)), 6, port, timeout_ms=QUIET_MS) is Verdict.SILENT
        )
    assert ask_from(plane, world, WORLD, str(public(5)), timeout_ms=QUIET_MS) is Verdict.SILENT


@pytest.mark.parametrize(
    "harm",
    [
        "flush ruleset",
        "flush chain inet peerway leaving",
        "flush chain inet peerway postrouting",
        "flush map inet peerway sources",
        "delete chain inet peerway arriving",
    ],
)
def test_harm_to_the_translation_is_named_and_mended(plane: KernelDataPlane, world: str, harm: str) -> None:
    """What was done shows as drift of the router; after the repair it translates as before."""
    put(plane, network(door(world, leaving("10.1.1.10/32", 1), coming(5, 10))))
    in_namespace(plane, router_namespace("vpc-1"), "nft", *harm.split())
    assert "vpc-1" in plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert source_of(plane, world, 10) == str(public(1))
    assert ask_from(plane, world, WORLD, str(public(5))) is Verdict.ANSWERED
