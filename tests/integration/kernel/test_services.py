"""Load balancers with packets: who gets a connection, what filters see of it, and what becomes of it when backends change."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, ip_network

import pytest
from tests.builders import fabrics
from tests.support.doors import QUIET_S, carries, flows
from tests.support.kernel import PATIENCE_S, in_namespace, socket_at

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, router_namespace
from peerway.adapters.dataplane.kernel.ruleset import compile_ruleset
from peerway.app.dataplane import Probe, Verdict
from peerway.fabric.model import (
    Action,
    Backend,
    Fabric,
    Filter,
    Match,
    Policy,
    Rule,
    Service,
    ToLink,
)

pytestmark = pytest.mark.kernel

#: The load balancer in vpc-2, and its listeners' port.
BALANCER, PORT = IPv4Address("10.2.1.200"), 80
#: Its backends: their last byte, which is also in their port.
BACKENDS = (10, 11, 12)


def backend(host: int, weight: int = 1, *, healthy: bool = True) -> Backend:
    """A backend of the load balancer."""
    id = fabrics.endpoint(2, host).id
    return Backend(id, IPv4Address(f"10.2.1.{host}"), 8000 + host, weight, healthy)


def service(*backends: Backend, protocol: int = 6) -> Service:
    """The load balancer's listener."""
    return Service(f"lsn-{protocol}", BALANCER, protocol, PORT, backends)


def network(*services: Service, revision: int = 1) -> Fabric:
    """Clients i-1 in vpc-1 and i-2-9 in vpc-2, a link between them, the load balancer and its backends in vpc-2."""
    one = fabrics.vpc(1, {"10.2.0.0/16": ToLink("pcc-1")})
    two = fabrics.vpc(
        2, {"10.1.0.0/16": ToLink("pcc-1")}, services={service.id: service for service in services}
    )
    endpoints = {made.id: made for made in (fabrics.endpoint(2, host) for host in (9, *BACKENDS))}
    two = replace(two, endpoints=endpoints)
    link = fabrics.link("pcc-1", "vpc-1", "vpc-2")
    return Fabric(revision, {"vpc-1": one, "vpc-2": two}, {"pcc-1": link})


def with_policy(fabric: Fabric, endpoint_id: str, policy: Policy) -> Fabric:
    """The fabric with a security policy for one instance."""
    routers = dict(fabric.routers)
    for id, router in fabric.routers.items():
        if endpoint_id in router.endpoints:
            guarded = replace(router.endpoints[endpoint_id], policy_id=policy.id)
            routers[id] = replace(
                router,
                endpoints={**router.endpoints, endpoint_id: guarded},
                policies={**router.policies, policy.id: policy},
            )
    return replace(fabric, revision=fabric.revision + 1, routers=routers)


@contextmanager
def listening(plane: KernelDataPlane, kind: int = socket.SOCK_STREAM) -> Iterator[dict[int, socket.socket]]:
    """A socket at each backend."""
    with ExitStack() as stack:
        result = {}
        for host in BACKENDS:
            name = endpoint_namespace(fabrics.endpoint(2, host).id)
            made = stack.enter_context(socket_at(plane, name, socket.AF_INET, kind))
            made.bind((f"10.2.1.{host}", 8000 + host))
            if kind == socket.SOCK_STREAM:
                made.listen(200)
            made.settimeout(QUIET_S)
            result[host] = made
        yield result


def connect(
    plane: KernelDataPlane, client: str = "i-1", port: int = PORT, wait_s: float = PATIENCE_S
) -> socket.socket:
    """A connection to the load balancer; `TimeoutError` when nobody answers."""
    near = socket_at(plane, endpoint_namespace(client), socket.AF_INET, socket.SOCK_STREAM)
    near.settimeout(wait_s)
    try:
        near.connect((str(BALANCER), port))
    except OSError:
        near.close()
        raise
    return near


def accepted(servers: dict[int, socket.socket]) -> dict[int, list[str]]:
    """Who connected to each backend since the last look, by the address that it saw."""
    result: dict[int, list[str]] = {}
    for host, server in servers.items():
        server.settimeout(0)
        result[host] = []
        while True:
            try:
                far, (address, _) = server.accept()
            except BlockingIOError:
                break
            far.close()
            result[host].append(address)
    return result


@pytest.mark.parametrize(("client", "address"), [("i-1", "10.1.1.10"), ("i-2-9", "10.2.1.9")])
def test_connections_are_spread_by_weight(plane: KernelDataPlane, client: str, address: str) -> None:
    """NET-6: over a link and from inside, each backend gets its share, sees the client's own address, and 0 means none."""
    assert plane.apply(network(service(backend(10, 20), backend(11, 60), backend(12, 0)))).failures == {}
    with listening(plane) as servers:
        for _ in range(120):
            connect(plane, client).close()
        seen = accepted(servers)
    assert {len(seen[10]) + len(seen[11]), len(seen[12])} == {120, 0}
    assert 15 <= len(seen[10]) <= 50
    assert set(seen[10] + seen[11]) == {address}
    assert dict(plane.observe().drift) == {}


def test_udp_flow_stays_with_its_backend(plane: KernelDataPlane) -> None:
    """One client socket's datagrams all go to one backend; the answer comes from the load balancer's address."""
    assert plane.apply(network(service(*map(backend, BACKENDS), protocol=17))).failures == {}
    with listening(plane, socket.SOCK_DGRAM) as servers, _datagrams(plane) as near:
        for _ in range(20):
            near.send(b"ask")
        (answering,) = _waiting(servers)
        _, client = servers[answering].recvfrom(10)
        servers[answering].sendto(b"told", client)
        assert near.recv(10) == b"told"


@contextmanager
def _datagrams(plane: KernelDataPlane) -> Iterator[socket.socket]:
    with socket_at(plane, endpoint_namespace("i-1"), socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.connect((str(BALANCER), PORT))
        near.settimeout(PATIENCE_S)
        yield near


def _waiting(servers: dict[int, socket.socket]) -> list[int]:
    """The backends that datagrams wait at."""
    result = []
    for host, server in servers.items():
        try:
            server.recv(10, socket.MSG_PEEK)
            result.append(host)
        except TimeoutError:
            continue
    return result


def test_balancer_answers_nothing_but_its_listeners(plane: KernelDataPlane) -> None:
    """Echo requests, other ports and the other protocol die, and so does a listener without a backend."""
    plane.apply(network(service(backend(10))))
    assert plane.probe(Probe("i-1", BALANCER, timeout_ms=150)).verdict is Verdict.SILENT
    for protocol, port in ((6, 81), (17, PORT)):
        asked = Probe("i-1", BALANCER, protocol, port, timeout_ms=150)
        assert plane.probe(asked).verdict is Verdict.SILENT
    assert plane.probe(Probe("i-1", BALANCER, 6, PORT, timeout_ms=900)).verdict is Verdict.ANSWERED
    assert plane.apply(network(service(), revision=2)).failures == {}
    assert plane.probe(Probe("i-1", BALANCER, 6, PORT, timeout_ms=150)).verdict is Verdict.SILENT
    assert plane.apply(network(revision=3)).failures == {}
    assert dict(plane.observe().drift) == {}
    assert "nat" not in in_namespace(plane, router_namespace("vpc-2"), "nft", "list", "ruleset")


def test_unhealthy_backend_gets_no_new_connections_and_keeps_its_old_ones(plane: KernelDataPlane) -> None:
    """A verdict may be wrong: what works goes on. When no check succeeds, all are asked."""
    plane.apply(network(service(backend(10), backend(11))))
    with listening(plane) as servers:
        kept = {host: _hold(plane, servers, host) for host in (10, 11)}
        plane.apply(network(service(backend(10, healthy=False), backend(11)), revision=2))
        for _ in range(10):
            connect(plane).close()
        assert {host: len(seen) for host, seen in accepted(servers).items()} == {10: 0, 11: 10, 12: 0}
        assert all(flows(near, far) and flows(far, near) for near, far in kept.values())
        none = service(backend(10, healthy=False), backend(11, healthy=False))
        assert plane.apply(network(none, revision=3)).failures == {}
        connect(plane).close()
        _close(kept.values())


def _hold(
    plane: KernelDataPlane, servers: dict[int, socket.socket], host: int, client: str = "i-1"
) -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection that one particular backend got."""
    while True:
        near = connect(plane, client)
        for at, server in servers.items():
            server.settimeout(0.02)
            try:
                far, _ = server.accept()
            except TimeoutError:
                continue
            if at == host:
                near.settimeout(PATIENCE_S)
                return near, far
            far.close()
            near.close()


def _close(pairs: Iterable[tuple[socket.socket, socket.socket]]) -> None:
    for near, far in pairs:
        near.close()
        far.close()


def test_removed_backend_loses_its_connections_and_the_others_keep_theirs(plane: KernelDataPlane) -> None:
    """Who was taken out may not serve any more, at once; nothing else is disturbed, nor by a new listener beside it."""
    plane.apply(network(service(*map(backend, BACKENDS))))
    with listening(plane) as servers:
        kept = {host: _hold(plane, servers, host) for host in BACKENDS}
        beside = Service("lsn-2", BALANCER, 6, 443, (backend(12),))
        rest = service(backend(11), backend(12))
        assert plane.apply(network(rest, beside, revision=2)).failures == {}
        assert not carries(*kept[10])
        assert not carries(*kept[10][::-1])
        for host in (11, 12):
            assert flows(*kept[host])
            assert flows(*kept[host][::-1])
        assert plane.apply(network(beside, revision=3)).failures == {}
        for host in (11, 12):
            assert not carries(*kept[host][::-1])
        connect(plane, port=443).close()
        _close(kept.values())


def test_udp_client_of_a_removed_backend_is_served_by_another(plane: KernelDataPlane) -> None:
    """The same client socket, which never changes its port, finds another backend with its next datagram."""
    plane.apply(network(service(backend(10), protocol=17)))
    with listening(plane, socket.SOCK_DGRAM) as servers, _datagrams(plane) as near:
        near.send(b"one")
        assert servers[10].recv(10) == b"one"
        plane.apply(network(service(backend(11), protocol=17), revision=2))
        near.send(b"two")
        assert servers[11].recv(10) == b"two"


def test_filters_see_the_backend_and_the_client(plane: KernelDataPlane) -> None:
    """NET-7: the backend's group is asked about the client and the backend's port, the client's about the backend."""
    nobody = Filter((), Action.DROP)
    wanted = with_policy(network(service(backend(10))), "i-2", Policy("sg-b", only("10.2.1.9/32"), nobody))
    wanted = with_policy(wanted, "i-2-9", Policy("sg-c", nobody, only("10.2.1.10/32")))
    assert plane.apply(wanted).failures == {}
    with listening(plane) as servers:
        near, far = _hold(plane, servers, 10, "i-2-9")
        assert flows(near, far)
        assert flows(far, near)
        for id, policy in (
            ("i-2", Policy("sg-d", only("10.2.1.99/32"), nobody)),
            ("i-2-9", Policy("sg-e", nobody, only("10.2.1.200/32"))),
        ):
            assert plane.apply(with_policy(wanted, id, policy)).failures == {}
            assert not carries(far, near)
            assert not carries(near, far)
            with pytest.raises(TimeoutError):
                connect(plane, "i-2-9", wait_s=QUIET_S)
            assert plane.apply(wanted).failures == {}
        _close([(near, far)])


def only(remote: str) -> Filter:
    """TCP to or from one address at the first backend's port."""
    match = Match(ip_network(remote), 6, 8010, 8010)
    return Filter((Rule(match, Action.ACCEPT, "sgr"),), Action.DROP)


def test_backend_that_calls_its_own_balancer_fails_cleanly(plane: KernelDataPlane) -> None:
    """A packet from itself to itself is refused by the guest; the next one, to another backend, is served."""
    plane.apply(network(service(backend(10))))
    with listening(plane):
        with pytest.raises(TimeoutError):
            connect(plane, "i-2", wait_s=QUIET_S)
        assert plane.apply(network(service(backend(11)), revision=2)).failures == {}
        connect(plane, "i-2").close()


def test_one_of_a_thousand_listeners_changes_alone(plane: KernelDataPlane) -> None:
    """Sets and maps, not rule lists: the change is one element's, and as quick among a thousand as among few."""
    many = [Service(f"lsn-{n}", BALANCER, 6, 1000 + n, (backend(10), backend(11))) for n in range(1000)]
    fabric = network(*many)
    assert plane.apply(fabric).failures == {}
    before, after = (compile_ruleset(one.routers["vpc-2"]) for one in (fabric, network(*many[:-1])))
    assert before is not None
    assert after is not None
    assert len(after.swap(before).splitlines()) < 10
    with listening(plane):
        connect(plane, port=1999).close()
        assert plane.apply(network(*many[:-1], revision=2)).failures == {}
        connect(plane, port=1998).close()
        with pytest.raises(TimeoutError):
            connect(plane, port=1999, wait_s=QUIET_S)
    assert dict(plane.observe().drift) == {}


@pytest.mark.parametrize("harm", ["flush chain inet peerway prerouting", "flush map inet peerway listeners"])
def test_harm_to_the_translation_is_named_and_mended(plane: KernelDataPlane, harm: str) -> None:
    """What was done shows as drift of the router; after the repair the load balancer serves again."""
    assert plane.apply(network(service(backend(10)))).failures == {}
    in_namespace(plane, router_namespace("vpc-2"), "nft", *harm.split())
    assert "vpc-2" in plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    with listening(plane):
        connect(plane).close()
