"""Ways to the internet, which a namespace of the test's plays: what leaves by which uplink, and what comes back by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from tests.builders.fabrics import endpoint, link, vpc
from tests.support.kernel import ask_from, foreign_namespace, interfaces, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import (
    Blackhole,
    DestinationNat,
    Fabric,
    Hop,
    Router,
    SourceNat,
    ToLink,
    ToResolver,
    ToUplink,
    Translation,
    Uplink,
)

pytestmark = pytest.mark.kernel

#: A host on the internet, and another one that happens to have an address of RFC 1918 there.
HOST, PRIVATE = "203.0.113.7", "192.168.50.1"
QUIET_MS = 150
LOOK = "ip -o link; ip -o address; ip route show table all; ip rule; ip neigh"


@pytest.fixture
def internet() -> Iterator[str]:
    """A namespace with two hosts in it and no route to anywhere."""
    with foreign_namespace() as path:
        outside(path, "ip link set lo up", *(f"ip address add {one} dev lo" for one in (HOST, PRIVATE)))
        yield path


def uplink(name: str, path: str, *entries: tuple[str, str]) -> Uplink:
    """A door with a public address for each range; an address's own door works both ways."""
    source = tuple(SourceNat(ip_network(one), (ip_address(public),), "snat") for one, public in entries)
    both = tuple(
        DestinationNat(ip_address(public), ip_address(one), "eip")
        for one, public in entries
        if "/" not in one
    )
    translation = Translation(source, both)
    return Uplink(name, Port(PortKind.NETNS, path), up=True, translation=translation)


def natted(number: int, path: str, public: str, **fields: object) -> Router:
    """`vpc-N` whose default route leads to a NAT gateway."""
    door = uplink(f"ngw-{number}", path, (f"10.{number}.0.0/16", public))
    return vpc(number, {"0.0.0.0/0": ToUplink(door.id)}, uplinks={door.id: door}, **fields)


def put(plane: KernelDataPlane, *routers: Router, **links: object) -> None:
    """Apply; nothing may fail, and nothing may differ afterwards."""
    fabric = Fabric(1, {one.id: one for one in routers}, links)  # type: ignore[arg-type]
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.apply(fabric).touched == 0
    assert plane.repair().touched == 0


def reaches(plane: KernelDataPlane, source: str, target: str, protocol: int = 1, port: int = 0) -> bool:
    """Whether an instance's probe is answered."""
    probe = Probe(source, ip_address(target), protocol, port, 900)
    return plane.probe(probe).verdict is Verdict.ANSWERED


def silent(plane: KernelDataPlane, source: str, target: str, protocol: int = 1, port: int = 0) -> bool:
    """Whether nothing comes back to an instance."""
    probe = Probe(source, ip_address(target), protocol, port, QUIET_MS)
    return plane.probe(probe).verdict is Verdict.SILENT


def test_gateways_are_reached_without_routes_of_anybody_else_s(plane: KernelDataPlane, internet: str) -> None:
    """NET-8: each gateway's public addresses lead back to it, come and go with it, and leave nothing behind."""
    before = outside(internet, LOOK)
    one, two = natted(1, internet, "198.51.100.1"), natted(2, internet, "198.51.100.2")
    put(plane, one, two)
    for source in ("i-1", "i-2"):
        assert reaches(plane, source, HOST)
        assert reaches(plane, source, HOST, 6, 443)
        assert reaches(plane, source, HOST, 17, 123)
    put(plane, natted(1, internet, "198.51.100.9"), two)
    assert reaches(plane, "i-1", HOST)
    shown = outside(internet, "ip route")
    assert "198.51.100.9" in shown
    assert "198.51.100.1 " not in shown
    put(plane, two)
    plane._reaper.settle()
    assert outside_interface("ngw-1") not in interfaces(internet)
    assert reaches(plane, "i-2", HOST)
    put(plane)
    plane._reaper.settle()
    assert outside(internet, LOOK) == before


def test_outside_needs_no_address_of_its_own(plane: KernelDataPlane) -> None:
    """A namespace that nobody has set up yet, without even a loopback interface, is a port like any other."""
    with foreign_namespace() as path:
        put(plane, natted(1, path, "198.51.100.1"))
        outside(path, "ip link set lo up", f"ip address add {HOST} dev lo")
        assert reaches(plane, "i-1", HOST)


def test_packets_from_a_link_never_leave_by_a_gateway(plane: KernelDataPlane, internet: str) -> None:
    """PEER-7: a peer that sends its packets for the internet over the link gets nothing through the gateway there."""
    near = natted(1, internet, "198.51.100.1", inbound={"0.0.0.0/0": Blackhole()})
    far = vpc(2, {"0.0.0.0/0": ToLink("a")})
    put(plane, near, far, a=link("a", "vpc-1", "vpc-2"))
    assert reaches(plane, "i-1", HOST)
    assert silent(plane, "i-2", HOST)
    assert silent(plane, "i-2", "198.51.100.1")


def test_route_that_somebody_took_from_the_outside_is_mended(plane: KernelDataPlane, internet: str) -> None:
    """The way back to a public address is the driver's, and comes back."""
    put(plane, natted(1, internet, "198.51.100.1"))
    outside(internet, "ip route del 198.51.100.1")
    assert "ngw-1" in plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert reaches(plane, "i-1", HOST)


def exiting(internet: str, routes: Mapping[str, Hop], *, up: bool = True) -> Router:
    """`vpc-1` with a public address for `i-1` and none for `i-1-20`."""
    door = replace(uplink("vpc-1", internet, ("10.1.1.10", "198.51.100.10")), up=up)
    made = vpc(1, routes, uplinks={"vpc-1": door}, exit_id="vpc-1")
    both = {one.id: one for one in (endpoint(1, 10, "198.51.100.10"), endpoint(1, 20))}
    return replace(made, endpoints=both)


def test_public_address_leaves_before_the_tables_are_asked(plane: KernelDataPlane, internet: str) -> None:
    """NET-10: to what counts as public the instance's own door comes first; all else, and everybody else, goes by the table."""
    closed = {"0.0.0.0/0": Blackhole(), "192.168.50.1/32": ToUplink("vpc-1"), "10.2.0.0/16": ToLink("a")}
    first, second = exiting(internet, closed), vpc(2, {"10.1.0.0/16": ToLink("a")})
    put(plane, first, second, a=link("a", "vpc-1", "vpc-2"))
    assert reaches(plane, "i-1", HOST)
    assert reaches(plane, "i-1", PRIVATE)  # by the table
    assert reaches(plane, "i-1", "10.2.1.10")
    assert reaches(plane, "i-1", "10.1.1.20")
    assert silent(plane, "i-1", "10.1.1.99")
    assert silent(plane, "i-1-20", HOST)
    assert ask_from(plane, internet, HOST, "198.51.100.10") is Verdict.ANSWERED
    assert ask_from(plane, internet, HOST, "198.51.100.10", 6, 22) is Verdict.ANSWERED
    put(plane, exiting(internet, closed, up=False), second, a=link("a", "vpc-1", "vpc-2"))
    assert silent(plane, "i-1", HOST)
    assert reaches(plane, "i-1", "10.2.1.10")
    put(plane, replace(first, exit_id=None), second, a=link("a", "vpc-1", "vpc-2"))
    assert silent(plane, "i-1", HOST)


def test_public_source_range_of_the_vpc_stays_inside(plane: KernelDataPlane, internet: str) -> None:
    """NET-10: a VSwitch's own range is never public, whatever its numbers."""
    outside(internet, "ip address add 198.18.0.10 dev lo")
    first = exiting(internet, {})
    subnet = replace(first.subnets["vsw"], prefixes=(ip_network("10.1.1.0/24"), ip_network("198.18.0.0/24")))
    put(plane, replace(first, subnets={"vsw": subnet}))
    assert reaches(plane, "i-1", HOST)
    assert silent(plane, "i-1", "198.18.0.10")


def test_resolver_is_in_the_router(plane: KernelDataPlane) -> None:
    """The name server's address is reached from the VPC's own tables and from nowhere else."""
    first = vpc(1, {"100.64.0.0/10": Blackhole(), "100.100.2.136/32": ToResolver()})
    second = vpc(2, {"100.64.0.0/10": Blackhole(), "100.100.2.136/32": ToLink("a")})
    put(plane, first, second, a=link("a", "vpc-1", "vpc-2"))
    assert reaches(plane, "i-1", "100.100.2.136", 6, 53)
    assert silent(plane, "i-1", "100.100.2.137", 6, 53)
    assert silent(plane, "i-2", "100.100.2.136", 6, 53)
    put(plane, vpc(1, {"100.64.0.0/10": Blackhole()}), second, a=link("a", "vpc-1", "vpc-2"))
    assert silent(plane, "i-1", "100.100.2.136", 6, 53)


def test_outside_that_ends_and_comes_back_is_connected_again(plane: KernelDataPlane, tmp_path: Path) -> None:
    """The namespace at a port's path ends, which is said, and another one appears there, which gets all that the first had."""
    path = tmp_path / "outside"
    with foreign_namespace() as first:
        path.symlink_to(first)
        outside(first, "ip link set lo up", f"ip address add {HOST} dev lo")
        put(plane, natted(1, str(path), "198.51.100.1"))
        assert reaches(plane, "i-1", HOST)
    assert set(plane.repair().failures) == {"ngw-1"}
    assert set(plane.repair().failures) == {"ngw-1"}
    with foreign_namespace() as second:
        path.unlink()
        path.symlink_to(second)
        outside(second, "ip link set lo up", f"ip address add {HOST} dev lo")
        assert plane.repair().failures == {}
        assert reaches(plane, "i-1", HOST)
        assert plane.repair().touched == 0
