"""Uplinks at interfaces of the host: a cable of the test's stands for the provider's, with the world at its other end."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

import pytest
from tests.builders.fabrics import link, transfer, vbr, vpc
from tests.support.cables import HOST, NOTICE_MS, WORLD, Cable, line, put, reaches
from tests.support.kernel import ask_from, foreign_namespace, in_namespace, interfaces, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import router_namespace, uplink_interface
from peerway.app.dataplane import Verdict
from peerway.domain.port import Port, PortKind, Transfer
from peerway.fabric.model import (
    DestinationNat,
    Fabric,
    Router,
    SourceNat,
    ToLink,
    ToUplink,
    Translation,
    Uplink,
)

pytestmark = pytest.mark.kernel

QUIET_MS = 150


@pytest.fixture
def cable() -> Iterator[Cable]:
    """A cable to a world of the test's."""
    with foreign_namespace() as world:
        made = Cable(world)
        try:
            yield made
        finally:
            made.cut()


def office_fabric(port: Port) -> Fabric:
    """A VPC, a link and a VBR at the port."""
    first = vpc(1, {f"{WORLD}/32": ToLink("a")})
    return Fabric(1, {"vpc-1": first, "vbr-a": line("vbr-a", port, "a")}, {"a": link("a", "vpc-1", "vbr-a")})


def gateway(number: int, port: Port, public: str) -> Router:
    """`vpc-N` with a NAT gateway at the port: everybody leaves by the public address, and TCP 8080 leads to the instance."""
    translation = Translation(
        (SourceNat(ip_network(f"10.{number}.0.0/16"), (ip_address(public),), "snat"),),
        (DestinationNat(ip_address(public), ip_address(f"10.{number}.1.10"), "dnat", 6, 8080, 22),),
    )
    transfers = (Transfer(ip_interface(f"172.30.0.{100 + number}/24"), ip_address("172.30.0.2")),)
    uplink = Uplink(f"ngw-{number}", port, up=True, transfers=transfers, translation=translation)
    return vpc(number, {"0.0.0.0/0": ToUplink(uplink.id)}, uplinks={uplink.id: uplink})


@pytest.mark.parametrize("vlan", [0, 100])
def test_line_at_an_interface_carries_and_gives_it_back(
    plane: KernelDataPlane, cable: Cable, vlan: int
) -> None:
    """EC-10: the interface goes into the border router (whole, where the kernel has no 802.1Q) and comes back with its end."""
    if vlan and plane.features.vlans:
        pytest.skip("this kernel has 802.1Q: the line would be tagged, and the world here is not")
    fabric = office_fabric(cable.port(vlan))
    for left in ({"vpc-1": fabric.routers["vpc-1"]}, {}):
        put(plane, fabric)
        assert not cable.at_home()
        outside(cable.world, "ip route replace 10.1.0.0/16 via 172.30.0.1")
        assert reaches(plane, "i-1", WORLD)
        assert reaches(plane, "i-1", WORLD, 6, 80)
        assert ask_from(plane, cable.world, WORLD, "10.1.1.10", timeout_ms=NOTICE_MS) is Verdict.ANSWERED
        assert (
            ask_from(plane, cable.world, "172.30.0.2", "172.30.0.1", timeout_ms=NOTICE_MS) is Verdict.ANSWERED
        )
        assert plane.apply(replace(fabric, routers=left, links={})).failures == {}
        assert cable.at_home()
        outside(HOST, f"ip link set {cable.name} up")


def test_line_at_an_interface_speaks_ipv6(plane: KernelDataPlane, cable: Cable) -> None:
    """EC-10: neighbours find each other at an interface of the host over IPv6, too; a link reaches no address of the VBR's."""
    outside(cable.world, "ip address add fd30::2/64 dev up0 nodad", "ip address add fd77::7 dev lo nodad")
    outside(cable.world, "ip -6 route add fd00:1::/56 via fd30::1")
    both = (transfer("172.30.0.1/24", "172.30.0.2"), transfer("fd30::1/64", "fd30::2"))
    away = {"fd77::/64": ToUplink("vbr-a"), "fd30::/64": ToUplink("vbr-a")}
    border = vbr("vbr-a", cable.port(), {**away, "fd00:1::/56": ToLink("a")}, away, *both)
    first = vpc(1, dict.fromkeys(away, ToLink("a")))
    put(plane, Fabric(1, {"vpc-1": first, "vbr-a": border}, {"a": link("a", "vpc-1", "vbr-a")}))
    assert reaches(plane, "i-1", "fd77::7", 58)
    assert reaches(plane, "i-1", "fd30::2", 58)
    assert ask_from(plane, cable.world, "fd77::7", "fd00:1::10", 58) is Verdict.ANSWERED
    assert ask_from(plane, cable.world, "fd30::2", "fd30::1", 58) is Verdict.ANSWERED
    assert not reaches(plane, "i-1", "fd30::1", 58)


def test_second_line_on_a_whole_interface_fails_in_words(plane: KernelDataPlane, cable: Cable) -> None:
    """One border router a port, where the kernel has no 802.1Q; the next takes over when the first one goes."""
    if plane.features.vlans:
        pytest.skip("this kernel has 802.1Q: lines share an interface")
    one, two = line("vbr-a", cable.port(1)), line("vbr-b", cable.port(2))
    report = plane.apply(Fabric(1, {"vbr-a": one, "vbr-b": two}))
    (failed,) = report.failures
    other = {"vbr-a": "vbr-b", "vbr-b": "vbr-a"}[failed]
    assert report.failures[failed].startswith(f"interface {cable.name} is the port of {other}, whole")
    assert plane.apply(Fabric(2, {failed: {"vbr-a": one, "vbr-b": two}[failed]})).failures == {}
    assert ask_from(plane, cable.world, "172.30.0.2", "172.30.0.1", timeout_ms=NOTICE_MS) is Verdict.ANSWERED


def test_interface_that_the_host_uses_is_not_taken(plane: KernelDataPlane, cable: Cable) -> None:
    """An interface with an address of the host's stays where it is; so does one that is not there."""
    outside(HOST, f"ip address add 172.30.0.9/24 dev {cable.name}")
    report = plane.apply(office_fabric(cable.port()))
    assert "has an address of the host's own" in report.failures["vbr-a"]
    assert cable.at_home()
    outside(HOST, f"ip address flush dev {cable.name}")
    put(plane, office_fabric(cable.port()))
    report = plane.apply(office_fabric(Port(PortKind.INTERFACE, "there-is-none")))
    assert report.failures == {"vbr-a": "the host has no interface there-is-none"}
    assert plane.repair().touched == 0
    assert cable.at_home()


def test_interface_that_is_switched_off_is_said_so(plane: KernelDataPlane, cable: Cable) -> None:
    """What stands on top of the host's interface needs it switched on, and works as soon as somebody does that."""
    outside(HOST, f"ip link set {cable.name} down")
    fabric = Fabric(1, {"vpc-1": gateway(1, cable.port(), "172.30.0.11")})
    assert plane.apply(fabric).failures == {"ngw-1": f"interface {cable.name} of the host is switched off"}
    outside(HOST, f"ip link set {cable.name} up")
    put(plane, fabric)
    assert reaches(plane, "i-1", WORLD)


def test_interface_comes_home_when_everything_ends(state_dir: Path, cable: Cable) -> None:
    """`close` with `destroy` gives the host its interfaces back; an agent that is killed leaves them to the next one."""
    killed = KernelDataPlane(state_dir)
    assert killed.apply(office_fabric(cable.port())).failures == {}
    heir = KernelDataPlane(state_dir)
    try:
        put(heir, office_fabric(cable.port()))
        assert not cable.at_home()
    finally:
        heir.close(destroy=True)
        killed.close(destroy=False)
    assert cable.at_home()


def test_killed_agent_s_interface_comes_home_without_its_router(state_dir: Path, cable: Cable) -> None:
    """An agent that finds a router nobody wants any more gives its interface back, although it never lent it."""
    killed = KernelDataPlane(state_dir)
    assert killed.apply(office_fabric(cable.port())).failures == {}
    heir = KernelDataPlane(state_dir)
    try:
        assert heir.apply(Fabric(2)).failures == {}
        assert cable.at_home()
    finally:
        heir.close(destroy=True)
        killed.close(destroy=False)


def test_gateways_share_an_interface(plane: KernelDataPlane, cable: Cable) -> None:
    """NET-8: two NAT gateways on one interface of the host, each with its public address, answered by ARP; out and in."""
    fabric = Fabric(1, {f"vpc-{n}": gateway(n, cable.port(), f"172.30.0.{10 + n}") for n in (1, 2)})
    put(plane, fabric)
    assert cable.at_home()
    for number in (1, 2):
        assert reaches(plane, f"i-{number}", WORLD)
        assert reaches(plane, f"i-{number}", WORLD, 6, 443)
        public = f"172.30.0.{10 + number}"
        assert ask_from(plane, cable.world, WORLD, public, 6, 8080) is Verdict.ANSWERED
        assert ask_from(plane, cable.world, WORLD, public, 6, 80, timeout_ms=QUIET_MS) is Verdict.SILENT
        assert ask_from(plane, cable.world, WORLD, public, timeout_ms=QUIET_MS) is Verdict.SILENT
    assert plane.apply(Fabric(2)).failures == {}
    plane._reaper.settle()
    assert uplink_interface("ngw-1") not in interfaces(HOST)
    assert cable.at_home()


def test_gateway_moves_to_another_interface(plane: KernelDataPlane, cable: Cable) -> None:
    """The same gateway at another port is another interface, although it has the same name in the router."""
    with foreign_namespace() as path:
        second = Cable(path)
        try:
            for there in (cable, second, cable):
                put(plane, Fabric(1, {"vpc-1": gateway(1, there.port(), "172.30.0.11")}))
                assert reaches(plane, "i-1", WORLD)
        finally:
            second.cut()


def test_translation_at_a_tagged_interface_fails_in_words(plane: KernelDataPlane, cable: Cable) -> None:
    """What can't be made is the uplink's failure, and its routes discard."""
    report = plane.apply(Fabric(1, {"vpc-1": gateway(1, cable.port(5), "172.30.0.11")}))
    assert set(report.failures) == {"ngw-1"}
    assert "untagged" in report.failures["ngw-1"]
    assert not reaches(plane, "i-1", WORLD)


@pytest.mark.parametrize(
    "harm",
    [
        "ip link set {near} down",
        "ip address flush dev {near}",
        "ip link set {near} alias nobody",
        "ip link del {near}",
    ],
)
def test_harm_to_a_shared_interface_is_mended(plane: KernelDataPlane, cable: Cable, harm: str) -> None:
    """Drift of a gateway's interface on top of the host's."""
    put(plane, Fabric(1, {"vpc-1": gateway(1, cable.port(), "172.30.0.11")}))
    command = harm.format(near=uplink_interface("ngw-1"))
    in_namespace(plane, router_namespace("vpc-1"), *command.split())
    assert plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert reaches(plane, "i-1", WORLD)


@pytest.mark.parametrize(
    "harm", ["ip link set {near} down", "ip address flush dev {near}", "ip link set {near} group 9"]
)
def test_harm_to_a_borrowed_interface_is_mended(plane: KernelDataPlane, cable: Cable, harm: str) -> None:
    """Drift of the host's own interface, which is never deleted."""
    put(plane, office_fabric(cable.port()))
    outside(cable.world, "ip route replace 10.1.0.0/16 via 172.30.0.1")
    in_namespace(plane, router_namespace("vbr-a"), *harm.format(near=uplink_interface("vbr-a")).split())
    assert plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert reaches(plane, "i-1", WORLD)
    assert plane.apply(Fabric(2)).failures == {}
    assert cable.at_home()
