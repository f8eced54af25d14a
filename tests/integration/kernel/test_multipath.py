"""Several links to one destination: real packets are spread by weight, and follow the health of the links."""

import socket
from dataclasses import replace
from ipaddress import ip_address

import pytest
from tests.builders.fabrics import link, spread, vpc
from tests.support.kernel import in_namespace, socket_at

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, link_interface, router_namespace
from peerway.app.dataplane import Probe, Verdict
from peerway.fabric.model import Fabric, Link

pytestmark = pytest.mark.kernel

#: Enough that a share of a quarter is off by a tenth of all only once in a million tries.
CONNECTIONS = 1000
#: Long, so that what the kernel says by itself on a new interface does not count.
PAYLOAD = bytes(500)


def two_vpcs(first: Link, second: Link, **weights: int) -> Fabric:
    """Two VPCs with both links between them, in both tables with the same weights."""
    here = vpc(1, {"10.2.0.0/16": spread(**weights), "fd00:2::/56": spread(**weights)})
    there = vpc(2, {"10.1.0.0/16": spread(**weights), "fd00:1::/56": spread(**weights)})
    return Fabric(1, {"vpc-1": here, "vpc-2": there}, {"a": first, "b": second})


def answered(plane: KernelDataPlane) -> bool:
    """Whether both IP versions get an answer."""
    targets = ((ip_address("10.2.1.10"), 1), (ip_address("fd00:2::10"), 58))
    return all(plane.probe(Probe("i-1", *target)).verdict is Verdict.ANSWERED for target in targets)


def share(plane: KernelDataPlane, address: str) -> float:
    """Part of many connections to the address that the first link carries."""
    before = plane.counters()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket_at(plane, endpoint_namespace("i-1"), family, socket.SOCK_DGRAM) as sender:
        for port in range(CONNECTIONS):
            sender.sendto(PAYLOAD, (address, 10_000 + port))
    after = plane.counters()
    sent = [after[id, "vpc-1"].sent_bytes - before[id, "vpc-1"].sent_bytes for id in ("a", "b")]
    assert sum(sent) > CONNECTIONS * len(PAYLOAD)
    return round(sent[0] / sum(sent), 2)


def test_single_path_needs_no_weight(plane: KernelDataPlane) -> None:
    """Of several paths one may be left, whatever its weight."""
    first, second = link("a", "vpc-1", "vpc-2"), link("b", "vpc-1", "vpc-2", up=False)
    assert plane.apply(two_vpcs(first, second, a=100, b=100)).failures == {}
    assert dict(plane.observe().drift) == {}
    assert answered(plane)


@pytest.mark.parametrize("address", ["10.2.1.10", "fd00:2::10"])
@pytest.mark.parametrize(("weight", "expected"), [(1, 0.5), (3, 0.75), (255, 0.996)])
def test_connections_are_spread_by_weight(
    plane: KernelDataPlane, address: str, weight: int, expected: float
) -> None:
    """EC-4: each link carries its share of the connections, for both IP versions."""
    fabric = two_vpcs(link("a", "vpc-1", "vpc-2"), link("b", "vpc-1", "vpc-2"), a=weight, b=1)
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}
    assert abs(share(plane, address) - expected) < 0.1
    assert answered(plane)


def test_standby_takes_over_while_the_primary_is_unhealthy_or_down(plane: KernelDataPlane) -> None:
    """EC-4: a path of weight 0 carries everything when the other's check fails or it is switched off, and nothing otherwise."""
    first, second = link("a", "vpc-1", "vpc-2"), link("b", "vpc-1", "vpc-2")
    for primary, expected in (
        (first, 1.0),
        (replace(first, healthy=False), 0.0),
        (first, 1.0),
        (replace(first, up=False), 0.0),
        (first, 1.0),
    ):
        assert plane.apply(two_vpcs(primary, second, a=1, b=0)).failures == {}
        assert share(plane, "10.2.1.10") == expected
        assert share(plane, "fd00:2::10") == expected
        assert answered(plane)
        assert dict(plane.observe().drift) == {}
    sick = two_vpcs(replace(first, healthy=False), replace(second, healthy=False), a=1, b=0)
    assert plane.apply(sick).failures == {}
    assert share(plane, "10.2.1.10") == 1.0


def test_health_concerns_only_routers_that_choose_by_it(plane: KernelDataPlane) -> None:
    """A verdict on a link that nobody chooses by changes nothing; on one of two, it touches the routers that spread over it."""
    first, second = link("a", "vpc-1", "vpc-2"), link("b", "vpc-1", "vpc-2")
    other = link("c", "vpc-1", "vpc-3")
    fabric = two_vpcs(first, second, a=1, b=1)
    fabric = replace(
        fabric, routers={**fabric.routers, "vpc-3": vpc(3, {})}, links={**fabric.links, "c": other}
    )
    assert plane.apply(fabric).failures == {}
    sick = replace(fabric, links={**fabric.links, "c": replace(other, healthy=False)})
    assert plane.apply(sick).touched == 0
    sick = replace(fabric, links={**fabric.links, "a": replace(first, healthy=False)})
    report = plane.apply(sick)
    assert report.failures == {}
    assert 1 <= report.touched <= 4
    assert share(plane, "10.2.1.10") == 0.0
    assert answered(plane)


@pytest.mark.parametrize(
    "harm",
    [
        "ip route del 10.2.0.0/16 table {table}",
        "ip route replace 10.2.0.0/16 table {table} via 169.254.1.2 dev {one} onlink",
        "ip -6 route replace fd00:2::/56 table {table} via fe80::2 dev {one} onlink",
        "ip -6 route append fd00:2::/56 table {table} via fe80::3 dev {one} onlink",
        "ip link set {one} down",
        "ip link del {one}",
    ],
)
def test_harm_to_a_spread_route_is_named_and_mended(plane: KernelDataPlane, harm: str) -> None:
    """A next hop that was taken away, added or changed shows as drift and comes back."""
    fabric = two_vpcs(link("a", "vpc-1", "vpc-2"), link("b", "vpc-1", "vpc-2"), a=1, b=2)
    assert plane.apply(fabric).failures == {}
    rules = in_namespace(plane, router_namespace("vpc-1"), "ip", "rule", "show", "from", "10.1.1.0/24")
    table = rules.partition("lookup ")[2].split()[0]
    command = harm.format(table=table, one=link_interface("a"))
    in_namespace(plane, router_namespace("vpc-1"), *command.split())
    assert plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert abs(share(plane, "10.2.1.10") - 1 / 3) < 0.1
    assert abs(share(plane, "fd00:2::10") - 1 / 3) < 0.1
    assert plane.repair().touched == 0
