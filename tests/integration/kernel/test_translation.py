"""NAT gateways and public addresses with packets: out to an outside namespace and back, and nothing untranslated in between."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest
from tests.builders import fabrics
from tests.support.kernel import (
    PATIENCE_S,
    ask_from,
    foreign_namespace,
    in_namespace,
    outside,
    socket_at,
    until,
)

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, outside_interface, router_namespace
from peerway.app.dataplane import Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import (
    Action,
    Backend,
    DestinationNat,
    Endpoint,
    Fabric,
    FibEntry,
    Filter,
    Match,
    Policy,
    Rule,
    Service,
    SourceNat,
    Subnet,
    ToEndpoint,
    ToLink,
    ToSubnet,
    ToUplink,
    Translation,
    Uplink,
)

pytestmark = pytest.mark.kernel

#: The two hosts of the world outside.
WORLD, OTHER = "9.9.9.9", "9.9.9.8"
GATEWAY = "ngw-1"
QUIET_S, QUIET_MS = 0.2, 150
#: Linux's socket option for the known path MTU.
IP_MTU = 14


def public(number: int) -> IPv4Address:
    """One of the public addresses."""
    return IPv4Address(f"203.0.113.{number}")


def private(host: int) -> IPv4Address:
    """The address of an instance of vpc-1."""
    return IPv4Address(f"10.1.1.{host}")


def name(host: int) -> str:
    """The namespace of an instance of vpc-1."""
    return endpoint_namespace(fabrics.endpoint(1, host).id)


def leaving(source: str, *numbers: int) -> SourceNat:
    """A source entry."""
    return SourceNat(ip_network(source), tuple(map(public, numbers)), f"snat-{source}")


def coming(number: int, host: int, protocol: int | None = None, *ports: int) -> DestinationNat:
    """A destination entry: public address, instance, and for a protocol and port that of both sides."""
    asked, given = ports or (0, 0)
    return DestinationNat(public(number), private(host), f"dnat-{number}", protocol, asked, given)


@pytest.fixture
def world() -> Iterator[str]:
    """The world outside: a namespace with two hosts, which counts what comes from private addresses."""
    with foreign_namespace() as path:
        outside(
            path,
            "ip link set lo up",
            f"ip address add {WORLD} dev lo",
            f"ip address add {OTHER} dev lo",
            "sysctl -qw net.ipv4.ip_forward=1",
            "sysctl -qw net.ipv4.conf.all.send_redirects=0",
            "sysctl -qw net.ipv4.conf.default.send_redirects=0",
            "nft add table ip watch",
            "nft 'add chain ip watch in { type filter hook prerouting priority -300; }'",
            "nft add rule ip watch in ip saddr 10.0.0.0/8 counter",
        )
        yield path


def leaked(path: str) -> int:
    """Packets with private sources that the world has seen."""
    words = outside(path, "nft list chain ip watch in").split()
    return int(words[words.index("packets") + 1])


def door(path: str, *entries: SourceNat | DestinationNat, id: str = GATEWAY) -> Uplink:
    """A NAT gateway into the world."""
    translation = Translation(
        tuple(one for one in entries if isinstance(one, SourceNat)),
        tuple(one for one in entries if isinstance(one, DestinationNat)),
    )
    transfer = fabrics.transfer("198.18.0.1/30", "198.18.0.2")
    return Uplink(id, Port(PortKind.NETNS, path), up=True, transfers=(transfer,), translation=translation)


def network(uplink: Uplink, *endpoints: Endpoint, revision: int = 1, **fields: object) -> Fabric:
    """A VPC whose default route is the uplink; instances with these endings unless said otherwise."""
    made = endpoints or tuple(fabrics.endpoint(1, host) for host in (10, 11, 40, 41, 100))
    router = fabrics.vpc(1, {"0.0.0.0/0": ToUplink(uplink.id)}, uplinks={uplink.id: uplink}, **fields)
    router = replace(router, endpoints={one.id: one for one in made})
    return Fabric(revision, {"vpc-1": router})


def put(plane: KernelDataPlane, fabric: Fabric) -> None:
    """Apply; nothing may fail, and nothing may differ afterwards."""
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}


def socket_outside(plane: KernelDataPlane, path: str, kind: int, protocol: int = 0) -> socket.socket:
    """A socket in the world."""

    def enter() -> socket.socket:
        with Path(path).open("rb") as file:
            syscalls.setns(file.fileno(), syscalls.CLONE_NEWNET)
            return socket.socket(socket.AF_INET, kind, protocol)

    return plane._visitor.run(enter)


class Ends:
    """Sockets of both sides, closed together."""

    def __init__(self, plane: KernelDataPlane, path: str) -> None:
        self._plane, self._path = plane, path
        self._open: list[socket.socket] = []

    def inside(self, host: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of an instance."""
        return self._keep(socket_at(self._plane, name(host), socket.AF_INET, kind))

    def outside(self, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket in the world."""
        return self._keep(socket_outside(self._plane, self._path, kind))

    def _keep(self, made: socket.socket) -> socket.socket:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(PATIENCE_S)
        self._open.append(made)
        return made

    def join(
        self,
        client: socket.socket,
        target: IPv4Address | str,
        server: socket.socket,
        at: IPv4Address | str,
        ports: tuple[int, int] = (80, 80),
    ) -> tuple[socket.socket, socket.socket, str]:
        """A connection to the target, which the server gets at its own address; both ends, and whom the server sees."""
        server.bind((str(at), ports[1]))
        server.listen()
        client.connect((str(target), ports[0]))
        far, (seen, _) = server.accept()
        self._open.append(far)
        return client, far, seen

    def close(self) -> None:
        """Close all."""
        for one in self._open:
            one.close()


@contextmanager
def ends(plane: KernelDataPlane, path: str) -> Iterator[Ends]:
    """Sockets for a test."""
    made = Ends(plane, path)
    try:
        yield made
    finally:
        made.close()


def carries(near: socket.socket, far: socket.socket, within_s: float = QUIET_S) -> bool:
    """Whether a byte sent now arrives soon; a connection that is reset carries nothing."""
    far.settimeout(0)
    with suppress(BlockingIOError, ConnectionError):
        far.recv(1000)
    far.settimeout(within_s)
    try:
        near.send(b"x")
        return far.recv(1) == b"x"
    except (TimeoutError, ConnectionError):
        return False


def flows(near: socket.socket, far: socket.socket) -> bool:
    """Whether a connection goes on: what was lost meanwhile is sent again, after a pause that doubles."""
    return carries(near, far, PATIENCE_S)


def source_of(plane: KernelDataPlane, path: str, host: int) -> str | None:
    """The address by which the world knows an instance; None when nothing arrives."""
    with ends(plane, path) as both:
        near, far = both.inside(host, socket.SOCK_DGRAM), both.outside(socket.SOCK_DGRAM)
        far.bind((WORLD, 53))
        near.sendto(b"ask", (WORLD, 53))
        far.settimeout(QUIET_S)
        try:
            _, sender = far.recvfrom(10)
        except TimeoutError:
            return None
        far.sendto(b"told", sender)
        assert near.recv(10) == b"told"
        return str(sender[0])


def test_longest_prefix_gives_the_source(plane: KernelDataPlane, world: str) -> None:
    """EC-12: one address's own entry before its network's, a pool spread by source, and nothing from whom no entry is for."""
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
    """EC-12: ports to several instances, whole protocols and whole addresses; what is shadowed never gets anything."""
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


def with_exit(path: str, *endpoints: Endpoint) -> Uplink:
    """A VPC's direct exit: public addresses one to one."""
    entries: list[SourceNat | DestinationNat] = []
    for one in endpoints:
        if one.public is not None:
            address = one.addresses[0]
            assert isinstance(address, IPv4Address)
            entries += [
                SourceNat(ip_network(f"{address}/32"), (one.public,), f"eip-{one.id}"),
                DestinationNat(one.public, address, f"eip-{one.id}"),
            ]
    return door(path, *entries, id="vpc-1")


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
            near = both._keep(socket_at(plane, asking, socket.AF_INET, socket.SOCK_STREAM))
            near, far, seen = both.join(near, WORLD, both.outside(), WORLD)
            assert seen == str(public(1))
            assert flows(near, far)
            assert flows(far, near)
    with ends(plane, world) as both:  # what comes in for the gateway itself is answered, too
        near, far, _ = both.join(both.outside(), public(1), both.inside(10), private(10))
        assert flows(near, far)
        assert flows(far, near)
    assert leaked(world) == 0


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
